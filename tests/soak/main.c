/*
 * The soak: maps, kills, interrupts, reopens and checks at random, for as long as the options say, and
 * reports what is wrong. See --help.
 */
#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "tests/support/leftovers.h"
#include "actor.h"
#include "disturber.h"

enum {
    ACTORS = 4,
    ERA_SECONDS = 5,
    WARM_ERAS = 12,     /* after which memory may not grow any more … */
    MORE_KIB = 8192,    /* … than this over the most that it was until then, … */
    ERAS_ABOVE = 8,     /* … for so many in a row */
    HANG_SECONDS = 180, /* that an operation may take at the very most: some wait for locks */
    GONE_MILLISECONDS = 5000,
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { WATCHES_MEMORY = 0 }; /* a sanitizer keeps what is freed, and finds leaks itself */
#else
enum { WATCHES_MEMORY = 1 };
#endif

static const char usage[] =
    "Usage: soak MINUTES [SEED]\n"
    "Maps on several connections in several threads, while workers and their zygotes are killed and stopped, "
    "maps\n"
    "interrupted, the host forked, and other connections commit. Every answer is compared with the plain "
    "SELECT's;\n"
    "every few seconds all connections are closed, and nothing may be left. Prints a line a minute, and a "
    "last one.\n"
    "MINUTES may have decimals. The same SEED gives the same operations, though not at the same moments.\n"
    "PRICEMAP_EXTENSION names the extension.\n"
    "Exit status: 0 nothing was found, 1 something was, 2 wrong usage, 3 could not do it.\n";

typedef struct Memory {
    int64_t most_kib; /* in the eras that warm up */
    int64_t now_kib;
    int eras_above; /* in a row, of the allowance */
} Memory;

static int64_t resident_kib(void)
{
    long long all, resident = 0;
    malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%lld %lld", &all, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* An operation that does not end is the one finding that nothing can go on after. */
static void watch(Soak *soak, const Actor *actors)
{
    int64_t now = clock_ns();
    for (int i = 0; i < ACTORS; i++) {
        int64_t since = atomic_load(&actors[i].since_ns);
        if (!since || now - since < (int64_t)HANG_SECONDS * 1000000000)
            continue;
        soak_finding(soak, i, atomic_load(&actors[i].operation), "%s: hangs for %d s\n  %s",
                     soak_count_names[atomic_load(&actors[i].kind)], HANG_SECONDS, actors[i].sql);
        soak_print_counts(soak);
        abort();
    }
}

static bool any_at_work(const Actor *actors)
{
    for (int i = 0; i < ACTORS; i++)
        if (atomic_load(&actors[i].since_ns))
            return true;
    return false;
}

/* With all connections closed, and forked copies of the host still there. */
static void check_processes(Soak *soak)
{
    pid_t pids[8];
    int workers = 1, zygotes = 1;
    for (int waited = 0; waited < GONE_MILLISECONDS && workers + zygotes > 0; waited++) {
        usleep(1000);
        workers = leftovers_find("pricemap-worker", pids, 8);
        zygotes = leftovers_find("pricemap-zygote", pids, 8);
    }
    if (workers + zygotes > 0)
        soak_finding(soak, -1, -1, "%d workers and %d zygotes are left after all connections were closed",
                     workers, zygotes);
}

static void check_leftovers(Soak *soak, const Leftovers *before, Memory *memory)
{
    Leftovers now;
    int processes;
    if (!leftovers_settle(before, &now, &processes))
        soak_finding(
            soak, -1, -1,
            "left behind: %d processes, descriptors %+d, threads %+d, shared files %+d, shared mappings %+d",
            processes, now.descriptors - before->descriptors, now.threads - before->threads,
            now.shared_files - before->shared_files, now.shared_mappings - before->shared_mappings);
    if (sqlite3_memory_used() != 0)
        soak_finding(soak, -1, -1, "SQLite still has %lld bytes", (long long)sqlite3_memory_used());
    memory->now_kib = resident_kib();
    if (soak->era <= WARM_ERAS) {
        if (memory->now_kib > memory->most_kib)
            memory->most_kib = memory->now_kib;
        return;
    }
    /* The heap of a program with threads goes up and down: what stays up has grown. */
    memory->eras_above = memory->now_kib > memory->most_kib + MORE_KIB ? memory->eras_above + 1 : 0;
    if (WATCHES_MEMORY && memory->eras_above >= ERAS_ABOVE) {
        soak_finding(soak, -1, -1, "resident memory grows: %" PRId64 " KiB, and %" PRId64 " at first",
                     memory->now_kib, memory->most_kib);
        memory->most_kib = memory->now_kib; /* reported once for each step */
    }
}

/* 0, or -1 when it could not be run. */
static int run_era(Soak *soak, double seconds, const Leftovers *before, Memory *memory)
{
    static Actor actors[ACTORS];
    static Disturber disturbers[DISTURBERS];
    soak->era++;
    atomic_store(&soak->ending, false);
    for (int i = 0; i < ACTORS; i++)
        if (!actor_start(&actors[i], soak, i))
            return -1;
    if (!disturbers_start(disturbers, soak, actors, ACTORS))
        return -1;
    int64_t end = clock_ns() + (int64_t)(seconds * 1e9);
    while (clock_ns() < end) {
        usleep(20000);
        watch(soak, actors);
    }
    atomic_store(&soak->ending, true);
    while (any_at_work(actors)) {
        usleep(1000);
        watch(soak, actors);
    }
    for (int i = 0; i < ACTORS; i++)
        actor_join(&actors[i]);
    disturbers_join(disturbers);
    check_processes(soak);
    disturbers_end_children(disturbers);
    check_leftovers(soak, before, memory);
    return 0;
}

static int run(Soak *soak, double minutes)
{
    Memory memory = {0};
    int64_t start = clock_ns(), end = start + (int64_t)(minutes * 60e9);
    int64_t next_line = start + (int64_t)60 * 1000000000;
    int result = 0;
    leftovers_mark();
    sqlite3_initialize();
    const Leftovers before = leftovers_look();
    for (int64_t now = start; result == 0 && now < end; now = clock_ns()) {
        double left = (double)(end - now) / 1e9;
        result = run_era(soak, left < ERA_SECONDS ? left : ERA_SECONDS, &before, &memory);
        if (clock_ns() < next_line)
            continue;
        printf("%3.0f min, %" PRId64 " KiB: ", (double)(clock_ns() - start) / 60e9, memory.now_kib);
        soak_print_counts(soak);
        next_line += (int64_t)60 * 1000000000;
    }
    return result;
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(path);
}

static bool read_arguments(int argc, char **argv, double *minutes, uint64_t *seed)
{
    char *end = NULL;
    if (argc < 2 || argc > 3)
        return false;
    *minutes = strtod(argv[1], &end);
    if (end == argv[1] || *end || !(*minutes > 0) || *minutes > 1e6)
        return false;
    *seed = (uint64_t)time(NULL);
    if (argc < 3)
        return true;
    *seed = strtoull(argv[2], &end, 10);
    return end != argv[2] && !*end;
}

int main(int argc, char **argv)
{
    Soak soak = {.extension = getenv("PRICEMAP_EXTENSION")};
    double minutes;
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        fputs(usage, stdout);
        return 0;
    }
    if (!read_arguments(argc, argv, &minutes, &soak.seed)) {
        fputs(usage, stderr);
        return 2;
    }
    const char *parent = getenv("TMPDIR");
    snprintf(soak.folder, sizeof soak.folder, "%.60s/pricemap-soak-XXXXXX",
             parent && *parent ? parent : "/tmp");
    if (!soak.extension || !mkdtemp(soak.folder)) {
        fputs("soak: PRICEMAP_EXTENSION must name the extension, and TMPDIR take files\n", stderr);
        return 3;
    }
    printf("seed %" PRIu64 "\n", soak.seed);
    fflush(stdout);
    int result = disturbers_make_databases(&soak);
    if (result == 0)
        result = run(&soak, minutes);
    remove_folder(soak.folder);
    printf("seed %" PRIu64 ", %d eras: ", soak.seed, soak.era);
    soak_print_counts(&soak);
    return result ? 3 : atomic_load(&soak.findings) > 0;
}
