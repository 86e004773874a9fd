/* The frames that are for a rank: workers are started, tasks handed to them, results sent. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/processors.h"
#include "ext/base/sqlite_api.h"
#include "ext/channel/host_sqlite.h"
#include "ext/executors/processes/processes.h"
#include "ext/executors/processes/program_files.h"
#include "ext/executors/processes/zygote_link.h"
#include "ext/rank/rank.h"

/* ---- the start ---- */

static void answer_start(Rank *rank, int workers, const char *error)
{
    Frame *frame = frame_create(FRAME_READY, rank->number, 0, sizeof(RankReady));
    if (frame) {
        RankReady *ready = (RankReady *)(void *)frame->bytes;
        memset(ready, 0, sizeof *ready);
        ready->workers = workers;
        memcpy(ready->machine, rank->machine, sizeof ready->machine);
        snprintf(ready->error, sizeof ready->error, "%s", error);
    }
    rank_send(rank, frame);
}

/* Loads SQLite as the host has it. False, with an error. */
static bool attach_sqlite(const RankStart *start, char *error, size_t size)
{
    char reason[FRAME_ERROR_BYTES / 2] = "";
    if (!sqlite3_api && !host_sqlite_attach(start->sqlite_path, start->has_table, start->table_offset, reason,
                                            sizeof reason)) {
        snprintf(error, size, "%s", reason);
        return false;
    }
    if (!strncmp(sqlite3_sourceid(), start->source_id, sizeof start->source_id - 1))
        return true;
    snprintf(error, size,
             "its SQLite (%s) is another one than the host's (%.*s), and rows might differ: install the same "
             "on every machine%s%s",
             sqlite3_sourceid(), (int)sizeof start->source_id, start->source_id, *reason ? ": " : "", reason);
    return false;
}

/* Reads the program of the workers out of the host's words, which end with a NUL. */
static bool read_program(Rank *rank, const RankStart *start)
{
    const char *words = (const char *)(start + 1), *end = words + start->program_bytes;
    size_t count = 0;
    if (words == end)
        return launch_find_worker(&rank->program, NULL);
    for (const char *word = words; word < end; word += strlen(word) + 1)
        count++;
    char **arguments = calloc(count + 1, sizeof *arguments);
    if (!arguments)
        return false;
    count = 0;
    for (const char *word = words; word < end; word += strlen(word) + 1)
        arguments[count++] = (char *)(uintptr_t)word;
    memcpy(rank->needs, start->needs, sizeof rank->needs);
    rank->needs[sizeof rank->needs - 1] = 0;
    const WorkerProgram program = {
        .path = arguments[0], .arguments = arguments + 1, .needs = *rank->needs ? rank->needs : NULL};
    bool copied = worker_program_copy(&rank->program, &program);
    free(arguments);
    return copied;
}

static bool create_executor(Rank *rank, const RankStart *start)
{
    char *library = launch_sqlite_path();
    if (library && read_program(rank, start))
        rank->executor = executor_processes_create(&rank->program, library);
    free(library);
    if (rank->executor)
        executor_hold(rank->executor);
    return rank->executor != NULL;
}

/* Starts the missing workers. False, with an error. */
static bool start_workers(Rank *rank, int workers, char *error, size_t size)
{
    char *message = NULL;
    if (executor_ensure_workers(rank->executor, workers, &message) == SQLITE_OK)
        return true;
    snprintf(error, size, "%s", message ? message : "out of memory");
    sqlite3_free(message);
    return false;
}

/* Waits for the list of the files that this machine's program imports, which is made while workers start, and
   compares it with the host's. False, with an error. */
static bool compare_files(ProgramFiles *files, const RankStart *start, char *error, size_t size)
{
    const char *hosts = (const char *)(start + 1) + start->program_bytes;
    const int64_t end = clock_ns() + (int64_t)IMPORT_SECONDS * 1000000000;
    int heard;
    while ((heard = program_files_hear(files, error, size)) == 0 && clock_ns() < end) {
        struct pollfd watched = {.fd = files->socket, .events = POLLIN};
        poll(&watched, 1, 1000 * IMPORT_SECONDS);
    }
    if (!heard)
        snprintf(error, size, "its modules were not imported within %d s", IMPORT_SECONDS);
    return heard > 0 && program_files_same(files, hosts, start->files_bytes, error, size);
}

/* Starts workers of a program that imports modules of the user's, unless the modules are others than the
   host's. False, with an error. */
