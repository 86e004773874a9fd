/* pricereport: which verb it is. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/failure.h"
#include "cli/verbs/verbs.h"

typedef struct Verb {
    const char *name;
    int (*perform)(int argc, char **argv);
} Verb;

static const Verb verbs[] = {
    {"run", verb_run},         {"list", verb_list},
    {"show", verb_show},       {"plot", verb_plot},
    {"compare", verb_compare}, {"check", verb_check},
    {"history", verb_history}, {"ack", verb_ack},
    {"exclude", verb_exclude}, {"threshold", verb_threshold},
    {"export", verb_export},   {"import", verb_import},
    {"merge", verb_merge},     {"report", verb_report},
    {"doctor", verb_doctor},
};

/* The verb comes first; only --db may stand before it, as people are used to from other commands. Returns its
 * place in argv, or 0 where there is none. */
static int find_verb(int argc, char **argv)
{
    int i = 1;
    while (i < argc) {
        if (strcmp(argv[i], "--db") == 0)
            i += 2;
        else if (strncmp(argv[i], "--db=", 5) == 0)
            i++;
        else
            break;
    }
    return i < argc && argv[i][0] != '-' ? i : 0;
}

/* `help VERB` is VERB --help, and `help` alone that of the command. Returns the place of the verb, or 0. */
static int turn_help(int *argc, char **argv, int place)
{
    static char option[] = "--help";
    if (place + 1 == *argc) {
        argv[place] = option;
        return 0;
    }
    argv[place] = argv[place + 1];
    argv[place + 1] = option;
    *argc = place + 2;
    return place;
}

int main(int argc, char **argv)
{
    char name[] = "pricereport";
    if (argc < 1) {
        fputs("pricereport: started without a name: give it at least its own as argument 0\n", stderr);
        return EXIT_USAGE;
    }
    argp_err_exit_status = EXIT_USAGE;
    argv[0] = name;
    int place = find_verb(argc, argv);
    if (place > 0 && strcmp(argv[place], "help") == 0)
        place = turn_help(&argc, argv, place);
    if (place == 0)
        return verb_experiment(argc, argv);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(argv[place], verbs[i].name) != 0)
            continue;
        memmove(argv + place, argv + place + 1, (size_t)(argc - place) * sizeof *argv);
        return verbs[i].perform(argc - 1, argv);
    }
    fprintf(stderr, "pricereport: %s: there is no such verb: use one of", argv[place]);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "", verbs[i].name);
    fputs(", or none for the experiment\n", stderr);
    return EXIT_USAGE;
}
