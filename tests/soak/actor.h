/*
 * A thread that works on a connection of its own, one random operation after the other. All of it is used on
 * that thread, apart from what others may do to it: actor_interrupt and the fields that the watch reads.
 */
#ifndef SOAK_ACTOR_H
#define SOAK_ACTOR_H

#include <pthread.h>
#include <sqlite3.h>

#include "tests/support/random.h"
#include "soak.h"

enum {
    ACTOR_ROWS = 12000, /* of the table account: enough for workers to read it themselves */
    ACTOR_AMOUNT = 100, /* an account has at first; the sum of all never changes */
    ACTOR_BUSY_MS = 30000,
    ACTOR_SQL_SIZE = 1000,
};

typedef struct Actor {
    Soak *soak;
    int number;
    pthread_t thread;
    Random random;
    pthread_mutex_t mutex; /* guards `interruptible` and the connection against actor_interrupt */
    bool interruptible;
    sqlite3 *db;
    bool shared; /* the file belongs to all actors */
    int retries;
    double timeout;             /* as set; 0: none */
    char sql[ACTOR_SQL_SIZE];   /* the map of this operation, to be shown where it goes wrong */
    atomic_long interrupts;     /* that this connection got */
    long interrupts_before;     /* when the operation began */
    long workers_killed_before; /* when the last map that went well began */
    long zygotes_killed_before;
    int64_t began_ns;
    /* For the watch. */
    atomic_long operation;
    atomic_int kind;       /* a SoakCount */
    atomic_llong since_ns; /* the operation's begin; 0: none */
} Actor;

/* Starts the thread; it ends soon after the era does, with its connection closed. */
bool actor_start(Actor *actor, Soak *soak, int number);
void actor_join(Actor *actor);

/* Interrupts what it does just now, if that is a map; on any thread. */
void actor_interrupt(Actor *actor);

/* ---- for the operations ---- */

/* A finding of this operation, with its SQL. */
__attribute__((format(printf, 2, 3))) void actor_finding(Actor *actor, const char *format, ...);

/* Whether an error is what the disturbances may lead to; it is counted then, and a finding else. */
bool actor_excuses(Actor *actor, int rc, const char *message);

/* Runs statements that have to succeed, or to fail with an excuse. Whether they did succeed. */
__attribute__((format(printf, 2, 3))) bool actor_run(Actor *actor, const char *format, ...);

/* From here to the other, and only there, others may interrupt. */
void actor_begin_map(Actor *actor);
void actor_end_map(Actor *actor, bool well);

/* Closes the connection, which has to work, and opens another one on a random database. False when that
 * fails. */
bool actor_open(Actor *actor);
void actor_close(Actor *actor);

#endif
