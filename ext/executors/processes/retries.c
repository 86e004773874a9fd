#include "ext/executors/processes/retries.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

Suspect *suspects_find(Suspects suspects, const Task *task)
{
    while (suspects && suspects->task != task)
        suspects = suspects->next;
    return suspects;
}

const Suspect *suspects_blame(Suspects *suspects, const Task *task, uint32_t row, bool timed_out, int status)
{
    Suspect *suspect = suspects_find(*suspects, task);
    if (!suspect) {
        suspect = calloc(1, sizeof *suspect);
        if (!suspect)
            return NULL;
        suspect->task = task;
        suspect->next = *suspects;
        *suspects = suspect;
    }
    /* What is in shared memory may be anything. */
    bool inside = row >= task->order.first_row && row < task->order.end_row;
    suspect->row = inside ? row : task->order.first_row;
    suspect->deaths++;
    suspect->timed_out = timed_out;
    suspect->status = status;
    return suspect;
}

void suspects_acquit(Suspects *suspects, const Task *task)
{
    for (Suspect **link = suspects; *link; link = &(*link)->next)
        if ((*link)->task == task) {
            Suspect *suspect = *link;
            *link = suspect->next;
            free(suspect);
            return;
        }
}

void suspects_clear(Suspects *suspects)
{
    while (*suspects)
        suspects_acquit(suspects, (*suspects)->task);
}

uint32_t suspects_end_of_try(Suspects suspects, const Task *task)
{
    const Suspect *suspect = suspects_find(suspects, task);
    if (!suspect || (task->recipe->flags & RECIPE_PARTIAL))
        return task->order.end_row;
    return task->order.first_row < suspect->row ? suspect->row : suspect->row + 1;
}

bool suspect_is_convicted(const Suspect *suspect, const Task *task, uint32_t retries)
{
    /* The rows before the suspected one are still worth a try when no more are left for that row itself. */
    bool last = suspect->row == task->order.first_row || (task->recipe->flags & RECIPE_PARTIAL);
    return suspect->deaths > retries + (last ? 0u : 1u);
}

void suspect_message(const Suspect *suspect, const Task *task, char *text, size_t size)
{
    char what[128], times[32] = "";
    const char *signal_name = WIFSIGNALED(suspect->status) ? sigdescr_np(WTERMSIG(suspect->status)) : NULL;
    if (suspect->timed_out)
        snprintf(what, sizeof what, "timed out after %g s", task->timeout);
    else if (WIFSIGNALED(suspect->status))
        snprintf(what, sizeof what, "was killed by signal %d (%s)", WTERMSIG(suspect->status),
                 signal_name ? signal_name : "unknown");
    else
        snprintf(what, sizeof what, "exited with status %d", WEXITSTATUS(suspect->status));
    if (suspect->deaths > 1)
        snprintf(times, sizeof times, "%s %u times", signal_name && !suspect->timed_out ? "" : ",",
                 suspect->deaths);
    snprintf(text, size, "parallel_map: a worker process %s%s at row %llu", what, times,
             (unsigned long long)task->order.position + suspect->row);
}
