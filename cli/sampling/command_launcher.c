#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/base/clock.h"
#include "cli/sampling/command_launcher.h"

/* Process that the launcher has started and waits for; 0: none. The launcher's handler of SIGTERM ends it. */
static volatile sig_atomic_t running;

/* State of the launcher. */
typedef struct Launcher {
    const CommandBenchPlan *plan;
    posix_spawnattr_t attributes;
    /* Files that are read and written where the plan has none. */
    int nothing, nowhere;
    /* Memory file of what timed commands print; -1: none is wanted. */
    int captured;
    /* Whole paths of the jobs' programs, to be freed; NULL: not known yet. */
    char **paths;
} Launcher;

/* Descriptors of an execution; -1: the launcher's own stays. */
typedef struct Streams {
    int input, output, error;
    /* Files that were opened for this execution alone, to be closed. */
    int opened[2];
} Streams;

static int open_below(const char *folder, const char *file, int flags)
{
    char *path = NULL;
    if (folder && *file != '/' && asprintf(&path, "%s/%s", folder, file) < 0)
        return -1;
    int descriptor = open(path ? path : file, flags | O_CLOEXEC, 0666);
    free(path);
    return descriptor;
}

/* Opens the streams of a step, before the clock runs; only the timed command has the files of the plan.
 * Returns 0 or an error number. */
static int open_streams(const Launcher *launcher, CommandStep step, Streams *streams)
{
    const CommandBenchPlan *plan = launcher->plan;
    const bool timed = step == COMMAND_TIMED, captured = timed && launcher->captured >= 0;
    *streams = (Streams){.input = launcher->nothing,
                         .output = captured ? launcher->captured : launcher->nowhere,
                         .error = captured ? launcher->captured : launcher->nowhere,
                         .opened = {-1, -1}};
    if (!captured && plan->show_output)
        streams->output = streams->error = -1;
    if (captured && ftruncate(launcher->captured, 0))
        return errno;
    if (timed && plan->input) {
        streams->input = streams->opened[0] = open_below(plan->folder, plan->input, O_RDONLY);
        if (streams->input < 0)
            return errno;
    }
    if (timed && plan->output && !captured && !plan->show_output) {
        streams->output = streams->opened[1] =
            open_below(plan->folder, plan->output, O_WRONLY | O_CREAT | O_TRUNC);
        if (streams->output < 0)
            return errno;
    }
    return 0;
}

static void close_streams(const Streams *streams)
{
    for (int i = 0; i < 2; i++)
        if (streams->opened[i] >= 0)
            close(streams->opened[i]);
}

static int prepare_actions(const Launcher *launcher, const Streams *streams,
                           posix_spawn_file_actions_t *actions)
{
    const int descriptors[] = {streams->input, streams->output, streams->error};
    int error = posix_spawn_file_actions_init(actions);
    if (error)
        return error;
    if (launcher->plan->folder)
        error = posix_spawn_file_actions_addchdir_np(actions, launcher->plan->folder);
    for (int i = 0; i < 3 && !error; i++)
        if (descriptors[i] >= 0)
            error = posix_spawn_file_actions_adddup2(actions, descriptors[i], i);
    if (error)
        posix_spawn_file_actions_destroy(actions);
    return error;
}

/* The whole path of a program that is searched in PATH, so that the search is in no figure; to be freed.
 * NULL: unknown, as where PATH has a relative folder. */
static char *find_program(const char *name)
{
    const char *folder = getenv("PATH"), *end;
    for (; folder && !strchr(name, '/'); folder = *end ? end + 1 : NULL) {
        char *path;
        struct stat status;
        end = folder + strcspn(folder, ":");
        if (*folder != '/' || asprintf(&path, "%.*s/%s", (int)(end - folder), folder, name) < 0)
            return NULL;
        if (access(path, X_OK) == 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode))
            return path;
        free(path);
    }
    return NULL;
}

/* Waits for the end of the command; a SIGTERM, which is blocked otherwise, ends it meanwhile. */
static void wait_for(pid_t pid, CommandExecution *execution, struct rusage *usage)
{
    sigset_t termination;
    pid_t ended;
    sigemptyset(&termination);
    sigaddset(&termination, SIGTERM);
    running = pid;
    sigprocmask(SIG_UNBLOCK, &termination, NULL);
    do
        ended = wait4(pid, &execution->status, 0, usage);
    while (ended < 0 && errno == EINTR);
    running = 0;
    if (ended < 0)
        execution->error = errno;
    execution->wall_ns = clock_ns();
    sigprocmask(SIG_BLOCK, &termination, NULL);
}

