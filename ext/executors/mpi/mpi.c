/*
 * The executor whose workers are on other machines, reached through ranks of an MPI job: pricemap-rank, one a
 * machine, each a host of worker processes of its own. A crash in a map ends such a process and no rank.
 *
 * A task's life. submit puts the task into a queue. While the rank with the most free credit has any
 * (EXECUTOR_DEPTH tasks for each of its workers), the first task of the queue is sent to it: its recipe,
 * unless the rank has that, its order and its rows. The task keeps its own copy of the rows. The answer holds
 * the report and the output, which the host reads where they were received, until release.
 *
 * Why nothing is lost. A job that ends, for whatever reason, or a machine that gives no sign of life, has
 * lost the tasks that were not answered: they go back to the front of the queue, in the order of the source,
 * and the job is started again, without machines that could not be reached. Three starts without a task that
 * got done in between end in an error for all that waits, with the launcher's last words.
 *
 * Why nothing hangs. The host sleeps in poll() alone, for 10 ms at most, and what cannot be sent at once
 * stays in the connection's queue. Rank 0 sends signs of life.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/sqlite_api.h"
#include "ext/executors/kinds.h"
#include "ext/executors/mpi/command.h"
#include "ext/executors/mpi/flights.h"
#include "ext/executors/mpi/job.h"
#include "ext/executors/mpi/sent_recipes.h"
#include "ext/executors/processes/launch.h"

enum {
    NAP_MILLISECONDS = 10,
    /* Milliseconds between two questions whether to give up a start. */
    ASK_MILLISECONDS = 100,
    /* Starts of a job without a task that got done in between. */
    STARTS_MAX = 3,
};

typedef struct MpiExecutor {
    Executor base;
    const MachineSettings *settings;
    /* Program of the workers, where `has_program`. */
    WorkerProgram program;
    bool has_program;
    /* Folder from which relative paths count; NULL: not known. */
    char *folder;
    Job job;
    /* Workers that were requested last; 0: one per processor. */
    int wanted;
    /* Tasks that no rank has, in the order in which they are sent. */
    Task *waiting;
    Flights flights;
    SentRecipes recipes;
    /* Names of the machines that there were, which tasks point to. */
    char **machines;
    size_t machine_count;
    /* Starts since a task got done, and whether one has ever got ready. */
    int starts;
    bool ever_ready;
    LostMachines lost;
    /* Folder of the last job whose guard was killed. */
    char left_folder[GUARD_PATH_BYTES];
    /* Number of tasks done so far, and what it was when wait last returned. */
    uint64_t completed, seen;
} MpiExecutor;

static MpiExecutor *self_of(Executor *executor)
{
    return (MpiExecutor *)executor;
}

/* ---- tasks that are done ---- */

static void complete(MpiExecutor *self, Task *task)
{
    self->completed++;
    atomic_store(&task->done, true);
}

__attribute__((format(printf, 4, 5))) static void fail(MpiExecutor *self, Task *task, int rc,
                                                       const char *format, ...)
{
    va_list arguments;
    task->report = (TaskReport){.rc = rc, .next_row = task->order.first_row, .worker = -1};
    task->report.start_ns = task->report.end_ns = clock_ns();
    va_start(arguments, format);
    vsnprintf(task->report.message, sizeof task->report.message, format, arguments);
    va_end(arguments);
    task->machine = NULL;
    task->output = NULL;
    task->output_size = 0;
    complete(self, task);
}

static void fail_waiting(MpiExecutor *self, const char *message)
{
    while (self->waiting) {
        Task *task = self->waiting;
        self->waiting = task->next;
        fail(self, task, SQLITE_ERROR, "%s", message);
    }
}

