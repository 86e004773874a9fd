/* bench: measures pricemap against a plain SELECT, a floor in plain C, and other programs, side by side in
 * one run.
 *
 * A missed bar is no failure. Exit status: 0 measured, 1 wrong values were computed, 2 wrong usage, 3
 * something could not be measured. */
#include "bench.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "price_lists.h"
#include "record.h"
#include "figures.h"

enum { EXIT_WRONG = 1, WORKERS_MAX = 1024, ROUNDS_MAX = 100000 };
enum {
    KEY_ONLY = 256,
    KEY_ROUNDS,
    KEY_QUICK,
    KEY_JSON,
    KEY_MODEL,
    KEY_LIST,
    KEY_WORKERS,
    KEY_SEED,
    KEY_SCALE,
    KEY_RECORD
};

static const BenchWork works[] = {
    {"kernel", "the crazy kernel against bare square roots of the same width", work_kernel},
    {"cheap", "20 prices, a cheap map, a warm pool: what using parallel_map costs at all", work_cheap},
    {"first", "the first map of a connection, start of the workers included", work_first},
    {"crazy-200", "200 crazy raises: threads and processes over serial", work_crazy_200},
    {"crazy-2000", "2000 crazy raises: the same, and against plain C with pthreads", work_crazy_2000},
    {"sum", "a cheap map of a large table: partial sums, and every row out", work_sum},
    {"text", "a large table and a map that makes texts", work_text},
    {"auto", "auto against the best executor over a grid of tables and costs", work_auto},
    {"waiting", "functions that wait: many more workers than processors", work_waiting},
    {"part", "one row of a map, and the rows of a map that an outer loop names", work_part},
    {"query-functions", "whole SELECTs with an expensive function, grouped and joined", work_query_functions},
    {"query-single", "whole SELECTs over one table, also those that dividing cannot help", work_query_single},
    {"query-tpch", "the 22 queries of TPC-H", work_query_tpch},
    {"query-tpch-analyzed", "the same with statistics (ANALYZE)", work_query_tpch_analyzed},
    {"query-ssb", "the 13 queries of the Star Schema Benchmark", work_query_ssb},
    {"query-clickbench", "the 43 queries of ClickBench over made-up hits", work_query_clickbench},
    {"query-peers", "peers: TPC-H in DuckDB and PostgreSQL, what parallel gains there", work_query_peers},
    {"mpi", "ranks of an MPI job beside worker processes, and beside mpi4py.futures", work_mpi},
    {"mpi-model", "1 to 64 ranks whose rows sleep, and the speed-up at 2 to 1000 machines", work_mpi_model},
    {"memory", "peak memory of host and workers by number of rows", work_memory},
    {"notice", "from the death of a worker process to its chunk running elsewhere", work_notice},
    {"kills", "worker processes killed at random moments during maps", work_kills},
    {"host-kills", "hosts killed at random moments", work_host_kills},
    {"cycles", "thousands of connections opened, mapped on, and closed", work_cycles},
    {"pool-start", "starting worker processes in a small and in a large host", work_pool_start},
    {"python", "peer: the published Python", work_python},
    {"python-functions", "functions of Python beside create_function and concurrent.futures",
     work_python_functions},
    {"parallel", "peer: GNU parallel over sqlite3 shards", work_parallel},
    {"postgres", "peer: PostgreSQL, the same C function in a parallel query", work_postgres},
    {"duckdb", "peer: DuckDB, the formula in its SQL", work_duckdb},
    {"hyperfine", "peer: hyperfine, timing the same commands as pricereport", work_hyperfine},
};
enum { WORKS = sizeof works / sizeof *works };

static const BenchWork model = {"model", "the speed-up that 2 to 128 processors should give", work_model};

static const BenchWork mpi_model = {"mpi-model", "the speed-up that 2 to 1000 machines should give",
                                    work_mpi_model};

typedef struct Arguments {
    Settings settings;
    bool chosen[WORKS]; /* by --only */
    bool any_chosen, json, model;
    const char *record;
} Arguments;

static void list_works(void)
{
    for (size_t i = 0; i < WORKS; i++)
        printf("%-20s%s\n", works[i].name, works[i].about);
}

