#include "ext/channel/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ext/base/descriptors.h"
#include "ext/base/sqlite_api.h"

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
    /* Some systems allow only memory that can never be executed. */
    if (fd < 0 && errno == EACCES)
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

int channel_map(Channel *channel, int memory, uint32_t region)
{
    void *control = mmap(NULL, sizeof *channel->control, PROT_READ | PROT_WRITE, MAP_SHARED, memory,
                         (off_t)channel_region_offset(region));
    if (control == MAP_FAILED)
        return SQLITE_NOMEM;
    *channel = (Channel){.control = control, .region = region};
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        channel->inputs[i].offset = channel_input_offset(region, i);
        channel->outputs[i].offset = channel_output_offset(region, i);
    }
    return SQLITE_OK;
}

void channel_unmap(Channel *channel, int memory)
{
    for (int i = 0; i < CHANNEL_SLOTS; i++) {
        window_trim(&channel->inputs[i], -1, 0);
        window_trim(&channel->outputs[i], -1, 0);
    }
    munmap(channel->control, sizeof *channel->control);
    if (memory >= 0)
        fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)channel_region_offset(channel->region), (off_t)CHANNEL_REGION_BYTES);
}
