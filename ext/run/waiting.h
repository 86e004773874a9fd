/*
 * The number of workers for rows that wait more than they compute: it doubles for as long as more workers do
 * more rows a second. Where they do not it goes back, and more are tried again later, at growing distances:
 * the service that the rows wait for, or the machine, may have been busy for a moment.
 */
#ifndef PRICEMAP_WAITING_H
#define PRICEMAP_WAITING_H

#include <stdbool.h>

typedef struct Waiting {
    /* Number of workers; 0: not known yet. */
    int workers;
    /* Number of workers before it was doubled, and what they did, in units a second; 0: it was not. */
    int before;
    double rate_before;
    /* Windows until more workers are tried, and the distance from the last such trial to this one. */
    int windows_left, distance;
} Waiting;

/* Begins a run, of which `computing` workers have a processor each and at most `most` may be used. Keeps what
   is known. */
void waiting_begin(Waiting *waiting, int computing, int most);

/* Takes in a window in which all workers were at work and a unit took one of them `unit_ns`. Returns whether
   the number of workers is another one now. */
bool waiting_next(Waiting *waiting, double unit_ns, int most);

#endif
