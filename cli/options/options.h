/* The options that several verbs share, as children for their argp parsers. */
#ifndef PRICEREPORT_OPTIONS_H
#define PRICEREPORT_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/report/chart.h"
#include "cli/output/output.h"
#include "cli/sampling/sampling.h"

enum { LIST_MAX = 64, LOADS_MAX = 16, NAMES_MAX = 64 };

/* Numbers as typed: "1,2,4-8,10-100:10,200-1600x2". */
typedef struct NumberList {
    int64_t numbers[LIST_MAX];
    size_t count;
} NumberList;

/* Everything that can be asked for; each verb fills what it has options for. Texts are those of argv. */
typedef struct Options {
    const char *title; /* "pricereport run": whose help it is */
    bool in_order;     /* options end with the first argument, so that what follows is not taken for ours */
    /* common */
    const char *db; /* NULL: the default */
    OutputFormat format;
    /* sampling */
    SamplingRules rules;
    bool samples_given, min_time_given, max_time_given, seed_given;
    const char *label;
    /* charts */
    bool plot;
    ChartWish charts;
    /* maps */
    const char *in, *source, *map, *name;
    const char *executors[4];
    size_t executor_count;
    NumberList workers, chunks, rows, rounds;
    const char *loads[LOADS_MAX];
    size_t load_count;
    bool verify;
    /* commands */
    char *const *command; /* ends with NULL; NULL: none */
    bool show_output, ignore_failure;
    /* exchange */
    char *const *files; /* or runs, as typed: `file_count` of them */
    size_t file_count;
    bool here;
    /* which run, and what of it */
    const char *run;
    bool samples;
    /* judging */
    int64_t repeats;  /* the run that is measured once more; 0: none */
    const char *base; /* what the run is compared with */
    double threshold; /* percent */
    bool percent_given;
    bool any_machine, fail, once, changes, undo;
    const char *reason;
    const char *names[NAMES_MAX]; /* of benchmarks */
    size_t name_count;
} Options;

/* Options and defaults for a verb. */
Options options_defaults(const char *title);

/* The parsers for shared options. Each takes an Options * as input. */
extern const struct argp options_history;     /* --db, --help, --usage, --version */
extern const struct argp options_common;      /* these, --json, --csv, --markdown */
extern const struct argp options_sampling;    /* how to measure */
extern const struct argp options_chart_files; /* --chart, --out, --format */
extern const struct argp options_charts;      /* these, --plot */

/* Parses argv with the verb's own parser, whose children are those of the above that are in its `children`.
 * All get `options`. Does not return when the user asked for help or used it wrongly: then it exits, with
 * status 0 or 2. */
void options_parse(const struct argp *argp, int argc, char **argv, Options *options);

/* Every parser's first call for ARGP_KEY_INIT: hands `state->input` to all children. */
void options_share(struct argp_state *state, const struct argp_child *children);

/* For the one run that a verb takes: keeps it; a second one is wrong usage, for which `complaint` says what
 * the verb takes. */
void options_run(struct argp_state *state, char *argument, const char *complaint);

/* Returns `text`, which `what` names; an empty one is wrong usage. */
const char *options_text(struct argp_state *state, const char *what, const char *text);

/* For ARGP_KEY_ARGS: keeps all arguments that are left as files. */
void options_rest(struct argp_state *state);

/* A whole number from `least` to `most`, or wrong usage. `what` names the option. */
int64_t options_number(struct argp_state *state, const char *what, const char *text, int64_t least,
                       int64_t most);

/* Numbers and ranges, each from 1 to `most` and none twice, or wrong usage. A range has the step 1, "4-8", or
 * its own, "10-100:10", or a factor, "200-1600x2". */
void options_number_list(struct argp_state *state, const char *what, const char *text, int64_t most,
                         NumberList *list);

/* Executors, separated by commas, none twice, or wrong usage. */
void options_executors(struct argp_state *state, const char *text, Options *options);

#endif