/* A name that no work has is that of all whose names go on after it with a hyphen. */
static void choose(struct argp_state *state, Arguments *arguments, const char *name)
{
    const size_t length = strlen(name);
    bool found = false;
    for (size_t i = 0; i < WORKS; i++)
        if (strcmp(works[i].name, name) == 0) {
            arguments->chosen[i] = arguments->any_chosen = true;
            return;
        }
    for (size_t i = 0; i < WORKS; i++)
        if (strncmp(works[i].name, name, length) == 0 && works[i].name[length] == '-')
            found = arguments->chosen[i] = arguments->any_chosen = true;
    if (found)
        return;
    argp_error(state, "--only %s: there is no such work; --list shows them", name);
}

static long long whole_number(struct argp_state *state, const char *option, const char *text, long long least,
                              long long most)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < least || number > most)
        argp_error(state, "%s %s: give a whole number from %lld to %lld", option, text, least, most);
    return number;
}

static double scale_number(struct argp_state *state, const char *text)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end || !(number >= 0.001 && number <= 100))
        argp_error(state, "--scale %s: give a number from 0.001 to 100", text);
    return number;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    Arguments *arguments = state->input;
    switch (key) {
    case KEY_ONLY:
        choose(state, arguments, text);
        return 0;
    case KEY_ROUNDS:
        arguments->settings.rounds = whole_number(state, "--rounds", text, 1, ROUNDS_MAX);
        return 0;
    case KEY_WORKERS:
        arguments->settings.workers = (int)whole_number(state, "--workers", text, 1, WORKERS_MAX);
        return 0;
    case KEY_SEED:
        arguments->settings.seed = (uint64_t)whole_number(state, "--seed", text, 0, INT64_MAX);
        return 0;
    case KEY_SCALE:
        arguments->settings.scale = scale_number(state, text);
        return 0;
    case KEY_QUICK:
        arguments->settings.quick = true;
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case KEY_MODEL:
        arguments->model = true;
        return 0;
    case KEY_RECORD:
        arguments->record = text;
        return 0;
    case KEY_LIST:
        list_works();
        exit(EXIT_DONE);
    case ARGP_KEY_ARG:
        argp_error(state, "%s: bench takes options only", text);
        return 0;
    case ARGP_KEY_END:
        if (arguments->model && arguments->any_chosen)
            argp_error(state, "--model measures what it needs itself: leave out --only");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"only", KEY_ONLY, "NAME", 0, "Measure this work only, or those of this group (query); may be repeated",
     0},
    {"list", KEY_LIST, NULL, 0, "Print the names of all works", 0},
    {"quick", KEY_QUICK, NULL, 0, "Fewer rounds, shorter tables: under a minute, and wider intervals", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "Take N samples of each subject (by work; intervals need 6)", 0},
    {"workers", KEY_WORKERS, "N", 0, "Threads or processes that share the work (2)", 0},
    {"seed", KEY_SEED, "N", 0, "Shuffle the order of samples from N (0)", 0},
    {"scale", KEY_SCALE, "S", 0, "Make the data of the queries of this scale (0.2; quick: 0.02)", 0},
    {"model", KEY_MODEL, NULL, 0,
     "Measure the host's own work, and predict the speed-up at 2 to 128 processors, and at 2 to 1000 machines",
     0},
    {"json", KEY_JSON, NULL, 0, "Print one JSON object, times in seconds", 0},
    {"record", KEY_RECORD, "FILE", 0,
     "At the end let pricereport measure the main maps, record them in the history FILE, and draw "
     "FILE-charts",
     0},
    {0},
};

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .doc = "Measures pricemap beside a plain SELECT, a floor in plain C and other programs, in interleaved "
           "rounds, and "
           "prints what was measured, the bar, and whether it was reached.\v"
           "Exit status: 0 measured, whether bars were reached or not; 1 wrong values were computed; 2 "
           "wrong usage; "
           "3 something could not be measured.",
};

