#include "ext/channel/messages.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union Ancillary {
    /* Header, for its alignment. */
    struct cmsghdr header;
    char bytes[CMSG_SPACE(MESSAGES_DESCRIPTORS_MAX * sizeof(int))];
} Ancillary;

int messages_send(int socket, const void *message, size_t size, const int *descriptors, int count)
{
    int sent[MESSAGES_DESCRIPTORS_MAX];
    int usable = 0;
    for (int i = 0; i < count && usable < MESSAGES_DESCRIPTORS_MAX; i++)
        if (descriptors[i] >= 0)
            sent[usable++] = descriptors[i];
    /* sendmsg reads only; its interface merely lacks the const. */
    struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = size};
    struct msghdr envelope = {.msg_iov = &part, .msg_iovlen = 1};
    Ancillary ancillary;
    memset(&ancillary, 0, sizeof ancillary);
    if (usable) {
        envelope.msg_control = ancillary.bytes;
        envelope.msg_controllen = CMSG_SPACE(usable * sizeof(int));
        /* As CMSG_FIRSTHDR says, at the beginning; there is room for one. */
        struct cmsghdr *header = &ancillary.header;
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(usable * sizeof(int));
        memcpy(CMSG_DATA(header), sent, usable * sizeof(int));
    }
    for (;;) {
        if (sendmsg(socket, &envelope, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return 0;
        if (errno != EINTR)
            return errno;
    }
}

static size_t message_size(uint32_t kind)
{
    switch (kind) {
    case MESSAGE_HELLO:
        return sizeof(HelloRequest);
    case MESSAGE_WELCOME:
        return sizeof(HelloReply);
    case MESSAGE_FORK:
    case MESSAGE_KILL:
    case MESSAGE_END:
    case MESSAGE_FILES:
        return sizeof(HostMessage);
    case MESSAGE_FORKED:
    case MESSAGE_UNFORKED:
    case MESSAGE_DEAD:
        return sizeof(ZygoteMessage);
    case MESSAGE_FILE_LIST:
        return sizeof(FilesReply);
    default:
        return 0;
    }
}

/* Takes the descriptors out of a received message; those that the caller does not want are closed. */
static int take_descriptors(struct msghdr *envelope, int *descriptors)
{
    int count = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(envelope); header; header = CMSG_NXTHDR(envelope, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t received = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < received; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            if (descriptors && count < MESSAGES_DESCRIPTORS_MAX)
                descriptors[count++] = fd;
            else
                close(fd);
        }
    }
    return count;
}

ssize_t messages_receive(int socket, Message *message, int *descriptors, int *count)
{
    memset(message, 0, sizeof *message);
    struct iovec part = {.iov_base = message, .iov_len = sizeof *message};
    Ancillary ancillary;
    struct msghdr envelope = {.msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = ancillary.bytes,
                              .msg_controllen = sizeof ancillary.bytes};
    ssize_t size;
    /* ECONNRESET: the other end died with messages unread. The kernel reports that once, before the messages
       that were sent. */
    do
        size = recvmsg(socket, &envelope, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (size < 0 && (errno == EINTR || errno == ECONNRESET));
    if (size < 0)
        return -1;
    int taken = take_descriptors(&envelope, descriptors);
    if (descriptors)
        *count = taken;
    if (size > 0 && ((envelope.msg_flags & MSG_TRUNC) || (size_t)size < sizeof message->kind ||
                     message_size(message->kind) != (size_t)size))
        message->kind = 0;
    return size;
}

const char *messages_fork_advice(int failure)
{
    return failure == EAGAIN ? "; ask for fewer workers, or raise the limit on processes and threads" : "";
}
