#include "ext/executors/processes/retries.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

Retry *retries_find(Retries retries, const Task *task)
{
    while (retries && retries->task != task)
        retries = retries->next;
    return retries;
}

const Retry *retries_note_death(Retries *retries, const Task *task, uint32_t row, bool timed_out, int status)
{
    Retry *retry = retries_find(*retries, task);
    if (!retry) {
        retry = calloc(1, sizeof *retry);
        if (!retry)
            return NULL;
        retry->task = task;
        retry->next = *retries;
        *retries = retry;
    }
    /* The row comes from shared memory, where the worker may have written anything. */
    bool inside = row >= task->order.first_row && row < task->order.end_row;
    retry->row = inside ? row : task->order.first_row;
    retry->deaths++;
    retry->timed_out = timed_out;
    retry->status = status;
    return retry;
}

void retries_forget(Retries *retries, const Task *task)
{
    for (Retry **link = retries; *link; link = &(*link)->next)
        if ((*link)->task == task) {
            Retry *retry = *link;
            *link = retry->next;
            free(retry);
            return;
        }
}

void retries_clear(Retries *retries)
{
    while (*retries)
        retries_forget(retries, (*retries)->task);
}

uint32_t retries_end_of_try(Retries retries, const Task *task)
{
    const Retry *retry = retries_find(retries, task);
    if (!retry || (task->recipe->flags & RECIPE_PARTIAL) || task->order.first_row == task->order.end_row)
        return task->order.end_row;
    return task->order.first_row < retry->row ? retry->row : retry->row + 1;
}

bool retry_is_used_up(const Retry *retry, const Task *task, uint32_t retries)
{
    /* The rows before that row are still worth a try when no try is left for the row itself. */
    bool last = retry->row == task->order.first_row || (task->recipe->flags & RECIPE_PARTIAL);
    return retry->deaths > retries + (last ? 0u : 1u);
}

void retry_message(const Retry *retry, const Task *task, char *text, size_t size)
{
    char what[128], times[32] = "";
    const char *signal_name = WIFSIGNALED(retry->status) ? sigdescr_np(WTERMSIG(retry->status)) : NULL;
    if (retry->timed_out)
        snprintf(what, sizeof what, "timed out after %g s", task->timeout);
    else if (WIFSIGNALED(retry->status))
        snprintf(what, sizeof what, "was killed by signal %d (%s)", WTERMSIG(retry->status),
                 signal_name ? signal_name : "unknown");
    else
        snprintf(what, sizeof what, "exited with status %d", WEXITSTATUS(retry->status));
    if (retry->deaths > 1)
        snprintf(times, sizeof times, "%s %u times", signal_name && !retry->timed_out ? "" : ",",
                 retry->deaths);
    int length = 0;
    if (task->recipe->scan)
        snprintf(text, size, "a worker process %s%s while it read rowids %lld to %lld", what, times,
                 (long long)recipe_rowid(task->recipe, task->order.first_rowid),
                 (long long)recipe_rowid(task->recipe, task->order.last_rowid));
    else
        length = snprintf(text, size, "parallel_map: a worker process %s%s", what, times);
    if (task->order.first_row < task->order.end_row && length > 0 && (size_t)length < size)
        snprintf(text + length, size - (size_t)length, " at row %llu",
                 (unsigned long long)task->order.position + retry->row);
}
