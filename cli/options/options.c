#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

#include "cli/options/options.h"
#include "cli/system/machine.h"

enum { KEY_DB = 256, KEY_JSON, KEY_CSV, KEY_MARKDOWN, KEY_VERSION, KEY_USAGE };

Options options_defaults(const char *title)
{
    return (Options){.common.title = title,
                     .sampling.rules = sampling_defaults,
                     .charts.wish.directory = "pricereport-charts",
                     .judging.threshold = 5};
}

void *options_group(Options *options, const struct argp *parser)
{
    const struct {
        const struct argp *parser;
        void *group;
    } groups[] = {{&options_history, &options->common},     {&options_common, &options->common},
                  {&options_sampling, &options->sampling},  {&options_charts, &options->charts},
                  {&options_chart_files, &options->charts}, {&options_scan, &options->scan},
                  {&options_judging, &options->judging},    {&options_commands, &options->command},
                  {&options_selection, &options->selection}};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (groups[i].parser == parser)
            return groups[i].group;
    return NULL;
}

RecordingSettings options_recording(const Options *options)
{
    return (RecordingSettings){.rules = options->sampling.rules,
                               .label = options->sampling.label,
                               .machine = options->sampling.machine,
                               .repeats = options->sampling.repeats,
                               .arguments = options->command_line};
}

void options_name(struct argp_state *state, const char *name, Arguments *arguments)
{
    if (arguments->name_count == NAMES_MAX)
        argp_error(state, "at most %d benchmarks", NAMES_MAX);
    arguments->names[arguments->name_count++] = name;
}

const char *options_text(struct argp_state *state, const char *what, const char *text)
{
    if (!text[strspn(text, " \t\n")])
        argp_error(state, "%s is empty: give a text, or leave it out", what);
    return text;
}

const char *options_machine(struct argp_state *state, const char *name)
{
    const size_t most = sizeof((Machine *)NULL)->processor - 1;
    if (strlen(name) > most)
        argp_error(state, "--machine: the name has %zu bytes: give one of at most %zu", strlen(name), most);
    return options_text(state, "--machine", name);
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

static error_t parse_history(int key, char *argument, struct argp_state *state)
{
    CommonOptions *common = state->input;
    switch (key) {
    case KEY_DB:
        if (!*argument)
            argp_error(state, "--db: give the name of a file");
        common->db = argument;
        return 0;
    case 'h':
    case '?':
    case KEY_USAGE: {
        /* Errors keep the name of the command; only help shows the verb with it. */
        char title[64];
        snprintf(title, sizeof title, "%s", common->title);
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

static void set_format(struct argp_state *state, CommonOptions *common, OutputFormat format)
{
    if (common->format != OUTPUT_TABLE && common->format != format)
        argp_error(state, "--json, --csv and --markdown: give one of them");
    common->format = format;
}

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    CommonOptions *common = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = common;
        return 0;
    case KEY_JSON:
        set_format(state, common, OUTPUT_JSON);
        return 0;
    case KEY_CSV:
        set_format(state, common, OUTPUT_CSV);
        return 0;
    case KEY_MARKDOWN:
        set_format(state, common, OUTPUT_MARKDOWN);
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
