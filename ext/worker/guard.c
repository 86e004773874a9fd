#include "ext/worker/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "ext/base/descriptors.h"
#include "ext/link/guard_messages.h"
#include "ext/worker/zygote.h"

enum {
    /* Milliseconds that the host has to send its order. */
    ORDER_MILLISECONDS = 10000,
    /* Milliseconds that a launcher has to end by itself once the host has let go of its ranks, then after
     * SIGTERM; and that its processes have after SIGKILL. */
    LEAVE_MILLISECONDS = 1500,
    TERM_MILLISECONDS = 500,
    KILL_MILLISECONDS = 1000,
    /* Milliseconds between two rounds over processes that were killed, and may have had children. */
    ROUND_MILLISECONDS = 20,
    BACKLOG = 16,
    WORDS_MAX = 256,
};

typedef struct Guard {
    int host, host_process, child_signals, listening;
    /* Pipe to the launcher's standard input, kept open; and from its standard error. */
    int input, words;
    pid_t launcher;
    /* Whether the launcher was reaped. */
    bool ended;
    /* Address of the listening socket, as the rank program takes it. */
    char address[2 * GUARD_PATH_BYTES];
    GuardOrder order;
    GuardReply reply;
} Guard;

/* ---- the socket that rank 0 connects to ---- */

static int listen_here(Guard *guard, char *address, size_t size)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(address, size, "unix:%s/rank", guard->reply.folder);
    int length = snprintf(name.sun_path, sizeof name.sun_path, "%s/rank", guard->reply.folder);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (length >= (int)sizeof name.sun_path)
        errno = ENAMETOOLONG;
    else if (listening >= 0 && bind(listening, (const struct sockaddr *)&name, sizeof name) == 0 &&
             listen(listening, BACKLOG) == 0)
        return listening;
    if (listening >= 0)
        close(listening);
    return -1;
}

/* Binds a socket to an address that `name` stands for on this machine; where there is none, as with a
 * router in between: to every address. */
static int bind_to(const char *name)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    int listening = -1;
    if (*name && getaddrinfo(name, NULL, &hints, &found) != 0)
        found = NULL;
    for (const struct addrinfo *each = found; each && listening < 0; each = each->ai_next) {
        listening = socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (listening >= 0 && bind(listening, each->ai_addr, each->ai_addrlen) != 0) {
            close(listening);
            listening = -1;
        }
    }
    if (found)
        freeaddrinfo(found);
    if (listening >= 0)
        return listening;
    const struct sockaddr_in all = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_ANY)}};
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listening >= 0 && bind(listening, (const struct sockaddr *)&all, sizeof all) != 0) {
        close(listening);
        listening = -1;
    }
    return listening;
}

static int listen_everywhere(const Guard *guard, char *address, size_t size)
{
    char name[GUARD_PATH_BYTES] = "localhost";
    if (*guard->order.address)
        snprintf(name, sizeof name, "%s", guard->order.address);
    else
        gethostname(name, sizeof name - 1);
    int listening = bind_to(guard->order.address);
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } bound = {.in6 = {0}};
    socklen_t length = sizeof bound;
    if (listening < 0 || listen(listening, BACKLOG) != 0 ||
        getsockname(listening, &bound.any, &length) != 0) {
        if (listening >= 0)
            close(listening);
        return -1;
    }
    in_port_t port = bound.any.sa_family == AF_INET6 ? bound.in6.sin6_port : bound.in.sin_port;
    snprintf(address, size, "tcp:%u:%s", (unsigned)ntohs(port), name);
    return listening;
}

/* ---- the launcher ---- */

/* Has MPI put its files into the guard's folder: the sessions of Open MPI 4 and 5, and the memory that ranks
 * of one machine share, where all are on this one. Machines that the launcher reaches by a remote shell keep
 * their own folder for temporary files, which rank/sweeper clears: the launcher alone has another one. */
static void set_environment(const Guard *guard)
{
    const char *folder = guard->reply.folder, *before = getenv("TMPDIR");
    if (guard->order.by_shell) {
        setenv(GUARD_OWN_TMPDIR, before ? before : "", 1);
        setenv("TMPDIR", folder, 1);
        return;
    }
    setenv("OMPI_MCA_orte_tmpdir_base", folder, 1);
    setenv("PRTE_MCA_prte_tmpdir_base", folder, 1);
    if (guard->order.local) {
        setenv("OMPI_MCA_btl_vader_backing_directory", folder, 1);
        setenv("OMPI_MCA_btl_sm_backing_directory", folder, 1);
    }
}

