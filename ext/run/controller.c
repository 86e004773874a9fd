#include "ext/run/controller.h"

#include <stdarg.h>

#include "ext/base/clock.h"
#include "ext/run/workers_pay.h"

enum {
    /* Tasks of a window, at the least: what workers gain is measured over windows. */
    WINDOW_TASKS = 4,
};

/* Work in place before workers that gained nothing are tried again, in what trying them costs: a window of
   each kind then takes a few percent of it at the most, also where it gains nothing again. */
static const double least_rest = 4;

/* Expected times of a task from which on it does not matter that measuring it costs a microsecond, and that
   measuring the time in queues costs ten. */
static const double measured_ns = 20e3, measured_queue_ns = 500e3;

/* Factor by which a task that was not measured may be slower than those before it until that is taken for a
   moment in which others had the processor. */
static const double most_slower = 4;

/* Work in place before its cost per row is believed: the first rows find nothing in any cache. */
static const double believe_ns = 200e3;

/* Time that worker processes in another language take to start, before one start was measured. */
static const double language_start_ns = 60e6;

/* Factor by which all workers together have to be faster than one alone. */
static const double least_gain = 1.25;

/* Part of what the workers could gain below which another kind of worker is tried. */
static const double moderate_part = 0.75;

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
    controller->experience->window = (WorkSum){0};
}

/* A window of the same kind goes on. */
static const ExecutorKind *switch_kind(Controller *controller, const ExecutorKind *kind)
{
    MapExperience *experience = controller->experience;
    controller->kind = kind;
    controller->warmup_tasks = controller->workers;
    if (kind != &executor_serial && experience->window_kind != kind) {
        experience->window_kind = kind;
        experience->bad_windows = 0;
        begin_window(controller);
    }
    return kind;
}

static void set_workers(Controller *controller, int workers)
{
    controller->workers = controller->workers_used = workers;
}

/* The index of the kind of workers to use for this map, other than `but`: of those that can be used and whose
   workers do not hold each other up the one that was seen to do more than another, or else the one that
   starts fastest. -1: none. */
static int best_kind_but(const Controller *controller, const ExecutorKind *but)
{
    const ExecutorKind *preferred = controller->experience->other.preferred;
    int best = -1;
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        const ExecutorKind *kind = executor_kinds[i];
        if (!controller->usable[i] || kind == but || controller->experience->failed_kinds & 1u << i)
            continue;
        if (kind == preferred)
            return i;
        if (best < 0 || kind->start_ns < executor_kinds[best]->start_ns)
            best = i;
    }
    return best;
}

static int best_kind(const Controller *controller)
{
    return best_kind_but(controller, NULL);
}

/* Explains why a run goes on with workers. */
static void explain_leaving(Controller *controller, const ExecutorKind *kind)
{
    const MapExperience *experience = controller->experience;
    const double us = controller->in_place_ns / 1e3;
    if (controller->waits)
        explain(controller,
                "%s: a row takes %.0f µs in place, and a processor for %.0f µs of them: it waits; %d workers",
                kind->name, us, experience->in_place_processor_ns / 1e3, controller->workers);
    else
        explain(controller, "%s: %.2f µs a row to evaluate in place%s, %.0f µs of it seen and more to come",
                kind->name, us,
                controller->locked         ? ", where threads would wait for the lock of Python's interpreter"
                : experience->failed_kinds ? ", where threads hold each other up"
                                           : "",
                controller->spent_ns / 1e3);
}

