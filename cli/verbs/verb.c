#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/output.h"
#include "cli/verbs/verbs.h"

/* Input of the parser of a verb. */
typedef struct VerbCall {
    const Verb *verb;
    Options *options;
} VerbCall;

static error_t parse_argument(char *argument, struct argp_state *state, const Verb *verb, Options *options)
{
    switch (verb->arguments) {
    case VERB_OPTIONS_ONLY:
        argp_error(state, "%s: %s takes options only", argument, verb->name);
        return 0;
    case VERB_ONE_RUN:
        if (options->arguments.run)
            argp_error(state, "%s: %s takes one run", argument, verb->name);
        options->arguments.run = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child *children_of(const Verb *verb)
{
    static const struct argp_child common[] = {{&options_common, 0, "Common:", 2}, {0}};
    return verb->children ? verb->children : common;
}

static void share_options(struct argp_state *state, const Verb *verb, Options *options)
{
    const struct argp_child *children = children_of(verb);
    for (size_t i = 0; children[i].argp; i++)
        state->child_inputs[i] = options_group(options, children[i].argp);
}

/* Sets the member of the options that a key of VERB_FLAG or VERB_TEXT stands for. An empty text means nothing
 * to any of them. */
static void set_member(struct argp_state *state, const Verb *verb, int key, const char *argument,
                       Options *options)
{
    char *member = (char *)options + key % VERB_FLAGS, what[64];
    if (key < VERB_TEXTS) {
        memcpy(member, &(bool){true}, sizeof(bool));
        return;
    }
    const struct argp_option *option = verb->options;
    while (option->key != key)
        option++;
    snprintf(what, sizeof what, "--%s", option->name);
    argument = options_text(state, what, argument);
    memcpy(member, &argument, sizeof argument);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    const VerbCall *call = state->input;
    const Verb *verb = call->verb;
    Options *options = call->options;
    if (key == ARGP_KEY_INIT)
        share_options(state, verb, options);
    if (verb->arguments == VERB_REST && key == ARGP_KEY_ARGS) {
        options->arguments.rest = state->argv + state->next;
        options->arguments.rest_count = (size_t)(state->argc - state->next);
        return 0;
    }
    if (key >= VERB_FLAGS && key < VERB_MEMBERS_END) {
        set_member(state, verb, key, argument, options);
        return 0;
    }
    if (verb->missing && key == ARGP_KEY_NO_ARGS)
        argp_error(state, "%s", verb->missing);
    if (verb->arguments != VERB_OWN && key == ARGP_KEY_ARG)
        return parse_argument(argument, state, verb, options);
    return verb->parse ? verb->parse(key, argument, state, options) : ARGP_ERR_UNKNOWN;
}

/* The help of the experiment lists the verbs; argp frees what is allocated here. */
static char *filter_help(int key, const char *text, void *input)
{
    const VerbCall *call = input;
    char *whole = NULL;
    size_t size;
    FILE *file;
    if (key != ARGP_KEY_HELP_POST_DOC || !call || *call->verb->name ||
        !(file = open_memstream(&whole, &size)))
        return (char *)(uintptr_t)text;
    fprintf(file, "%s\n\nVerbs, each with its own --help:\n", text ? text : "");
    for (size_t i = 0; verbs[i]; i++)
        fprintf(file, "  pricereport %-9s %s\n", verbs[i]->name, verbs[i]->summary);
    fprintf(file, "\nExit status: 0 done, 1 a regression, 2 wrong usage, 3 could not do it.");
    return fclose(file) == 0 ? whole : (char *)(uintptr_t)text;
}

/* Takes all arguments after -- for the command, options included. Returns the number of arguments before
 * it. */
static int split_command(int argc, char **argv, Options *options)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            options->command.argv = argv + i + 1;
            return i;
        }
    return argc;
}

static void parse_options(const Verb *verb, int argc, char **argv, Options *options)
{
    const struct argp argp = {.options = verb->options,
                              .parser = parse,
                              .args_doc = verb->args_doc,
                              .doc = verb->doc,
                              .children = children_of(verb),
                              .help_filter = filter_help};
    VerbCall call = {verb, options};
    unsigned flags = ARGP_NO_HELP | (verb->takes_command ? ARGP_IN_ORDER : 0);
    if (verb->takes_command)
        argc = split_command(argc, argv, options);
    error_t error = argp_parse(&argp, argc, argv, flags, NULL, &call);
    if (error) {
        fprintf(stderr, "pricereport: %s\n", strerror(error));
        exit(EXIT_FAILED);
    }
}

int verb_on_history(const Options *options, HistoryMode mode,
                    int (*work)(History *history, const Options *options, void *context, Failure *failure),
                    void *context)
{
    Failure failure;
    History *history;
    if (history_open(&history, options->common.db, mode, &failure))
        return failure_print(&failure);
    int status = work(history, options, context, &failure);
    if (status >= 0 && output_finish(stdout, &failure))
        status = -1;
    history_close(&history);
    return status < 0 ? failure_print(&failure) : status;
}

static int perform(History *history, const Options *options, void *verb, Failure *failure)
{
    if (run_selection_apply(history, &options->selection, failure))
        return -1;
    return ((const Verb *)verb)->perform(history, options, failure);
}

int verb_perform(const Verb *verb, int argc, char **argv)
{
    char title[64];
    snprintf(title, sizeof title, "pricereport%s%s", *verb->name ? " " : "", verb->name);
    Options options = options_defaults(title);
    options.command_line = argv + 1;
    if (verb->prepare)
        verb->prepare(&options);
    parse_options(verb, argc, argv, &options);
    if (verb->whole)
        return verb->whole(&options);
    Verb copy = *verb;
    return verb_on_history(&options, verb->mode, perform, &copy);
}
