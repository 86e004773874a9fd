#include "ext/run/task_list.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_api.h"
#include "ext/run/task_sample.h"

/* Parts into which a range is cut that a worker gave up because it took far too long. */
enum { GAVE_UP_PARTS = 16 };

void task_list_begin(TaskList *list)
{
    *list = (TaskList){.current = -1};
}

RunTask *task_list_current(const TaskList *list)
{
    return list->current >= 0 ? &list->tasks[list->current] : NULL;
}

int task_list_insert(TaskList *list, int index, Task *task)
{
    if (list->count == list->room) {
        int room = list->room ? 2 * list->room : 8;
        RunTask *grown = realloc(list->tasks, (size_t)room * sizeof *grown);
        if (!grown) {
            task_free(task);
            return SQLITE_NOMEM;
        }
        list->tasks = grown;
        list->room = room;
    }
    memmove(list->tasks + index + 1, list->tasks + index,
            (size_t)(list->count - index) * sizeof *list->tasks);
    list->tasks[index] = (RunTask){.task = task};
    list->count++;
    return SQLITE_OK;
}

int run_task_submit(RunTask *entry, Executor *executor)
{
    entry->executor = NULL;
    atomic_store(&entry->task->done, false);
    int rc = executor_submit(executor, entry->task);
    if (rc == SQLITE_OK)
        entry->executor = executor;
    return rc == SQLITE_BUSY ? SQLITE_OK : rc;
}

int task_list_submit_waiting(TaskList *list, Executor *executor)
{
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < list->count; i++)
        if (!list->tasks[i].executor)
            rc = run_task_submit(&list->tasks[i], executor);
    return rc;
}

int task_list_find_done(const TaskList *list, bool ordered)
{
    int last = ordered && list->count ? 1 : list->count;
    for (int i = 0; i < last; i++)
        if (list->tasks[i].executor && atomic_load_explicit(&list->tasks[i].task->done, memory_order_acquire))
            return i;
    return -1;
}

Task *task_list_take_spare(TaskList *list)
{
    Task *task = list->spare;
    list->spare = NULL;
    return task;
}

void task_list_retire_current(TaskList *list, bool reusable)
{
    int index = list->current;
    Task *task = list->tasks[index].task;
    list->current = -1;
    list->count--;
    memmove(list->tasks + index, list->tasks + index + 1,
            (size_t)(list->count - index) * sizeof *list->tasks);
    list->retries += task->retries;
    if (list->spare || !reusable)
        task_free(task);
    else
        list->spare = task;
}

/* Makes a task for a part of another task's range, and submits it. */
static int add_part(TaskList *list, int index, const Task *whole, const TaskOrder *order, Executor *executor)
{
    Task *part = task_create(whole->recipe);
    if (!part)
        return SQLITE_NOMEM;
    part->order = *order;
    if (task_set_values(part, 0, whole->input.data + order->values_at, order->values_bytes) != SQLITE_OK) {
        task_free(part);
        return SQLITE_NOMEM;
    }
    part->timeout = whole->timeout;
    part->worker_limit = whole->worker_limit;
    int rc = task_list_insert(list, index, part);
    return rc == SQLITE_OK ? run_task_submit(&list->tasks[index], executor) : rc;
}

/* Submits the range of a task in parts of `width` rowids. */
static int submit_parts(TaskList *list, int index, uint64_t width, Executor *executor)
{
    Task *task = list->tasks[index].task;
    const TaskOrder whole = task->order;
    TaskOrder part = whole;
    part.last_rowid = (int64_t)((uint64_t)part.first_rowid + width - 1);
    part.ends_table = false;
    task->order = part;
    int rc = run_task_submit(&list->tasks[index], executor);
    part.begins_table = false;
    for (int i = 1; rc == SQLITE_OK && i < GAVE_UP_PARTS; i++) {
        part.first_rowid = part.last_rowid + 1;
        part.last_rowid = (int64_t)((uint64_t)part.first_rowid + width - 1);
        if (i == GAVE_UP_PARTS - 1) {
            part.last_rowid = whole.last_rowid;
            part.ends_table = whole.ends_table;
        }
        rc = add_part(list, index + i, task, &part, executor);
    }
    return rc;
}

int task_list_submit_rest(TaskList *list, Executor *executor)
{
    int index = list->current;
    Task *task = list->tasks[index].task;
    TaskOrder *order = &task->order;
    const TaskReport *report = &task->report;
    list->current = -1;
    if (!task_is_range(task)) {
        order->first_row = report->next_row;
        return run_task_submit(&list->tasks[index], executor);
    }
    order->begins_table = order->begins_table && report->next_rowid == order->first_rowid;
    order->first_rowid = report->next_rowid;
    uint64_t width = ((uint64_t)order->last_rowid - (uint64_t)order->first_rowid) / GAVE_UP_PARTS;
    /* Few rowids that take long are rows that take long: there is nothing to share out. */
    order->may_give_up = order->may_give_up && width > 0;
    if (report->gave_up && width > 0)
        return submit_parts(list, index, width, executor);
    /* A range of so few rowids has no more groups than that. */
    if (report->gave_up && order->row_limit < GAVE_UP_PARTS)
        order->row_limit = GAVE_UP_PARTS;
    return run_task_submit(&list->tasks[index], executor);
}

void task_list_clear(TaskList *list)
{
    for (int i = 0; i < list->count; i++) {
        RunTask *entry = &list->tasks[i];
        list->retries += entry->task->retries;
        if (entry->executor)
            executor_abandon(entry->executor, entry->task);
        else
            task_free(entry->task);
    }
    list->count = 0;
    list->current = -1;
    task_free(task_list_take_spare(list));
}

void task_list_end(TaskList *list)
{
    task_list_clear(list);
    free(list->tasks);
    *list = (TaskList){.current = -1, .retries = list->retries};
}
