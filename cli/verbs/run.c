/* pricereport run: any map or query over any database, and any command. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/base/unicode.h"
#include "cli/judging/ranking.h"
#include "cli/report/chart.h"
#include "cli/measure/measure.h"
#include "cli/output/measurements.h"
#include "cli/output/output.h"
#include "cli/measure/scan.h"
#include "cli/verbs/commits.h"
#include "cli/verbs/into.h"
#include "cli/verbs/verbs.h"

enum { KEY_NAME = 'n', KEY_LOAD = 600, KEY_PYTHON, KEY_STEPS };

static const struct argp_child children[] = {
    {&options_scan, 0,
     "Scans: lists, and ranges such as 4-8, 10-100:10 (by tens), 200-1600x2 (doubling); every "
     "combination is timed:",
     2},
    {&options_commands, 0,
     "Commands, also several; a text is read by a shell, and {NAME} in it is a parameter:", 3},
    {&options_sampling, 0, "How to measure:", 4},
    {&options_charts, 0, "Charts:", 5},
    {&options_common, 0, "Common:", 6},
    {0},
};

static void check_map(struct argp_state *state, const Options *options)
{
    if (!options->map.in)
        argp_error(state,
                   "what is mapped is missing: give --in FILE, an SQLite database, or -- and a command");
    if (!options->map.source)
        argp_error(state, "the rows to map are missing: give --source, a table, a view or a SELECT");
    if (!options->map.map)
        argp_error(state, "the map is missing: give --map, an expression over the source's columns");
    bool takes_rounds = options->map.map && strstr(options->map.map, MAP_ROUNDS);
    if (options->scan.rounds.count > 0 && !takes_rounds)
        argp_error(state, "--rounds: the map takes none: write " MAP_ROUNDS " in --map where they belong");
    if (options->scan.rounds.count == 0 && takes_rounds)
        argp_error(state, "the map has " MAP_ROUNDS ": give --rounds, too");
}

/* An option, and whether the user gave it. */
typedef struct Given {
    const char *option;
    bool given;
} Given;

static void check_query(struct argp_state *state, const Options *options)
{
    const Given of_maps[] = {
        {"--source", options->map.source},           {"--map", options->map.map},
        {"--python", options->map.python_count > 0}, {"--chunk", options->scan.chunks.count > 0},
        {"--rows", options->scan.rows.count > 0},    {"--rounds", options->scan.rounds.count > 0}};
    if (!options->map.in)
        argp_error(state, "the database of the query is missing: give --in FILE");
    for (size_t i = 0; i < sizeof of_maps / sizeof *of_maps; i++)
        if (of_maps[i].given)
            argp_error(state, "%s is for maps, and a query is timed: leave it out", of_maps[i].option);
}

/* Checks what is the same for maps and a query. */
static void check_measured(struct argp_state *state, const Options *options)
{
    if (options->scan.executor_count == 1 && strcmp(options->scan.executors[0], "serial") == 0 &&
        options->scan.workers.count > 0)
        fputs("pricereport: --workers is left out: serial has none\n", stderr);
    options_check_charts(state, &options->charts, &options->scan, 1);
    if (options->map.query)
        check_query(state, options);
    else
        check_map(state, options);
    if (options->command.show_output || options->command.ignore_failure)
        argp_error(state, "--show-output and --ignore-failure are for commands: give one after --");
    if (options->command.names.count > 1)
        argp_error(state, "--name: a %s has one name", options->map.query ? "query" : "map");
    for (size_t i = 0; i < COMMAND_STEPS; i++)
        if (options->command.steps[i].count > 0)
            argp_error(state,
                       "--setup, --prepare, --conclude and --cleanup are for commands: give one after --");
    if (options->command.input || options->command.output)
        argp_error(state, "--input and --output are for commands: give one after --");
    if (options->command.metric_count > 0)
        argp_error(state, "--metric, --memory and --file-size are for commands: give one after --");
    if (options->command.shell || options->command.parameter_count > 0)
        argp_error(state, "--shell, --no-shell and --parameter are for commands: give one after --");
}

/* Texts that go with commands are one for each, or one for all where `shared`. */
static void check_texts(struct argp_state *state, const CommandWish *wish, const char *what,
                        const CommandTexts *texts, bool shared)
{
    size_t commands = wish->argv ? 1 : wish->commands.count;
    if (texts->count > 0 && texts->count != commands && !(shared && texts->count == 1))
        argp_error(state, "%s: %zu of them for %zu commands: give one for each%s", what, texts->count,
                   commands, shared ? ", or one for all" : "");
}

