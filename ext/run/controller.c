#include "ext/run/controller.h"

#include <stdarg.h>

#include "ext/base/clock.h"
#include "ext/run/workers_pay.h"

enum {
    /* Tasks of a window, at the least: what workers gain is measured over windows. */
    WINDOW_TASKS = 4,
    /* Runs of a map that do without workers after workers gained nothing: the machine may have been busy. */
    REST_RUNS = 8,
};

/* Work in place before its cost per row is believed: the first rows find nothing in any cache. */
static const double believe_ns = 200e3;

/* Time that worker processes in another language take to start, before one start was measured. */
static const double language_start_ns = 60e6;

/* Factor by which all workers together have to be faster than one alone. */
static const double least_gain = 1.25;

/* Time from waking workers that sleep to having the first result, measured on two processors. */
static const double wake_ns = 150e3;

/* Sets the reason of a decision. */
__attribute__((format(printf, 2, 3))) static void explain(Controller *controller, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sqlite3_vsnprintf(sizeof controller->reason, controller->reason, format, arguments);
    va_end(arguments);
}

static void begin_window(Controller *controller)
{
    controller->window_tasks = 0;
    controller->window_units = controller->window_ns = controller->window_host_ns = 0;
}

static const ExecutorKind *switch_kind(Controller *controller, const ExecutorKind *kind)
{
    controller->kind = kind;
    controller->warmup_tasks = controller->workers;
    controller->bad_windows = 0;
    begin_window(controller);
    return kind;
}

/* The kind of workers to use for this map: the one that starts fastest, of those that can be used and whose
   workers do not hold each other up. NULL: none. */
static const ExecutorKind *best_kind(const Controller *controller)
{
    const ExecutorKind *best = NULL;
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        const ExecutorKind *kind = executor_kinds[i];
        if (controller->usable[i] && !(controller->experience->failed_kinds & 1u << i) &&
            (!best || kind->start_ns < best->start_ns))
            best = kind;
    }
    return best;
}

/* Decides whether a run that is in place goes on so or with workers. */
static const ExecutorKind *leave_host(Controller *controller, const SourceRest *rest, double feed_ns)
{
    const MapExperience *experience = controller->experience;
    const ExecutorKind *kind = best_kind(controller);
    if (experience->runs_without_workers > 0 || !kind) {
        explain(controller, "serial: %s",
                experience->runs_without_workers > 0
                    ? "workers did not make this map faster when it ran before"
                : experience->lacking_kinds ? "workers cannot prepare this map"
                                            : "no workers could be started");
        return &executor_serial;
    }
    WorkFigures figures = {.eval_ns = controller->in_place_ns,
                           .feed_ns = feed_ns,
                           .reader_ns = controller->reader_ns,
                           .spent_ns = controller->spent_ns,
                           .left_ns = rest->units * controller->in_place_ns,
                           .start_ns = controller->start_ns[executor_kind_index(kind)],
                           .fed = !rest->ranged};
    if (!workers_pay(&figures, controller->workers, controller->reason, sizeof controller->reason))
        return &executor_serial;
    if (!rest->more) {
        explain(controller, "serial: %.0f us of work in all, and no rows left for workers",
                controller->spent_ns / 1e3);
        return &executor_serial;
    }
    explain(controller, "%s: %.0f ns a row to evaluate in place%s, %.0f us of it seen and more to come",
            kind->name, controller->in_place_ns,
            controller->locked         ? ", where threads would wait for the lock of Python's interpreter"
            : experience->failed_kinds ? ", where threads hold each other up"
                                       : "",
            controller->spent_ns / 1e3);
    return switch_kind(controller, kind);
}

static double start_cost(const Executor *executor, int workers, double starting)
{
    return executor && executor->workers >= workers ? wake_ns : starting;
}

void controller_begin_requested(Controller *controller, const ExecutorKind *kind, int workers)
{
    *controller = (Controller){.kind = kind, .workers = workers, .workers_used = workers};
    explain(controller, "requested");
}

void controller_begin_only(Controller *controller, const ExecutorKind *kind, int workers, const char *reason)
{
    controller_begin_requested(controller, kind, workers);
    explain(controller, "%s: %s", kind->name, reason);
}

