/* The host waits for a task, or runs it itself. */
#include "ext/base/interrupt.h"
#include "ext/evaluate/interrupter.h"
#include "ext/run/map_run_internal.h"

/* Nanoseconds that it takes to wake a worker and to be woken by it: a task that takes less the host runs
   itself rather than wait. Measured on two processors. */
static const double help_ns = 100e3;

/* Whether the host may run a task itself that is needed next and that no worker has begun: where that takes
   less than waiting for a worker that has to wake, as far as is known; of a map's first row nothing is, while
   its workers may have to be started. Where there is a time limit a worker runs it: the host watches the
   clock; so it does where an interrupt would not end a row in the host, as of a function in another language.
   */
static bool may_help(const MapRun *run, const Task *task)
{
    const double ns = chunk_size_time(&run->chunk_size, task_is_range(task), task_units(task));
    return ns < help_ns && run->plan->arguments.ordered && run->timeout <= 0 && interrupter_reaches_host() &&
           !plan_has_language(run->plan);
}

/* Has the host itself run a task that the serial executor has, until the host is interrupted or the task has
   had its time. */
static void run_in_place(MapRun *run, Task *task)
{
    HostWatch watch;
    host_watch_begin(&watch, run->interrupt_probe, task->timeout);
    chunk_runner_watch(run->state->runner, run->state->db, host_watch_stop, &watch);
    executor_wait(run->executors.serial, task, WAIT_MS);
    chunk_runner_watch(run->state->runner, NULL, NULL, NULL);
    run->interrupted = run->interrupted || watch.interrupted;
    if (watch.timed_out && task->report.rc == SQLITE_INTERRUPT)
        task_report_timeout(task);
}

/*
 * Offers the first task again, which no executor had room for: other runs hold the room, and perhaps none of
 * them can go on. The task is done in place, unless the user has set a kind of workers that isolates the host
 * from the map: then one more worker is started. SQLITE_OK, also where it could still not be taken; else an
 * error, *message set where it has a text.
 */
static int submit_first(MapRun *run, char **message)
{
    RunTask *first = &run->tasks.tasks[0];
    Executor *executor = run->executors.executor;
    const ExecutorKind *requested = run->executors.requested;
    int rc = run_task_submit(first, executor);
    if (rc != SQLITE_OK || first->executor)
        return rc;
    if (!requested || !requested->isolates)
        return run_task_submit(first, run->executors.serial);
    first->task->worker_limit = 0;
    rc = executor_ensure_workers(executor, executor->workers + 1, message);
    return rc == SQLITE_OK ? run_task_submit(first, executor) : rc;
}

int map_run_wait_done(MapRun *run, int *index, char **message)
{
    const bool ordered = run->plan->arguments.ordered;
    for (;;) {
        *index = task_list_find_done(&run->tasks, ordered);
        if (*index >= 0)
            return SQLITE_OK;
        RunTask *first = &run->tasks.tasks[0];
        int rc = SQLITE_OK;
        if (!executor_is_ours(first->executor ? first->executor : run->executors.executor)) {
            *message = sqlite3_mprintf(
                "parallel_map: this process was forked while the map ran; only the original goes on");
            return SQLITE_MISUSE;
        }
        if (!first->executor)
            rc = submit_first(run, message);
        else if (may_help(run, first->task) && executor_withdraw(first->executor, first->task))
            rc = run_task_submit(first, run->executors.serial);
        if (rc != SQLITE_OK)
            return rc;
        if (first->executor == run->executors.serial)
            run_in_place(run, first->task);
        else
            executor_wait(first->executor ? first->executor : run->executors.executor,
                          first->executor && ordered ? first->task : NULL, WAIT_MS);
        if (task_list_find_done(&run->tasks, ordered) < 0 &&
            host_interrupted_or_handled(run->interrupt_probe))
            return SQLITE_INTERRUPT;
    }
}
