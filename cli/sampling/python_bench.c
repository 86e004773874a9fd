#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/sampling/python_bench.h"

enum { SIDES = 2, OWN_WAYS = 3, PACKET_SIZE = 1024 };

/* The process of a side: the maps of pricemap, or those of Python. */
typedef struct Side {
    pid_t pid;
    int socket;
} Side;

/* A subject as the context of its samples. */
typedef struct Entry {
    PythonBench *bench;
    size_t subject;
} Entry;

struct PythonBench {
    char python[PATH_MAX];
    char version[PACKET_SIZE];
    Side sides[SIDES];
    Entry entries[PYTHON_SUBJECTS];
};

static const char *const ways[PYTHON_WAYS] = {
    "serial", "threads", "processes", "map", "ThreadPoolExecutor", "ProcessPoolExecutor"};
static const char *const functions[PYTHON_FUNCTIONS] = {"increase_price", "increase_price_crazy"};

/* The order is that of the interpreters for worker processes of a host without Python. */
static void choose_python(char *path, size_t size)
{
    const char *chosen = getenv("PRICEMAP_PYTHON"), *environment = getenv("VIRTUAL_ENV");
    if (chosen && *chosen)
        snprintf(path, size, "%s", chosen);
    else if (environment && *environment)
        snprintf(path, size, "%s/bin/python3", environment);
    else
        snprintf(path, size, "python3");
}

/* The process is in a group of its own: of what a terminal sends to all, this program decides what ends. */
static int spawn(char *const *argv, int socket, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    for (int file = STDIN_FILENO; file <= STDOUT_FILENO && !error; file++)
        error = posix_spawn_file_actions_adddup2(&actions, socket, file);
    if (!error)
        error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int receive(const PythonBench *bench, const Side *side, char packet[PACKET_SIZE], Failure *failure)
{
    ssize_t got;
    do
        got = recv(side->socket, packet, PACKET_SIZE - 1, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return failure_set(failure, "%s ended before it answered%s", bench->python,
                           bench->version[0] ? "" : ": CPython 3.8 or newer is needed");
    packet[got] = '\0';
    if (packet[0] == '!')
        return failure_set(failure, "the experiment in %s: %s", bench->python, packet + 2);
    return 0;
}

static int start(PythonBench *bench, Side *side, const char *script, const char *extension, int64_t workers,
                 Failure *failure)
{
    int ends[2];
    char count[24];
    snprintf(count, sizeof count, "%" PRId64, workers);
    char *argv[] = {bench->python,     strdup(script), strdup(side == bench->sides ? "pricemap" : "python"),
                    strdup(extension), count,          NULL};
    int result = -1;
    if (!argv[1] || !argv[2] || !argv[3])
        failure_set(failure, "out of memory");
    else if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        failure_set(failure, "cannot make a socket: %s", strerror(errno));
    else {
        int error = spawn(argv, ends[1], &side->pid);
        close(ends[1]);
        side->socket = ends[0];
        if (error) {
            side->pid = 0;
            failure_set(
                failure,
                "cannot start %s: %s: install Python (Debian package python3), or set PRICEMAP_PYTHON "
                "to the path of one",
                bench->python, strerror(error));
        } else
            result = receive(bench, side, bench->version, failure);
    }
    for (size_t i = 1; i <= 3; i++)
        free(argv[i]);
    return result;
}

int python_bench_open(PythonBench **bench, const char *script, const char *extension, int64_t workers,
                      Failure *failure)
{
    *bench = calloc(1, sizeof **bench);
    if (!*bench)
        return failure_set(failure, "out of memory");
    choose_python((*bench)->python, sizeof(*bench)->python);
    for (size_t i = 0; i < PYTHON_SUBJECTS; i++)
        (*bench)->entries[i] = (Entry){.bench = *bench, .subject = i};
    for (size_t i = 0; i < SIDES; i++)
        (*bench)->sides[i].socket = -1;
    int result = 0;
    for (size_t i = 0; i < SIDES && result == 0; i++)
        result = start(*bench, &(*bench)->sides[i], script, extension, workers, failure);
    if (result)
        python_bench_close(bench);
    return result;
}

void python_bench_close(PythonBench **bench)
{
    if (!*bench)
        return;
    for (size_t i = 0; i < SIDES; i++) {
        const Side *side = &(*bench)->sides[i];
        if (side->socket >= 0)
            close(side->socket);
        if (side->pid > 0)
            while (waitpid(side->pid, NULL, 0) < 0 && errno == EINTR)
                ;
    }
    free(*bench);
    *bench = NULL;
}

const char *python_bench_version(const PythonBench *bench)
{
    return bench->version;
}

int python_bench_has_workers(size_t way)
{
    return way % OWN_WAYS != 0;
}

const char *python_bench_way(size_t way)
{
    return ways[way];
}

static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    const Entry *entry = context;
    const size_t way = entry->subject % PYTHON_WAYS;
    const Side *side = &entry->bench->sides[way / OWN_WAYS];
    char packet[PACKET_SIZE];
    snprintf(packet, sizeof packet, "%s %s %" PRId64, functions[entry->subject / PYTHON_WAYS], ways[way],
             loops);
    (void)send(side->socket, packet, strlen(packet), MSG_NOSIGNAL);
    if (receive(entry->bench, side, packet, failure))
        return -1;
    if (sscanf(packet, "%" SCNd64 " %" SCNd64 " %" SCNd64, &sample->wall_ns, &sample->user_ns,
               &sample->system_ns) != 3)
        return failure_set(failure, "the experiment in %s printed '%.200s'", entry->bench->python, packet);
    sample->peak_memory_kib = -1;
    return 0;
}

SamplingSubject python_bench_subject(PythonBench *bench, size_t subject)
{
    return (SamplingSubject){.take = take, .context = &bench->entries[subject]};
}

void python_bench_stop(void *bench)
{
    for (size_t i = 0; i < SIDES; i++)
        kill(((PythonBench *)bench)->sides[i].pid, SIGTERM);
}
