/* The tasks of a run: their order, their way to an executor, and the rests of those that were not finished.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ext/base/sqlite_api.h"
#include "ext/run/task_list.h"
#include "ext/run/task_sample.h"
#include "tests/support/engine_parts.h"

/* An executor that takes as many tasks as it has room for, and does nothing with them. */
static int scripted_room, scripted_rc, abandoned;

static int scripted_submit(Executor *executor, Task *task)
{
    (void)executor;
    (void)task;
    if (scripted_rc != SQLITE_OK)
        return scripted_rc;
    return scripted_room-- > 0 ? SQLITE_OK : SQLITE_BUSY;
}

static void scripted_abandon(Executor *executor, Task *task)
{
    (void)executor;
    abandoned++;
    task_free(task);
}

static const ExecutorKind scripted_kind = {
    .name = "scripted", .submit = scripted_submit, .abandon = scripted_abandon};

typedef struct Parts {
    Executor executor;
    Recipe *rows, *range;
    TaskList list;
} Parts;

static int begin(void **state)
{
    Parts *parts = calloc(1, sizeof *parts);
    int limits[RECIPE_LIMITS] = {0};
    assert_non_null(parts);
    scripted_room = 1000;
    scripted_rc = SQLITE_OK;
    abandoned = 0;
    parts->executor.kind = &scripted_kind;
    parts->rows = engine_recipe("a", 0);
    parts->range = recipe_build(&(RecipeParts){.encoding = SQLITE_UTF8,
                                               .limits = limits,
                                               .declaration = "CREATE TABLE x(a)",
                                               .select = "SELECT a FROM t",
                                               .scan = 1});
    assert_non_null(parts->range);
    task_list_begin(&parts->list);
    *state = parts;
    return 0;
}

static int end(void **state)
{
    Parts *parts = *state;
    task_list_end(&parts->list);
    recipe_unref(parts->rows);
    recipe_unref(parts->range);
    free(parts);
    return 0;
}

static Task *add(Parts *parts, int index, const Recipe *recipe, int64_t first, int64_t last)
{
    Task *task = task_create(recipe);
    assert_non_null(task);
    task->order = (TaskOrder){.end_row = 1, .first_rowid = first, .last_rowid = last, .may_give_up = true};
    assert_int_equal(task_list_insert(&parts->list, index, task), SQLITE_OK);
    return task;
}

static void tasks_keep_their_order(void **state)
{
    Parts *parts = *state;
    TaskList *list = &parts->list;
    assert_null(task_list_current(list));
    assert_int_equal(task_list_find_done(list, true), -1);
    assert_int_equal(task_list_find_done(list, false), -1);
    for (int i = 0; i < 20; i++)
        add(parts, i / 2, parts->rows, i, i);
    assert_int_equal(list->count, 20);
    /* Every second one went before all that had come since: 1 3 … 19 and then 18 … 2 0. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(list->tasks[i].task->order.first_rowid, i < 10 ? 2 * i + 1 : 38 - 2 * i);
    assert_int_equal(task_list_submit_waiting(list, &parts->executor), SQLITE_OK);
    atomic_store(&list->tasks[3].task->done, true);
    assert_int_equal(task_list_find_done(list, true), -1);
    assert_int_equal(task_list_find_done(list, false), 3);
    atomic_store(&list->tasks[0].task->done, true);
    assert_int_equal(task_list_find_done(list, true), 0);

    list->current = 3;
    Task *task = task_list_current(list)->task;
    task->retries = 2;
    task_list_retire_current(list, true);
    assert_int_equal(list->count, 19);
    assert_null(task_list_current(list));
    assert_int_equal(list->tasks[3].task->order.first_rowid, 9);
    assert_int_equal(list->retries, 2);
    assert_ptr_equal(list->spare, task);
    /* A second one, and one that is of no use, are freed. */
    list->current = 0;
    task_list_retire_current(list, true);
    assert_ptr_equal(task_list_take_spare(list), task);
    assert_null(task_list_take_spare(list));
    task_free(task);
    list->current = 17;
    task_list_retire_current(list, false);
    assert_null(list->spare);
    assert_int_equal(list->count, 17);
}

