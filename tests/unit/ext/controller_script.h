/* What the tests of the controller share: a run whose samples are scripted, so that no machine has a part in
 * it. */
#ifndef CONTROLLER_SCRIPT_H
#define CONTROLLER_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ext/run/controller.h"

enum { WORKERS = 4 };

typedef struct Script {
    MapExperience experience;
    Executor *executors[EXECUTOR_KINDS];
    Controller controller;
    SourceRest rest;
} Script;

/* Begins a run over rows of which as many are left as are known (0: not known); rows that wait may have up to
 * `waiting_workers` workers. */
static inline const ExecutorKind *begin_waiting(Script *script, double known, int workers,
                                                int waiting_workers)
{
    script->rest = (SourceRest){.units = known, .more = true};
    return controller_begin(&script->controller, &(ControllerStart){.experience = &script->experience,
                                                                    .executors = script->executors,
                                                                    .workers = workers,
                                                                    .waiting_workers = waiting_workers,
                                                                    .rest = script->rest});
}

static inline const ExecutorKind *begin(Script *script, double known, int workers)
{
    return begin_waiting(script, known, workers, 0);
}

/* What one row of a task takes: nanoseconds, and of a processor; how often the worker waited in it, and was
 * preempted; nanoseconds in queues. */
typedef struct Row {
    double ns, processor_ns, blocked, preempted, queued_ns;
} Row;

/* A task of such rows ran where tasks go now. */
static inline const ExecutorKind *task_of(Script *script, int rows, Row row)
{
    TaskSample sample = {.ran_on = script->controller.kind,
                         .units = rows,
                         .ns = rows * row.ns,
                         .processor_ns = rows * row.processor_ns,
                         .queued_ns = rows * row.queued_ns,
                         .blocked = (int)(rows * row.blocked),
                         .preempted = (int)(rows * row.preempted)};
    return controller_next(&script->controller, &sample, &script->rest);
}

static inline void expect_reason(const Script *script, const char *part)
{
    if (!strstr(script->controller.reason, part))
        fail_msg("the reason is \"%s\", not \"…%s…\"", script->controller.reason, part);
}

#endif
