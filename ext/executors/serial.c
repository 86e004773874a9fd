/*
 * The serial executor: the host itself evaluates, when it waits for a task. `auto` begins with it, and the
 * tests compare the others with it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "ext/evaluate/runner.h"
#include "ext/executors/kinds.h"
#include "ext/executors/task_queue.h"

typedef struct SerialExecutor {
    Executor base;
    /* Runner of the connection, borrowed for the executor's life. */
    ChunkRunner *runner;
    TaskQueue queue;
} SerialExecutor;

static int serial_ensure_workers(Executor *base, int workers, char **message)
{
    (void)workers;
    (void)message;
    base->workers = 1;
    return SQLITE_OK;
}

static int serial_submit(Executor *base, Task *task)
{
    SerialExecutor *serial = (SerialExecutor *)base;
    atomic_store(&task->done, false);
    atomic_store(&task->control.morsels, task->order.morsels);
    task_queue_add(&serial->queue, task);
    return SQLITE_OK;
}

/* Runs `task` now, however long it takes. An interrupt of the connection, and the end of the task's time,
   reach it through the runner's watch, which is the run's. */
static void serial_wait(Executor *base, const Task *task, int milliseconds)
{
    (void)milliseconds;
    SerialExecutor *serial = (SerialExecutor *)base;
    Task *next = serial->queue.first;
    while (next && task && next != task)
        next = next->next;
    if (!next || !task_queue_remove(&serial->queue, next))
        return;
    chunk_runner_run(serial->runner, next->recipe, &next->order, next->input.data, next->input.size,
                     &next->control, &next->heap_output, &next->report);
    next->report.pid = getpid();
    next->output = next->heap_output.data;
    next->output_size = next->heap_output.size;
    atomic_store(&next->done, true);
}

static void serial_release(Executor *base, Task *task)
{
    (void)base;
    task->output = NULL;
}

static void serial_abandon(Executor *base, Task *task)
{
    task_queue_remove(&((SerialExecutor *)base)->queue, task);
    task_free(task);
}

static void serial_close(Executor *base)
{
    free(base);
}

static Executor *serial_create(const ExecutorParts *parts)
{
    SerialExecutor *serial = calloc(1, sizeof *serial);
    if (!serial)
        return NULL;
    serial->base.kind = &executor_serial;
    serial->runner = parts->runner;
    return &serial->base;
}

const ExecutorKind executor_serial = {
    .name = "serial",
    .in_place = true,
    .create = serial_create,
    .ensure_workers = serial_ensure_workers,
    .submit = serial_submit,
    .wait = serial_wait,
    .release = serial_release,
    .abandon = serial_abandon,
    .close = serial_close,
};