/* Nanoseconds that starting all workers of a kind takes. */
static double full_start(const ControllerStart *start, const ExecutorKind *kind)
{
    if (!start->language)
        return kind->start_ns;
    return start->language_start_ns > 0 ? start->language_start_ns : language_start_ns;
}

const ExecutorKind *controller_begin(Controller *controller, const ControllerStart *start)
{
    MapExperience *experience = start->experience;
    const SourceRest *rest = &start->rest;
    *controller = (Controller){.decides = true,
                               .experience = experience,
                               .workers = start->workers,
                               .workers_used = start->workers,
                               .locked = start->language,
                               .kind = &executor_serial};
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        const ExecutorKind *kind = executor_kinds[i];
        controller->usable[i] = kind->automatic && !(experience->lacking_kinds & 1u << i) &&
                                (kind->isolates || !start->language) &&
                                (!kind->possible || kind->possible() == SQLITE_OK);
        controller->start_ns[i] = start_cost(start->executors[i], start->workers, full_start(start, kind));
    }
    if (experience->runs_without_workers > 0)
        experience->runs_without_workers--;
    explain(controller, "serial: the source is empty");
    controller->in_place_ns = rest->ranged ? experience->in_place_rowid_ns : experience->in_place_row_ns;
    if (!controller->in_place_ns || !rest->units)
        return &executor_serial;
    return leave_host(controller, rest, rest->ranged ? 0 : experience->feed_ns);
}

/*
 * Gives up workers that gained nothing, and not for a moment only: they hold each other up, as threads do at
 * SQLite's allocator lock, which processes do not have. The next kind is tried; after the last one the work
 * stays in place for some runs.
 */
static const ExecutorKind *give_up_kind(Controller *controller, double row_ns)
{
    MapExperience *experience = controller->experience;
    const ExecutorKind *failed = controller->kind;
    experience->failed_kinds |= 1u << executor_kind_index(failed);
    const ExecutorKind *next = best_kind(controller);
    if (next) {
        explain(controller, "%s: a row took %.0f ns in place and %.0f ns in %d %s, which hold each other up",
                next->name, controller->in_place_ns, row_ns, controller->workers, failed->workers);
        return switch_kind(controller, next);
    }
    experience->runs_without_workers = REST_RUNS;
    experience->failed_kinds = 0;
    controller->stays_in_place = true;
    explain(controller, "serial: a row took %.0f ns in place and %.0f ns in %d %s: nothing is gained",
            controller->in_place_ns, row_ns, controller->workers, failed->workers);
    return switch_kind(controller, &executor_serial);
}

/* Uses no more workers than are kept busy: fewer where the reader takes longer over a row than a worker. */
static void count_useful_workers(Controller *controller, double row_ns, double host_ns)
{
    double busy = host_ns > 0 ? row_ns / host_ns : controller->workers;
    int useful = busy >= controller->workers ? controller->workers : (int)busy + 1;
    if (useful < controller->workers_used)
        explain(controller,
                "%s: a row takes a worker %.0f ns, and the host %.0f ns to read and to use: %d of "
                "%d workers keep up with it",
                controller->kind->name, row_ns, host_ns, useful, controller->workers);
    controller->workers_used = useful;
}

/*
 * Decides at the end of a window: where workers hold each other up, be it at a lock or for want of
 * processors, a row takes a worker longer than it took in place. W workers gain W × in place / with workers
 * over one.
 */
static const ExecutorKind *end_window(Controller *controller)
{
    double row_ns = controller->window_ns / controller->window_units;
    double gain = controller->workers * controller->in_place_ns / row_ns;
    controller->bad_windows = gain < least_gain ? controller->bad_windows + 1 : 0;
    if (controller->bad_windows >= controller->kind->windows)
        return give_up_kind(controller, row_ns);
    count_useful_workers(controller, row_ns, controller->window_host_ns / controller->window_units);
    begin_window(controller);
    return controller->kind;
}

