/* The options that several verbs share: a struct and a parser for each group. The parsers are children of the
 * verbs' own argp parsers, and each gets a pointer to its group as input; options_group finds that. */
#ifndef PRICEREPORT_OPTIONS_H
#define PRICEREPORT_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/history/run_selection.h"
#include "cli/measure/commands.h"
#include "cli/measure/recording.h"
#include "cli/measure/scan.h"
#include "cli/output/output.h"
#include "cli/report/chart.h"
#include "cli/sampling/sampling.h"

enum { LOADS_MAX = 16, NAMES_MAX = 64 };

/* --db, --help and the like, and the form of what is printed. */
typedef struct CommonOptions {
    /* Name under which help is printed, "pricereport run". */
    const char *title;
    /* File of the history; NULL: the default. */
    const char *db;
    OutputFormat format;
} CommonOptions;

/* How to measure. */
typedef struct SamplingOptions {
    SamplingRules rules;
    bool samples_given, min_samples_given, max_samples_given, min_time_given, max_time_given, seed_given,
        warmup_given;
    /* Name of the run in lists; NULL: none. */
    const char *label;
    /* Name of the machine; NULL: it is known by what it is. */
    const char *machine;
    /* Run that this one measures once more; 0: none. */
    int64_t repeats;
} SamplingOptions;

typedef struct ChartOptions {
    bool plot;
    ChartWish wish;
} ChartOptions;

/* When a change counts. */
typedef struct JudgingOptions {
    /* Smallest change of a median that counts, in percent. */
    double threshold;
    bool any_machine;
} JudgingOptions;

/* The parts of a map, or a query. */
typedef struct MapOptions {
    const char *in, *source, *map, *query, *name;
    const char *loads[LOADS_MAX];
    size_t load_count;
    /* Functions of Python that the map may call, module:function each. */
    const char *pythons[LOADS_MAX];
    size_t python_count;
    bool verify;
    /* Table that is filled with the values; NULL: the map is timed. */
    const char *into;
    bool resume;
} MapOptions;

/* Commits over which commands are measured. */
typedef struct WalkOptions {
    /* Range of commits; NULL: the current folder is measured. */
    const char *range;
    /* Most commits to measure; 0: all. */
    int64_t steps;
    /* Whether only commits between two whose figures differ are measured, and whether also those that have a
     * run. */
    bool bisect, again;
} WalkOptions;

/* Arguments of the command line that are no options; texts are those of argv. */
typedef struct Arguments {
    /* The run, and what it is compared with, as typed; NULL: not given. */
    const char *run, *base;
    /* Names of benchmarks. */
    const char *names[NAMES_MAX];
    size_t name_count;
    /* Files or runs, all that is left. */
    char *const *rest;
    size_t rest_count;
} Arguments;

/* All options; each verb reads the groups whose options it has. */
typedef struct Options {
    CommonOptions common;
    SamplingOptions sampling;
    ChartOptions charts;
    Scan scan;
    JudgingOptions judging;
    RunSelection selection;
    MapOptions map;
    CommandWish command;
    WalkOptions walk;
    Arguments arguments;
    /* Flags of one verb each. */
    bool python, samples, fail, once, changes, undo, here, percent_given, force, dry_run, out_given;
    /* Measurements and days that prune keeps; 0: not given. */
    int64_t keep, older_than;
    /* Format of files that come in or go out; NULL: not given. */
    const char *exchange_format;
    /* Folder of a site, and address of a commit with {commit} for its hash; NULL: not given. */
    const char *all, *commit_url;
    /* Why, in the words of the user; NULL: not given. */
    const char *reason;
    /* The command line without the program's name, ends with NULL. */
    char *const *command_line;
} Options;

/* The parsers of the groups:
 *
 *   options_history      --db, --help, --usage, --version          CommonOptions
 *   options_common       the same, --json, --csv, --markdown       CommonOptions
 *   options_sampling     how to measure                            SamplingOptions
 *   options_chart_files  --chart, --out, --format                  ChartOptions
 *   options_charts       the same, --plot                          ChartOptions
 *   options_scan         --executor and what else is varied        Scan
 *   options_judging      --threshold, --any-machine                JudgingOptions
 *   options_commands     --command and what is done around them    CommandWish
 *   options_selection    --branch, --commits                       RunSelection
 */
extern const struct argp options_history, options_common, options_sampling, options_chart_files,
    options_charts, options_scan, options_judging, options_commands, options_selection;

/* The group that the parser fills, of these options; to be its input. */
void *options_group(Options *options, const struct argp *parser);

/* Options and defaults under that title. */
Options options_defaults(const char *title);

/* The options that a recording needs; their texts are borrowed. */
RecordingSettings options_recording(const Options *options);

/* Adds a text of the option that `what` names; an empty one, and too many, are wrong usage. */
void options_command_text(struct argp_state *state, const char *what, const char *text, CommandTexts *texts);

/* Frees what the parser of options_commands allocated for the parameters and metrics. */
void options_free_parameters(CommandWish *wish);

/* Adds the name of a benchmark; too many are wrong usage. */
void options_name(struct argp_state *state, const char *name, Arguments *arguments);

/* Ends with wrong usage where --plot is to draw a chart for which the scan of so many maps has not enough
 * measurements: before they are taken. */
void options_check_charts(struct argp_state *state, const ChartOptions *charts, const Scan *scan,
                          size_t maps);

/* Returns `text`, which `what` names; an empty one is wrong usage. */
const char *options_text(struct argp_state *state, const char *what, const char *text);

/* Returns the name of --machine; an empty one, and one that is too long, are wrong usage. */
const char *options_machine(struct argp_state *state, const char *name);

/* Returns a whole number from `least` to `most`; anything else is wrong usage. `what` names the option. */
int64_t options_number(struct argp_state *state, const char *what, const char *text, int64_t least,
                       int64_t most);

/* Returns a percentage above 0; anything else is wrong usage. `what` names the option or the argument. */
double options_percent(struct argp_state *state, const char *what, const char *text);

#endif
