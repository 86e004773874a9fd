#include "ext/rank/sweeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/base/descriptors.h"
#include "ext/link/guard_messages.h"

enum {
    /* Milliseconds between two checks whether a process is there, where the kernel has no pidfds. */
    LOOK_MILLISECONDS = 200,
    /* Milliseconds that a daemon has to end after its rank. */
    DAEMON_MILLISECONDS = 2000,
};

/* A process that is waited for. */
typedef struct Watched {
    pid_t pid;
    /* Pidfd; -1: the kernel has none. */
    int process;
} Watched;

/* The folder of the daemon's session, 'BASE/ompi.MACHINE.USER/JOB', in version 5 'prte.…'; NULL: none is
   known. */
static const char *session_folder(void)
{
    const char *folder = getenv("PMIX_SERVER_TMPDIR");
    return folder && *folder == '/' && (strstr(folder, "/ompi.") || strstr(folder, "/prte.")) ? folder : NULL;
}

static Watched watch(pid_t pid)
{
    return (Watched){.pid = pid, .process = descriptor_of_process(pid)};
}

/* Waits for the end of a process, for so many milliseconds at most (-1: any number). Whether it has ended. */
static bool await_end(const Watched *watched, int milliseconds)
{
    struct pollfd end = {.fd = watched->process, .events = POLLIN};
    int waited = 0;
    if (watched->process >= 0) {
        int ready;
        while ((ready = poll(&end, 1, milliseconds)) < 0)
            ;
        return ready > 0;
    }
    while (kill(watched->pid, 0) == 0) {
        if (milliseconds >= 0 && waited > milliseconds)
            return false;
        poll(NULL, 0, LOOK_MILLISECONDS);
        waited += LOOK_MILLISECONDS;
    }
    return true;
}

/* Whether a process is a daemon of Open MPI's, of version 4 or 5, rather than a scheduler's. */
static bool is_daemon(pid_t pid)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && !fgets(name, sizeof name, file))
        name[0] = 0;
    if (file)
        fclose(file);
    return !strcmp(name, "orted\n") || !strcmp(name, "prted\n");
}

static void sweep(const Watched *rank, const Watched *daemon, const char *folder)
{
    char above[GUARD_PATH_BYTES] = "";
    await_end(rank, -1);
    if (!await_end(daemon, DAEMON_MILLISECONDS)) {
        if (daemon->process >= 0)
            process_signal(daemon->process, SIGKILL);
        else
            kill(daemon->pid, SIGKILL);
        await_end(daemon, -1);
    }
    guard_remove_folder(folder);
    snprintf(above, sizeof above, "%s", folder);
    /* The folder above is that of all jobs of this user's: the last one to leave removes it. Where the
       launcher is the user's own, the folder above that one was made for this job. */
    for (int i = 0; i < 2; i++) {
        *strrchr(above, '/') = 0;
        if (i == 0 || strstr(above, "/" GUARD_FOLDER))
            rmdir(above);
    }
}

/* The daemon kills the ranks' process groups, and waits for the ends of their standard output and error. */
static void leave_rank(void)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    setsid();
    prctl(PR_SET_NAME, "pricemap-sweep");
    for (int i = 0; nothing >= 0 && i <= STDERR_FILENO; i++)
        dup2(nothing, i);
}

void sweeper_start(void)
{
    const char *folder = session_folder();
    if (!folder || !is_daemon(getppid()))
        return;
    const Watched rank = watch(getpid()), daemon = watch(getppid());
    pid_t middle = fork();
    if (!middle) {
        leave_rank();
        if (!fork())
            sweep(&rank, &daemon, folder);
        _exit(0);
    }
    while (middle > 0 && waitpid(middle, NULL, 0) < 0 && errno == EINTR)
        ;
    if (rank.process >= 0)
        close(rank.process);
    if (daemon.process >= 0)
        close(daemon.process);
}
