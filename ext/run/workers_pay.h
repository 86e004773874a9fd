/* Whether workers pay, by the figures that `auto` has measured. */
#ifndef PRICEMAP_WORKERS_PAY_H
#define PRICEMAP_WORKERS_PAY_H

#include <stdbool.h>

/* Figures that `auto` has measured of a map, in nanoseconds. */
typedef struct WorkFigures {
    /* Time to evaluate a row, in the last chunk that ran in place. */
    double eval_ns;
    /* Time to read a row, where the host reads them; else 0. */
    double feed_ns;
    /* Time that the reader of the map spends on a row before it wants the next one. */
    double reader_ns;
    /* Time spent on evaluating in place so far. */
    double spent_ns;
    /* Time to evaluate what is known to be left; 0: not known. */
    double left_ns;
    /* Cost of having the workers at work. */
    double start_ns;
    /* Whether the host reads the rows and hands them out. */
    bool fed;
} WorkFigures;

/*
 * Whether a run under `auto` should go on with `workers` workers. Their cost must have been spent already on
 * evaluating in place, as a sign that there is more to do, or must be worth it for the work that is known to
 * be left. False: `reason` says why not, with the figures.
 */
bool workers_pay(const WorkFigures *figures, int workers, char *reason, int reason_size);

#endif
