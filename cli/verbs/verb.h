/* The verbs of the command line, and the steps that are the same for all. Each verb's file defines one Verb;
 * verbs.h lists them. */
#ifndef PRICEREPORT_VERB_H
#define PRICEREPORT_VERB_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"
#include "cli/options/options.h"

/* The arguments of a verb that are no options. */
typedef enum VerbArguments {
    /* No arguments. */
    VERB_OPTIONS_ONLY,
    /* At most one, which goes into Arguments.run. */
    VERB_ONE_RUN,
    /* Any number, which go into Arguments.rest. */
    VERB_REST,
    /* Arguments that the verb's own `parse` takes. */
    VERB_OWN,
} VerbArguments;

/* Keys of options that only set a member of Options: a bool to true, or a text to the option's argument. */
enum { VERB_FLAGS = 1 << 16, VERB_TEXTS = 2 << 16, VERB_MEMBERS_END = 3 << 16 };
#define VERB_FLAG(member) (VERB_FLAGS + (int)offsetof(Options, member))
#define VERB_TEXT(member) (VERB_TEXTS + (int)offsetof(Options, member))

typedef struct Verb {
    /* Word of the command line; "" for the experiment. */
    const char *name;
    /* Half a sentence for the list of verbs. */
    const char *summary;
    /* Options of its own, with keys from 600, VERB_FLAG or VERB_TEXT; NULL: none. */
    const struct argp_option *options;
    /* Parsers of the option groups it takes, with their headings; NULL: options_common alone. */
    const struct argp_child *children;
    /* Arguments and texts of its help, as argp has them. */
    const char *args_doc, *doc;
    VerbArguments arguments;
    /* Message where VERB_REST finds no arguments; NULL: none are needed. */
    const char *missing;
    /* Whether `--` begins a command; then options end with the first argument. */
    bool takes_command;
    HistoryMode mode;
    /* Sets defaults that differ from options_defaults; NULL: none do. */
    void (*prepare)(Options *options);
    /* Takes its other options and arguments, and checks all of them at ARGP_KEY_END; NULL: it has none. */
    error_t (*parse)(int key, char *argument, struct argp_state *state, Options *options);
    /* Does the work on the open history. Returns an exit status, or -1 with the failure set. */
    int (*perform)(History *history, const Options *options, Failure *failure);
    /* Replaces opening the history and `perform`, for a verb that has other work first, or needs no history.
     * Returns an exit status. */
    int (*whole)(const Options *options);
} Verb;

/* Parses the arguments, opens the history, performs the verb, makes sure that what was printed arrived, and
 * prints the failure, if there is one. argv[0] is "pricereport", and the verb itself is taken out. Ends the
 * process after help, and where the verb is used wrongly. Returns the exit status. */
int verb_perform(const Verb *verb, int argc, char **argv);

/* The part of verb_perform that comes after the options. `context` is passed on. */
int verb_on_history(const Options *options, HistoryMode mode,
                    int (*work)(History *history, const Options *options, void *context, Failure *failure),
                    void *context);

#endif