static bool start_importing(Rank *rank, const RankStart *start, int workers, char *error, size_t size)
{
    ProgramFiles files;
    program_files_init(&files);
    int failure = program_files_request(&files, &rank->program);
    bool done =
        !failure && start_workers(rank, workers, error, size) && compare_files(&files, start, error, size);
    if (failure)
        snprintf(error, size, "cannot start %s: %s", rank->program.path, strerror(failure));
    program_files_end(&files, true);
    return done;
}

static void handle_start(Rank *rank, const RankStart *start)
{
    char error[FRAME_ERROR_BYTES] = "";
    if (!attach_sqlite(start, error, sizeof error)) {
        answer_start(rank, 0, error);
        return;
    }
    const bool first = !rank->executor;
    if (first && !create_executor(rank, start)) {
        answer_start(rank, 0, "out of memory");
        return;
    }
    int workers = start->workers > 0 ? start->workers : processors_available();
    if (workers > EXECUTOR_WORKERS_MAX)
        workers = EXECUTOR_WORKERS_MAX;
    if (rank->executor->workers > workers)
        workers = rank->executor->workers;
    bool ready = first && start->program_bytes ? start_importing(rank, start, workers, error, sizeof error)
                                               : start_workers(rank, workers, error, sizeof error);
    rank->heartbeat_seconds = start->heartbeat_seconds;
    rank->judged_ns = clock_ns() + (*rank->needs ? (int64_t)IMPORT_SECONDS * 1000000000 : 0);
    answer_start(rank, ready ? workers : 0, error);
}

/* Whether a frame is a start whose texts are all in it. */
static bool is_start(const Frame *frame)
{
    const RankStart *start = (const RankStart *)(const void *)frame->bytes;
    if (!frame_holds(frame, sizeof *start, false))
        return false;
    uint64_t left = frame->header.size - sizeof *start;
    return start->program_bytes <= left && start->files_bytes == left - start->program_bytes &&
           (!start->program_bytes || !((const char *)(start + 1))[start->program_bytes - 1]) &&
           memchr(start->sqlite_path, 0, sizeof start->sqlite_path);
}

/* ---- tasks ---- */

static void free_task(Rank *rank, RankTask *entry)
{
    for (RankTask **link = &rank->tasks; *link; link = &(*link)->next)
        if (*link == entry) {
            *link = entry->next;
            break;
        }
    free(entry);
}

static void send_result(Rank *rank, RankTask *entry)
{
    const Task *task = entry->task;
    size_t bytes = task->output ? (size_t)task->report.output_bytes : 0;
    if (bytes > task->output_size)
        bytes = task->output_size;
    Frame *frame = frame_create(FRAME_RESULT, rank->number, entry->id, sizeof(ResultFrame) + bytes);
    if (frame) {
        ResultFrame *result = (ResultFrame *)(void *)frame->bytes;
        memset(result, 0, sizeof *result);
        result->retries = task->retries;
        result->report = task->report;
        if (bytes)
            memcpy(frame->bytes + sizeof *result, task->output, bytes);
    }
    rank_send(rank, frame);
}

/* Sends the result of a task that is done; one that is done in part is kept for its next turn. */
static void finish(Rank *rank, RankTask *entry)
{
    Task *task = entry->task;
    send_result(rank, entry);
    executor_release(rank->executor, task);
    rank->running--;
    entry->running = false;
    task->retries = 0;
    if (task->report.rc == SQLITE_OK && task->report.next_row < task->order.end_row)
        return;
    task_free(task);
    free_task(rank, entry);
}

/* Sends a result that no worker has made; `recipe`: because of the task's recipe. */
static void refuse(Rank *rank, uint64_t id, bool recipe, const char *why)
{
    Frame *frame = frame_create(FRAME_RESULT, rank->number, id, sizeof(ResultFrame));
    if (frame) {
        ResultFrame *result = (ResultFrame *)(void *)frame->bytes;
        memset(result, 0, sizeof *result);
        result->refused = recipe;
        result->report = (TaskReport){.rc = SQLITE_ERROR};
        snprintf(result->report.message, sizeof result->report.message, "parallel_map: machine %s: %s",
                 rank->machine, why);
    }
    rank_send(rank, frame);
}

static RankTask *find_task(const Rank *rank, uint64_t id)
{
    RankTask *entry = rank->tasks;
    while (entry && entry->id != id)
        entry = entry->next;
    return entry;
}

/* Makes the entry of a task that is new. NULL: there is no memory. */
static RankTask *add_task(Rank *rank, uint64_t id, const Recipe *recipe)
{
    RankTask *entry = calloc(1, sizeof *entry);
    Task *task = entry ? task_create(recipe) : NULL;
    if (!task) {
        free(entry);
        return NULL;
    }
    *entry = (RankTask){.next = rank->tasks, .id = id, .task = task};
    rank->tasks = entry;
    return entry;
}

