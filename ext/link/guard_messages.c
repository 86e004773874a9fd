#include "ext/link/guard_messages.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union OneDescriptor {
    /* Header, for its alignment. */
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
} OneDescriptor;

ssize_t guard_receive(int socket, void *message, size_t size, int *descriptor)
{
    OneDescriptor ancillary;
    struct iovec part = {.iov_base = message, .iov_len = size};
    struct msghdr envelope = {.msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = ancillary.bytes,
                              .msg_controllen = sizeof ancillary.bytes};
    ssize_t received;
    *descriptor = -1;
    do
        received = recvmsg(socket, &envelope, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    struct cmsghdr *header = received > 0 ? CMSG_FIRSTHDR(&envelope) : NULL;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    return received;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    remove(path);
    return 0;
}

void guard_remove_folder(const char *folder)
{
    enum { OPEN_FOLDERS = 8 };
    if (*folder)
        nftw(folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
