/* The calls of an executor's functions, the same for every kind; in a forked copy of the host they reach no
   worker. */
#include "ext/executors/executor.h"

#include <unistd.h>

#include "ext/base/sqlite_api.h"

bool executor_is_ours(const Executor *executor)
{
    return !executor->owner || executor->owner == getpid();
}

int executor_ensure_workers(Executor *executor, int workers, char **message)
{
    if (executor_is_ours(executor))
        return executor->kind->ensure_workers(executor, workers, message);
    *message =
        sqlite3_mprintf("parallel_map: this connection was opened before this process was forked: open "
                        "a new one here");
    return SQLITE_MISUSE;
}

void executor_hold(Executor *executor)
{
    atomic_fetch_add(&executor->users, 1);
}

void executor_let_go(Executor *executor)
{
    atomic_fetch_sub(&executor->users, 1);
    if (executor->kind->let_go && executor_is_ours(executor))
        executor->kind->let_go(executor);
}

int executor_submit(Executor *executor, Task *task)
{
    return executor_is_ours(executor) ? executor->kind->submit(executor, task) : SQLITE_BUSY;
}

bool executor_withdraw(Executor *executor, Task *task)
{
    return executor->kind->withdraw && executor_is_ours(executor) && executor->kind->withdraw(executor, task);
}

TaskControl *executor_control(Executor *executor, Task *task)
{
    if (!executor_is_ours(executor))
        return NULL;
    return executor->kind->control ? executor->kind->control(executor, task) : &task->control;
}

void executor_wait(Executor *executor, const Task *task, int milliseconds)
{
    if (executor_is_ours(executor))
        executor->kind->wait(executor, task, milliseconds);
}

void executor_release(Executor *executor, Task *task)
{
    if (executor_is_ours(executor))
        executor->kind->release(executor, task);
    else
        task->output = NULL;
}

void executor_abandon(Executor *executor, Task *task)
{
    if (executor_is_ours(executor))
        executor->kind->abandon(executor, task);
    else if (atomic_load(&task->done))
        task_free(task);
    /* Otherwise the task is leaked: the thread that had it is only in the original, and may have left the
       task half changed. */
}

void executor_end_scan(Executor *executor, uint64_t scan)
{
    if (executor->kind->end_scan && executor_is_ours(executor))
        executor->kind->end_scan(executor, scan);
}

ScanEnd executor_await_end(Executor *executor, int milliseconds)
{
    bool reached = executor->kind->await_end && executor_is_ours(executor);
    return reached ? executor->kind->await_end(executor, milliseconds) : SCAN_CLOSED;
}

void executor_close(Executor *executor)
{
    if (executor)
        executor->kind->close(executor);
}
