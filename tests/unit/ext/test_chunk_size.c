/* How many units a run gives to its next task: growth, the end of the source, and chunks that the user has
 * set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/within.h"
#include "ext/run/chunk_size.h"

/* The units of a millisecond, which a chunk should take, where a unit takes `ns` nanoseconds. */
static int64_t units_of(double ns)
{
    return (int64_t)(1e6 / ns);
}

static TaskSample rows_took(double rows, double ns_each)
{
    return (TaskSample){.units = rows, .ns = rows * ns_each, .rows = (uint32_t)rows};
}

static TaskSample range_took(double rowids, uint32_t rows, double ns_each)
{
    return (TaskSample){.ranged = true, .units = rowids, .ns = rowids * ns_each, .rows = rows};
}

/* The size of the next chunk, which then is filled, and takes so long per unit. */
static int64_t give(ChunkSize *size, const ChunkSetting *setting, double ns_each)
{
    int64_t units = chunk_size_next(size, setting);
    TaskSample sample = setting->rest.ranged ? range_took((double)units, (uint32_t)units, ns_each)
                                             : rows_took((double)units, ns_each);
    chunk_size_filled(size, units);
    chunk_size_learn(size, &sample);
    return units;
}

static void chunks_grow_step_by_step_up_to_a_millisecond(void **state)
{
    (void)state;
    for (int ranged = 0; ranged < 2; ranged++) {
        MapExperience experience = {0};
        ChunkSize size;
        ChunkSetting setting = {.rest = {.ranged = ranged}, .workers = 2};
        chunk_size_begin(&size, &(ChunkRules){.columns = 1}, &experience);
        int64_t units = ranged ? 16 : 1;
        for (; units < units_of(100); units *= 8)
            assert_int_equal(give(&size, &setting, 100), units);
        assert_int_equal(give(&size, &setting, 100), units_of(100));
        assert_int_equal(give(&size, &setting, 100), units_of(100));
        /* Rows that take longer make the next chunk smaller at once. */
        assert_int_equal(give(&size, &setting, 1000), units_of(100));
        assert_int_equal(give(&size, &setting, 1000), units_of(1000));
        /* A row that takes longer than a chunk should is a chunk. */
        give(&size, &setting, 1e9);
        assert_int_equal(give(&size, &setting, 1e9), 1);
    }
}

static void the_next_run_begins_with_what_was_learnt(void **state)
{
    (void)state;
    MapExperience experience = {0};
    ChunkSize size;
    ChunkSetting rows = {.workers = 2}, rowids = {.rest = {.ranged = true}, .workers = 2};
    chunk_size_begin(&size, &(ChunkRules){.columns = 1}, &experience);
    give(&size, &rows, 50);
    give(&size, &rowids, 20);
    assert_true(experience.row_ns == 50);
    assert_true(experience.rowid_ns == 20);
    chunk_size_begin(&size, &(ChunkRules){.columns = 1}, &experience);
    assert_int_equal(chunk_size_next(&size, &rows), units_of(50));
    assert_int_equal(chunk_size_next(&size, &rowids), units_of(20));
    /* A task of nothing, or of no time, teaches nothing. */
    chunk_size_learn(&size, &(TaskSample){.units = 0, .ns = 1000});
    chunk_size_learn(&size, &(TaskSample){.units = 10, .ns = -5});
    assert_int_equal(chunk_size_next(&size, &rows), units_of(50));
}

static void chunks_shrink_towards_the_end(void **state)
{
    (void)state;
    MapExperience experience = {.row_ns = 100};
    ChunkSize size;
    ChunkSetting setting = {.rest = {.units = 100000, .more = true}, .workers = 4};
    chunk_size_begin(&size, &(ChunkRules){.columns = 1}, &experience);
    int64_t last = INT64_MAX, chunks = 0;
    while (setting.rest.units > 0) {
        int64_t units = chunk_size_next(&size, &setting);
        assert_true(units <= last);
        assert_true(units >= 1 && units <= units_of(100));
        /* Not smaller than what is worth handing over: 50 us. */
        assert_true(units >= 500);
        /* So that the others have work for as long, except for the last few. */
        assert_true((double)units <= setting.rest.units / 8 || units == 500);
        setting.rest.units -= (double)units < setting.rest.units ? (double)units : setting.rest.units;
        last = units;
        chunks++;
    }
    assert_int_equal(last, 500);
    assert_within(chunks, 10, 60);
    /* The host alone waits for no worker. */
    setting = (ChunkSetting){.rest = {.units = 1000, .more = true}, .in_place = true, .workers = 4};
    assert_int_equal(chunk_size_next(&size, &setting), units_of(100));
}

