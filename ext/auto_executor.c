#include "auto_executor.h"

/* Tasks and work that are seen on an executor before it is judged. */
enum { JUDGE_TASKS = 6 };
static const double judge_ns = 2e6;

/* Work in place before its cost per row is believed: the first rows find nothing in any cache. */
static const double believe_ns = 200e3;

/* Runs of a plan that stay in place after workers gained nothing: the machine may have been busy. */
enum { REST_RUNS = 8 };

/* Workers must do this many times what one would do alone, or they are not worth having. */
static const double least_gain = 1.25;

/* From asking for workers to having the first result, measured on two processors: of workers that are there
   and asleep, of threads to be started, of processes to be started. */
static const double wake_ns = 150e3;
static const double start_threads_ns = 400e3;
static const double start_processes_ns = 4e6;

static ExecutorKind switch_to(AutoExecutor *control, ExecutorKind kind)
{
    control->kind = kind;
    control->tasks = 0;
    control->units = control->busy_ns = 0;
    return kind;
}

/* The kind of workers that this map wants, by what is known of it. */
static ExecutorKind wanted_kind(const AutoExecutor *control)
{
    return control->usable[EXECUTOR_THREADS] && !control->plan->threads_fail ? EXECUTOR_THREADS
                                                                             : EXECUTOR_PROCESSES;
}

/* In place: go on so, or with workers? */
static ExecutorKind leave_place(AutoExecutor *control, const AutoSample *sample)
{
    const Plan *plan = control->plan;
    ExecutorKind kind = wanted_kind(control);
    int size = sizeof control->reason;
    if (plan->rests > 0 || !control->usable[kind]) {
        sqlite3_snprintf(size, control->reason,
                         plan->rests > 0 ? "serial: workers did not make this map faster when it ran before"
                                         : "serial: no workers could be started");
        return EXECUTOR_SERIAL;
    }
    WorkFigures figures = {.eval_ns = control->in_place_ns,
                           .feed_ns = sample->feed_ns,
                           .spent_ns = control->spent_ns,
                           .left_ns = sample->left * control->in_place_ns,
                           .start_ns = control->start_ns[kind],
                           .fed = sample->fed};
    if (!plan_workers_pay(&figures, control->workers, control->reason, size))
        return EXECUTOR_SERIAL;
    if (!sample->more) {
        sqlite3_snprintf(size, control->reason,
                         "serial: %.0f us of work in all, and no rows left for workers",
                         control->spent_ns / 1e3);
        return EXECUTOR_SERIAL;
    }
    sqlite3_snprintf(size, control->reason,
                     "%s: %.0f ns a row to evaluate in place%s, %.0f us of it seen and more to come",
                     executor_kind_name(kind), control->in_place_ns,
                     plan->threads_fail ? ", where threads hold each other up" : "", control->spent_ns / 1e3);
    return switch_to(control, kind);
}

static double start_cost(const Executor *executor, int workers, double starting)
{
    return executor && executor->workers >= workers ? wake_ns : starting;
}

ExecutorKind auto_executor_begin(AutoExecutor *control, Plan *plan, Executor *const *executors, int workers,
                                 bool fed, double left)
{
    *control = (AutoExecutor){.plan = plan, .workers = workers, .kind = EXECUTOR_SERIAL};
    control->usable[EXECUTOR_THREADS] = executor_threads_possible();
    control->usable[EXECUTOR_PROCESSES] = true;
    control->start_ns[EXECUTOR_THREADS] = start_cost(executors[EXECUTOR_THREADS], workers, start_threads_ns);
    control->start_ns[EXECUTOR_PROCESSES] =
        start_cost(executors[EXECUTOR_PROCESSES], workers, start_processes_ns);
    if (plan->rests > 0)
        plan->rests--;
    sqlite3_snprintf(sizeof control->reason, control->reason, "serial: the source is empty");
    control->in_place_ns = fed ? plan->in_place_row_ns : plan->in_place_rowid_ns;
    if (!control->in_place_ns || !left)
        return EXECUTOR_SERIAL;
    AutoSample known = {.fed = fed, .feed_ns = fed ? plan->feed_ns : 0, .left = left, .more = true};
    return leave_place(control, &known);
}

/*
 * Among workers: a row takes a worker longer than it took in place when they hold each other up, be it at
 * SQLite's allocator lock or for want of processors. What W of them gain over one is W × in place / with
 * workers.
 */
static ExecutorKind judge_workers(AutoExecutor *control)
{
    Plan *plan = control->plan;
    double row_ns = control->busy_ns / control->units;
    double gain = control->workers * control->in_place_ns / row_ns;
    if (gain >= least_gain)
        return control->kind;
    bool threads = control->kind == EXECUTOR_THREADS;
    if (threads && control->usable[EXECUTOR_PROCESSES]) {
        plan->threads_fail = true;
        sqlite3_snprintf(
            sizeof control->reason, control->reason,
            "processes: a row took %.0f ns in place and %.0f ns in %d threads, which hold each other up",
            control->in_place_ns, row_ns, control->workers);
        return switch_to(control, EXECUTOR_PROCESSES);
    }
    plan->rests = REST_RUNS;
    plan->threads_fail = false;
    control->judged = true;
    sqlite3_snprintf(sizeof control->reason, control->reason,
                     "serial: a row took %.0f ns in place and %.0f ns in %d %s: nothing is gained",
                     control->in_place_ns, row_ns, control->workers, threads ? "threads" : "processes");
    return switch_to(control, EXECUTOR_SERIAL);
}

ExecutorKind auto_executor_observe(AutoExecutor *control, const AutoSample *sample)
{
    Plan *plan = control->plan;
    if (sample->units <= 0)
        return control->kind;
    if (sample->ran_on == EXECUTOR_SERIAL) {
        control->spent_ns += sample->ns;
        control->in_place_ns = sample->ns / sample->units;
        *(sample->fed ? &plan->in_place_row_ns : &plan->in_place_rowid_ns) = control->in_place_ns;
        if (sample->fed)
            plan->feed_ns = sample->feed_ns;
        if (control->kind != EXECUTOR_SERIAL || control->judged)
            return control->kind;
        if (control->spent_ns >= believe_ns || !sample->more)
            return leave_place(control, sample);
        sqlite3_snprintf(sizeof control->reason, control->reason, "serial: only %.0f us of work seen so far",
                         control->spent_ns / 1e3);
        return EXECUTOR_SERIAL;
    }
    if (sample->ran_on != control->kind)
        return control->kind;
    control->tasks++;
    control->units += sample->units;
    control->busy_ns += sample->ns;
    return control->tasks >= JUDGE_TASKS && control->busy_ns >= judge_ns ? judge_workers(control)
                                                                         : control->kind;
}

ExecutorKind auto_executor_unavailable(AutoExecutor *control, ExecutorKind kind, const char *message)
{
    control->usable[kind] = false;
    if (kind == EXECUTOR_THREADS)
        return switch_to(control, EXECUTOR_PROCESSES);
    control->judged = true;
    sqlite3_snprintf(sizeof control->reason, control->reason, "serial: no workers could be started: %s",
                     message ? message : "out of memory");
    return switch_to(control, EXECUTOR_SERIAL);
}