/* Measures one work. Returns an exit status; what went wrong is printed, and kept in the report. */
static int run_work(Bench *bench, const BenchWork *work, size_t number, size_t count)
{
    Failure failure, ignored;
    bool wrong_before = bench->wrong;
    char title[sizeof bench->title];
    bench->work = work->name;
    snprintf(title, sizeof title, "[%zu/%zu] %s", number, count, work->name);
    memcpy(bench->title, title, sizeof title);
    bench->wrong = false;
    progress_begin(&bench->progress);
    if (bench->progress.shown)
        fprintf(stderr, "\r%s\033[K", bench->title);
    int result = work->run(bench, &failure);
    progress_end(&bench->progress);
    bool wrong = bench->wrong;
    bench->wrong |= wrong_before;
    if (result == 0)
        return EXIT_DONE;
    fprintf(stderr, "bench: %s: %s\n", work->name, failure.text);
    if (!bench->interrupted)
        report_failed(bench, wrong ? "wrong values" : "not measured", failure.text, &ignored);
    return wrong ? EXIT_WRONG : EXIT_FAILED;
}

/* Wrong values weigh more than what could not be measured. */
static int worse(int a, int b)
{
    if (a == EXIT_WRONG || b == EXIT_WRONG)
        return EXIT_WRONG;
    return a > b ? a : b;
}

static int run_works(Bench *bench, const Arguments *arguments)
{
    size_t count = 0, number = 0;
    int status = EXIT_DONE;
    if (arguments->model) {
        status = run_work(bench, &model, 1, 2);
        return bench->interrupted ? status : worse(status, run_work(bench, &mpi_model, 2, 2));
    }
    for (size_t i = 0; i < WORKS; i++)
        count += !arguments->any_chosen || arguments->chosen[i];
    for (size_t i = 0; i < WORKS && !bench->interrupted; i++)
        if (!arguments->any_chosen || arguments->chosen[i])
            status = worse(status, run_work(bench, &works[i], ++number, count));
    return status;
}

static int find_extension(Bench *bench, Failure *failure)
{
    const char *named = getenv("PRICEMAP_EXTENSION");
    snprintf(bench->extension, sizeof bench->extension, "%s", named && *named ? named : BENCH_EXTENSION);
    if (access(bench->extension, R_OK) == 0)
        return 0;
    return failure_set(failure,
                       "cannot read the extension %s: build it, or set PRICEMAP_EXTENSION to its path",
                       bench->extension);
}

static int measure_and_print(Bench *bench, const Arguments *arguments)
{
    Failure failure;
    int status = EXIT_DONE;
    if (find_extension(bench, &failure) || price_lists_open(bench, &failure) ||
        report_open(bench, &failure) || report_disturbances(bench, &failure)) {
        fprintf(stderr, "bench: %s\n", failure.text);
        return EXIT_FAILED;
    }
    status = run_works(bench, arguments);
    if (!bench->interrupted && arguments->record && record_maps(bench, arguments->record, &failure)) {
        fprintf(stderr, "bench: %s\n", failure.text);
        status = worse(status, EXIT_FAILED);
    }
    if (report_load(bench, "load at the end", &failure) ||
        report_print(bench, arguments->json, stdout, &failure)) {
        fprintf(stderr, "bench: %s\n", failure.text);
        status = worse(status, EXIT_FAILED);
    }
    return status;
}

/* A signal is noticed after each sample, and takes effect when the temporary folder is gone. One that is
 * ignored, as under nohup, stays so. */
static void hold_signals(sigset_t *before)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        struct sigaction action;
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&held, ending[i]);
    }
    sigprocmask(SIG_BLOCK, &held, before);
}

int main(int argc, char **argv)
{
    Arguments arguments = {.settings = {.workers = 2}};
    argp_err_exit_status = EXIT_USAGE;
    error_t error = argp_parse(&parser, argc, argv, 0, NULL, &arguments);
    if (error) {
        fprintf(stderr, "bench: %s\n", strerror(error));
        return EXIT_FAILED;
    }
    sigset_t before;
    hold_signals(&before);
    Bench bench = {.settings = arguments.settings};
    int status = measure_and_print(&bench, &arguments);
    report_close(&bench);
    price_lists_remove(&bench);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
