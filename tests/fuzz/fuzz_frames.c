/*
 * The frames between host and ranks. The first byte chooses the sender that the input is: rank 0 of a job,
 * which answers the real executor `mpi` of a host; or the host, whose frames go to a real rank with feigned
 * worker processes. Then come frames as read_frame() makes them, some of them cut off or with a wrong size.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "host.h"
#include "input.h"
#include "ext/base/sqlite_api.h"
#include "ext/channel/host_sqlite.h"
#include "ext/executors/kinds.h"
#include "ext/executors/mpi/command.h"
#include "ext/executors/processes/launch.h"
#include "ext/executors/processes/processes.h"
#include "ext/executors/processes/program_files.h"

enum { TASKS = 6, TURNS = 200, RANKS = 3, FRAME_BYTES = 6000 };

static Input input;
static Recipe *map_recipe;
static volatile size_t last_read;

/* ---- what the tested code calls ---- */

static char *find_no_rank(const char *folder)
{
    (void)folder;
    return NULL;
}

static bool attach_nothing(const char *path, bool has_table, int64_t offset, char *error, size_t size)
{
    (void)has_table;
    (void)offset;
    (void)error;
    (void)size;
    last_read = strlen(path);
    return true;
}

static int request_nothing(ProgramFiles *files, const WorkerProgram *program)
{
    (void)files;
    last_read = strlen(program->path);
    for (char **word = program->arguments; *word; word++)
        last_read = strlen(*word);
    return ENOENT;
}

static Executor *feign_processes(const WorkerProgram *program, const char *library);

#include "ext/executors/mpi/flights.h"
#include "ext/executors/mpi/sent_recipes.h"

#define launch_find_rank find_no_rank
#include "ext/executors/mpi/mpi.c"

#define host_sqlite_attach attach_nothing
#define program_files_request request_nothing
#define executor_processes_create feign_processes
#include "ext/rank/tasks.c"

void rank_send(Rank *rank, Frame *frame)
{
    (void)rank;
    if (!frame)
        host_finding("rank_send", "no memory");
    free(frame);
}

/* ---- feigned worker processes, which the tasks of a rank never come back from before they are waited for
 * ---- */

typedef struct Feigned {
    Executor base;
    Task *tasks[TASKS];
} Feigned;

static int feigned_ensure(Executor *executor, int workers, char **message)
{
    (void)message;
    executor->workers = workers;
    return SQLITE_OK;
}

static int feigned_submit(Executor *executor, Task *task)
{
    Feigned *self = (Feigned *)executor;
    for (int i = 0; i < TASKS; i++)
        if (!self->tasks[i]) {
            atomic_store(&task->done, false);
            self->tasks[i] = task;
            return SQLITE_OK;
        }
    return SQLITE_BUSY;
}

static void feigned_wait(Executor *executor, const Task *task, int milliseconds)
{
    Feigned *self = (Feigned *)executor;
    (void)task;
    (void)milliseconds;
    for (int i = 0; i < TASKS; i++)
        if (self->tasks[i] && input_byte(&input) % 2) {
            Task *done = self->tasks[i];
            self->tasks[i] = NULL;
            done->output = done->input.data;
            done->output_size = done->input.size;
            done->report = (TaskReport){.rc = input_byte(&input) % 2 ? SQLITE_OK : SQLITE_ERROR,
                                        .next_row = input_byte(&input),
                                        .output_bytes = input_u32(&input)};
            atomic_store(&done->done, true);
        }
}

static void feigned_release(Executor *executor, Task *task)
{
    (void)executor;
    task->output = NULL;
    task->output_size = 0;
}

static void feigned_abandon(Executor *executor, Task *task)
{
    Feigned *self = (Feigned *)executor;
    for (int i = 0; i < TASKS; i++)
        if (self->tasks[i] == task)
            self->tasks[i] = NULL;
    task_free(task);
}

static void feigned_close(Executor *executor)
{
    for (int i = 0; i < TASKS; i++)
        if (((Feigned *)executor)->tasks[i])
            host_finding("a task was left to", "the executor");
    free(executor);
}

static const ExecutorKind feigned_kind = {.name = "feigned",
                                          .ensure_workers = feigned_ensure,
                                          .submit = feigned_submit,
                                          .wait = feigned_wait,
                                          .release = feigned_release,
                                          .abandon = feigned_abandon,
                                          .close = feigned_close};

static Executor *feign_processes(const WorkerProgram *program, const char *library)
{
    Feigned *self = calloc(1, sizeof *self);
    (void)library;
    last_read = strlen(program->path);
    if (self)
        self->base.kind = &feigned_kind;
    return self ? &self->base : NULL;
}

/* ---- frames of the input ---- */

/* A kind, a size, a rank, a small number and the bytes, mostly as many as the kind has at least. */
static Frame *read_frame(void)
{
    unsigned how = input_byte(&input);
    uint64_t size = input_u32(&input) % FRAME_BYTES;
    static const size_t known[FRAME_KINDS] = {
        [FRAME_GREETING] = sizeof(Greeting), [FRAME_START] = sizeof(RankStart),
        [FRAME_READY] = sizeof(RankReady),   [FRAME_RECIPE] = sizeof(RecipeFrame),
        [FRAME_TASK] = sizeof(TaskFrame),    [FRAME_RESULT] = sizeof(ResultFrame)};
    FrameKind kind = (FrameKind)(1 + how % (FRAME_KINDS - 1));
    int rank = (int)(input_byte(&input) % 5) - 1;
    uint64_t number = input_byte(&input) % 20, place = input_byte(&input) % 4;
    uint64_t bytes =
        how & 128 ? size : known[kind] + (kind == FRAME_GREETING || kind == FRAME_READY ? 0 : size % 600);
    /* Numbers of tasks as flights have them: how many there were before, and where. */
    Frame *frame = frame_create(kind, rank, kind == FRAME_RESULT ? number << 32 | place : number, bytes);
    if (!frame)
        return NULL;
    input_bytes(&input, frame->bytes, bytes);
    return frame;
}

