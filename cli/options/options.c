#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sqlite3.h>

#include "executor_list.h"
#include "cli/options/options.h"

enum {
    KEY_DB = 256,
    KEY_JSON,
    KEY_CSV,
    KEY_MARKDOWN,
    KEY_VERSION,
    KEY_USAGE,
    KEY_SAMPLES,
    KEY_MIN_TIME,
    KEY_MAX_TIME,
    KEY_WARMUP,
    KEY_SEED,
    KEY_LABEL,
    KEY_REPEAT_OF,
    KEY_PLOT,
    KEY_OUT,
    KEY_FORMAT,
    KEY_CHART,
};

static const int64_t most_samples = 1000000;
static const double most_seconds = 1e9;

Options options_defaults(const char *title)
{
    Options options = {.title = title,
                       .threshold = 5,
                       .rules = sampling_defaults,
                       .charts = {.directory = "pricereport-charts"}};
    return options;
}

void options_share(struct argp_state *state, const struct argp_child *children)
{
    for (size_t i = 0; children[i].argp; i++)
        state->child_inputs[i] = state->input;
}

void options_run(struct argp_state *state, char *argument, const char *complaint)
{
    Options *options = state->input;
    if (options->run)
        argp_error(state, "%s: %s", argument, complaint);
    options->run = argument;
}

const char *options_text(struct argp_state *state, const char *what, const char *text)
{
    if (!text[strspn(text, " \t\n")])
        argp_error(state, "%s is empty: give a text, or leave it out", what);
    return text;
}

void options_rest(struct argp_state *state)
{
    Options *options = state->input;
    options->files = state->argv + state->next;
    options->file_count = (size_t)(state->argc - state->next);
}

int64_t options_number(struct argp_state *state, const char *what, const char *text, int64_t least,
                       int64_t most)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < least || number > most)
        argp_error(state, "%s %s: give a whole number from %" PRId64 " to %" PRId64, what, text, least, most);
    return number;
}

static double seconds_argument(struct argp_state *state, const char *what, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 0 && seconds <= most_seconds))
        argp_error(state, "%s %s: give seconds, such as 0.5 or 10", what, text);
    return seconds;
}

static void list_add(struct argp_state *state, const char *what, NumberList *list, int64_t number)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->numbers[i] == number)
            argp_error(state, "%s: %" PRId64 " is there twice", what, number);
    if (list->count == LIST_MAX)
        argp_error(state, "%s: at most %d numbers", what, LIST_MAX);
    list->numbers[list->count++] = number;
}

/* A number, or a range: first-last, first-last:step, first-lastxfactor. */
typedef struct Range {
    int64_t first, last, step, factor;
} Range;

/* Reads digits, and moves `text` behind them. False where there are none, or too many. */
static bool read_digits(const char **text, int64_t *number)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    *number = strtoll(*text, &end, 10);
    *text = end;
    return errno == 0;
}

/* Reads a range, and moves `text` behind it. False where it is none from 1 to `most`. */
static bool read_range(const char **text, int64_t most, Range *range)
{
    *range = (Range){.step = 1, .factor = 1};
    if (!read_digits(text, &range->first))
        return false;
    range->last = range->first;
    if (**text == '-') {
        ++*text;
        if (!read_digits(text, &range->last))
            return false;
        int64_t *by = **text == ':' ? &range->step : **text == 'x' ? &range->factor : NULL;
        if (by) {
            ++*text;
            if (!read_digits(text, by) || *by < (by == &range->factor ? 2 : 1))
                return false;
        }
    }
    return range->first >= 1 && range->last >= range->first && range->last <= most;
}

void options_number_list(struct argp_state *state, const char *what, const char *text, int64_t most,
                         NumberList *list)
{
    const char *next = text;
    list->count = 0;
    do {
        Range range;
        if (!read_range(&next, most, &range) || (*next && *next != ','))
            argp_error(state,
                       "%s %s: give numbers from 1 to %" PRId64
                       " or ranges, such as 1,2,4-8 or 10-100:10 or 200-1600x2",
                       what, text, most);
        /* `last` is at most INT32_MAX, and so is what matters of step and factor: nothing overflows. */
        for (int64_t number = range.first; number <= range.last;) {
            list_add(state, what, list, number);
            if (range.step > range.last || range.factor > range.last)
                break;
            number = number * range.factor + (range.factor > 1 ? 0 : range.step);
        }
        next = *next == ',' ? next + 1 : NULL;
    } while (next);
}

