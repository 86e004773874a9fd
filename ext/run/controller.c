#include "ext/run/controller.h"

#include "ext/run/workers_pay.h"

/* Workers are judged by windows of at least so many tasks, after the tasks that found nothing in any cache.
 */
enum { WINDOW_TASKS = 4 };

/* Work in place before its cost per row is believed: the first rows find nothing in any cache. */
static const double believe_ns = 200e3;

/* Runs of a plan that stay in place after workers gained nothing: the machine may have been busy. */
enum { REST_RUNS = 8 };

/* Workers must do this many times what one would do alone, or they are not worth having. */
static const double least_gain = 1.25;

/* From asking for workers that are there and asleep to having the first result, measured on two processors.
 */
static const double wake_ns = 150e3;

static void begin_window(AutoExecutor *control)
{
    control->tasks = 0;
    control->units = control->busy_ns = control->host_ns = 0;
}

static const ExecutorKind *switch_to(AutoExecutor *control, const ExecutorKind *kind)
{
    control->kind = kind;
    control->cold = control->workers;
    control->against = 0;
    begin_window(control);
    return kind;
}

/* The kind of workers for this map: of those that can be used and have not failed it, the one that starts
   fastest. NULL: none. */
static const ExecutorKind *best_kind(const AutoExecutor *control)
{
    const ExecutorKind *best = NULL;
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        const ExecutorKind *kind = executor_kinds[i];
        if (control->usable[i] && !(control->experience->failed_kinds & 1u << i) &&
            (!best || kind->start_ns < best->start_ns))
            best = kind;
    }
    return best;
}

/* In place: go on so, or with workers? */
static const ExecutorKind *leave_place(AutoExecutor *control, const AutoSample *sample)
{
    const MapExperience *experience = control->experience;
    const ExecutorKind *kind = best_kind(control);
    int size = sizeof control->reason;
    if (experience->runs_without_workers > 0 || !kind) {
        sqlite3_snprintf(size, control->reason,
                         experience->runs_without_workers > 0
                             ? "serial: workers did not make this map faster when it ran before"
                         : experience->lacking_kinds ? "serial: workers cannot prepare this map"
                                                     : "serial: no workers could be started");
        return &executor_serial;
    }
    WorkFigures figures = {.eval_ns = control->in_place_ns,
                           .feed_ns = sample->feed_ns,
                           .reader_ns = sample->reader_ns,
                           .spent_ns = control->spent_ns,
                           .left_ns = sample->left * control->in_place_ns,
                           .start_ns = control->start_ns[executor_kind_index(kind)],
                           .fed = sample->fed};
    if (!workers_pay(&figures, control->workers, control->reason, size))
        return &executor_serial;
    if (!sample->more) {
        sqlite3_snprintf(size, control->reason,
                         "serial: %.0f us of work in all, and no rows left for workers",
                         control->spent_ns / 1e3);
        return &executor_serial;
    }
    sqlite3_snprintf(size, control->reason,
                     "%s: %.0f ns a row to evaluate in place%s, %.0f us of it seen and more to come",
                     kind->name, control->in_place_ns,
                     experience->failed_kinds ? ", where threads hold each other up" : "",
                     control->spent_ns / 1e3);
    return switch_to(control, kind);
}

static double start_cost(const Executor *executor, int workers, double starting)
{
    return executor && executor->workers >= workers ? wake_ns : starting;
}

const ExecutorKind *auto_executor_begin(AutoExecutor *control, MapExperience *experience,
                                        Executor *const *executors, int workers, bool fed, double left)
{
    *control = (AutoExecutor){
        .experience = experience, .workers = workers, .wanted = workers, .kind = &executor_serial};
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        const ExecutorKind *kind = executor_kinds[i];
        control->usable[i] = kind->automatic && !(experience->lacking_kinds & 1u << i) &&
                             (!kind->possible || kind->possible() == SQLITE_OK);
        control->start_ns[i] = start_cost(executors[i], workers, kind->start_ns);
    }
    if (experience->runs_without_workers > 0)
        experience->runs_without_workers--;
    sqlite3_snprintf(sizeof control->reason, control->reason, "serial: the source is empty");
    control->in_place_ns = fed ? experience->in_place_row_ns : experience->in_place_rowid_ns;
    if (!control->in_place_ns || !left)
        return &executor_serial;
    AutoSample known = {.fed = fed, .feed_ns = fed ? experience->feed_ns : 0, .left = left, .more = true};
    return leave_place(control, &known);
}

/*
 * Workers gained nothing, and not for a moment only: they hold each other up, as threads do at SQLite's
 * allocator lock, which processes do not have. The next kind is tried; after the last one the work stays in
 * place for some runs.
 */
