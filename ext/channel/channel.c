#include "ext/channel/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ext/base/descriptors.h"

/* ---- messages ---- */

typedef union Ancillary {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(CHANNEL_DESCRIPTORS_MAX * sizeof(int))];
} Ancillary;

int channel_send(int socket, const void *message, size_t size, const int *descriptors, int count)
{
    int sent[CHANNEL_DESCRIPTORS_MAX];
    int usable = 0;
    for (int i = 0; i < count && usable < CHANNEL_DESCRIPTORS_MAX; i++)
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
        return sizeof(HostMessage);
    case MESSAGE_FORKED:
    case MESSAGE_UNFORKED:
    case MESSAGE_DEAD:
        return sizeof(ZygoteMessage);
    default:
        return 0;
    }
}

/* Takes the descriptors out of a received message; those that nobody wants are closed. */
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
            if (descriptors && count < CHANNEL_DESCRIPTORS_MAX)
                descriptors[count++] = fd;
            else
                close(fd);
        }
    }
    return count;
}

ssize_t channel_receive(int socket, Message *message, int *descriptors, int *count)
{
    memset(message, 0, sizeof *message);
    struct iovec part = {.iov_base = message, .iov_len = sizeof *message};
    Ancillary ancillary;
    struct msghdr envelope = {.msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = ancillary.bytes,
                              .msg_controllen = sizeof ancillary.bytes};
    ssize_t size;
    /* ECONNRESET: the other end died with messages unread. It is said once, before the messages that it had
     * sent. */
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

/* ---- bells ---- */

static long futex(atomic_uint *word, int operation, unsigned value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

void bell_ring(Bell *bell)
{
    if (!atomic_load(&bell->sleeping))
        return;
    atomic_fetch_add(&bell->count, 1);
    futex(&bell->count, FUTEX_WAKE, INT_MAX, NULL);
}

unsigned bell_listen(Bell *bell)
{
    unsigned seen = atomic_load(&bell->count);
    atomic_store(&bell->sleeping, 1);
    return seen;
}

void bell_sleep(Bell *bell, unsigned seen, int64_t nanoseconds)
{
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    futex(&bell->count, FUTEX_WAIT, seen, nanoseconds < 0 ? NULL : &limit);
}

void bell_wake(Bell *bell)
{
    atomic_store(&bell->sleeping, 0);
}

/* ---- memory ---- */

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

int channel_memory_create(void)
{
    const uint64_t size = CHANNEL_REGION_BYTES * CHANNEL_REGIONS;
    /* Beyond this limit the kernel would send the host SIGXFSZ. */
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < size)
        return -EFBIG;
    int fd = memfd_create("pricemap", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 && errno == EACCES) /* a system that allows only memory which can never be executed */
        fd = memfd_create("pricemap", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    fd = descriptor_above_standard(fd);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        int failure = errno;
        close(fd);
        return -failure;
    }
    return fd;
}

uint64_t channel_region_offset(uint32_t region)
{
    return region * CHANNEL_REGION_BYTES;
}

uint64_t channel_input_offset(uint32_t region, int slot)
{
    return channel_region_offset(region) + (1 + 2 * (uint64_t)slot) * CHANNEL_WINDOW_BYTES;
}

uint64_t channel_output_offset(uint32_t region, int slot)
{
    return channel_input_offset(region, slot) + CHANNEL_WINDOW_BYTES;
}

uint64_t channel_input_start(uint64_t recipe_size)
{
    return (recipe_size + 63) & ~(uint64_t)63;
}

uint64_t window_round(uint64_t size)
{
    const uint64_t least = 64 << 10, step = 1 << 20;
    if (size > step)
        return (size + step - 1) & ~(step - 1);
    uint64_t rounded = least;
    while (rounded < size)
        rounded *= 2;
    return rounded;
}

int window_allocate(int memory, uint64_t offset, uint64_t from, uint64_t to)
{
    /* In pieces: the kernel undoes a piece when a signal arrives, and a host may have a fast timer. */
    const uint64_t piece = 1 << 20;
    if (to > CHANNEL_WINDOW_BYTES) {
        errno = EFBIG;
        return SQLITE_FULL;
    }
    while (from < to) {
        uint64_t length = to - from < piece ? to - from : piece;
        if (fallocate(memory, 0, (off_t)(offset + from), (off_t)length) == 0)
            from += length;
        else if (errno == ENOMEM)
            return SQLITE_NOMEM;
        else if (errno != EINTR)
            return SQLITE_FULL;
    }
    return SQLITE_OK;
}

int window_map(Window *window, int memory, uint64_t size)
{
    if (size <= window->size)
        return SQLITE_OK;
    if (size > CHANNEL_WINDOW_BYTES || size > SIZE_MAX / 2) {
        errno = EFBIG;
        return SQLITE_FULL;
    }
    void *data = window->data
                     ? mremap(window->data, window->size, size, MREMAP_MAYMOVE)
                     : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, (off_t)window->offset);
    if (data == MAP_FAILED)
        return SQLITE_NOMEM;
    window->data = data;
    window->size = size;
    return SQLITE_OK;
}

int window_reserve(Window *window, int memory, uint64_t size)
{
    if (size <= window->size)
        return SQLITE_OK;
    size = window_round(size);
    int rc = window_allocate(memory, window->offset, window->size, size);
    return rc == SQLITE_OK ? window_map(window, memory, size) : rc;
}

void window_trim(Window *window, int memory, size_t keep)
{
    if (window->size > keep) {
        munmap(window->data + keep, window->size - keep);
        window->size = keep;
        if (!keep)
            window->data = NULL;
    }
    if (memory >= 0)
        fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(window->offset + keep),
                  (off_t)(CHANNEL_WINDOW_BYTES - keep));
}

void channel_region_discard(int memory, uint32_t region)
{
    fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)channel_region_offset(region),
              (off_t)CHANNEL_REGION_BYTES);
}

/* ---- small things ---- */

const char *channel_fork_advice(int failure)
{
    return failure == EAGAIN ? "; ask for fewer workers, or raise the limit on processes and threads" : "";
}
