#include "tests/support/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>

/* Written while no other thread of ours runs, but for the atomic ones. */
static struct {
    char function[32]; /* "": any */
    int number;
    bool on;
    uint64_t seed; /* with one_in */
    int one_in;    /* 0: not at random */
    int error;     /* that calls leave in errno; 0: the usual one of each */
    atomic_int calls;
    atomic_bool switched, reached;
} plan;

const char *const fault_functions[] = {"calloc",
                                       "malloc",
                                       "realloc",
                                       "strdup",
                                       "realpath",
                                       "mmap",
                                       "mremap",
                                       "fallocate",
                                       "ftruncate",
                                       "memfd_create",
                                       "socketpair",
                                       "sendmsg",
                                       "recvmsg",
                                       "poll",
                                       "read",
                                       "write",
                                       "open",
                                       "fopen",
                                       "pidfd_open",
                                       "posix_spawn",
                                       "posix_spawn_file_actions_init",
                                       "fork",
                                       "signalfd",
                                       "pthread_create",
                                       "pthread_mutex_init",
                                       "pthread_cond_init",
                                       NULL};

static void plan_anew(void)
{
    fault_switch(false);
    plan.function[0] = 0;
    plan.number = plan.one_in = 0;
    atomic_store(&plan.calls, 0);
    atomic_store(&plan.reached, false);
}

void fault_plan(const char *function, int number, bool on)
{
    plan_anew();
    snprintf(plan.function, sizeof plan.function, "%s", function);
    plan.number = number;
    plan.on = on;
}

void fault_plan_random(uint64_t seed, int one_in)
{
    plan_anew();
    plan.seed = seed;
    plan.one_in = one_in;
}

void fault_errno(int error)
{
    plan.error = error;
}

void fault_switch(bool on)
{
    atomic_store(&plan.switched, on);
}

bool fault_was_reached(void)
{
    return atomic_load(&plan.reached);
}

__attribute__((constructor)) static void plan_from_environment(void)
{
    const char *text = getenv("PRICEMAP_FAULT");
    char function[32], third[16] = "";
    int number;
    if (!text || sscanf(text, "%31s %d %15s", function, &number, third) < 2)
        return;
    if (strcmp(function, "random") == 0)
        fault_plan_random((uint64_t)number, atoi(third));
    else
        fault_plan(function, number, strcmp(third, "on") == 0);
    fault_switch(true);
}

/* A number that seems random, of the seed and the call's number (Steele, Lea, Flood: SplitMix64). */
static uint64_t mix(uint64_t number)
{
    number += 0x9e3779b97f4a7c15u;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 27) * 0x94d049bb133111ebu;
    return number ^ number >> 31;
}

bool fault_is_due(const char *function, int error)
{
    if (!atomic_load(&plan.switched) || (plan.function[0] && strcmp(plan.function, function) != 0))
        return false;
    int call = atomic_fetch_add(&plan.calls, 1) + 1;
    bool due = plan.one_in ? mix(plan.seed ^ (uint64_t)call << 20) % (uint64_t)plan.one_in == 0
                           : call == plan.number || (plan.on && call > plan.number);
    if (!due)
        return false;
    atomic_store(&plan.reached, true);
    errno = plan.error ? plan.error : error;
    return true;
}

/* One wrapper: `name` as the linker knows it, `plain` as the plan does. */
#define WRAP(type, name, plain, error, failure, parameters, arguments)                                       \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        return fault_is_due(plain, error) ? failure : __real_##name arguments;                               \
    }

WRAP(void *, calloc, "calloc", ENOMEM, NULL, (size_t count, size_t size), (count, size))
WRAP(void *, malloc, "malloc", ENOMEM, NULL, (size_t size), (size))
WRAP(void *, realloc, "realloc", ENOMEM, NULL, (void *data, size_t size), (data, size))
WRAP(char *, strdup, "strdup", ENOMEM, NULL, (const char *text), (text))
WRAP(char *, realpath, "realpath", ENOMEM, NULL, (const char *path, char *resolved), (path, resolved))
/* With large files, which is the rule, these have names of their own. */
WRAP(void *, mmap, "mmap", ENOMEM, MAP_FAILED,
     (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset))
