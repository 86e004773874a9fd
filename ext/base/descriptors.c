#include "ext/base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int descriptor_above_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int failure = errno;
    close(fd);
    errno = failure;
    return moved;
}

int descriptor_of_process(pid_t pid)
{
#ifdef SYS_pidfd_open
    return descriptor_above_standard((int)syscall(SYS_pidfd_open, pid, 0));
#else
    (void)pid;
    errno = ENOSYS;
    return -1;
#endif
}

void process_signal(int process, int signal)
{
#ifdef SYS_pidfd_send_signal
    syscall(SYS_pidfd_send_signal, process, signal, NULL, 0);
#else
    (void)process;
    (void)signal;
#endif
}

int descriptor_pair(int ends[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        ends[0] = ends[1] = -1;
        return errno;
    }
    ends[0] = descriptor_above_standard(ends[0]);
    int failure = ends[0] < 0 ? errno : 0;
    ends[1] = descriptor_above_standard(ends[1]);
    if (ends[1] < 0 && !failure)
        failure = errno;
    for (int i = 0; failure && i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
        ends[i] = -1;
    }
    return failure;
}
