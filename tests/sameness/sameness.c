/*
 * Is what parallel_map gives what SQLite itself gives? Random databases, sources, maps and options; the
 * oracle is the same SELECT on the same connection. See --help.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "case.h"
#include "run_counts.h"
#include "snapshot.h"

/* So many cases meet every executor with every way to the rows. */
enum { CASES_PER_WORLD = 25, FINDINGS_SHOWN = 10, ENOUGH_CASES = 2000 };

static const char usage[] =
    "Usage: sameness [--cases N] [--minutes M] [--snapshots N] [--seed S] [--executor NAME]\n"
    "Compares N random maps (5000) with the plain SELECT, and N sums (200) taken while a writer moves "
    "amounts.\n"
    "With --executor all maps have that one, which may be mpi. With --minutes it goes on with further seeds for so long. What differs is printed as a script for the "
    "sqlite3\n"
    "shell, started on a new file. PRICEMAP_EXTENSION names another extension than that of this build.\n"
    "Exit status: 0 all the same, 1 something differed, 2 wrong usage, 3 could not do it.\n";

typedef struct Totals {
    long cases, sums;
    int findings;
    CaseCounts counts;
    RunCounts runs;
} Totals;

typedef struct Settings {
    int cases, minutes, snapshots;
    uint64_t seed;
    const char *extension;
    /* Executor of all maps; NULL: of each any one. */
    const char *executor;
} Settings;

static bool read_settings(Settings *settings, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        char *end = NULL;
        if (!strcmp(argv[i], "--executor") && i + 1 < argc) {
            settings->executor = argv[i + 1];
            continue;
        }
        unsigned long long number = i + 1 < argc ? strtoull(argv[i + 1], &end, 10) : 0;
        if (!end || !*argv[i + 1] || *end)
            return false;
        if (!strcmp(argv[i], "--cases"))
            settings->cases = (int)number;
        else if (!strcmp(argv[i], "--minutes"))
            settings->minutes = (int)number;
        else if (!strcmp(argv[i], "--snapshots"))
            settings->snapshots = (int)number;
        else if (!strcmp(argv[i], "--seed"))
            settings->seed = number;
        else
            return false;
    }
    return true;
}

static void print_finding(const World *world, const Case *test, uint64_t seed, const char *difference)
{
    char *script = sqlite3_str_value(world->script);
    printf("-- seed %" PRIu64 ": %s\n", seed, difference);
    authorizer_print(&test->authorizer);
    printf(".load build/ext/pricemap\n%s%s%s\n-- plain\n%s;\n-- map\n%s;\n%s;\n\n", script ? script : "",
           test->setup, *test->setup ? ";" : "", test->plain, test->map, test->teardown);
    fflush(stdout);
}

/* Runs the cases of one world, which one seed makes. Findings, or -1 when it could not be made. */
static int run_world(const Settings *settings, uint64_t seed, int cases, Totals *totals)
{
    World world;
    Random random = {seed};
    int findings = 0;
    int result = world_begin(&world, &random, settings->extension);
    world.executor = settings->executor;
    for (int i = 0; i < cases && result == 0; i++) {
        Case test;
        result = case_make(&test, &random, &world) ? 0 : -1;
        const char *difference = result == 0 ? case_run(&test, world.db, &totals->counts) : NULL;
        if (difference && ++findings <= FINDINGS_SHOWN)
            print_finding(&world, &test, seed, difference);
        case_free(&test);
    }
    if (result == 0)
        result = run_counts_add(&totals->runs, world.db);
    if (world_end(&world) && result == 0) {
        printf("-- seed %" PRIu64 ": something was left open on the connection\n", seed);
        findings++;
    }
    return result ? result : findings;
}

/* Works in an empty folder of its own, which is removed at the end. */
static int run_cases(const Settings *settings, Totals *totals)
{
    time_t end = time(NULL) + 60 * (time_t)settings->minutes;
    uint64_t seed = settings->seed;
    while (totals->cases < settings->cases || time(NULL) < end) {
        long left = settings->cases - totals->cases;
        int cases = left > 0 && left < CASES_PER_WORLD ? (int)left : CASES_PER_WORLD;
        int found = run_world(settings, seed++, cases, totals);
        if (found < 0)
            return -1;
        totals->cases += cases;
        totals->findings += found;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *named = getenv("PRICEMAP_EXTENSION");
    Settings settings = {
        .cases = 5000, .snapshots = 200, .seed = 20160406, .extension = named ? named : BUILT_EXTENSION};
    if (!read_settings(&settings, argc, argv)) {
        fputs(usage, argc == 2 && !strcmp(argv[1], "--help") ? stdout : stderr);
        return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2;
    }
    char folder[] = "/tmp/pricemap-sameness-XXXXXX";
    char *extension = realpath(settings.extension, NULL);
    if (!extension || !mkdtemp(folder) || chdir(folder)) {
        fputs("sameness: PRICEMAP_EXTENSION must name the extension if it is set, and /tmp take files\n",
              stderr);
        return 3;
    }
    settings.extension = extension;
    Totals totals = {0};
    int result = run_cases(&settings, &totals);
    if (result == 0)
        result = snapshot_run(extension, settings.seed, settings.snapshots, &totals.sums, &totals.findings,
                              &totals.runs);
    static const char *const files[] = {WORLD_MAIN_FILE, WORLD_OTHER_FILE, SNAPSHOT_FILE};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        world_remove_file(files[i]);
    if (chdir("/") || rmdir(folder)) {
        printf("-- something was left in %s\n", folder);
        totals.findings++;
    }
    free(extension);
    run_counts_print(&totals.runs);
    if (settings.cases >= ENOUGH_CASES && result == 0 && !settings.executor)
        totals.findings += run_counts_missing(&totals.runs);
    printf("sameness: seed %" PRIu64
           ", %ld cases of %ld rows, %ld of them failing in a later row, %ld of %ld beside "
           "damaged files with rows, %ld sums under a writer, %d findings\n",
           settings.seed, totals.cases, totals.counts.rows, totals.counts.failing, totals.counts.read_damaged,
           totals.counts.damaged, totals.sums, totals.findings);
    return result ? 3 : totals.findings > 0;
}
