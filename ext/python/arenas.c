/* The memory of Python's objects, in worker processes. Python takes it in arenas, and gives each of them back
   to the kernel as soon as it is empty; the C library does so with its heap. A function that makes many
   objects and drops them then has every page taken, cleared and mapped anew for each row, which is up to a
   fifth of its time. So a worker keeps some memory from row to row, and gives it back once it is idle. */
#include <Python.h>

#include <malloc.h>

#include "ext/python/interpreter.h"

enum {
    /* Bytes of arenas, and of the C library's heap, that a worker keeps. */
    KEPT_BYTES = 32 << 20,
    /* Arenas of 256 KiB, as Pythons before 3.10 have them, in so many bytes; newer ones are larger. */
    KEPT_ARENAS = KEPT_BYTES / (256 << 10),
};

/* Python's PyObjectArenaAllocator: no part of the stable ABI, and the same in every Python since 3.4. */
typedef struct ArenaAllocator {
    void *context;
    void *(*allocate)(void *context, size_t size);
    void (*release)(void *context, void *arena, size_t size);
} ArenaAllocator;

extern void PyObject_GetArenaAllocator(ArenaAllocator *allocator) __attribute__((weak));
extern void PyObject_SetArenaAllocator(ArenaAllocator *allocator) __attribute__((weak));

/* The empty arenas that a worker keeps, all of one size. Python holds its lock when it calls. */
typedef struct KeptArenas {
    /* Allocator that has the arenas from the kernel. */
    ArenaAllocator kernels;
    void *arenas[KEPT_ARENAS];
    size_t count, size;
} KeptArenas;

/* Set up once in a worker process, never in a host. */
static KeptArenas kept;

static void *allocate(void *context, size_t size)
{
    KeptArenas *arenas = context;
    if (arenas->count && size == arenas->size)
        return arenas->arenas[--arenas->count];
    return arenas->kernels.allocate(arenas->kernels.context, size);
}

static void release(void *context, void *arena, size_t size)
{
    KeptArenas *arenas = context;
    if (!arenas->count)
        arenas->size = size;
    if (size != arenas->size || arenas->count == KEPT_ARENAS || (arenas->count + 1) * size > KEPT_BYTES)
        arenas->kernels.release(arenas->kernels.context, arena, size);
    else
        arenas->arenas[arenas->count++] = arena;
}

void python_keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    if (!PyObject_GetArenaAllocator || !PyObject_SetArenaAllocator)
        return;
    PyObject_GetArenaAllocator(&kept.kernels);
    ArenaAllocator keeping = {&kept, allocate, release};
    PyObject_SetArenaAllocator(&keeping);
}

void python_give_memory_back(void)
{
    while (kept.count)
        kept.kernels.release(kept.kernels.context, kept.arenas[--kept.count], kept.size);
    malloc_trim(0);
}