void options_executors(struct argp_state *state, const char *text, Options *options)
{
    static const char *const known[] = {EXECUTOR_STRINGS, "auto"};
    const size_t known_count = sizeof known / sizeof *known;
    const char *next = text;
    options->executor_count = 0;
    do {
        size_t length = strcspn(next, ","), i = 0;
        while (i < known_count && (strlen(known[i]) != length || strncmp(known[i], next, length) != 0))
            i++;
        if (i == known_count)
            argp_error(state, "--executor %s: %.*s is no executor: use " EXECUTOR_CHOICES, text, (int)length,
                       next);
        for (size_t j = 0; j < options->executor_count; j++)
            if (options->executors[j] == known[i])
                argp_error(state, "--executor %s: %s is there twice", text, known[i]);
        options->executors[options->executor_count++] = known[i];
        next = next[length] == ',' ? next + length + 1 : NULL;
    } while (next);
}

/* What was given decides what the defaults of the rest are: so many samples asked for are taken, however long
 * that takes; a limit of time alone moves the other one out of its way. */
static void settle_rules(struct argp_state *state, Options *options)
{
    SamplingRules *rules = &options->rules;
    if (options->min_time_given && options->max_time_given && rules->min_seconds > rules->max_seconds)
        argp_error(state, "--min-time is longer than --max-time");
    if (options->samples_given && !options->max_time_given)
        rules->max_seconds = INFINITY;
    if (options->max_time_given)
        rules->min_seconds = fmin(rules->min_seconds, rules->max_seconds);
    else
        rules->max_seconds = fmax(rules->min_seconds, rules->max_seconds);
    if (!options->seed_given) {
        uint32_t seed = 0;
        if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
            seed = 1;
        rules->seed = seed;
    }
}