static void check_wish(struct argp_state *state, const CommandWish *wish)
{
    if (wish->argv && wish->commands.count > 0)
        argp_error(state, "--command and a command after --: give either, and further ones by --command");
    if (wish->output && wish->show_output)
        argp_error(state, "--output and --show-output: give one of them");
    for (size_t i = 0; i < wish->metric_count; i++)
        if (wish->metrics[i].kind == METRIC_PRINTED && (wish->output || wish->show_output))
            argp_error(state, "--metric reads what commands print: leave out --output and --show-output");
    check_texts(state, wish, "--name", &wish->names, false);
    check_texts(state, wish, "--prepare", &wish->steps[COMMAND_PREPARE], true);
    check_texts(state, wish, "--conclude", &wish->steps[COMMAND_CONCLUDE], true);
    if (wish->steps[COMMAND_SETUP].count > 1 || wish->steps[COMMAND_CLEANUP].count > 1)
        argp_error(state, "--setup and --cleanup: give each once, for all commands");
}

/* Only worker processes have functions of Python here: by one of them and by as many as there are processors,
   unless the user says otherwise. */
static void choose_for_python(struct argp_state *state, Options *options)
{
    Scan *scan = &options->scan;
    for (size_t i = 0; i < scan->executor_count; i++)
        if (strcmp(scan->executors[i], "processes") != 0)
            argp_error(
                state,
                "--executor %s: only worker processes have functions of Python here: leave it out, or give "
                "--executor processes",
                scan->executors[i]);
    if (options->map.verify)
        argp_error(state,
                   "--verify compares with serial, which has no functions of Python here: leave it out");
    scan->executors[0] = "processes";
    scan->executor_count = 1;
    if (scan->workers.count == 0)
        scan->workers = (NumberList){.numbers = {1, 0}, .count = 2};
}

