/*
 * The other kind of worker: where workers of one kind gain moderately, those of another may gain more, as
 * processes do where threads wait for each other now and then. One window of the other kind shows it. Where
 * it does no more the next such trial is twice as far away. On the connection's thread only.
 */
#ifndef PRICEMAP_OTHER_KIND_H
#define PRICEMAP_OTHER_KIND_H

#include "ext/executors/kinds.h"

/* Zeros: no kind was compared yet. */
typedef struct OtherKind {
    /* Kind whose workers do more than others, as far as was seen; NULL: not known. */
    const ExecutorKind *preferred;
    /* Kind that a trial under way is compared with, NULL: there is none; and the nanoseconds that a unit took
       one of its workers. */
    const ExecutorKind *before;
    double before_ns;
    /* Windows until the next trial, and the distance from the last one to it. */
    int windows_left, distance;
} OtherKind;

/* Takes in a window in which workers gained less than they could, and which is none of a trial. Returns
 * whether now is the time for a trial, as far as windows say. */
bool other_kind_is_due(OtherKind *other);

/* Begins a trial of another kind than `kind`, of whose workers one takes `unit_ns`. */
void other_kind_begin(OtherKind *other, const ExecutorKind *kind, double unit_ns);

/* Ends the trial with a window of `kind`, whose workers take `unit_ns`. Returns the kind that does more. */
const ExecutorKind *other_kind_end(OtherKind *other, const ExecutorKind *kind, double unit_ns);

#endif