/* Chunks that go to other machines take 50 ms, and towards the end less, but 2 ms at the least; they hold so
 * few rows with large results that these fit into a frame. */
static void chunks_for_other_machines(void **state)
{
    (void)state;
    MapExperience experience = {0};
    ChunkSize size;
    ChunkSetting setting = {.remote = true, .workers = 4};
    const int64_t whole = 50 * units_of(1000), least = 2 * units_of(1000);
    chunk_size_begin(&size, &(ChunkRules){.columns = 1}, &experience);
    for (int64_t units = 1; units < whole; units *= 8)
        assert_int_equal(give(&size, &setting, 1000), units);
    assert_int_equal(give(&size, &setting, 1000), whole);
    /* Rows of 20 ms each: two of them, and never fewer than one. */
    assert_int_equal(give(&size, &setting, 20e6), whole);
    assert_int_equal(give(&size, &setting, 20e6), 2);
    assert_int_equal(give(&size, &setting, 200e6), 2);
    assert_int_equal(give(&size, &setting, 200e6), 1);
    experience = (MapExperience){.row_ns = 1000};
    chunk_size_begin(&size, &(ChunkRules){.columns = 1}, &experience);
    setting.rest = (SourceRest){.units = 1000000, .more = true};
    int64_t last = whole;
    while (setting.rest.units > 0) {
        int64_t units = chunk_size_next(&size, &setting);
        assert_true(units <= last && units >= least && units <= whole);
        assert_true((double)units <= setting.rest.units / 8 || units == least);
        setting.rest.units -= (double)units < setting.rest.units ? (double)units : setting.rest.units;
        last = units;
    }
    assert_int_equal(last, least);
}

static void chunks_that_were_asked_for(void **state)
{
    (void)state;
    MapExperience experience = {.row_ns = 1, .rowid_ns = 1};
    ChunkSize size;
    ChunkSetting rows = {.rest = {.units = 10, .more = true}, .workers = 2};
    ChunkSetting rowids = {.rest = {.ranged = true, .units = 1e9, .more = true}, .workers = 2};
    chunk_size_begin(&size, &(ChunkRules){.requested_rows = 7, .columns = 1}, &experience);
    assert_int_equal(chunk_size_next(&size, &rows), 7);
    assert_int_equal(chunk_size_next(&size, &rowids), 7);
    assert_int_equal(chunk_size_output_rows(&size, 1000), 7);
    /* One row in ten rowids: seventy of them hold seven rows. */
    TaskSample sample = range_took(7000, 700, 1);
    chunk_size_learn(&size, &sample);
    assert_int_equal(chunk_size_next(&size, &rowids), 70);
    assert_int_equal(chunk_size_next(&size, &rows), 7);
    /* Ranges without rows make the next ones wider, within bounds. */
    sample = range_took(70, 0, 1);
    chunk_size_learn(&size, &sample);
    assert_int_equal(chunk_size_next(&size, &rowids), 560);
    for (int i = 0; i < 100; i++)
        chunk_size_learn(&size, &sample);
    assert_int_equal(chunk_size_next(&size, &rowids), 1000000000000000);
}

static void large_outputs_make_small_chunks(void **state)
{
    (void)state;
    MapExperience experience = {0};
    ChunkSize size;
    ChunkSetting setting = {.workers = 2};
    chunk_size_begin(&size, &(ChunkRules){.columns = 1}, &experience);
    chunk_size_filled(&size, 1000);
    chunk_size_learn(&size, &(TaskSample){.units = 1000, .ns = 1000, .output_bytes = 1024 * 1000});
    assert_int_equal(chunk_size_next(&size, &setting), 96);
    chunk_size_forget(&size);
    assert_int_equal(chunk_size_next(&size, &setting), 1 << 16);
}