/* Offers a queued task to the worker processes, whose slots are full for a moment where tasks were given up.
 */
static void submit(Rank *rank, RankTask *entry)
{
    if (executor_submit(rank->executor, entry->task) != SQLITE_OK)
        return;
    entry->queued = false;
    rank->queued--;
    entry->running = true;
    rank->running++;
}

static void handle_task(Rank *rank, const Frame *frame)
{
    const TaskFrame *header = (const TaskFrame *)(const void *)frame->bytes;
    const uint64_t id = frame->header.id;
    if (!frame_holds(frame, sizeof *header, false) || header->recipe >= FRAME_RECIPES ||
        !rank->recipes[header->recipe] || !rank->executor) {
        refuse(rank, id, false, "a task without its recipe");
        return;
    }
    if (*rank->refusals[header->recipe]) {
        refuse(rank, id, true, rank->refusals[header->recipe]);
        return;
    }
    size_t bytes = (size_t)frame->header.size - sizeof *header;
    RankTask *entry = find_task(rank, id);
    if (!entry)
        entry = add_task(rank, id, rank->recipes[header->recipe]);
    Task *task = entry ? entry->task : NULL;
    if (!task || task->input.reserve(&task->input, bytes ? bytes : 1) != SQLITE_OK) {
        refuse(rank, id, false, "out of memory");
        return;
    }
    if (bytes)
        memcpy(task->input.data, frame->bytes + sizeof *header, bytes);
    task->input.size = bytes;
    task->order = header->order;
    task->timeout = header->timeout;
    rank->executor->limits.retries = header->retries;
    entry->queued = true;
    rank->queued++;
    submit(rank, entry);
}

/* A task that runs is answered all the same, so that the host knows when its worker is free. */
static void handle_cancel(Rank *rank, uint64_t id)
{
    RankTask *entry = find_task(rank, id);
    if (!entry)
        return;
    if (entry->running || entry->queued)
        refuse(rank, id, false, "given up");
    rank->running -= entry->running;
    rank->queued -= entry->queued;
    executor_abandon(rank->executor, entry->task);
    free_task(rank, entry);
}

/* Keeps a recipe. The workers are to load the files that the host has: no task of a recipe with another one
   is done. */
static void handle_recipe(Rank *rank, const Frame *frame)
{
    RecipeFrame sizes;
    if (frame->header.id >= FRAME_RECIPES || !frame_holds(frame, sizeof sizes, false))
        return;
    memcpy(&sizes, frame->bytes, sizeof sizes);
    uint64_t left = frame->header.size - sizeof sizes;
    if (sizes.recipe_bytes > left || sizes.files_bytes != left - sizes.recipe_bytes)
        return;
    const Recipe **place = &rank->recipes[frame->header.id];
    const unsigned char *bytes = frame->bytes + sizeof sizes;
    char *refusal = rank->refusals[frame->header.id];
    recipe_unref(*place);
    *place = recipe_copy(bytes, sizes.recipe_bytes);
    *refusal = 0;
    file_checks_hold(&rank->digests, (const char *)bytes + sizes.recipe_bytes, sizes.files_bytes, refusal,
                     sizeof rank->refusals[0]);
}

void rank_handle(Rank *rank, Frame *frame)
{
    switch (frame->header.kind) {
    case FRAME_START:
        if (is_start(frame))
            handle_start(rank, (const RankStart *)(const void *)frame->bytes);
        break;
    case FRAME_RECIPE:
        handle_recipe(rank, frame);
        break;
    case FRAME_TASK:
        handle_task(rank, frame);
        break;
    case FRAME_CANCEL:
        handle_cancel(rank, frame->header.id);
        break;
    case FRAME_END:
        rank->ending = true;
        break;
    default:
        break;
    }
    free(frame);
}

bool rank_collect(Rank *rank)
{
    bool any = false;
    if (!rank->running && !rank->queued)
        return false;
    executor_wait(rank->executor, NULL, 0);
    for (RankTask *entry = rank->tasks, *next; entry; entry = next) {
        next = entry->next;
        if (entry->running && atomic_load(&entry->task->done)) {
            finish(rank, entry);
            any = true;
        } else if (entry->queued) {
            submit(rank, entry);
        }
    }
    return any;
}

void rank_close(Rank *rank)
{
    while (rank->tasks) {
        executor_abandon(rank->executor, rank->tasks->task);
        free_task(rank, rank->tasks);
    }
    executor_close(rank->executor);
    for (int i = 0; i < FRAME_RECIPES; i++)
        recipe_unref(rank->recipes[i]);
    worker_program_free(&rank->program);
}
