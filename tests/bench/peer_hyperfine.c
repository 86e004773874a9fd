/* hyperfine and pricereport time the same commands, in turns: the same figures, and what measuring adds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/base/query.h"
#include "cli/statistics/bootstrap.h"
#include "cli/statistics/statistics.h"
#include "cli/system/process.h"
#include "ext/base/clock.h"
#include "tests/bench/bench_sql.h"
#include "figures.h"
#include "peers.h"

enum { TOOLS = 2, OURS = 0, THEIRS = 1, ROUNDS = 6, QUICK_ROUNDS = 2, SAMPLES = 10, ERRORS_SIZE = 512 };

/* Executions of the shortest command in a short and in a long call: their difference has no start of a tool.
 */
enum { FEW = 100, MANY = 600, NOTHING_ROUNDS = 5 };

/* Words without a shell, of commands from half a millisecond to tens of them. */
static const char *const commands[] = {"true", "sleep 0.01", "seq 200000", "wc numbers.txt",
                                       "sort -n numbers.txt"};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* Seconds of every sample of a tool, and of its calls without them. */
typedef struct Timed {
    double *seconds;
    size_t count;
    double beside;
} Timed;

static int call(char *const argv[], const char *folder, double *seconds, Failure *failure)
{
    char errors[ERRORS_SIZE];
    int64_t begun = clock_ns();
    int status = process_run(argv, folder, 2, errors, sizeof errors);
    *seconds = (double)(clock_ns() - begun) / 1e9;
    return status == 0 ? 0 : failure_set(failure, "%s ended with status %d: %.300s", argv[0], status, errors);
}

/* Adds the samples that a query of their file or history gives; ?1 is `text`. */
static int add_samples(sqlite3 *db, const char *sql, const char *text, double whole, Timed *timed,
                       Failure *failure)
{
    sqlite3_stmt *statement;
    int result;
    timed->beside += whole;
    if (query_prepare(db, &statement, failure, sql, "t", text))
        return -1;
    while ((result = query_next(statement, failure)) > 0) {
        double *longer = realloc(timed->seconds, (timed->count + 1) * sizeof *longer);
        if (!longer) {
            result = failure_set(failure, "out of memory for samples");
            break;
        }
        timed->seconds = longer;
        timed->seconds[timed->count] = sqlite3_column_double(statement, 0);
        timed->beside -= timed->seconds[timed->count++];
    }
    sqlite3_finalize(statement);
    return result;
}