/* Decides whether a run that is in place goes on so or with workers. */
static const ExecutorKind *leave_host(Controller *controller, const SourceRest *rest, double feed_ns)
{
    MapExperience *experience = controller->experience;
    const int best = best_kind(controller);
    if (experience->rest_ns > 0 || best < 0) {
        explain(controller, "serial: %s",
                experience->rest_ns > 0     ? "workers did not make this map faster when it ran before"
                : experience->lacking_kinds ? "workers cannot prepare this map"
                                            : "no workers could be started");
        return &executor_serial;
    }
    const ExecutorKind *kind = executor_kinds[best];
    if (controller->waits)
        waiting_begin(&experience->waiting, controller->computing, controller->most_waiting);
    set_workers(controller, controller->waits ? experience->waiting.workers : controller->computing);
    WorkFigures figures = {.eval_ns = controller->in_place_ns,
                           .feed_ns = feed_ns,
                           .reader_ns = controller->reader_ns,
                           .spent_ns = controller->spent_ns,
                           .left_ns = rest->units * controller->in_place_ns,
                           .start_ns = controller->start_ns[best],
                           .fed = !rest->ranged};
    if (!workers_pay(&figures, controller->workers, controller->reason, sizeof controller->reason))
        return &executor_serial;
    if (!rest->more) {
        explain(controller, "serial: %.0f µs of work in all, and no rows left for workers",
                controller->spent_ns / 1e3);
        return &executor_serial;
    }
    explain_leaving(controller, kind);
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

/* Whether there can be workers of that kind; a trial that fails for want of memory is made again. */
static bool is_possible(MapExperience *experience, int index)
{
    const ExecutorKind *kind = executor_kinds[index];
    if (kind->possible && !(experience->possible_kinds & 1u << index) && kind->possible() != SQLITE_OK)
        return false;
    experience->possible_kinds |= 1u << index;
    return true;
}

const ExecutorKind *controller_begin(Controller *controller, const ControllerStart *start)
{
    MapExperience *experience = start->experience;
    const SourceRest *rest = &start->rest;
    *controller = (Controller){.decides = true,
                               .experience = experience,
                               .computing = start->workers,
                               .most_waiting = start->waiting_workers,
                               .waits = experience->waits && start->waiting_workers > start->workers,
                               .locked = start->language,
                               .kind = &executor_serial};
    for (int i = 0; i < EXECUTOR_KINDS; i++) {
        const ExecutorKind *kind = executor_kinds[i];
        controller->usable[i] = kind->automatic && !(experience->lacking_kinds & 1u << i) &&
                                (kind->isolates || !start->language) && is_possible(experience, i);
        controller->start_ns[i] = start_cost(start->executors[i], start->workers, full_start(start, kind));
    }
    set_workers(controller, start->workers);
    explain(controller, "serial: the source is empty");
    controller->in_place_ns = rest->ranged ? experience->in_place_rowid_ns : experience->in_place_row_ns;
    if (!controller->in_place_ns || !rest->units)
        return &executor_serial;
    return leave_host(controller, rest, rest->ranged ? 0 : experience->feed_ns);
}

/*
 * The rest of the work is done in place, until there was so much of it that workers are tried again: twice as
 * much as before, four times as much, and so on. A machine, or a lock, may be busy for a moment, and that
 * must not decide for the whole map.
 */
static void begin_rest(Controller *controller)
{
    MapExperience *experience = controller->experience;
    double trial_ns = 0;
    for (int i = 0; i < EXECUTOR_KINDS; i++)
        if (controller->usable[i])
            trial_ns +=
                executor_kinds[i]->start_ns + executor_kinds[i]->windows * executor_kinds[i]->window_ns;
    double least_ns = least_rest * trial_ns;
    double first_ns = controller->seen_ns > least_ns ? controller->seen_ns : least_ns;
    experience->rest_length_ns = experience->rest_length_ns > 0 ? 2 * experience->rest_length_ns : first_ns;
    experience->rest_ns = experience->rest_length_ns;
    experience->failed_kinds = 0;
}

/*
 * Gives up workers that gained nothing, and not for a moment only: they hold each other up, as threads do at
 * SQLite's allocator lock, which processes do not have. The next kind is tried; after the last one the work
 * stays in place for a while.
 */
static const ExecutorKind *give_up_kind(Controller *controller, double row_ns)
{
    MapExperience *experience = controller->experience;
    const ExecutorKind *failed = controller->kind;
    experience->failed_kinds |= 1u << executor_kind_index(failed);
    experience->window_kind = NULL;
    const int next = best_kind(controller);
    if (next >= 0) {
        explain(controller, "%s: a row took %.2f µs in place and %.2f µs in %d %s, which hold each other up",
                executor_kinds[next]->name, controller->in_place_ns / 1e3, row_ns / 1e3, controller->workers,
                failed->workers);
        return switch_kind(controller, executor_kinds[next]);
    }
    begin_rest(controller);
    explain(controller, "serial: a row took %.2f µs in place and %.2f µs in %d %s: nothing is gained",
            controller->in_place_ns / 1e3, row_ns / 1e3, controller->workers, failed->workers);
    return switch_kind(controller, &executor_serial);
}

/* Rows that waited in place compute in workers, of which there are too many for that: what they take in place
   has to be seen anew. */
static const ExecutorKind *stop_waiting(Controller *controller)
{
    MapExperience *experience = controller->experience;
    controller->waits = experience->waits = false;
    controller->contradictions++;
    controller->waiting_tasks = 0;
    controller->spent_ns = 0;
    experience->waiting = (Waiting){0};
    experience->window_kind = NULL;
    explain(controller, "serial: rows waited at first, and compute now");
    return switch_kind(controller, &executor_serial);
}

/* Changes the number of workers for rows that wait, where another one does more of them a second. */
static void grow(Controller *controller, double row_ns)
{
    Waiting *waiting = &controller->experience->waiting;
    const int before = waiting->workers;
    if (!waiting_next(waiting, row_ns, controller->most_waiting))
        return;
    const double computed_ns = controller->experience->in_place_processor_ns;
    /* Tasks that were handed out before do not measure the new number. */
    controller->warmup_tasks = EXECUTOR_DEPTH * before;
    set_workers(controller, waiting->workers);
    explain(controller,
            "%s: a row takes %.0f µs in place, and a processor for %.0f µs of them: it waits; %d workers did "
            "%.0f rows a second: %d workers",
            controller->kind->name, controller->in_place_ns / 1e3, computed_ns / 1e3, before,
            before * 1e9 / row_ns, waiting->workers);
}

/* Uses no more workers than are kept busy: fewer where the reader takes longer over a row than a worker. */
static void count_useful_workers(Controller *controller, double row_ns, double host_ns)
{
    double busy = host_ns > 0 ? row_ns / host_ns : controller->workers;
    int useful = busy >= controller->workers ? controller->workers : (int)busy + 1;
    if (useful < controller->workers_used)
        explain(controller,
                "%s: a row takes a worker %.2f µs, and the host %.2f µs to read and to use: %d of "
                "%d workers keep up with it",
                controller->kind->name, row_ns / 1e3, host_ns / 1e3, useful, controller->workers);
    controller->workers_used = useful;
}

/* Whether so much was done, and is left as far as is known, that a trial of a kind costs little against it.
 */
static bool trial_is_cheap(const Controller *controller, int index, const SourceRest *rest)
{
    const double cost_ns =
        least_rest * (controller->start_ns[index] + executor_kinds[index]->window_ns * controller->workers);
    return controller->seen_ns >= cost_ns &&
           (rest->units <= 0 || rest->units * controller->in_place_ns >= cost_ns);
}

/* Compares the kind of workers, of which a row takes one `row_ns`, with another where it gains moderately.
   Returns the kind to go on with. */
static const ExecutorKind *compare_kinds(Controller *controller, double row_ns, double gain,
                                         const SourceRest *rest)
{
    OtherKind *other = &controller->experience->other;
    if (gain >= moderate_part * controller->workers)
        return controller->kind;
    const int next = best_kind_but(controller, controller->kind);
    if (next < 0 || !trial_is_cheap(controller, next, rest) || !other_kind_is_due(other))
        return controller->kind;
    other_kind_begin(other, controller->kind, row_ns);
    return switch_kind(controller, executor_kinds[next]);
}

/* Ends the trial of a kind, of which a row took a worker `row_ns`. */
static const ExecutorKind *end_trial(Controller *controller, double row_ns)
{
    OtherKind *other = &controller->experience->other;
    const ExecutorKind *before = other->before, *kind = controller->kind;
    const double before_ns = other->before_ns;
    const ExecutorKind *better = other_kind_end(other, kind, row_ns);
    if (kind != before)
        explain(controller, "%s: a row took %.0f ns in place, %.0f ns in %d %s and %.0f ns in %d %s",
                better->name, controller->in_place_ns, before_ns, controller->workers, before->workers,
                row_ns, controller->workers, kind->workers);
    begin_window(controller);
    return better == kind ? kind : switch_kind(controller, better);
}

/*
 * Decides at the end of a window: where workers hold each other up, at a lock or at what the rows wait for, a
 * row takes a worker longer than it took in place. W workers gain W × in place / with workers over one. Time
 * in which other programs had the processors is no sign of that, and does not count. Workers that gained
 * nothing before have one window to show that they do now.
 */
static const ExecutorKind *end_window(Controller *controller, const SourceRest *rest)
{
    MapExperience *experience = controller->experience;
    const WorkSum window = experience->window;
    const double row_ns = work_sum_unit_ns(&window);
    const double gain = controller->workers * controller->in_place_ns / row_ns;
    const int windows = experience->rest_length_ns > 0 ? 1 : controller->kind->windows;
    if (controller->waits && !work_sum_waits(&window))
        return stop_waiting(controller);
    if (experience->other.before && !controller->waits)
        return end_trial(controller, row_ns);
    experience->bad_windows = gain < least_gain ? experience->bad_windows + 1 : 0;
    if (experience->bad_windows >= windows)
        return give_up_kind(controller, row_ns);
    if (gain >= least_gain)
        experience->rest_length_ns = 0;
    begin_window(controller);
    if (controller->waits)
        grow(controller, row_ns);
    count_useful_workers(controller, row_ns, window.host_ns / window.units);
    return controller->waits ? controller->kind : compare_kinds(controller, row_ns, gain, rest);
}

/* Takes in whether the rows of a task in place wait: believed at once, but less easily where they computed in
   workers after that. */
static void judge_waiting(Controller *controller, const WorkSum *work)
{
    MapExperience *experience = controller->experience;
    const bool waits = controller->most_waiting > controller->computing && work_sum_waits(work);
    controller->waiting_tasks = waits ? controller->waiting_tasks + 1 : 0;
    controller->waits = controller->waiting_tasks > controller->contradictions * controller->contradictions;
    experience->waits = controller->waits;
    experience->in_place_processor_ns = work->processor_ns / work->units;
}

/* Takes in what a unit takes in place. A short task that is not measured may have been interrupted for long:
   that is believed the second time. */
static void learn_in_place(Controller *controller, bool ranged, const WorkSum *work)
{
    MapExperience *experience = controller->experience;
    double *known_ns = ranged ? &experience->in_place_rowid_ns : &experience->in_place_row_ns;
    const double unit_ns = work_sum_unit_ns(work);
    const bool measured = work->processor_ns > 0;
    experience->doubted =
        !measured && !experience->doubted && *known_ns > 0 && unit_ns > most_slower * *known_ns;
    if (!experience->doubted)
        *known_ns = unit_ns;
    controller->in_place_ns = *known_ns;
}

/* Takes in a task that ran in place. */
static const ExecutorKind *next_in_place(Controller *controller, const TaskSample *sample,
                                         const SourceRest *rest)
{
    MapExperience *experience = controller->experience;
    WorkSum work = {0};
    work_sum_add(&work, sample, 0);
    controller->spent_ns += sample->ns;
    controller->seen_ns += sample->ns;
    learn_in_place(controller, sample->ranged, &work);
    if (!sample->ranged)
        experience->feed_ns = controller->feed_ns;
    judge_waiting(controller, &work);
    if (controller->stays_in_place)
        return &executor_serial;
    if (experience->rest_ns > 0) {
        experience->rest_ns -= sample->ns;
        return &executor_serial;
    }
    if (controller->waiting_tasks > 0 && !controller->waits) {
        explain(controller, "serial: rows wait again, and have computed in workers before");
        return &executor_serial;
    }
    if (controller->spent_ns >= believe_ns || !rest->more)
        return leave_host(controller, rest, controller->feed_ns);
    explain(controller, "serial: only %.0f µs of work seen so far", controller->spent_ns / 1e3);
    return &executor_serial;
}

/* Takes in a task that ran with the workers that tasks go to now. */
static const ExecutorKind *next_with_workers(Controller *controller, const TaskSample *sample,
                                             const SourceRest *rest)
{
    MapExperience *experience = controller->experience;
    WorkSum *window = &experience->window;
    controller->seen_ns += controller->in_place_ns * sample->units;
    if (controller->warmup_tasks > 0) {
        controller->warmup_tasks--;
        return controller->kind;
    }
    work_sum_add(window, sample, controller->feed_ns + controller->reader_ns);
    /* No row takes longer in place than in a worker: what was seen in place was no measure. */
    if (window->tasks >= WINDOW_TASKS && work_sum_unit_ns(window) < controller->in_place_ns) {
        controller->in_place_ns = work_sum_unit_ns(window);
        *(sample->ranged ? &experience->in_place_rowid_ns : &experience->in_place_row_ns) =
            controller->in_place_ns;
    }
    /* Where rows wait all workers have a part in it: what they wait for may hold them up all together. */
    const int tasks =
        controller->waits && controller->workers > WINDOW_TASKS ? controller->workers : WINDOW_TASKS;
    return window->tasks >= tasks && window->ns >= controller->kind->window_ns ? end_window(controller, rest)
                                                                               : controller->kind;
}

void controller_measure(const Controller *controller, TaskOrder *order, double expected_ns)
{
    order->measured = controller->decides && (expected_ns <= 0 || expected_ns >= measured_ns);
    order->measures_queue = controller->decides && (expected_ns <= 0 || expected_ns >= measured_queue_ns);
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
                                              : next_with_workers(controller, sample, rest);
}

const ExecutorKind *controller_unavailable(Controller *controller, const ExecutorKind *kind,
                                           const char *message)
{
    controller->usable[executor_kind_index(kind)] = false;
    const int next = best_kind(controller);
    if (next >= 0)
        return switch_kind(controller, executor_kinds[next]);
    controller->stays_in_place = true;
    explain(controller, "serial: no workers could be started: %s", message ? message : "out of memory");
    return switch_kind(controller, &executor_serial);
}

const ExecutorKind *controller_short_of(Controller *controller, int workers, const char *message)
{
    if (workers < 2)
        return controller_unavailable(controller, controller->kind, message);
    set_workers(controller, workers);
    controller->most_waiting = workers;
    controller->experience->waiting = (Waiting){.workers = workers};
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
    const int next = best_kind(controller);
    explain(controller, "%s: %s cannot prepare this map: %s",
            next < 0 ? executor_serial.name : executor_kinds[next]->name, kind->workers, message);
    if (next >= 0)
        return switch_kind(controller, executor_kinds[next]);
    /* The other kinds hold each other up: as when the last kind gains nothing. */
    if (experience->failed_kinds)
        begin_rest(controller);
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