static void check_command(struct argp_state *state, const Options *options)
{
    const Given of_maps[] = {{"--in", options->map.in},
                             {"--query", options->map.query},
                             {"--source", options->map.source},
                             {"--map", options->map.map},
                             {"--load", options->map.load_count > 0},
                             {"--python", options->map.python_count > 0},
                             {"--executor", options->scan.executor_count > 0},
                             {"--workers", options->scan.workers.count > 0},
                             {"--chunk", options->scan.chunks.count > 0},
                             {"--rows", options->scan.rows.count > 0},
                             {"--rounds", options->scan.rounds.count > 0},
                             {"--verify", options->map.verify},
                             {"--into", options->map.into}};
    for (size_t i = 0; i < sizeof of_maps / sizeof *of_maps; i++)
        if (of_maps[i].given)
            argp_error(state, "%s is for maps, and a command is timed: leave it out", of_maps[i].option);
    for (size_t i = 0; i < CHART_COUNT; i++)
        if (options->charts.wish.kinds & 1u << i && chart_is_of_maps(i))
            argp_error(state, "--chart %s is of maps, and a command is timed: leave it out", chart_name(i));
    const CommandWish *wish = &options->command;
    if (wish->argv && (!wish->argv[0] || !*wish->argv[0]))
        argp_error(state, "the command is missing after --: give a program and its arguments");
    check_wish(state, wish);
}

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    switch (key) {
    case KEY_NAME:
        options_command_text(state, "--name", argument, &options->command.names);
        options->map.name = options->command.names.texts[0];
        return 0;
    case KEY_LOAD:
        if (options->map.load_count == LOADS_MAX)
            argp_error(state, "--load: at most %d extensions", LOADS_MAX);
        options->map.loads[options->map.load_count++] = options_text(state, "--load", argument);
        return 0;
    case KEY_PYTHON:
        if (options->map.python_count == LOADS_MAX)
            argp_error(state, "--python: at most %d functions", LOADS_MAX);
        options->map.pythons[options->map.python_count++] = options_text(state, "--python", argument);
        return 0;
    case KEY_STEPS:
        options->walk.steps = options_number(state, "--steps", argument, 1, INT32_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (strchr(argument, ' '))
            argp_error(
                state,
                "%s: a command as a shell reads it is given as: pricereport run --command '%s'; a program "
                "and its arguments come after --",
                argument, argument);
        argp_error(state,
                   "%s: a command comes after --, as in: pricereport run -- %s ...; a map is named by its "
                   "options, a text with spaces in quotes",
                   argument, argument);
        return 0;
    case ARGP_KEY_END:
        if (options->map.resume && !options->map.into)
            argp_error(state, "--resume goes on with a table: give --into TABLE");
        commits_check(state, options);
        if (commands_wished(&options->command))
            check_command(state, options);
        else
            check_measured(state, options);
        if (options->map.into)
            into_check(state, options);
        else if (options->map.python_count > 0)
            choose_for_python(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"in", VERB_TEXT(map.in), "FILE", 0, "The SQLite database, which only --into writes", 1},
    {"database", VERB_TEXT(map.in), NULL, OPTION_ALIAS, NULL, 1},
    {"source", VERB_TEXT(map.source), "SOURCE", 0, "The rows to map: a table, a view or a SELECT", 1},
    {"map", VERB_TEXT(map.map), "MAP", 0, "The expression over the source's columns", 1},
    {"query", VERB_TEXT(map.query), "SELECT", 0,
     "A whole SELECT in place of a map: as SQLite runs it (serial), and divided among workers", 1},
    {"load", KEY_LOAD, "EXTENSION", 0,
     "An SQLite extension with functions of the map or query; may be repeated", 1},
    {"python", KEY_PYTHON, "MODULE:FUNCTION", 0,
     "A function of Python that the map calls by its name there; may be repeated", 1},
    {"verify", VERB_FLAG(map.verify), NULL, 0,
     "First compare the rows of every executor with those of serial", 1},
    {"into", VERB_TEXT(map.into), "TABLE", 0,
     "Fill this table of the database with the map's values in place of timing it, batch by batch", 1},
    {"resume", VERB_FLAG(map.resume), NULL, 0, "With --into, also where the table has rows: go on after them",
     1},
    {"name", KEY_NAME, "TEXT", 0,
     "The name of the benchmark (the map, the query or the command); of several commands, one for each", 2},
    {NULL, 0, NULL, 0, "Commits:", 4},
    {"commits", VERB_TEXT(walk.range), "A..B", 0,
     "Time commands in each commit of a range (and in A), in a work tree of its own that --setup builds; those that "
     "have a run are passed over",
     4},
    {"steps", KEY_STEPS, "N", 0, "With --commits, measure at most N commits: first where figures differ most",
     4},
    {"bisect", VERB_FLAG(walk.bisect), NULL, 0,
     "With --commits, measure only until it is known which commit changed the figures", 4},
    {"again", VERB_FLAG(walk.again), NULL, 0, "With --commits, measure also what has a run already", 4},
    {"command-name", KEY_NAME, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 2},
    {0},
};

/* The commands that are timed, and the bench that executes them. */
typedef struct Commands {
    CommandSet *set;
    CommandBench *bench;
} Commands;

/* Prints how many executions failed, where they may, of each command of which some did. */
static void print_failures(const Commands *commands, FILE *file)
{
    for (size_t i = 0; i < commands_count(commands->set); i++) {
        CommandFailures failures = command_bench_failures(commands->bench, i);
        if (failures.failed == 0)
            continue;
        fprintf(file, "%s%" PRId64 " of %" PRId64 " executions of '", file == stderr ? "pricereport: " : "",
                failures.failed, failures.executions);
        unicode_print(commands_name(commands->set, i), "", "", file);
        fprintf(file, "' failed, the last with %s %d.\n",
                WIFSIGNALED(failures.status) ? "signal" : "exit status",
                WIFSIGNALED(failures.status) ? WTERMSIG(failures.status) : WEXITSTATUS(failures.status));
    }
}

/* Prints what is to be known of the commands' figures. */
static int print_notes(const Options *options, const Commands *commands, sqlite3 *db, int64_t run,
                       Failure *failure)
{
    const CommandWish *wish = &options->command;
    const bool as_table = options->common.format == OUTPUT_TABLE;
    const bool shell = !wish->argv && !(wish->shell && strcmp(wish->shell, "none") == 0);
    print_failures(commands, as_table ? stdout : stderr);
    return as_table ? measurements_note_hints(db, run, shell, stdout, failure) : 0;
}

/* Prints the measurements of a run, of one that failed (`result` is not 0) those until then. Returns
 * `result`, with its own failure, or that of the printing. `commands` is NULL for maps. */
static int print_run(const Options *options, const Commands *commands, History *history, int64_t run,
                     int result, Failure *failure)
{
    sqlite3 *db = history_db(history);
    Failure second = {.text = ""};
    Failure *other = result ? &second : failure;
    const OutputQuery *query = measurements_query(db, run, other);
    if (!query || output_rows(db, query, run, options->common.format, stdout, other))
        return -1;
    if (options->common.format == OUTPUT_TABLE) {
        printf("\nRun %" PRId64 ", recorded in %s\n", run, history_file(history));
        if (measurements_note_load(db, run, stdout, other) || ranking_print(db, run, stdout, other))
            return -1;
    }
    if (commands && print_notes(options, commands, db, run, other))
        return -1;
    return output_finish(stdout, other) ? -1 : result;
}

static int measure_maps(const Options *options, History *history, int64_t *run, Failure *failure)
{
    const char *text = options->map.query ? options->map.query : options->map.map;
    const ScanMap map = {.name = options->map.name ? options->map.name : text,
                         .source = options->map.source,
                         .map = options->map.map,
                         .query = options->map.query};
    MapJob *jobs;
    size_t count;
    if (scan_jobs(&options->scan, &map, 1, &jobs, &count, failure))
        return -1;
    const MeasurePlan plan = {.verb = options->map.query ? "query" : "run",
                              .database = {.file = options->map.in,
                                           .loads = options->map.loads,
                                           .load_count = options->map.load_count,
                                           .pythons = options->map.pythons,
                                           .python_count = options->map.python_count},
                              .jobs = jobs,
                              .count = count,
                              .named = options->map.name && strcmp(options->map.name, text) != 0,
                              .verify = options->map.verify,
                              .recording = options_recording(options)};
    int result = measure(&plan, history, run, failure);
    free(jobs);
    return result;
}

/* `context` is the Commands; NULL: maps. */
static int perform(History *history, const Options *options, void *context, Failure *failure)
{
    const Commands *commands = context;
    int64_t run;
    if (options->charts.plot && charts_make_directory(options->charts.wish.directory, "--out", failure))
        return -1;
    const RecordingSettings recording = options_recording(options);
    int result = commands
                     ? measure_commands(commands->bench, commands->set, &recording, history, &run, failure)
                     : measure_maps(options, history, &run, failure);
    if (result >= 0)
        result = print_run(options, commands, history, run, result, failure);
    if (result)
        return -1;
    if (!options->charts.plot)
        return 0;
    FILE *paths = options->common.format == OUTPUT_TABLE ? stdout : NULL;
    return charts_draw(history_db(history), run, &options->charts.wish, paths, NULL, failure);
}

/* The launcher of the commands is started before the history is opened, so that it inherits nothing of that.
 */
static int run_commands(const Options *options)
{
    Failure failure;
    Commands commands = {0};
    int status = commands_expand(&options->command, &commands.set, &failure);
    if (status) {
        failure_print(&failure);
        return status;
    }
    const CommandBenchPlan plan = {.jobs = commands_jobs(commands.set),
                                   .count = commands_count(commands.set),
                                   .input = options->command.input,
                                   .output = options->command.output,
                                   .show_output = options->command.show_output,
                                   .ignore_failure = options->command.ignore_failure,
                                   .metrics = options->command.metrics,
                                   .metric_count = options->command.metric_count};
    if (options->walk.range && options->sampling.repeats == 0)
        status = commits_perform(options, &plan, commands.set);
    else if (command_bench_open(&commands.bench, &plan, &failure))
        status = failure_print(&failure);
    else
        status = verb_on_history(options, HISTORY_RECORD, perform, &commands);
    command_bench_close(&commands.bench);
    commands_free(&commands.set);
    return status;
}

static int run(const Options *options)
{
    if (options->map.into)
        return into_perform(options);
    if (!commands_wished(&options->command))
        return verb_on_history(options, HISTORY_RECORD, perform, NULL);
    int status = run_commands(options);
    CommandWish wish = options->command;
    options_free_parameters(&wish);
    return status;
}

const Verb verb_run = {
    .name = "run",
    .summary = "times any map, query or command; or fills a table",
    .options = table,
    .children = children,
    .args_doc =
        "--in FILE --source SOURCE --map MAP\n--in FILE --source T --map MAP --into TABLE\n--in FILE --query SELECT\n-- COMMAND [ARGUMENT...]\n--command TEXT [--command TEXT...]\n--commits A..B --setup BUILD -- COMMAND",
    .doc =
        "Times a map or a query over a database with every combination of the options, or any command; records "
        "every sample, and prints the table.\v"
        "A benchmark has at least 10 samples and 3 seconds, and ends when the 95 % interval of its median is "
        "within 2 %, after 1000 samples, or after 60 seconds. Ctrl-C ends the run and keeps what was measured.\n\n"
        "A sample of a command is one execution, with its own user and system time and peak memory.",
    .arguments = VERB_OWN,
    .takes_command = true,
    .parse = parse,
    .whole = run,
};
