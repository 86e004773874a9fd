#include "ext/executors/processes/starter.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/base/descriptors.h"

void starter_reap(pid_t *pid, int *process, bool kill_it)
{
    if (!*pid)
        return;
    if (kill_it) {
        /* By its number only while it is our unreaped child: the host may reap children itself. */
        if (*process >= 0)
            process_signal(*process, SIGKILL);
        else if (waitpid(*pid, NULL, WNOHANG) == 0)
            kill(*pid, SIGKILL);
    }
    /* The host may have reaped it already (ECHILD): it ignores SIGCHLD, or waits for all its children. */
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (*process >= 0)
        close(*process);
    *process = -1;
    *pid = 0;
}
