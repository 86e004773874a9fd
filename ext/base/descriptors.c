#include "ext/base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
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
