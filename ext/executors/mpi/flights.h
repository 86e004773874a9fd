/*
 * The tasks that ranks of an MPI job have, by number. A flight begins when a task is sent to a rank, and ends
 * when the task is done, its output released and no rest of it expected; or, where the host gave the task up,
 * when the rank has answered. A late answer finds no flight: numbers are used once.
 */
#ifndef PRICEMAP_FLIGHTS_H
#define PRICEMAP_FLIGHTS_H

#include "ext/data/task.h"
#include "ext/link/frames.h"

typedef struct Flight {
    /* Task; NULL: it was given up. */
    Task *task;
    /* Number of the flight in frames; 0: the flight is free. */
    uint64_t id;
    int rank;
    /* Whether the rank has answered, so that the task is done. */
    bool answered;
    /* Whether rows are left, and the rank keeps the task for them. */
    bool has_rest;
    /* Answer, which holds the output; NULL: there is none, or it was released. */
    Frame *answer;
} Flight;

typedef struct Flights {
    /* Flights, each allocated on its own, so that none moves; and their number. */
    Flight **places;
    uint32_t count;
    uint64_t begun;
} Flights;

/* Begins a flight of a task; NULL when out of memory. */
Flight *flights_begin(Flights *flights, Task *task, int rank);

/* The flight with this number, or NULL. */
Flight *flights_find(const Flights *flights, uint64_t id);

/* Ends a flight, and frees its answer. */
void flights_finish(Flight *flight);

/* Frees all flights, but not their tasks. */
void flights_free(Flights *flights);

#endif