/* The name of a rank's machine, which stays valid as long as the executor; NULL when out of memory. */
static const char *machine_name(MpiExecutor *self, int rank)
{
    const char *name = self->job.ranks[rank].machine;
    for (size_t i = 0; i < self->machine_count; i++)
        if (!strcmp(self->machines[i], name))
            return self->machines[i];
    char **grown = realloc(self->machines, (self->machine_count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    self->machines = grown;
    grown[self->machine_count] = strdup(name);
    return grown[self->machine_count] ? grown[self->machine_count++] : NULL;
}

/* Makes a report of a rank readable, whose clock is its own. */
static void read_report(const MpiExecutor *self, const Flight *flight, const ResultFrame *result,
                        TaskReport *report)
{
    const JobRank *rank = &self->job.ranks[flight->rank];
    memcpy(report, &result->report, sizeof *report);
    report->message[TASK_MESSAGE_SIZE - 1] = 0;
    if (report->rc != SQLITE_OK && !report->message[0])
        snprintf(report->message, sizeof report->message, "%s", sqlite3_errstr(report->rc));
    report->gave_up = false;
    if (report->worker < 0 || report->worker >= rank->workers)
        report->worker = 0;
    report->worker += rank->first_worker;
    int64_t took_ns = report->end_ns - report->start_ns;
    report->end_ns = clock_ns();
    report->start_ns = report->end_ns - (took_ns > 0 ? took_ns : 0);
}

/* Takes the answer to a flight, which becomes the task's output. */
static void take_answer(MpiExecutor *self, Flight *flight, Frame *frame)
{
    Task *task = flight->task;
    ResultFrame *result = (ResultFrame *)(void *)frame->bytes;
    read_report(self, flight, result, &task->report);
    task->retries += result->retries;
    flight->answered = true;
    flight->answer = frame;
    self->starts = 0;
    if (result->refused)
        memset(self->job.ranks[flight->rank].recipes, 0, sizeof self->job.ranks[flight->rank].recipes);
    task->machine = machine_name(self, flight->rank);
    task->output_size = (size_t)frame->header.size - sizeof *result;
    task->output = task->output_size ? frame->bytes + sizeof *result : NULL;
    if (!task_report_fits(task, &task->report, task->order.end_row) ||
        task->report.output_bytes > task->output_size) {
        fail(self, task, SQLITE_ERROR, "parallel_map: machine %s gave an answer that makes no sense",
             self->job.ranks[flight->rank].machine);
        return;
    }
    flight->has_rest = task->report.rc == SQLITE_OK && task->report.next_row < task->order.end_row;
    complete(self, task);
}

static void handle_frame(MpiExecutor *self, Frame *frame)
{
    Flight *flight = flights_find(&self->flights, frame->header.id);
    if (!flight || flight->answered || frame->header.rank != flight->rank ||
        !frame_holds(frame, sizeof(ResultFrame), false)) {
        free(frame);
        return;
    }
    self->job.ranks[flight->rank].tasks--;
    if (flight->task) {
        take_answer(self, flight, frame);
        return;
    }
    free(frame);
    flights_finish(flight);
}

/* ---- handing tasks to ranks ---- */

/* Sends the task of a flight. */
static void send_task(MpiExecutor *self, Flight *flight)
{
    Task *task = flight->task;
    uint64_t bytes = task_input_bytes(task);
    uint32_t place = sent_recipes_place(&self->recipes, task->recipe);
    sent_recipes_send(&self->recipes, &self->job, flight->rank, place);
    Frame *frame = frame_create(FRAME_TASK, flight->rank, flight->id, sizeof(TaskFrame) + bytes);
    if (frame) {
        TaskFrame *header = (TaskFrame *)(void *)frame->bytes;
        memset(header, 0, sizeof *header);
        header->recipe = place;
        header->retries = self->base.limits.retries;
        header->timeout = task->timeout;
        header->order = task->order;
        if (bytes)
            memcpy(frame->bytes + sizeof *header, task->input.data, bytes);
    }
    self->job.ranks[flight->rank].tasks++;
    job_send(&self->job, frame);
}

/* The rank with the most credit left for a worker of its own; -1: none has any. */
static int find_rank(const MpiExecutor *self)
{
    int best = -1;
    double most = 0;
    for (int i = 0; i < self->job.rank_count; i++) {
        const JobRank *rank = &self->job.ranks[i];
        double free = EXECUTOR_DEPTH - (double)rank->tasks / rank->workers;
        if (free > most) {
            most = free;
            best = i;
        }
    }
    return best;
}

static void dispatch(MpiExecutor *self)
{
    while (self->waiting && self->job.state == JOB_READY) {
        int rank = find_rank(self);
        if (rank < 0)
            return;
        Task *task = self->waiting;
        Flight *flight = flights_begin(&self->flights, task, rank);
        self->waiting = task->next;
        if (!flight) {
            fail(self, task, SQLITE_NOMEM, "parallel_map: out of memory");
            continue;
        }
        task->slot = flight;
        send_task(self, flight);
    }
}

static void queue(MpiExecutor *self, Task *task, bool in_order)
{
    Task **link = &self->waiting;
    while (*link && (!in_order || (*link)->order.position < task->order.position))
        link = &(*link)->next;
    task->next = *link;
    *link = task;
}

/* ---- jobs ---- */

/* Takes the tasks back that a lost job has not answered. */
static void take_back(MpiExecutor *self)
{
    for (uint32_t i = 0; i < self->flights.count; i++) {
        Flight *flight = self->flights.places[i];
        Task *task = flight->task;
        if (!flight->id)
            continue;
        flight->has_rest = false;
        if (flight->answered && flight->answer)
            continue;
        if (task)
            task->slot = NULL;
        if (task && !flight->answered) {
            task->retries++;
            queue(self, task, true);
        }
        flights_finish(flight);
    }
}

/* Ends a job that failed. True: another start may do. */
static bool lose_job(MpiExecutor *self)
{
    Job *job = &self->job;
    bool left_out = machines_lose(&self->lost, self->settings, job);
    take_back(self);
    self->base.workers = 0;
    bool was_ready = job->was_ready;
    if (job->unguarded)
        memcpy(self->left_folder, job->folder, sizeof self->left_folder);
    char error[JOB_ERROR_SIZE];
    memcpy(error, job->error, sizeof error);
    job_end(job);
    memcpy(job->error, error, sizeof error);
    return (was_ready || left_out || self->ever_ready) && self->starts < STARTS_MAX;
}

/* Starts a job. False, with *message set: it cannot be started at all. */
static bool start_job(MpiExecutor *self, char **message)
{
    JobCommand command;
    WorkerProgram worker;
    char *rank = launch_find_rank(self->folder);
    *message = NULL;
    if (!rank)
        *message = sqlite3_mprintf("parallel_map: executor = mpi needs the program pricemap-rank, and "
                                   "pricemap was built without MPI: install Open MPI (Debian: openmpi-bin "
                                   "libopenmpi-dev) or MPICH (mpich libmpich-dev) and build again, or set "
                                   "PRICEMAP_RANK");
    bool found = rank && mpi_command_make(&command, self->settings, &self->lost, rank, message) &&
                 launch_find_worker(&worker, self->folder);
    free(rank);
    if (!found)
        return false;
    self->starts++;
    job_start(&self->job, &(JobStart){.guard = worker.path,
                                      .command = &command,
                                      .settings = self->settings,
                                      .program = self->has_program ? &self->program : NULL,
                                      .left_folder = self->left_folder,
                                      .workers = self->wanted});
    worker_program_free(&worker);
    return true;
}

static void note_ready(MpiExecutor *self)
{
    self->base.workers = self->job.workers;
    self->ever_ready = true;
}

/* A turn: takes what has come, replaces a job that was lost, and sends what can be sent. */
static void turn(MpiExecutor *self, int milliseconds)
{
    Job *job = &self->job;
    dispatch(self);
    bool was_ready = job->state == JOB_READY;
    for (Frame *frame; (frame = job_pump(job, milliseconds)); milliseconds = 0)
        handle_frame(self, frame);
    if (!was_ready && job->state == JOB_READY)
        note_ready(self);
    char *message = NULL;
    bool again = true;
    if (job->state == JOB_FAILED)
        again = lose_job(self);
    if (job->state == JOB_NONE && self->waiting && again)
        again = start_job(self, &message);
    if (!again)
        fail_waiting(self, message ? message : job->error[0] ? job->error : "parallel_map: out of memory");
    sqlite3_free(message);
    dispatch(self);
}

/* ---- the executor's functions ---- */

static int mpi_ensure_workers(Executor *executor, int workers, char **message)
{
    MpiExecutor *self = self_of(executor);
    Job *job = &self->job;
    const int64_t start = clock_ns();
    executor->startup_ns = 0;
    self->wanted = workers;
    turn(self, 0);
    if (job->state == JOB_READY && (workers ? workers > job->workers : job->wanted != 0))
        job_resize(job, workers);
    if (job->state == JOB_READY)
        return SQLITE_OK;
    self->starts = 0;
    while (job->state != JOB_READY) {
        if (job->state == JOB_NONE && !start_job(self, message))
            return *message ? SQLITE_ERROR : SQLITE_NOMEM;
        for (Frame *frame; (frame = job_pump(job, ASK_MILLISECONDS));)
            handle_frame(self, frame);
        if (job->state == JOB_FAILED && !lose_job(self)) {
            *message = sqlite3_mprintf("%s", job->error);
            return SQLITE_ERROR;
        }
        if (job->state != JOB_READY && executor->limits.give_up &&
            executor->limits.give_up(executor->limits.give_up_arg)) {
            take_back(self);
            job_end(job);
            *message = sqlite3_mprintf("interrupted");
            return SQLITE_INTERRUPT;
        }
    }
    note_ready(self);
    executor->startup_ns = clock_ns() - start;
    return SQLITE_OK;
}

/* Whether a task is the rest of the one that its flight was of, which the rank still has. */
static bool goes_on(const MpiExecutor *self, const Task *task)
{
    const Flight *flight = task->slot;
    return flight && flight->task == task && flight->has_rest && self->job.state == JOB_READY &&
           task->order.first_row > 0;
}

/* Ends the flight of a task whose rank is not to go on with it. */
static void leave_flight(MpiExecutor *self, Task *task)
{
    Flight *flight = task->slot;
    task->slot = NULL;
    if (!flight || flight->task != task)
        return;
    if (flight->has_rest)
        job_send(&self->job, frame_create(FRAME_CANCEL, flight->rank, flight->id, 0));
    flights_finish(flight);
}

static int mpi_submit(Executor *executor, Task *task)
{
    MpiExecutor *self = self_of(executor);
    atomic_store(&task->done, false);
    task->output = NULL;
    task->output_size = 0;
    if (goes_on(self, task)) {
        Flight *flight = task->slot;
        flight->answered = flight->has_rest = false;
        send_task(self, flight);
    } else {
        leave_flight(self, task);
        queue(self, task, false);
        dispatch(self);
    }
    if (self->job.stream.socket >= 0)
        frame_stream_flush(&self->job.stream);
    return SQLITE_OK;
}

static bool is_over(const MpiExecutor *self, const Task *task)
{
    return task ? task->done : self->completed != self->seen;
}

static void mpi_wait(Executor *executor, const Task *task, int milliseconds)
{
    MpiExecutor *self = self_of(executor);
    const int64_t end = clock_ns() + (int64_t)milliseconds * 1000000;
    for (;;) {
        int64_t left = (end - clock_ns() + 999999) / 1000000;
        bool over = is_over(self, task);
        if (!over)
            turn(self, left < 0 ? 0 : left < NAP_MILLISECONDS ? (int)left : NAP_MILLISECONDS);
        if (over || left <= 0 || is_over(self, task))
            break;
    }
    self->seen = self->completed;
}

static void mpi_release(Executor *executor, Task *task)
{
    (void)executor;
    Flight *flight = task->slot;
    task->output = NULL;
    task->output_size = 0;
    if (!flight || flight->task != task)
        return;
    free(flight->answer);
    flight->answer = NULL;
    if (!flight->has_rest) {
        flights_finish(flight);
        task->slot = NULL;
    }
}

static void mpi_abandon(Executor *executor, Task *task)
{
    MpiExecutor *self = self_of(executor);
    Flight *flight = task->slot;
    for (Task **link = &self->waiting; *link; link = &(*link)->next)
        if (*link == task) {
            *link = task->next;
            break;
        }
    if (flight && flight->task == task && !flight->answered) {
        flight->task = NULL;
        job_send(&self->job, frame_create(FRAME_CANCEL, flight->rank, flight->id, 0));
        if (self->job.stream.socket >= 0)
            frame_stream_flush(&self->job.stream);
    } else {
        leave_flight(self, task);
    }
    task_free(task);
}

/* Has the ranks end when no run has used them for so long; the next ensure_workers starts others. */
static void mpi_let_go(Executor *executor)
{
    MpiExecutor *self = self_of(executor);
    Frame *frame = NULL;
    if (atomic_load(&executor->users) || self->job.state != JOB_READY)
        return;
    frame = frame_create(FRAME_IDLE, 0, 0, sizeof(IdleFrame));
    if (!frame)
        return;
    const IdleFrame idle = {.seconds = executor->limits.idle_seconds};
    memcpy(frame->bytes, &idle, sizeof idle);
    job_send(&self->job, frame);
    frame_stream_flush(&self->job.stream);
}

static void mpi_close(Executor *executor)
{
    MpiExecutor *self = self_of(executor);
    job_end(&self->job);
    flights_free(&self->flights);
    sent_recipes_free(&self->recipes);
    if (self->has_program)
        worker_program_free(&self->program);
    for (size_t i = 0; i < self->machine_count; i++)
        free(self->machines[i]);
    free(self->machines);
    free(self->folder);
    free(self);
}

static Executor *mpi_create(const ExecutorParts *parts)
{
    MpiExecutor *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->base.kind = &executor_mpi;
    self->base.owner = getpid();
    self->settings = parts->machines;
    job_init(&self->job);
    self->has_program = parts->program && worker_program_copy(&self->program, parts->program);
    self->folder = parts->folder ? strdup(parts->folder) : NULL;
    if ((parts->program && !self->has_program) || (parts->folder && !self->folder)) {
        mpi_close(&self->base);
        return NULL;
    }
    return &self->base;
}

/* The control of a task is on its machine. */
static TaskControl *mpi_control(Executor *executor, Task *task)
{
    (void)executor;
    (void)task;
    return NULL;
}

const ExecutorKind executor_mpi = {
    .name = "mpi",
    .workers = "workers on other machines",
    .isolates = true,
    .remote = true,
    .start_ns = 500e6,
    .window_ns = 200e6,
    .windows = 4,
    .create = mpi_create,
    .ensure_workers = mpi_ensure_workers,
    .submit = mpi_submit,
    .control = mpi_control,
    .wait = mpi_wait,
    .release = mpi_release,
    .abandon = mpi_abandon,
    .let_go = mpi_let_go,
    .close = mpi_close,
};