/* Starts the program and waits for it. The clock begins when all is prepared. */
static void start(const Launcher *launcher, const CommandRequest *request,
                  const posix_spawn_file_actions_t *actions, CommandExecution *execution)
{
    char *const *argv = launcher->plan->jobs[request->job].steps[request->step].argv;
    const char *path = request->step == COMMAND_TIMED ? launcher->paths[request->job] : NULL;
    struct rusage usage = {0};
    pid_t pid;
    int64_t begun = clock_ns();
    execution->error = path ? posix_spawn(&pid, path, actions, &launcher->attributes, argv, environ)
                            : posix_spawnp(&pid, argv[0], actions, &launcher->attributes, argv, environ);
    if (execution->error)
        return;
    wait_for(pid, execution, &usage);
    execution->wall_ns -= begun;
    execution->user_ns = timeval_ns(&usage.ru_utime);
    execution->system_ns = timeval_ns(&usage.ru_stime);
    execution->peak_memory_kib = usage.ru_maxrss;
}

/* Paths are found again after a setup, and where one is no longer there. */
static void forget_paths(const Launcher *launcher)
{
    for (size_t i = 0; i < launcher->plan->count; i++) {
        free(launcher->paths[i]);
        launcher->paths[i] = NULL;
    }
}

static void execute(const Launcher *launcher, const CommandRequest *request, CommandExecution *execution)
{
    posix_spawn_file_actions_t actions;
    Streams streams;
    *execution = (CommandExecution){0};
    execution->error = open_streams(launcher, request->step, &streams);
    if (!execution->error)
        execution->error = prepare_actions(launcher, &streams, &actions);
    if (!execution->error) {
        char **path = &launcher->paths[request->job];
        if (request->step == COMMAND_SETUP)
            forget_paths(launcher);
        else if (request->step == COMMAND_TIMED && !*path)
            *path = find_program(launcher->plan->jobs[request->job].steps[COMMAND_TIMED].argv[0]);
        start(launcher, request, &actions, execution);
        if (execution->error && request->step == COMMAND_TIMED && *path) {
            forget_paths(launcher);
            start(launcher, request, &actions, execution);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    close_streams(&streams);
}

/* Takes a SIGTERM that came when nothing was going on, so that it does not end what cleans up after it. */
static void forget_termination(void)
{
    const struct timespec none = {0};
    sigset_t termination;
    sigemptyset(&termination);
    sigaddset(&termination, SIGTERM);
    while (sigtimedwait(&termination, NULL, &none) == SIGTERM)
        ;
}

static void end_running(int number)
{
    if (running > 0)
        kill(running, number);
}

/* Of the signals that a terminal sends to all, only the command shall die; when pricereport dies, SIGTERM
 * ends the command. Returns 0, or -1. */
static int launcher_prepare(Launcher *launcher)
{
    static const int blocked[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    const struct sigaction action = {.sa_handler = end_running};
    sigset_t mask, before;
    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++)
        sigaddset(&mask, blocked[i]);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &mask, &before);
    if (sigaction(SIGTERM, &action, NULL) || prctl(PR_SET_PDEATHSIG, SIGTERM))
        return -1;
    launcher->paths = calloc(launcher->plan->count, sizeof *launcher->paths);
    launcher->nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    launcher->nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (!launcher->paths || launcher->nothing < 0 || launcher->nowhere < 0)
        return -1;
    return posix_spawnattr_init(&launcher->attributes) ||
                   posix_spawnattr_setsigmask(&launcher->attributes,
                                              launcher->plan->mask ? launcher->plan->mask : &before) ||
                   posix_spawnattr_setflags(&launcher->attributes, POSIX_SPAWN_SETSIGMASK)
               ? -1
               : 0;
}

void command_launcher_serve(int socket, const CommandBenchPlan *plan, int captured)
{
    Launcher launcher = {.plan = plan, .captured = captured};
    CommandRequest request;
    if (launcher_prepare(&launcher))
        _exit(1);
    while (recv(socket, &request, sizeof request, 0) == (ssize_t)sizeof request) {
        CommandExecution execution;
        if (request.step == COMMAND_CLEANUP)
            forget_termination();
        execute(&launcher, &request, &execution);
        if (send(socket, &execution, sizeof execution, MSG_NOSIGNAL) != (ssize_t)sizeof execution)
            break;
    }
    _exit(0);
}
