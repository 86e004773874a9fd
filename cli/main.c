/* pricereport: which verb it is. */
#include <argp.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/failure.h"
#include "cli/verbs/verbs.h"

/* The verb comes first; only --db may stand before it, as people are used to from other commands. Returns its
 * index in argv, or 0 where there is none. */
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

/* `help VERB` is VERB --help, and `help` alone that of the command. Returns the index of the verb, or 0. */
static int turn_help(int *argc, char **argv, int index)
{
    static char option[] = "--help";
    if (index + 1 == *argc) {
        argv[index] = option;
        return 0;
    }
    argv[index] = argv[index + 1];
    argv[index + 1] = option;
    *argc = index + 2;
    return index;
}

int main(int argc, char **argv)
{
    char name[] = "pricereport";
    if (argc < 1) {
        fputs("pricereport: started without a name: give it at least its own as argument 0\n", stderr);
        return EXIT_USAGE;
    }
    /* For the widths of characters, whatever the user's locale. */
    setlocale(LC_CTYPE, "C.UTF-8");
    argp_err_exit_status = EXIT_USAGE;
    argv[0] = name;
    int index = find_verb(argc, argv);
    if (index > 0 && strcmp(argv[index], "help") == 0)
        index = turn_help(&argc, argv, index);
    if (index == 0)
        return verb_perform(&verb_experiment, argc, argv);
    for (size_t i = 0; verbs[i]; i++) {
        if (strcmp(argv[index], verbs[i]->name) != 0)
            continue;
        memmove(argv + index, argv + index + 1, (size_t)(argc - index) * sizeof *argv);
        return verb_perform(verbs[i], argc - 1, argv);
    }
    fprintf(stderr, "pricereport: %s: there is no such verb: use one of", argv[index]);
    for (size_t i = 0; verbs[i]; i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "", verbs[i]->name);
    fputs(", or none for the experiment\n", stderr);
    return EXIT_USAGE;
}
