/* Which run a text on the command line means, for every verb. */
#ifndef PRICEREPORT_RUN_CHOICE_H
#define PRICEREPORT_RUN_CHOICE_H

#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"

typedef enum RunChoiceKind {
    CHOICE_RUN,
    /* For each benchmark of another run by itself: the measurement before that one. */
    CHOICE_PREVIOUS,
    /* For each benchmark of another run by itself: the fastest of all its other measurements. */
    CHOICE_BEST,
} RunChoiceKind;

typedef struct RunChoice {
    RunChoiceKind kind;
    /* Numbers of the run and of its machine, for CHOICE_RUN. */
    int64_t run, machine;
} RunChoice;

/* Finds what the text means: "previous", "best", "latest", a run's number, a label, a branch, at least 4
 * digits of a commit, or a name that git has for a commit (HEAD~1, a tag), in this order. Of several runs it
 * is the newest, those of `machine` (0: none) first; a run that failed or measured nothing is found by its
 * number only. Returns 0, or -1 with the failure set. */
int run_choice_find(History *history, const char *text, int64_t machine, RunChoice *choice, Failure *failure);

/* Calls `use` with every run that the text means: those of a range, in the order of their numbers, or the one
 * run. A range is A..B: of two numbers, from one to the other; else of commits, those that git reaches from B
 * and not from A. Returns 0, or -1 with the failure set, where nothing is meant, too. */
int run_choice_each(History *history, const char *text,
                    int (*use)(History *history, int64_t run, void *context, Failure *failure), void *context,
                    Failure *failure);

/* Finds the one run that the text means; NULL means "latest". Returns 0, or -1 with the failure set. */
int run_choice_single(History *history, const char *text, int64_t *run, Failure *failure);

#endif