static void tasks_wait_for_room(void **state)
{
    Parts *parts = *state;
    TaskList *list = &parts->list;
    for (int i = 0; i < 4; i++)
        add(parts, i, parts->rows, i, i);
    list->tasks[3].task->retries = 5;
    scripted_room = 2;
    assert_int_equal(task_list_submit_waiting(list, &parts->executor), SQLITE_OK);
    assert_ptr_equal(list->tasks[1].executor, &parts->executor);
    assert_null(list->tasks[2].executor);
    /* A task that no executor has is not done, whatever it was before. */
    atomic_store(&list->tasks[2].task->done, true);
    assert_int_equal(task_list_find_done(list, false), -1);
    scripted_rc = SQLITE_MISUSE;
    assert_int_equal(task_list_submit_waiting(list, &parts->executor), SQLITE_MISUSE);
    scripted_rc = SQLITE_OK;
    scripted_room = 1;
    assert_int_equal(task_list_submit_waiting(list, &parts->executor), SQLITE_OK);
    assert_ptr_equal(list->tasks[2].executor, &parts->executor);
    assert_false(atomic_load(&list->tasks[2].task->done));
    task_list_clear(list);
    assert_int_equal(abandoned, 3);
    assert_int_equal(list->retries, 5);
    assert_int_equal(list->count, 0);
}

static void the_rest_of_rows_and_of_a_range(void **state)
{
    Parts *parts = *state;
    TaskList *list = &parts->list;
    Task *rows = add(parts, 0, parts->rows, 0, 0), *range = add(parts, 1, parts->range, 100, 199);
    rows->order = (TaskOrder){.first_row = 0, .end_row = 50};
    rows->report = (TaskReport){.rc = SQLITE_OK, .next_row = 20};
    assert_true(task_has_rest(rows));
    assert_true(task_sample(rows, NULL).units == 20);
    list->current = 0;
    assert_int_equal(task_list_submit_rest(list, &parts->executor), SQLITE_OK);
    assert_int_equal(rows->order.first_row, 20);
    assert_null(task_list_current(list));
    rows->report = (TaskReport){.rc = SQLITE_OK, .next_row = 50};
    assert_false(task_has_rest(rows));
    assert_true(task_sample(rows, NULL).units == 30);

    range->report = (TaskReport){.rc = SQLITE_OK, .next_row = 0, .next_rowid = 150};
    assert_true(task_sample(range, NULL).units == 50);
    list->current = 1;
    assert_int_equal(task_list_submit_rest(list, &parts->executor), SQLITE_OK);
    assert_int_equal(list->count, 2);
    assert_int_equal(range->order.first_rowid, 150);
    assert_int_equal(range->order.last_rowid, 199);
    range->report.next_row = 1;
    assert_true(task_sample(range, NULL).units == 50);
}

/* Gives up a range from `next` on, and expects that the parts of the rest follow each other up to its end. */
static void give_up(Parts *parts, int64_t first, int64_t last, int64_t next, int count)
{
    TaskList *list = &parts->list;
    add(parts, 0, parts->range, -1000, -1000);
    add(parts, 1, parts->range, first, last);
    add(parts, 2, parts->range, 1000, 1000);
    list->tasks[1].task->order.row_limit = 3;
    list->tasks[1].task->report = (TaskReport){.rc = SQLITE_OK, .next_rowid = next, .gave_up = true};
    list->tasks[1].task->timeout = 7;
    list->tasks[1].task->worker_limit = 9;
    list->current = 1;
    assert_int_equal(task_list_submit_rest(list, &parts->executor), SQLITE_OK);
    assert_int_equal(list->count, count + 2);
    int64_t expected = next;
    for (int i = 1; i <= count; i++) {
        const Task *part = list->tasks[i].task;
        assert_ptr_equal(list->tasks[i].executor, &parts->executor);
        assert_int_equal(part->order.first_rowid, expected);
        assert_true(part->order.last_rowid >= part->order.first_rowid);
        assert_int_equal(part->order.may_give_up, count > 1);
        assert_int_equal(part->order.row_limit, count > 1 ? 3 : 16);
        assert_true(part->timeout == 7);
        assert_int_equal(part->worker_limit, 9);
        if (i < count)
            expected = part->order.last_rowid + 1;
        else
            assert_int_equal(part->order.last_rowid, last);
    }
    assert_int_equal(list->tasks[count + 1].task->order.first_rowid, 1000);
    task_list_clear(list);
}

static void a_range_that_took_too_long_is_cut(void **state)
{
    Parts *parts = *state;
    give_up(parts, 0, 159, 0, 16);
    give_up(parts, 0, 170, 3, 16);
    give_up(parts, 0, 999, 984, 1);
    give_up(parts, 0, 999, 983, 16);
    give_up(parts, INT64_MIN, INT64_MAX, INT64_MIN, 16);
    give_up(parts, 5, 5, 5, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tasks_keep_their_order, begin, end),
        cmocka_unit_test_setup_teardown(tasks_wait_for_room, begin, end),
        cmocka_unit_test_setup_teardown(the_rest_of_rows_and_of_a_range, begin, end),
        cmocka_unit_test_setup_teardown(a_range_that_took_too_long_is_cut, begin, end),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