static char *read_text(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    if (file && getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    return text;
}

static int time_theirs(Bench *bench, const char *command, int samples, Timed *timed, Failure *failure)
{
    char program[] = "hyperfine", plain[] = "-N", style[] = "--style=none", warm[] = "-w1",
         file[] = "--export-json=h.json", runs[32], text[64], path[PATH_SIZE];
    double whole;
    snprintf(runs, sizeof runs, "-r%d", samples);
    snprintf(text, sizeof text, "%s", command);
    snprintf(path, sizeof path, "%s/h.json", bench->folder);
    char *const argv[] = {program, plain, style, warm, runs, file, text, NULL};
    if (call(argv, bench->folder, &whole, failure))
        return -1;
    char *json = read_text(path);
    int result = json ? add_samples(bench->report, bench_sql_hyperfine_times, json, whole, timed, failure)
                      : failure_set(failure, "cannot read %s", path);
    free(json);
    return result;
}

static int time_ours(Bench *bench, const char *command, int samples, Timed *timed, Failure *failure)
{
    char program[] = BENCH_PRICEREPORT, run[] = "run", plain[] = "-N", warm[] = "-w1", file[] = "--db=p.db",
         option[] = "--command", runs[32], text[64], path[PATH_SIZE];
    double whole;
    snprintf(runs, sizeof runs, "-r%d", samples);
    snprintf(text, sizeof text, "%s", command);
    snprintf(path, sizeof path, "%s/p.db", bench->folder);
    unlink(path);
    char *const argv[] = {program, run, plain, warm, runs, file, option, text, NULL};
    sqlite3 *db = NULL;
    if (call(argv, bench->folder, &whole, failure))
        return -1;
    int result = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
                     ? add_samples(db, bench_sql_pricereport_times, "", whole, timed, failure)
                     : failure_set(failure, "cannot open %s", path);
    sqlite3_close(db);
    return result;
}

/* The tools take turns; the first one changes from round to round. */
static int take_turns(Bench *bench, const char *command, int samples, int round, Timed *timed,
                      Failure *failure)
{
    for (int i = 0; i < TOOLS; i++) {
        const int tool = (i + round) % TOOLS;
        if (tool == OURS ? time_ours(bench, command, samples, &timed[OURS], failure)
                         : time_theirs(bench, command, samples, &timed[THEIRS], failure))
            return -1;
    }
    return 0;
}

static void free_timed(Timed *timed)
{
    for (int i = 0; i < TOOLS; i++)
        free(timed[i].seconds);
}

static int report_tool(Bench *bench, const char *tool, const char *command, Timed *timed, Estimate *figure,
                       Failure *failure)
{
    char label[128];
    snprintf(label, sizeof label, "%s: %s", tool, command);
    *figure = estimate(timed->seconds, timed->count);
    return report_timing(bench, label, *figure, failure);
}

/* Reports the medians of a command and their ratio: each within the other's interval, or not. */
static int report_command(Bench *bench, const char *command, Timed *timed, Failure *failure)
{
    static const BootstrapRules rules = {.resamples = 10000, .confidence = 0.95, .seed = 1};
    Estimate figures[TOOLS], ratio;
    char what[128];
    if (report_tool(bench, "pricereport", command, &timed[OURS], &figures[OURS], failure) ||
        report_tool(bench, "hyperfine", command, &timed[THEIRS], &figures[THEIRS], failure))
        return -1;
    const Estimate *ours = &figures[OURS], *theirs = &figures[THEIRS];
    ratio = (Estimate){.median = ours->median / theirs->median, .count = timed[OURS].count};
    if (bootstrap_median_ratio(timed[OURS].seconds, timed[OURS].count, timed[THEIRS].seconds,
                               timed[THEIRS].count, &rules, &ratio.low, &ratio.high, failure))
        return -1;
    const Bar bar = {.kind = BAR_JUDGED,
                     .text = "each median in the other's interval",
                     .reached = ours->median >= theirs->low && ours->median <= theirs->high &&
                                theirs->median >= ours->low && theirs->median <= ours->high};
    snprintf(what, sizeof what, "%s: pricereport's median over hyperfine's", command);
    return report_result(bench, what, ratio, UNIT_TIMES, bar, NULL, failure);
}

static int compare_command(Bench *bench, const char *command, Failure *failure)
{
    Timed timed[TOOLS] = {{0}};
    const int rounds = bench->settings.quick ? QUICK_ROUNDS : ROUNDS;
    int result = 0;
    for (int round = 0; round < rounds && result == 0; round++)
        result = take_turns(bench, command, SAMPLES, round, timed, failure);
    if (result == 0)
        result = report_command(bench, command, timed, failure);
    free_timed(timed);
    return result;
}

/* What a sample costs beyond the command: within its figure, by a command that does nothing; and beside it,
 * until the next sample begins. */
static int compare_nothing(Bench *bench, Failure *failure)
{
    Timed few[TOOLS] = {{0}}, many[TOOLS] = {{0}};
    double beside[TOOLS][NOTHING_ROUNDS];
    Estimate figures[TOOLS] = {{0}};
    int result = 0;
    for (int round = 0; round < NOTHING_ROUNDS && result == 0; round++) {
        for (int i = 0; i < TOOLS; i++)
            few[i].beside = many[i].beside = 0;
        result = take_turns(bench, "true", FEW, round, few, failure) ||
                         take_turns(bench, "true", MANY, round, many, failure)
                     ? -1
                     : 0;
        for (int i = 0; i < TOOLS; i++)
            beside[i][round] = (many[i].beside - few[i].beside) / (MANY - FEW);
    }
    if (result == 0)
        result =
            report_tool(bench, "pricereport", "true, many", &many[OURS], &figures[OURS], failure) ||
                    report_tool(bench, "hyperfine", "true, many", &many[THEIRS], &figures[THEIRS], failure)
                ? -1
                : 0;
    if (result == 0)
        result =
            report_result(bench, "what measuring adds to a sample: true by pricereport over by hyperfine",
                          (Estimate){.median = figures[OURS].median / figures[THEIRS].median,
                                     .low = figures[OURS].low / figures[THEIRS].high,
                                     .high = figures[OURS].high / figures[THEIRS].low,
                                     .count = many[OURS].count},
                          UNIT_TIMES, (Bar){.kind = BAR_AT_MOST, .limit = 1}, NULL, failure);
    for (int i = 0; i < TOOLS && result == 0; i++)
        result = report_timing(
            bench, i == OURS ? "pricereport: between two samples" : "hyperfine: between two samples",
            estimate(beside[i], NOTHING_ROUNDS), failure);
    free_timed(few);
    free_timed(many);
    return result;
}

static int write_numbers(const Bench *bench, Failure *failure)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/numbers.txt", bench->folder);
    FILE *file = fopen(path, "we");
    uint32_t number = 1;
    for (int i = 0; file && i < 100000; i++) {
        number = number * 1664525 + 1013904223;
        fprintf(file, "%u\n", number >> 8);
    }
    return file && fclose(file) == 0 ? 0 : failure_set(failure, "cannot write %s", path);
}

int work_hyperfine(Bench *bench, Failure *failure)
{
    if (!peer_installed("hyperfine"))
        return report_skip(bench, "hyperfine on the same commands",
                           "hyperfine is not installed (Debian package hyperfine)", failure);
    if (write_numbers(bench, failure))
        return -1;
    for (int i = 0; i < COMMANDS; i++)
        if (measurement_step(bench, i, COMMANDS + 1, failure) || compare_command(bench, commands[i], failure))
            return -1;
    return compare_nothing(bench, failure);
}