__attribute__((noreturn)) static void become_launcher(const Guard *guard, int input, int words, pid_t parent,
                                                      char **command)
{
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(1);
    prctl(PR_SET_NAME, "pricemap-mpi");
    dup2(input, STDIN_FILENO);
    dup2(words, STDERR_FILENO);
    set_environment(guard);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(command[0], command);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

/* The words of the command with the address after them; false where they are no command. */
static bool read_command(GuardOrder *order, char **command, char *address)
{
    size_t count = 0, at = 0;
    if (!order->command_size || order->command_size > sizeof order->command ||
        order->command[order->command_size - 1])
        return false;
    while (at < order->command_size && count < WORDS_MAX) {
        command[count++] = order->command + at;
        at += strlen(order->command + at) + 1;
    }
    command[count] = address;
    command[count + 1] = NULL;
    return at >= order->command_size;
}

static bool start_launcher(Guard *guard, char **command)
{
    int input[2], words[2];
    if (pipe2(input, O_CLOEXEC) != 0)
        return false;
    if (pipe2(words, O_CLOEXEC) != 0) {
        close(input[0]);
        close(input[1]);
        return false;
    }
    const pid_t self = getpid();
    guard->launcher = fork();
    if (guard->launcher == 0)
        become_launcher(guard, input[0], words[1], self, command);
    if (guard->launcher > 0)
        setpgid(guard->launcher, guard->launcher);
    close(input[0]);
    close(words[1]);
    guard->input = input[1];
    guard->words = words[0];
    fcntl(guard->words, F_SETFL, O_NONBLOCK);
    /* A pipe takes so few bytes at once, whether the launcher reads them or not. */
    dprintf(guard->input, "%s\n", guard->order.cookie);
    return guard->launcher > 0;
}

/* Appends what the launcher has said to its last words, of which the newest are kept. */
static void read_words(Guard *guard)
{
    char text[1024], *words = guard->reply.words;
    ssize_t size;
    while ((size = read(guard->words, text, sizeof text)) > 0) {
        size_t length = strlen(words), most = sizeof guard->reply.words - 1, fresh = (size_t)size;
        if (length + fresh > most) {
            size_t drop = length + fresh - most;
            memmove(words, words + drop, length - drop + 1);
            length -= drop;
        }
        for (size_t i = 0; i < fresh; i++)
            words[length + i] = text[i] ? text[i] : ' ';
        words[length + fresh] = 0;
    }
    if (size == 0) {
        close(guard->words);
        guard->words = -1;
    }
}

/* ---- the end ---- */

static void reap(Guard *guard)
{
    struct signalfd_siginfo info;
    while (read(guard->child_signals, &info, sizeof info) > 0)
        ;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == guard->launcher) {
            guard->ended = true;
            guard->reply.status = status;
        }
}

/* Waits for the launcher's end, so long at most. */
static void await_launcher(Guard *guard, int milliseconds)
{
    const int64_t end = clock_ns() + (int64_t)milliseconds * 1000000;
    for (;;) {
        reap(guard);
        int64_t left = (end - clock_ns()) / 1000000;
        if (guard->ended || left <= 0)
            return;
        struct pollfd watched[] = {{.fd = guard->child_signals, .events = POLLIN},
                                   {.fd = guard->words, .events = POLLIN}};
        poll(watched, 2, (int)left);
        if (watched[1].revents)
            read_words(guard);
    }
}

/* Kills each child, those among them that lost their parents below. Returns whether there was any. */
static bool kill_children(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *children = fopen(path, "re");
    int pid;
    bool any = false;
    while (children && fscanf(children, "%d", &pid) == 1) {
        kill(pid, SIGKILL);
        any = true;
    }
    if (children)
        fclose(children);
    return any;
}

/* Ends whatever the launcher has started on this machine, and removes the folder. */
static void clear(Guard *guard, bool politely)
{
    if (politely)
        await_launcher(guard, LEAVE_MILLISECONDS);
    if (!guard->ended) {
        kill(-guard->launcher, SIGTERM);
        await_launcher(guard, TERM_MILLISECONDS);
    }
    kill(-guard->launcher, SIGKILL);
    const int64_t end = clock_ns() + (int64_t)KILL_MILLISECONDS * 1000000;
    while (kill_children() && clock_ns() < end) {
        reap(guard);
        poll(NULL, 0, ROUND_MILLISECONDS);
    }
    reap(guard);
    if (guard->words >= 0)
        read_words(guard);
    guard_remove_folder(guard->reply.folder);
    guard_remove_folder(guard->order.left_folder);
}

