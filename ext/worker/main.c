/*
 * The program pricemap-worker: first the zygote, then, in each process that the zygote forks, a worker. With
 * --guard the program is the guard of an MPI job instead.
 *
 * The order at the start matters. The program forks at once and its first process ends, so that the host,
 * which waits for that first process, has no lasting child; see zygote.h.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ext/channel/messages.h"
#include "ext/worker/guard.h"
#include "ext/worker/worker.h"
#include "ext/worker/zygote.h"

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("pricemap-worker " PRICEMAP_VERSION);
        return 0;
    }
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(MESSAGES_SOCKET, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) {
        fputs(
            "pricemap-worker: this is the program of pricemap's worker processes; the extension pricemap.so "
            "starts it\n",
            stderr);
        return 2;
    }
    pid_t zygote = fork();
    if (zygote < 0)
        zygote_decline(MESSAGES_SOCKET, "fork", errno);
    if (zygote)
        _exit(zygote < 0);
    bool guard = argc > 1 && strcmp(argv[1], "--guard") == 0;
    _exit(guard ? guard_run(MESSAGES_SOCKET) : zygote_run(MESSAGES_SOCKET, worker_loop));
}
