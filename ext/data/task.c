#include "ext/data/task.h"

#include <stdio.h>
#include <stdlib.h>

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

void task_report_timeout(Task *task)
{
    TaskReport *report = &task->report;
    char row[40] = "";
    report->rc = SQLITE_ERROR;
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
