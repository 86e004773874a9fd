#include "ext/run/executor_set.h"

#include "ext/base/clock.h"
#include "ext/base/interrupt.h"

/* Milliseconds between two checks for an interrupt. */
enum { WAIT_MS = 10 };

/* Nanoseconds that the end of a run waits for its workers to let go of the file: for workers that only have
   to wake, or to end a task of another run; for those that are still in a function of the map, which threads
   cannot be taken out of; and, where the host was interrupted, whatever they do. Only a worker that hangs, or
   a task of another run that takes so long, comes near the first two. */
static const int64_t leave_ns = 10000000000, busy_ns = 1000000000, interrupted_ns = 50000000;

int executor_set_begin(ExecutorSet *set, const ExecutorSetStart *start, int workers, char **message)
{
    const ExecutorKind *requested = start->requested;
    *set = (ExecutorSet){
        .state = start->state, .requested = requested, .language = start->language, .probe = start->probe};
    int rc = executor_set_use(set, &executor_serial, 1, message);
    set->serial = set->executor;
    if (rc == SQLITE_OK && requested && requested != &executor_serial)
        rc = executor_set_use(set, requested, workers, message);
    return rc;
}

int executor_set_use(ExecutorSet *set, const ExecutorKind *kind, int workers, char **message)
{
    Executor *executor;
    const int processors = connection_state_processors(set->state);
    const ExecutorWish wish = {.kind = kind,
                               .workers = workers < processors || kind->remote ? workers : processors,
                               .language = set->language,
                               .probe = set->probe};
    int rc = connection_state_executor(set->state, &wish, &executor, message);
    if (rc != SQLITE_OK)
        return rc;
    Executor **held = &set->held[executor_kind_index(kind)];
    if (*held)
        executor_let_go(executor);
    *held = executor;
    set->startup_ns += executor->startup_ns;
    set->executor = executor;
    set->started = kind->remote ? executor->workers : wish.workers;
    return SQLITE_OK;
}

int executor_set_need(ExecutorSet *set, int workers, char **message)
{
    /* An executor replaces workers that it loses by itself. */
    if (workers <= set->started)
        return SQLITE_OK;
    int rc = executor_ensure_workers(set->executor, workers, message);
    set->startup_ns += set->executor->startup_ns;
    if (rc == SQLITE_OK)
        set->started = workers;
    return rc;
}

void executor_set_end_scan(ExecutorSet *set, uint64_t scan)
{
    for (int kind = 0; kind < EXECUTOR_KINDS; kind++)
        if (set->held[kind])
            executor_end_scan(set->held[kind], scan);
}

void executor_set_await_end(ExecutorSet *set, sqlite3_stmt *probe)
{
    const int64_t start_ns = clock_ns();
    bool interrupted = false;
    for (int kind = 0; kind < EXECUTOR_KINDS; kind++) {
        int64_t limit_ns = leave_ns;
        while (set->held[kind] && clock_ns() - start_ns < limit_ns) {
            ScanEnd end = executor_await_end(set->held[kind], WAIT_MS);
            if (end == SCAN_CLOSED)
                break;
            interrupted = interrupted || host_interrupted_or_handled(probe);
            limit_ns = interrupted ? interrupted_ns : end == SCAN_BUSY ? busy_ns : leave_ns;
        }
    }
}

void executor_set_let_go(ExecutorSet *set)
{
    for (int kind = 0; kind < EXECUTOR_KINDS; kind++)
        if (set->held[kind])
            executor_let_go(set->held[kind]);
}