static void aggregates_take_longer_chunks(void **state)
{
    (void)state;
    MapExperience experience = {.rowid_ns = 10};
    ChunkSize size;
    ChunkSetting setting = {.rest = {.ranged = true, .units = 1e12, .more = true}, .workers = 2};
    chunk_size_begin(&size, &(ChunkRules){.columns = 1, .partial = true}, &experience);
    assert_int_equal(chunk_size_next(&size, &setting), 800000);
    /* 32 of them for each worker at the least. */
    setting.rest.units = 64.0 * 200000;
    assert_int_equal(chunk_size_next(&size, &setting), 200000);
    setting.in_place = true;
    assert_int_equal(chunk_size_next(&size, &setting), 100000);
}

/* The host hands out one task in 20 us: so long chunks keep all workers busy. */
static void many_workers_take_longer_chunks(void **state)
{
    (void)state;
    MapExperience experience = {.row_ns = 1000, .rowid_ns = 1000};
    ChunkSize size;
    ChunkSetting setting = {.rest = {.units = 1e12, .more = true}, .workers = 50};
    chunk_size_begin(&size, &(ChunkRules){.columns = 1}, &experience);
    assert_int_equal(chunk_size_next(&size, &setting), 1000);
    setting.workers = 128;
    assert_int_equal(chunk_size_next(&size, &setting), 2560);
    setting.in_place = true;
    assert_int_equal(chunk_size_next(&size, &setting), 1000);
    /* A row that takes as long is a chunk. */
    setting.in_place = false;
    experience.row_ns = 10e6;
    assert_int_equal(chunk_size_next(&size, &setting), 1);
    assert_true(chunk_size_time(&size, false, 3) == 30e6);
    /* Of rows that nothing is known of many workers get few at first. */
    experience = (MapExperience){0};
    assert_true(chunk_size_time(&size, true, 3) == 0);
    setting.rest.ranged = true;
    setting.workers = 2;
    assert_int_equal(chunk_size_next(&size, &setting), 16);
    setting.workers = 8;
    assert_int_equal(chunk_size_next(&size, &setting), 4);
    setting.workers = 128;
    assert_int_equal(chunk_size_next(&size, &setting), 1);
}

static void rows_of_an_output(void **state)
{
    (void)state;
    MapExperience experience = {0};
    ChunkSize size;
    chunk_size_begin(&size, &(ChunkRules){.columns = 1, .partial = true, .one_row = true}, &experience);
    assert_int_equal(chunk_size_output_rows(&size, 1000), 1);
    chunk_size_begin(&size, &(ChunkRules){.columns = 1, .partial = true}, &experience);
    assert_int_equal(chunk_size_output_rows(&size, 1000), 1000);
    assert_int_equal(chunk_size_output_rows(&size, INT64_MAX), 1 << 16);
    chunk_size_begin(&size, &(ChunkRules){.columns = 99}, &experience);
    assert_int_equal(chunk_size_output_rows(&size, INT64_MAX), (8 << 20) / 900);
    chunk_size_begin(&size, &(ChunkRules){.columns = INT32_MAX}, &experience);
    assert_int_equal(chunk_size_output_rows(&size, INT64_MAX), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_grow_step_by_step_up_to_a_millisecond),
        cmocka_unit_test(the_next_run_begins_with_what_was_learnt),
        cmocka_unit_test(chunks_shrink_towards_the_end),
        cmocka_unit_test(chunks_for_other_machines),
        cmocka_unit_test(chunks_that_were_asked_for),
        cmocka_unit_test(large_outputs_make_small_chunks),
        cmocka_unit_test(aggregates_take_longer_chunks),
        cmocka_unit_test(many_workers_take_longer_chunks),
        cmocka_unit_test(rows_of_an_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
