/* A rank that does not fit its host: in place of pricemap-rank, started by `env` in place of an MPI launcher.
 * FAKE_RANK says what is wrong with it. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ext/link/frames.h"

static int connect_to(const char *address)
{
    char port[16] = "";
    const char *name = strchr(address, ':');
    name = name ? strchr(name + 1, ':') : NULL;
    if (!name || sscanf(address, "tcp:%15[0-9]", port) != 1)
        return -1;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(name + 1, port, &hints, &found) != 0)
        return -1;
    int connection = socket(found->ai_family, SOCK_STREAM, 0);
    int failed = connection < 0 || connect(connection, found->ai_addr, found->ai_addrlen) != 0;
    freeaddrinfo(found);
    return failed ? -1 : connection;
}

static void greet(int connection, const Greeting *greeting, uint64_t size)
{
    Frame *frame = frame_create(FRAME_GREETING, 0, 0, sizeof *greeting);
    if (!frame)
        exit(1);
    memcpy(frame->bytes, greeting, sizeof *greeting);
    frame->header.size = size;
    size_t bytes = sizeof frame->header + sizeof *greeting;
    if (send(connection, &frame->header, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
        exit(1);
    free(frame);
}

int main(int argc, char **argv)
{
    const char *fault = getenv("FAKE_RANK");
    Greeting greeting = {.protocol = FRAMES_PROTOCOL, .layout = frames_layout(), .ranks = 1};
    snprintf(greeting.version, sizeof greeting.version, "%s", PRICEMAP_VERSION);
    snprintf(greeting.machine, sizeof greeting.machine, "elsewhere");
    if (argc != 2 || !fault || !fgets(greeting.cookie, sizeof greeting.cookie, stdin))
        return 2;
    int connection = connect_to(argv[1]);
    if (connection < 0)
        return 3;
    uint64_t size = sizeof greeting;
    if (!strcmp(fault, "version"))
        snprintf(greeting.version, sizeof greeting.version, "0.0.1");
    else if (!strcmp(fault, "layout"))
        greeting.layout++;
    else if (!strcmp(fault, "protocol"))
        greeting.protocol++;
    else if (!strcmp(fault, "cookie"))
        greeting.cookie[0] ^= 1;
    else if (!strcmp(fault, "size"))
        size = (uint64_t)1 << 40;
    else if (!strcmp(fault, "ranks"))
        greeting.ranks = -1;
    greet(connection, &greeting, size);
    /* Until the host closes the connection, and says nothing. */
    char byte;
    while (read(connection, &byte, 1) > 0 && strcmp(fault, "leave") != 0)
        ;
    fprintf(stderr, "let go of\n");
    return 4;
}