/* Sends the bytes of a frame, perhaps not all. */
static void send_frame(int socket)
{
    Frame *frame = read_frame();
    if (!frame)
        return;
    size_t whole = sizeof frame->header + frame->header.size;
    size_t cut = input_byte(&input) == 0xff ? input_u32(&input) % whole : whole;
    if (input_byte(&input) == 0xff)
        frame->header.size = input_u32(&input);
    last_read = (size_t)send(socket, &frame->header, cut, MSG_NOSIGNAL | MSG_DONTWAIT);
    free(frame);
}

static void read_all(int socket)
{
    char bytes[4096];
    while (recv(socket, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

/* ---- rank 0 is the input ---- */

/* Makes the executor's job one whose ranks have greeted; those of it are ready where the input says so. */
static void make_job(MpiExecutor *self, int socket)
{
    Job *job = &self->job;
    job_init(job);
    job->state = JOB_GREETED;
    job->owner = getpid();
    job->heartbeat_seconds = 1000;
    job->ready_by = job->heard_ns = clock_ns();
    job->ready_by += (int64_t)1000 * 1000000000;
    job->rank_count = RANKS;
    job->ranks = calloc(RANKS, sizeof *job->ranks);
    if (!job->ranks)
        host_finding("make_job", "no memory");
    job->ranks[0].greeted = true;
    job->greeted_count = 1;
    frame_stream_begin(&job->stream, socket, FRAME_BYTES_MAX);
    if (input_byte(&input) % 4 == 0)
        return;
    job->state = JOB_READY;
    job->was_ready = true;
    for (int i = 0; i < RANKS; i++)
        job->ranks[i] = (JobRank){.workers = 1, .first_worker = i, .greeted = true, .machine = "m"};
    job->workers = self->base.workers = RANKS;
}

static void check_done(Task *task)
{
    if (task->report.rc == SQLITE_OK && task->report.output_bytes > task->output_size)
        host_finding("an output that is longer than", "what was received");
    for (size_t i = 0; task->output && i < task->output_size; i++)
        last_read = task->output[i];
    if (!memchr(task->report.message, 0, sizeof task->report.message))
        host_finding("a message without", "an end");
    if (task->machine)
        last_read = strlen(task->machine);
}

static void answer_host(void)
{
    int ends[2];
    Task *tasks[TASKS];
    MachineSettings settings = {.heartbeat_seconds = 1000};
    Executor *executor = mpi_create(&(ExecutorParts){.machines = &settings});
    if (!executor || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        host_finding("answer_host", "no socket");
    make_job(self_of(executor), ends[0]);
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = task_create(map_recipe);
        if (!tasks[i])
            host_finding("answer_host", "no memory");
        tasks[i]->order = (TaskOrder){.position = (uint64_t)i, .end_row = 5};
        executor_submit(executor, tasks[i]);
    }
    for (int turns = 0; turns < TURNS && !input_ended(&input); turns++) {
        send_frame(ends[1]);
        read_all(ends[1]);
        executor_wait(executor, NULL, 0);
        for (int i = 0; i < TASKS; i++) {
            if (!tasks[i] || !atomic_load(&tasks[i]->done))
                continue;
            check_done(tasks[i]);
            bool goes_on_now = tasks[i]->report.rc == SQLITE_OK && tasks[i]->report.next_row < 5;
            executor_release(executor, tasks[i]);
            if (!goes_on_now)
                continue;
            tasks[i]->order.first_row = tasks[i]->report.next_row;
            executor_submit(executor, tasks[i]);
        }
    }
    for (int i = 0; i < TASKS; i++)
        executor_abandon(executor, tasks[i]);
    executor_close(executor);
    close(ends[1]);
}

/* ---- the host is the input ---- */

static void send_to_rank(void)
{
    int ends[2];
    Frame *frame;
    FrameStream stream;
    Rank *rank = calloc(1, sizeof *rank);
    if (!rank || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        host_finding("send_to_rank", "no socket");
    frame_stream_begin(&stream, ends[0], FRAME_BYTES_MAX);
    if (input_byte(&input) % 2)
        rank->recipes[input_byte(&input) % 4] = recipe_ref(map_recipe);
    for (int turns = 0; turns < TURNS && !input_ended(&input); turns++) {
        send_frame(ends[1]);
        while (frame_stream_receive(&stream, &frame) > 0)
            rank_handle(rank, frame);
        rank_collect(rank);
    }
    rank_close(rank);
    frame_stream_end(&stream);
    close(ends[1]);
    free(rank);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    int limits[RECIPE_LIMITS];
    (void)argc;
    (void)argv;
    for (int i = 0; i < RECIPE_LIMITS; i++)
        limits[i] = 1 << 20;
    host_start("/nonexistent/pricemap-worker");
    map_recipe = recipe_build(&(RecipeParts){.encoding = SQLITE_UTF8,
                                             .limits = limits,
                                             .declaration = "CREATE TABLE x(a)",
                                             .select = "SELECT a FROM chunk"});
    if (!map_recipe)
        host_finding("start", "out of memory");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input = (Input){data, size};
    if (input_byte(&input) % 2)
        send_to_rank();
    else
        answer_host();
    return 0;
}
