/*
 * Preloaded into pricereport: a disk that gets full, and a process that is killed, at the n-th change of a
 * file whose name contains ".db". DISK_FAULTS says what, and at which change:
 *
 *   full N    this change and all after it find no room
 *   lost N    this change and all after it fail, as those of a disk that is gone
 *   kill N    the process is killed in the middle of this one
 *   count     nothing; when the process ends, the number of changes is in the file disk.changes
 *   unshared  files cannot be mapped for others to see, which is so on some file systems
 *   hurry     nothing, but pauses are over at once: time-outs that count their own pauses are short
 *
 * What pricereport starts is left alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <unistd.h>

typedef enum Fault {
    FAULT_NONE,
    FAULT_FULL,
    FAULT_LOST,
    FAULT_KILL,
    FAULT_COUNT,
    FAULT_UNSHARED,
    FAULT_HURRY
} Fault;

/* pricereport writes its history on one thread. */
static Fault fault;
static long wanted, changes;

static void __attribute__((constructor)) arm(void)
{
    static const char *const names[] = {
        [FAULT_FULL] = "full",   [FAULT_LOST] = "lost",         [FAULT_KILL] = "kill",
        [FAULT_COUNT] = "count", [FAULT_UNSHARED] = "unshared", [FAULT_HURRY] = "hurry"};
    const char *plan = getenv("DISK_FAULTS");
    char name[16] = "";
    if (plan && sscanf(plan, "%15s %ld", name, &wanted) >= 1)
        for (Fault i = FAULT_FULL; i <= FAULT_HURRY; i++)
            if (strcmp(name, names[i]) == 0)
                fault = i;
    unsetenv("DISK_FAULTS");
    unsetenv("LD_PRELOAD");
}

static void __attribute__((destructor)) tell(void)
{
    FILE *file = fault == FAULT_COUNT ? fopen("disk.changes", "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%ld\n", changes);
    fclose(file);
}

/* The next definition of a function, which is the real one. */
static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static int is_database(int file)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return 0;
    path[size] = '\0';
    return strstr(path, ".db") != NULL;
}

/* Whether this change is the one that is wanted, or comes after it. */
static int is_due(int file)
{
    return fault != FAULT_NONE && fault < FAULT_UNSHARED && is_database(file) && ++changes >= wanted &&
           fault != FAULT_COUNT;
}

static int fail(void)
{
    if (fault == FAULT_KILL)
        kill(getpid(), SIGKILL);
    errno = fault == FAULT_FULL ? ENOSPC : EIO;
    return -1;
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset)
{
    ssize_t (*function)(int, const void *, size_t, off64_t);
    *(void **)&function = real("pwrite64");
    if (!is_due(file))
        return function(file, bytes, size, offset);
    if (fault == FAULT_KILL)
        (void)!function(file, bytes, size / 2, offset);
    return fail();
}

ssize_t write(int file, const void *bytes, size_t size)
{
    ssize_t (*function)(int, const void *, size_t);
    *(void **)&function = real("write");
    return is_due(file) ? fail() : function(file, bytes, size);
}

int ftruncate64(int file, off64_t size)
{
    int (*function)(int, off64_t);
    *(void **)&function = real("ftruncate64");
    return is_due(file) ? fail() : function(file, size);
}

/* Without room a file can still be brought to the disk. */
int fdatasync(int file)
{
    int (*function)(int);
    *(void **)&function = real("fdatasync");
    return fault != FAULT_FULL && is_due(file) ? fail() : function(file);
}

void *mmap64(void *address, size_t size, int protection, int flags, int file, off64_t offset)
{
    void *(*function)(void *, size_t, int, int, int, off64_t);
    *(void **)&function = real("mmap64");
    if (fault != FAULT_UNSHARED || !(flags & MAP_SHARED) || file < 0 || !is_database(file))
        return function(address, size, protection, flags, file, offset);
    errno = ENODEV;
    return MAP_FAILED;
}

int usleep(useconds_t pause)
{
    int (*function)(useconds_t);
    *(void **)&function = real("usleep");
    return fault == FAULT_HURRY ? 0 : function(pause);
}

int nanosleep(const struct timespec *pause, struct timespec *rest)
{
    int (*function)(const struct timespec *, struct timespec *);
    *(void **)&function = real("nanosleep");
    return fault == FAULT_HURRY ? 0 : function(pause, rest);
}