static error_t parse_history(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    switch (key) {
    case KEY_DB:
        if (!*argument)
            argp_error(state, "--db: give the name of a file");
        options->db = argument;
        return 0;
    case 'h':
    case '?':
    case KEY_USAGE: {
        /* Errors keep the name of the command; only help shows the verb with it. */
        char title[64];
        snprintf(title, sizeof title, "%s", options->title);
        state->name = title;
        argp_state_help(state, stdout,
                        key == KEY_USAGE ? ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK : ARGP_HELP_STD_HELP);
        return 0;
    }
    case KEY_VERSION:
        printf("pricereport %s (SQLite %s)\n", PRICEMAP_VERSION, sqlite3_libversion());
        exit(EXIT_DONE);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option history_table[] = {
    {"db", KEY_DB, "FILE", 0, "The history; else $PRICEREPORT_DB, else pricereport.db", 0},
    {"help", 'h', NULL, 0, "Print this help", -1},
    {NULL, '?', NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, -1},
    {"usage", KEY_USAGE, NULL, 0, "Print the options in short", -1},
    {"version", KEY_VERSION, NULL, 0, "Print the version", -1},
    {0},
};

const struct argp options_history = {.options = history_table, .parser = parse_history};

static const struct argp_child common_children[] = {{&options_history, 0, NULL, 0}, {0}};

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    Options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, common_children);
        return 0;
    case KEY_JSON:
        options->format = OUTPUT_JSON;
        return 0;
    case KEY_CSV:
        options->format = OUTPUT_CSV;
        return 0;
    case KEY_MARKDOWN:
        options->format = OUTPUT_MARKDOWN;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option common_table[] = {
    {"json", KEY_JSON, NULL, 0, "Print rows as JSON, every figure in plain numbers", 0},
    {"csv", KEY_CSV, NULL, 0, "Print rows as CSV, every figure in plain numbers", 0},
    {"markdown", KEY_MARKDOWN, NULL, 0, "Print rows as a Markdown table", 0},
    {0},
};

const struct argp options_common = {
    .options = common_table, .parser = parse_common, .children = common_children};

static error_t parse_sampling(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    SamplingRules *rules = &options->rules;
    switch (key) {
    case KEY_SAMPLES:
        rules->min_samples = rules->max_samples =
            options_number(state, "--samples", argument, 1, most_samples);
        options->samples_given = true;
        return 0;
    case KEY_MIN_TIME:
        rules->min_seconds = seconds_argument(state, "--min-time", argument);
        options->min_time_given = true;
        return 0;
    case KEY_MAX_TIME:
        rules->max_seconds = seconds_argument(state, "--max-time", argument);
        options->max_time_given = true;
        return 0;
    case KEY_WARMUP:
        rules->warmup = options_number(state, "--warmup", argument, 0, most_samples);
        return 0;
    case KEY_SEED:
        rules->seed = (uint64_t)options_number(state, "--seed", argument, 0, INT64_MAX);
        options->seed_given = true;
        return 0;
    case KEY_LABEL:
        options->label = options_text(state, "--label", argument);
        return 0;
    case KEY_REPEAT_OF:
        options->repeats = options_number(state, "--repeat-of", argument, 1, INT64_MAX);
        return 0;
    case ARGP_KEY_END:
        settle_rules(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option sampling_table[] = {
    {"samples", KEY_SAMPLES, "N", 0, "Take exactly N samples of each benchmark", 0},
    {"min-time", KEY_MIN_TIME, "SECONDS", 0, "Spend at least so long on each benchmark", 0},
    {"max-time", KEY_MAX_TIME, "SECONDS", 0, "Spend no longer on each benchmark", 0},
    {"warmup", KEY_WARMUP, "N", 0, "First take N samples that do not count (1)", 0},
    {"seed", KEY_SEED, "N", 0, "Shuffle the order of samples from N, to repeat it", 0},
    {"label", KEY_LABEL, "TEXT", 0, "A name for this run in lists and charts", 0},
    {"repeat-of", KEY_REPEAT_OF, "RUN", OPTION_HIDDEN, "What pricereport check adds, see cli/remeasure.h", 0},
    {0},
};

const struct argp options_sampling = {.options = sampling_table, .parser = parse_sampling};

static void add_chart(struct argp_state *state, const char *name, Options *options)
{
    ChartKinds kind = chart_kind(name);
    if (!kind) {
        char names[200] = "";
        size_t used = 0;
        for (size_t i = 0; i < CHART_COUNT && used < sizeof names; i++)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                     i == 0                ? ""
                                     : i + 1 < CHART_COUNT ? ", "
                                                           : " or ",
                                     chart_name(i));
        argp_error(state, "--chart %s: give %s", name, names);
    }
    options->charts.kinds |= kind;
}

static error_t parse_chart_files(int key, char *argument, struct argp_state *state)
{
    Options *options = state->input;
    switch (key) {
    case KEY_OUT:
        if (!*argument)
            argp_error(state, "--out: give the name of a folder");
        options->charts.directory = argument;
        return 0;
    case KEY_CHART:
        add_chart(state, argument, options);
        return 0;
    case KEY_FORMAT: {
        ChartFormats format = chart_format(argument);
        if (!format)
            argp_error(state, "--format %s: give svg, png, pdf or txt", argument);
        options->charts.formats |= format;
        return 0;
    }
    case ARGP_KEY_END:
        if (!options->charts.formats)
            options->charts.formats = CHART_SVG;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option chart_files_table[] = {
    {"chart", KEY_CHART, "NAME", 0,
     "executors, history, workers, break-even, samples or timeline; may be repeated (those that the recorded "
     "data supports)",
     0},
    {"out", KEY_OUT, "DIR", 0, "The folder for charts (pricereport-charts)", 0},
    {"format", KEY_FORMAT, "FORMAT", 0, "svg, png, pdf or txt; may be repeated (svg)", 0},
    {0},
};

const struct argp options_chart_files = {.options = chart_files_table, .parser = parse_chart_files};

static const struct argp_child charts_children[] = {{&options_chart_files, 0, NULL, 0}, {0}};

static error_t parse_charts(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    Options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        options_share(state, charts_children);
        return 0;
    case KEY_PLOT:
        options->plot = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option charts_table[] = {
    {"plot", KEY_PLOT, NULL, 0, "Draw charts, too", 0},
    {0},
};

const struct argp options_charts = {
    .options = charts_table, .parser = parse_charts, .children = charts_children};

void options_parse(const struct argp *argp, int argc, char **argv, Options *options)
{
    unsigned flags = ARGP_NO_HELP | (options->in_order ? ARGP_IN_ORDER : 0);
    error_t error = argp_parse(argp, argc, argv, flags, NULL, options);
    if (error) {
        fprintf(stderr, "pricereport: %s\n", strerror(error));
        exit(EXIT_FAILED);
    }
}
