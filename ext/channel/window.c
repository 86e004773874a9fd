#include "ext/channel/window.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "ext/base/sqlite_api.h"
#include "ext/channel/layout.h"

uint64_t window_round(uint64_t size)
{
    const uint64_t least = 16 << 10, step = 1 << 20;
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