/* ---- the guard's life ---- */

static void reply(Guard *guard, GuardKind kind, int descriptor)
{
    guard->reply.kind = (uint32_t)kind;
    messages_send(guard->host, &guard->reply, sizeof guard->reply, &descriptor, 1);
}

static int fail(Guard *guard, const char *what)
{
    snprintf(guard->reply.words, sizeof guard->reply.words, "%s: %s", what, strerror(errno));
    guard_remove_folder(guard->reply.folder);
    reply(guard, GUARD_FAILED, -1);
    return 1;
}

static bool receive_order(Guard *guard)
{
    struct pollfd watched = {.fd = guard->host, .events = POLLIN};
    poll(&watched, 1, ORDER_MILLISECONDS);
    ssize_t size = guard_receive(guard->host, &guard->order, sizeof guard->order, &guard->host_process);
    GuardOrder *order = &guard->order;
    if (size != (ssize_t)sizeof *order || order->kind != GUARD_ORDER || order->protocol != GUARD_PROTOCOL)
        return false;
    order->left_folder[sizeof order->left_folder - 1] = 0;
    order->address[sizeof order->address - 1] = order->cookie[sizeof order->cookie - 1] = 0;
    return true;
}

static bool make_folder(Guard *guard)
{
    const char *base = getenv("TMPDIR");
    char *folder = guard->reply.folder;
    int length = snprintf(folder, sizeof guard->reply.folder, "%s/" GUARD_FOLDER "XXXXXX",
                          base && *base == '/' ? base : "/tmp");
    if (length < (int)sizeof guard->reply.folder && mkdtemp(folder))
        return true;
    *folder = 0;
    return false;
}

/* Waits until the host lets go of the job, politely or by its end, or until the launcher has ended. */
static void serve(Guard *guard)
{
    bool politely = false;
    while (!guard->ended) {
        struct pollfd watched[] = {{.fd = guard->host, .events = POLLIN},
                                   {.fd = guard->host_process, .events = POLLIN},
                                   {.fd = guard->child_signals, .events = POLLIN},
                                   {.fd = guard->words, .events = POLLIN}};
        if (poll(watched, 4, -1) < 0 && errno != EINTR)
            break;
        if (watched[3].revents)
            read_words(guard);
        reap(guard);
        if (watched[1].revents)
            break;
        if (watched[0].revents) {
            /* Any message is a farewell; the mere end of the socket is none. */
            char farewell;
            int none;
            politely = guard_receive(guard->host, &farewell, sizeof farewell, &none) > 0;
            break;
        }
    }
    clear(guard, politely);
    reply(guard, GUARD_ENDED, -1);
}

int guard_run(int socket)
{
    zygote_leave_host(socket);
    prctl(PR_SET_NAME, "pricemap-guard");
    /* A launcher that had this end of the socket would hide the guard's death from the host. */
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    Guard *guard = calloc(1, sizeof *guard);
    if (!guard)
        return 1;
    guard->host = socket;
    guard->host_process = guard->words = guard->input = -1;
    guard->reply.protocol = GUARD_PROTOCOL;
    guard->reply.pid = getpid();
    char *command[WORDS_MAX + 2];
    if (!receive_order(guard) || !read_command(&guard->order, command, guard->address)) {
        errno = EPROTO;
        return fail(guard, "order");
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    signal(SIGPIPE, SIG_IGN);
    guard->child_signals = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
    if (guard->child_signals < 0)
        return fail(guard, "signalfd");
    if (!make_folder(guard))
        return fail(guard, "no folder for what MPI leaves in files");
    guard->listening = guard->order.local ? listen_here(guard, guard->address, sizeof guard->address)
                                          : listen_everywhere(guard, guard->address, sizeof guard->address);
    if (guard->listening < 0)
        return fail(guard, "no socket to listen on");
    if (!start_launcher(guard, command))
        return fail(guard, "fork");
    guard->reply.launcher = guard->launcher;
    reply(guard, GUARD_LISTENS, guard->listening);
    /* The host alone accepts: with the host gone nothing does. */
    close(guard->listening);
    serve(guard);
    free(guard);
    return 0;
}
