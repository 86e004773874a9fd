/* The records of tasks: what comes out is what went in, in a fraction of the room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ext/connection/task_log.h"

enum { RECORDS = 10 * TASK_LOG_BLOCK + 17 };

static void assert_same(const TaskLog *log, const TaskRecord *expected, uint32_t count)
{
    TaskRecord records[TASK_LOG_BLOCK];
    uint32_t place = 0, block = 0, got;
    while ((got = task_log_read(log, block++, records))) {
        assert_true(got <= TASK_LOG_BLOCK && place + got <= count);
        for (uint32_t i = 0; i < got; i++, place++) {
            assert_int_equal(records[i].worker, expected[place].worker);
            assert_int_equal(records[i].pid, expected[place].pid);
            assert_int_equal(records[i].start_ns, expected[place].start_ns);
            assert_int_equal(records[i].end_ns, expected[place].end_ns);
            assert_int_equal(records[i].rows_in, expected[place].rows_in);
            assert_int_equal(records[i].rows_out, expected[place].rows_out);
        }
    }
    assert_int_equal(place, count);
    assert_int_equal(log->count, count);
    assert_int_equal(task_log_read(log, block + 5, records), 0);
}

/* After each record: the ends of blocks are among them. */
static void records_come_back(void **state)
{
    (void)state;
    TaskLog log = {0};
    TaskRecord *records = calloc(RECORDS, sizeof *records);
    assert_non_null(records);
    assert_same(&log, records, 0);
    for (uint32_t i = 0; i < RECORDS; i++) {
        records[i] = (TaskRecord){.worker = (int32_t)(i % 3) - 1,
                                  .pid = 100 + (int32_t)(i % 5),
                                  .start_ns = 1000000 * (int64_t)i,
                                  .end_ns = 1000000 * (int64_t)i + (i * 7919) % 5000000,
                                  .rows_in = 1000 + i % 11,
                                  .rows_out = 1000 - i % 13};
        assert_true(task_log_add(&log, &records[i]));
        assert_same(&log, records, i + 1);
    }
    task_log_clear(&log);
    assert_same(&log, records, 0);
    task_log_clear(&log);
    free(records);
}

static void extremes_come_back(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 1, -1, 63, 64, -64, -65, INT64_MAX / 4, INT64_MIN / 4};
    static const uint32_t rows[] = {0, 1, UINT32_MAX, 127, 128};
    static const int32_t numbers[] = {0, -1, INT32_MAX, INT32_MIN};
    TaskLog log = {0};
    TaskRecord records[4 * TASK_LOG_BLOCK];
    for (uint32_t i = 0; i < 4 * TASK_LOG_BLOCK; i++) {
        records[i] = (TaskRecord){numbers[i % 4],   numbers[i / 4 % 4], times[i % 9],
                                  times[i / 9 % 9], rows[i % 5],        rows[i / 5 % 5]};
        assert_true(task_log_add(&log, &records[i]));
    }
    assert_same(&log, records, 4 * TASK_LOG_BLOCK);
    task_log_clear(&log);
}

/* Two workers that take tasks of some milliseconds in turn: a third of the records' own size would do. */
static void records_are_small(void **state)
{
    (void)state;
    TaskLog log = {0};
    int64_t ends[2] = {0, 0};
    srand(1);
    for (uint32_t i = 0; i < 8 * TASK_LOG_BLOCK; i++) {
        int64_t start = ends[i % 2] + rand() % 5000, end = start + 2000000 + rand() % 1000000;
        uint32_t rows = 1000 + (uint32_t)rand() % 100;
        const TaskRecord record = {(int32_t)(i % 2), 12345 + (int32_t)(i % 2), start, end, rows, rows};
        assert_true(task_log_add(&log, &record));
        ends[i % 2] = end;
    }
    size_t size = 0;
    for (int i = 0; i < 8; i++)
        size += malloc_usable_size(log.blocks[i]);
    assert_true(size < sizeof(TaskRecord) / 2 * 8 * TASK_LOG_BLOCK);
    print_message("%.1f bytes a record\n", (double)size / (8 * TASK_LOG_BLOCK));
    task_log_clear(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back),
        cmocka_unit_test(extremes_come_back),
        cmocka_unit_test(records_are_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
