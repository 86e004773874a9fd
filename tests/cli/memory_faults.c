/*
 * Preloaded into pricereport: memory that runs out. MEMORY_FAULTS says when:
 *
 *   once N   the N-th allocation fails, and those after it do not
 *   from N   the N-th and all after it fail
 *   count    none; when the process ends, the number of allocations is in the file memory.calls
 *
 * What pricereport starts is left alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

typedef enum Fault { FAULT_NONE, FAULT_ONCE, FAULT_FROM, FAULT_COUNT } Fault;

static Fault fault;
static long wanted;
static atomic_long calls;

static void __attribute__((constructor)) arm(void)
{
    static const char *const names[] = {
        [FAULT_ONCE] = "once", [FAULT_FROM] = "from", [FAULT_COUNT] = "count"};
    const char *plan = getenv("MEMORY_FAULTS");
    char name[16] = "";
    Fault found = FAULT_NONE;
    if (plan && sscanf(plan, "%15s %ld", name, &wanted) >= 1)
        for (Fault i = FAULT_ONCE; i <= FAULT_COUNT; i++)
            if (strcmp(name, names[i]) == 0)
                found = i;
    unsetenv("MEMORY_FAULTS");
    unsetenv("LD_PRELOAD");
    fault = found;
}

static void __attribute__((destructor)) tell(void)
{
    FILE *file = fault == FAULT_COUNT ? fopen("memory.calls", "w") : NULL;
    fault = FAULT_NONE;
    if (!file)
        return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

static int is_due(void)
{
    if (fault == FAULT_NONE)
        return 0;
    long call = atomic_fetch_add(&calls, 1) + 1;
    int due = (fault == FAULT_ONCE && call == wanted) || (fault == FAULT_FROM && call >= wanted);
    if (due)
        errno = ENOMEM;
    return due;
}

void *malloc(size_t size)
{
    return is_due() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_due() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return is_due() ? NULL : __libc_realloc(memory, size);
}

/* glibc 2.36 frees twice what its glob could not finish. */
int glob(const char *pattern, int flags, int (*tell_error)(const char *path, int error), glob_t *found)
{
    int (*function)(const char *, int, int (*)(const char *, int), glob_t *);
    Fault meanwhile = fault;
    *(void **)&function = dlsym(RTLD_NEXT, "glob");
    fault = FAULT_NONE;
    int result = function(pattern, flags, tell_error, found);
    fault = meanwhile;
    return result;
}
