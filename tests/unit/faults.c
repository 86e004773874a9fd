#include "faults.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>

static struct {
    char function[32];
    int number, calls;
    bool on, switched, reached;
} plan;

const char *const fault_functions[] = {"calloc",   "malloc",    "realloc",   "strdup",       "mmap",
                                       "mremap",   "fallocate", "ftruncate", "memfd_create", "socketpair",
                                       "sendmsg",  "recvmsg",   "poll",      "posix_spawn",  "fork",
                                       "signalfd", NULL};

void fault_plan(const char *function, int number, bool on)
{
    memset(&plan, 0, sizeof plan);
    snprintf(plan.function, sizeof plan.function, "%s", function);
    plan.number = number;
    plan.on = on;
}

void fault_switch(bool on)
{
    plan.switched = on;
}

bool fault_was_reached(void)
{
    return plan.reached;
}

__attribute__((constructor)) static void plan_from_environment(void)
{
    const char *text = getenv("PRICEMAP_FAULT");
    char function[32], on[8] = "";
    int number;
    if (!text || sscanf(text, "%31s %d %7s", function, &number, on) < 2)
        return;
    fault_plan(function, number, strcmp(on, "on") == 0);
    fault_switch(true);
}

static bool fails(const char *function, int error)
{
    if (!plan.switched || strcmp(plan.function, function) != 0)
        return false;
    plan.calls++;
    if (plan.calls != plan.number && !(plan.on && plan.calls > plan.number))
        return false;
    plan.reached = true;
    errno = error;
    return true;
}

/* One wrapper: `name` as the linker knows it, `plain` as the plan does. */
#define WRAP(type, name, plain, error, failure, parameters, arguments)                                       \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        return fails(plain, error) ? failure : __real_##name arguments;                                      \
    }

WRAP(void *, calloc, "calloc", ENOMEM, NULL, (size_t count, size_t size), (count, size))
WRAP(void *, malloc, "malloc", ENOMEM, NULL, (size_t size), (size))
WRAP(void *, realloc, "realloc", ENOMEM, NULL, (void *data, size_t size), (data, size))
WRAP(char *, strdup, "strdup", ENOMEM, NULL, (const char *text), (text))
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
WRAP(int, posix_spawn, "posix_spawn", 0, EAGAIN,
     (pid_t * pid, const char *path, const void *actions, const void *attributes, char *const arguments[],
      char *const environment[]),
     (pid, path, actions, attributes, arguments, environment))
WRAP(pid_t, fork, "fork", EAGAIN, -1, (void), ())
WRAP(int, signalfd, "signalfd", EMFILE, -1, (int fd, const void *mask, int flags), (fd, mask, flags))
