#include "ext/data/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/data/rowset.h"

Task *task_create(const Recipe *recipe)
{
    Task *task = calloc(1, sizeof *task);
    if (!task)
        return NULL;
    task->recipe = recipe_ref(recipe);
    buffer_heap_init(&task->input);
    buffer_heap_init(&task->heap_output);
    return task;
}

void task_free(Task *task)
{
    if (!task)
        return;
    recipe_unref(task->recipe);
    buffer_heap_free(&task->input);
    buffer_heap_free(&task->heap_output);
    free(task);
}

int task_set_values(Task *task, uint64_t rows_bytes, const void *values, uint32_t bytes)
{
    if (!bytes)
        return SQLITE_OK;
    uint64_t at = (rows_bytes + 7) & ~(uint64_t)7;
    int rc = task->input.reserve(&task->input, at + bytes);
    if (rc != SQLITE_OK)
        return rc;
    memcpy(task->input.data + at, values, bytes);
    task->order.values_at = at;
    task->order.values_bytes = bytes;
    return SQLITE_OK;
}

/* A buffer may be larger than what is in it. */
uint64_t task_input_bytes(const Task *task)
{
    RowsetView view;
    if (task->order.values_bytes)
        return task->order.values_at + task->order.values_bytes;
    return rowset_open(&view, task->input.data, task->input.size) ? view.heap + view.heap_bytes
                                                                  : task->input.size;
}

bool task_report_fits(const Task *task, const TaskReport *report, uint32_t end_row)
{
    const TaskOrder *order = &task->order;
    if (task->recipe->scan && report->rc == SQLITE_OK && report->next_row == order->first_row)
        return report->next_rowid <= order->last_rowid &&
               (report->next_rowid > order->first_rowid || report->gave_up);
    if (report->next_row < task->order.first_row || report->next_row > end_row)
        return false;
    if (report->rc == SQLITE_OK)
        return report->next_row > task->order.first_row || task->order.first_row >= end_row;
    return (report->rc & 0xff) <= SQLITE_WARNING && report->rc > 0;
}

void task_report_timeout(Task *task)
{
    TaskReport *report = &task->report;
    char row[40] = "";
    report->rc = SQLITE_ERROR;
    report->timed_out = true;
    report->rows_in = 0;
    if (!task->recipe->scan)
        snprintf(row, sizeof row, " (row %lld)", (long long)task->order.position + report->next_row);
    snprintf(report->message, sizeof report->message,
             "parallel_map: a task took longer than timeout_seconds = %g%s", task->timeout, row);
}

int task_host_code(int rc, bool reads_file)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_NOMEM:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_INTERRUPT:
    case SQLITE_SCHEMA:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return SQLITE_ERROR;
    case SQLITE_CORRUPT:
        return reads_file ? rc : SQLITE_ERROR;
    default:
        return rc;
    }
}

bool morsels_take(TaskControl *control, uint32_t *morsel)
{
    unsigned long long morsels = atomic_load(&control->morsels);
    do {
        *morsel = morsels_first(morsels);
        if (*morsel >= morsels_end(morsels))
            return false;
    } while (!atomic_compare_exchange_weak(&control->morsels, &morsels,
                                           morsels_pack(*morsel + 1, morsels_end(morsels))));
    return true;
}

/* A worker that went astray may have written anything: what is taken away is part of the order in any case.
 */
bool morsels_steal(TaskOrder *order, TaskControl *control, uint64_t *taken)
{
    unsigned long long morsels = atomic_load(&control->morsels);
    uint32_t middle, end = morsels_end(order->morsels);
    do {
        uint32_t first = morsels_first(morsels);
        if (first < morsels_first(order->morsels) || morsels_end(morsels) != end || first >= end ||
            end - first < 3)
            return false;
        middle = end - (end - first) / 2;
    } while (!atomic_compare_exchange_weak(&control->morsels, &morsels,
                                           morsels_pack(morsels_first(morsels), middle)));
    *taken = morsels_pack(middle, end);
    order->morsels = morsels_pack(morsels_first(order->morsels), middle);
    return true;
}
