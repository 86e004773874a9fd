#include "ext/run/auto_executor.h"

/* Workers are judged by windows of so many tasks and so much work, after the tasks that found nothing in any
   cache; and sent away after so many windows in a row that speak against them: the machine may be busy for a
   moment. Threads that hold each other up show it at once, and each moment with them is lost. */
enum { WINDOW_TASKS = 4, THREADS_WINDOWS = 2, PROCESSES_WINDOWS = 4 };
static const double threads_window_ns = 1e6;
static const double processes_window_ns = 5e6;

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

static void begin_window(AutoExecutor *control)
{
    control->tasks = 0;
    control->units = control->busy_ns = control->host_ns = 0;
}

static ExecutorKind switch_to(AutoExecutor *control, ExecutorKind kind)
{
    control->kind = kind;
    control->cold = control->workers;
    control->against = 0;
    begin_window(control);
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
                           .reader_ns = sample->reader_ns,
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
    *control = (AutoExecutor){.plan = plan, .workers = workers, .wanted = workers, .kind = EXECUTOR_SERIAL};
    control->usable[EXECUTOR_THREADS] = executor_threads_possible() == SQLITE_OK;
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
 * Workers gained nothing, and not for a moment only. Threads hold each other up at SQLite's allocator lock,
 * which processes do not have.
 */
static ExecutorKind send_away(AutoExecutor *control, double row_ns)
{
    Plan *plan = control->plan;
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

/* A reader that takes longer over a row than a worker does keeps fewer of them busy. */
static void want_workers(AutoExecutor *control, double row_ns, double host_ns)
{
    double busy = host_ns > 0 ? row_ns / host_ns : control->workers;
    int wanted = busy >= control->workers ? control->workers : (int)busy + 1;
    if (wanted < control->wanted)
        sqlite3_snprintf(sizeof control->reason, control->reason,
                         "%s: a row takes a worker %.0f ns, and the host %.0f ns to read and to use: %d of "
                         "%d workers keep up with it",
                         executor_kind_name(control->kind), row_ns, host_ns, wanted, control->workers);
    control->wanted = wanted;
}

/*
 * At the end of a window: a row takes a worker longer than it took in place when workers hold each other up,
 * be it at a lock or for want of processors. What W of them gain over one is W × in place / with workers.
 */
static ExecutorKind judge_workers(AutoExecutor *control)
{
    bool threads = control->kind == EXECUTOR_THREADS;
    double row_ns = control->busy_ns / control->units;
    double gain = control->workers * control->in_place_ns / row_ns;
    control->against = gain < least_gain ? control->against + 1 : 0;
    if (control->against >= (threads ? THREADS_WINDOWS : PROCESSES_WINDOWS))
        return send_away(control, row_ns);
    want_workers(control, row_ns, control->host_ns / control->units);
    begin_window(control);
    return control->kind;
}

ExecutorKind auto_executor_observe(AutoExecutor *control, const AutoSample *sample)
{
    Plan *plan = control->plan;
    if (sample->units <= 0)
        return control->kind;
    /* Where the host helped the workers it was held up as they are. */
    if (sample->ran_on != control->kind)
        return control->kind;
    if (sample->ran_on == EXECUTOR_SERIAL) {
        control->spent_ns += sample->ns;
        control->in_place_ns = sample->ns / sample->units;
        *(sample->fed ? &plan->in_place_row_ns : &plan->in_place_rowid_ns) = control->in_place_ns;
        if (sample->fed)
            plan->feed_ns = sample->feed_ns;
        if (control->judged)
            return EXECUTOR_SERIAL;
        if (control->spent_ns >= believe_ns || !sample->more)
            return leave_place(control, sample);
        sqlite3_snprintf(sizeof control->reason, control->reason, "serial: only %.0f us of work seen so far",
                         control->spent_ns / 1e3);
        return EXECUTOR_SERIAL;
    }
    if (control->cold > 0) {
        control->cold--;
        return control->kind;
    }
    control->tasks++;
    control->units += sample->units;
    control->busy_ns += sample->ns;
    control->host_ns += (sample->feed_ns + sample->reader_ns) * sample->units;
    double window_ns = control->kind == EXECUTOR_THREADS ? threads_window_ns : processes_window_ns;
    return control->tasks >= WINDOW_TASKS && control->busy_ns >= window_ns ? judge_workers(control)
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
