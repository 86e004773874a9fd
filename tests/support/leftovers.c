#include "tests/support/leftovers.h"

#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static const char mark_name[] = "PRICEMAP_TEST_MARK";
/* A worker has this name too until it has its own, but it leads no session. */
static const char zygote_name[] = "pricemap-zygote";

static void *do_nothing(void *arg)
{
    return arg;
}

void leftovers_mark(void)
{
    char value[32];
    pthread_t thread;
    snprintf(value, sizeof value, "%d", (int)getpid());
    assert_int_equal(setenv(mark_name, value, 1), 0);
    /* ThreadSanitizer starts a thread of its own with the first that a program starts. */
    assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
    pthread_join(thread, NULL);
}

/* Entries of a folder whose names contain `part`, with or without the folders among them. */
static int count_entries(const char *path, const char *part, bool folders)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int count = 0;
    if (!folder)
        return 0;
    while ((entry = readdir(folder)))
        count += strstr(entry->d_name, part) != NULL && (folders || entry->d_type != DT_DIR);
    closedir(folder);
    return count;
}

static int count_mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[4096];
    int count = 0;
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps))
        count += strstr(line, "memfd:pricemap") != NULL;
    fclose(maps);
    return count;
}

static size_t read_of_process(pid_t pid, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *stream = fopen(path, "re");
    size_t length = stream ? fread(text, 1, size - 1, stream) : 0;
    if (stream)
        fclose(stream);
    text[length] = 0;
    return length;
}

int leftovers_status(pid_t pid, const char *name)
{
    char text[4096];
    int number = -1;
    read_of_process(pid, "status", text, sizeof text);
    const char *found = strstr(text, name);
    return found && sscanf(found + strlen(name), "%d", &number) == 1 ? number : -1;
}

/* A thread that was joined counts for a moment yet, so that there may be fewer later: only more are left
 * over. */
static int more_threads(const Leftovers *before, const Leftovers *now)
{
    return now->threads > before->threads ? now->threads - before->threads : 0;
}

Leftovers leftovers_look(void)
{
    int threads = leftovers_status(getpid(), "Threads:");
    assert_true(threads > 0);
    return (Leftovers){.descriptors = count_entries("/proc/self/fd", "", true),
                       .threads = threads,
                       .shared_files = count_entries("/dev/shm", "pricemap", false),
                       .shared_mappings = count_mappings()};
}

static bool has_mark(pid_t pid)
{
    static char environment[1 << 20];
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%s=%s", mark_name, getenv(mark_name));
    size_t length = read_of_process(pid, "environ", environment, sizeof environment);
    for (const char *entry = environment; entry < environment + length; entry += strlen(entry) + 1)
        if (strcmp(entry, wanted) == 0)
            return true;
    return false;
}

/* A zombie has no environment any more; one that is this process's child is ours all the same. */
static bool is_own_child(pid_t pid)
{
    char status[1024];
    int parent = 0;
    read_of_process(pid, "stat", status, sizeof status);
    const char *end = strrchr(status, ')');
    return end && sscanf(end + 1, " %*c %d", &parent) == 1 && parent == (int)getpid();
}

static int find(const char *name, pid_t except, pid_t *pids, int room)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    int count = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        char command[64];
        if (!isdigit((unsigned char)entry->d_name[0]) || pid == getpid() || pid == except)
            continue;
        if (!has_mark(pid) && !is_own_child(pid))
            continue;
        size_t length = read_of_process(pid, "comm", command, sizeof command);
        if (length)
            command[length - 1] = 0;
        if (name && (strcmp(command, name) != 0 || (strcmp(name, zygote_name) == 0 && getsid(pid) != pid)))
            continue;
        if (count < room)
            pids[count] = pid;
        count++;
    }
    closedir(folder);
    return count;
}

int leftovers_processes(pid_t except)
{
    return find(NULL, except, NULL, 0);
}

int leftovers_find(const char *name, pid_t *pids, int room)
{
    int count = find(name, 0, pids, room);
    return count < room ? count : room;
}

pid_t leftovers_signal(const char *name, unsigned choice, int number)
{
    pid_t pids[256];
    int count = leftovers_find(name, pids, 256);
    if (!count)
        return 0;
    pid_t pid = pids[choice % (unsigned)count];
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (process < 0)
        return 0;
    /* Read again: now the descriptor says which process it is. */
    bool sent = has_mark(pid) && syscall(SYS_pidfd_send_signal, process, number, NULL, 0) == 0;
    close(process);
    return sent ? pid : 0;
}

int leftovers_differences(const Leftovers *before, const Leftovers *now)
{
    return abs(now->descriptors - before->descriptors) + more_threads(before, now) +
           abs(now->shared_files - before->shared_files) +
           abs(now->shared_mappings - before->shared_mappings);
}

bool leftovers_settle(const Leftovers *before, Leftovers *now, int *processes)
{
    *processes = leftovers_processes(0);
    *now = leftovers_look();
    /* A process that was reaped is still listed for a moment, as a thread is. */
    for (int tries = 0; (*processes || more_threads(before, now)) && tries < 5000; tries++) {
        usleep(1000);
        *processes = leftovers_processes(0);
        *now = leftovers_look();
    }
    return !*processes && !leftovers_differences(before, now);
}

void leftovers_check(const Leftovers *before)
{
    int processes;
    Leftovers now;
    if (leftovers_settle(before, &now, &processes))
        return;
    assert_int_equal(processes, 0);
    assert_int_equal(now.descriptors, before->descriptors);
    assert_int_equal(more_threads(before, &now), 0);
    assert_int_equal(now.shared_files, before->shared_files);
    assert_int_equal(now.shared_mappings, before->shared_mappings);
}