WRAP(void *, mmap64, "mmap", ENOMEM, MAP_FAILED,
     (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset))
WRAP(int, fallocate, "fallocate", ENOSPC, -1, (int fd, int mode, off_t from, off_t size),
     (fd, mode, from, size))
WRAP(int, fallocate64, "fallocate", ENOSPC, -1, (int fd, int mode, off_t from, off_t size),
     (fd, mode, from, size))
WRAP(int, ftruncate, "ftruncate", ENOSPC, -1, (int fd, off_t size), (fd, size))
WRAP(int, ftruncate64, "ftruncate", ENOSPC, -1, (int fd, off_t size), (fd, size))
WRAP(void *, mremap, "mremap", ENOMEM, MAP_FAILED, (void *at, size_t size, size_t new_size, int flags),
     (at, size, new_size, flags))
WRAP(int, memfd_create, "memfd_create", EMFILE, -1, (const char *name, unsigned flags), (name, flags))
WRAP(int, socketpair, "socketpair", EMFILE, -1, (int domain, int type, int protocol, int ends[2]),
     (domain, type, protocol, ends))
WRAP(ssize_t, sendmsg, "sendmsg", ENOBUFS, -1, (int fd, const struct msghdr *message, int flags),
     (fd, message, flags))
WRAP(ssize_t, recvmsg, "recvmsg", ENOMEM, -1, (int fd, struct msghdr *message, int flags),
     (fd, message, flags))
WRAP(int, poll, "poll", EINTR, -1, (struct pollfd * watched, nfds_t count, int timeout),
     (watched, count, timeout))
WRAP(ssize_t, read, "read", EIO, -1, (int fd, void *bytes, size_t size), (fd, bytes, size))
WRAP(ssize_t, write, "write", EIO, -1, (int fd, const void *bytes, size_t size), (fd, bytes, size))
WRAP(FILE *, fopen, "fopen", EMFILE, NULL, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, fopen64, "fopen", EMFILE, NULL, (const char *path, const char *mode), (path, mode))
/* Nothing here creates a file, so that the mode is of no account. */
WRAP(int, open, "open", EMFILE, -1, (const char *path, int flags, ...), (path, flags))
WRAP(int, open64, "open", EMFILE, -1, (const char *path, int flags, ...), (path, flags))
WRAP(int, posix_spawn, "posix_spawn", 0, EAGAIN,
     (pid_t * pid, const char *path, const void *actions, const void *attributes, char *const arguments[],
      char *const environment[]),
     (pid, path, actions, attributes, arguments, environment))
WRAP(int, posix_spawn_file_actions_init, "posix_spawn_file_actions_init", 0, ENOMEM, (void *actions),
     (actions))
WRAP(pid_t, fork, "fork", EAGAIN, -1, (void), ())
WRAP(int, signalfd, "signalfd", EMFILE, -1, (int fd, const void *mask, int flags), (fd, mask, flags))
WRAP(int, pthread_create, "pthread_create", 0, EAGAIN,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg),
     (thread, attributes, start, arg))
WRAP(int, pthread_mutex_init, "pthread_mutex_init", 0, ENOMEM,
     (pthread_mutex_t * mutex, const pthread_mutexattr_t *attributes), (mutex, attributes))
WRAP(int, pthread_cond_init, "pthread_cond_init", 0, ENOMEM,
     (pthread_cond_t * condition, const pthread_condattr_t *attributes), (condition, attributes))

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Of those that have no function of their own, one: a kernel without it is one of before 2019. */
long __wrap_syscall(long number, ...)
{
    long words[6];
    va_list arguments;
#ifdef SYS_pidfd_open
    if (number == SYS_pidfd_open && fault_is_due("pidfd_open", ENOSYS))
        return -1;
#endif
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        words[i] = va_arg(arguments, long);
    va_end(arguments);
    return __real_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