/* Takes in a task that ran in place. */
static const ExecutorKind *next_in_place(Controller *controller, const TaskSample *sample,
                                         const SourceRest *rest)
{
    MapExperience *experience = controller->experience;
    controller->spent_ns += sample->ns;
    controller->in_place_ns = sample->ns / sample->units;
    *(sample->ranged ? &experience->in_place_rowid_ns : &experience->in_place_row_ns) =
        controller->in_place_ns;
    if (!sample->ranged)
        experience->feed_ns = controller->feed_ns;
    if (controller->stays_in_place)
        return &executor_serial;
    if (controller->spent_ns >= believe_ns || !rest->more)
        return leave_host(controller, rest, controller->feed_ns);
    explain(controller, "serial: only %.0f us of work seen so far", controller->spent_ns / 1e3);
    return &executor_serial;
}

/* Takes in a task that ran with the workers that tasks go to now. */
static const ExecutorKind *next_with_workers(Controller *controller, const TaskSample *sample)
{
    if (controller->warmup_tasks > 0) {
        controller->warmup_tasks--;
        return controller->kind;
    }
    controller->window_tasks++;
    controller->window_units += sample->units;
    controller->window_ns += sample->ns;
    controller->window_host_ns += (controller->feed_ns + controller->reader_ns) * sample->units;
    return controller->window_tasks >= WINDOW_TASKS && controller->window_ns >= controller->kind->window_ns
               ? end_window(controller)
               : controller->kind;
}

const ExecutorKind *controller_next(Controller *controller, const TaskSample *sample, const SourceRest *rest)
{
    if (!controller->decides || sample->failed || sample->ranged != rest->ranged || sample->units <= 0)
        return controller->kind;
    if (sample->ns <= 0) {
        if (controller->spent_ns <= 0 && controller->kind == &executor_serial)
            explain(controller, "serial: no work seen so far but the constants of the map");
        return controller->kind;
    }
    /* A task that the host ran for the workers was held up as they are, and is no measure of the host
     * alone. */
    if (sample->ran_on != controller->kind)
        return controller->kind;
    return sample->ran_on == &executor_serial ? next_in_place(controller, sample, rest)
                                              : next_with_workers(controller, sample);
}

const ExecutorKind *controller_unavailable(Controller *controller, const ExecutorKind *kind,
                                           const char *message)
{
    controller->usable[executor_kind_index(kind)] = false;
    const ExecutorKind *next = best_kind(controller);
    if (next)
        return switch_kind(controller, next);
    controller->stays_in_place = true;
    explain(controller, "serial: no workers could be started: %s", message ? message : "out of memory");
    return switch_kind(controller, &executor_serial);
}

const ExecutorKind *controller_short_of(Controller *controller, int workers, const char *message)
{
    if (workers < 2)
        return controller_unavailable(controller, controller->kind, message);
    controller->workers = workers;
    if (controller->workers_used > workers)
        controller->workers_used = workers;
    return controller->kind;
}

const ExecutorKind *controller_lacking(Controller *controller, const ExecutorKind *kind, const char *message)
{
    MapExperience *experience = controller->experience;
    int index = executor_kind_index(kind);
    experience->lacking_kinds |= 1u << index;
    controller->usable[index] = false;
    if (controller->kind != kind)
        return controller->kind;
    const ExecutorKind *next = best_kind(controller);
    explain(controller, "%s: %s cannot prepare this map: %s", next ? next->name : executor_serial.name,
            kind->workers, message);
    if (next)
        return switch_kind(controller, next);
    /* The other kinds hold each other up: as when the last kind gains nothing. */
    if (experience->failed_kinds)
        experience->runs_without_workers = REST_RUNS;
    experience->failed_kinds = 0;
    controller->stays_in_place = true;
    return switch_kind(controller, &executor_serial);
}

void controller_feed_begins(Controller *controller)
{
    bool measured = controller->decides && controller->kind == &executor_serial;
    controller->feed_began_ns = measured ? clock_ns() : 0;
}

void controller_feed_ends(Controller *controller, uint32_t rows)
{
    if (controller->feed_began_ns && rows)
        controller->feed_ns = (double)(clock_ns() - controller->feed_began_ns) / rows;
}

void controller_reader_begins(Controller *controller, double units)
{
    controller->given_ns = controller->decides ? clock_ns() : 0;
    controller->given_units = units;
}

void controller_reader_ends(Controller *controller)
{
    if (controller->given_ns && controller->given_units > 0)
        controller->reader_ns = (double)(clock_ns() - controller->given_ns) / controller->given_units;
    controller->given_ns = 0;
}