static const ExecutorKind *send_away(AutoExecutor *control, double row_ns)
{
    MapExperience *experience = control->experience;
    const ExecutorKind *failed = control->kind;
    experience->failed_kinds |= 1u << executor_kind_index(failed);
    const ExecutorKind *next = best_kind(control);
    if (next) {
        sqlite3_snprintf(sizeof control->reason, control->reason,
                         "%s: a row took %.0f ns in place and %.0f ns in %d %s, which hold each other up",
                         next->name, control->in_place_ns, row_ns, control->workers, failed->workers);
        return switch_to(control, next);
    }
    experience->runs_without_workers = REST_RUNS;
    experience->failed_kinds = 0;
    control->judged = true;
    sqlite3_snprintf(sizeof control->reason, control->reason,
                     "serial: a row took %.0f ns in place and %.0f ns in %d %s: nothing is gained",
                     control->in_place_ns, row_ns, control->workers, failed->workers);
    return switch_to(control, &executor_serial);
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
                         control->kind->name, row_ns, host_ns, wanted, control->workers);
    control->wanted = wanted;
}

/*
 * At the end of a window: a row takes a worker longer than it took in place when workers hold each other up,
 * be it at a lock or for want of processors. What W of them gain over one is W × in place / with workers.
 */
static const ExecutorKind *judge_workers(AutoExecutor *control)
{
    double row_ns = control->busy_ns / control->units;
    double gain = control->workers * control->in_place_ns / row_ns;
    control->against = gain < least_gain ? control->against + 1 : 0;
    if (control->against >= control->kind->windows)
        return send_away(control, row_ns);
    want_workers(control, row_ns, control->host_ns / control->units);
    begin_window(control);
    return control->kind;
}

const ExecutorKind *auto_executor_observe(AutoExecutor *control, const AutoSample *sample)
{
    MapExperience *experience = control->experience;
    if (sample->units <= 0)
        return control->kind;
    if (sample->ns <= 0) {
        if (control->spent_ns <= 0 && control->kind == &executor_serial)
            sqlite3_snprintf(sizeof control->reason, control->reason,
                             "serial: no work seen so far but the constants of the map");
        return control->kind;
    }
    /* Where the host helped the workers it was held up as they are. */
    if (sample->ran_on != control->kind)
        return control->kind;
    if (sample->ran_on == &executor_serial) {
        control->spent_ns += sample->ns;
        control->in_place_ns = sample->ns / sample->units;
        *(sample->fed ? &experience->in_place_row_ns : &experience->in_place_rowid_ns) = control->in_place_ns;
        if (sample->fed)
            experience->feed_ns = sample->feed_ns;
        if (control->judged)
            return &executor_serial;
        if (control->spent_ns >= believe_ns || !sample->more)
            return leave_place(control, sample);
        sqlite3_snprintf(sizeof control->reason, control->reason, "serial: only %.0f us of work seen so far",
                         control->spent_ns / 1e3);
        return &executor_serial;
    }
    if (control->cold > 0) {
        control->cold--;
        return control->kind;
    }
    control->tasks++;
    control->units += sample->units;
    control->busy_ns += sample->ns;
    control->host_ns += (sample->feed_ns + sample->reader_ns) * sample->units;
    return control->tasks >= WINDOW_TASKS && control->busy_ns >= control->kind->window_ns
               ? judge_workers(control)
               : control->kind;
}

const ExecutorKind *auto_executor_unavailable(AutoExecutor *control, const ExecutorKind *kind,
                                              const char *message)
{
    control->usable[executor_kind_index(kind)] = false;
    const ExecutorKind *next = best_kind(control);
    if (next)
        return switch_to(control, next);
    control->judged = true;
    sqlite3_snprintf(sizeof control->reason, control->reason, "serial: no workers could be started: %s",
                     message ? message : "out of memory");
    return switch_to(control, &executor_serial);
}

const ExecutorKind *auto_executor_lacking(AutoExecutor *control, const ExecutorKind *kind,
                                          const char *message)
{
    MapExperience *experience = control->experience;
    int index = executor_kind_index(kind);
    experience->lacking_kinds |= 1u << index;
    control->usable[index] = false;
    if (control->kind != kind)
        return control->kind;
    const ExecutorKind *next = best_kind(control);
    sqlite3_snprintf(sizeof control->reason, control->reason, "%s: %s cannot prepare this map: %s",
                     next ? next->name : executor_serial.name, kind->workers, message);
    if (next)
        return switch_to(control, next);
    /* Other workers there were hold each other up: as when the last kind gains nothing. */
    if (experience->failed_kinds)
        experience->runs_without_workers = REST_RUNS;
    experience->failed_kinds = 0;
    control->judged = true;
    return switch_to(control, &executor_serial);
}
