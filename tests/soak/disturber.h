/*
 * Disturbers of the actors, each on a thread of its own: one kills and stops workers and zygotes, one
 * interrupts maps and forks the host, and one per shared database commits changes.
 */
#ifndef SOAK_DISTURBER_H
#define SOAK_DISTURBER_H

#include <pthread.h>
#include <sys/types.h>

#include "actor.h"

enum { DISTURBERS = 4, CHILDREN_MAX = 4 };

typedef struct Disturber {
    Soak *soak;
    Actor *actors;
    int actor_count;
    Random random;
    pthread_t thread;
    const char *database;         /* of one that commits */
    pid_t children[CHILDREN_MAX]; /* of the one that forks; 0: none */
} Disturber;

/* Makes the shared databases, in the soak's folder. 0, or -1 with the reason on standard error. */
int disturbers_make_databases(const Soak *soak);

/* Starts them for an era. */
bool disturbers_start(Disturber *disturbers, Soak *soak, Actor *actors, int actor_count);
void disturbers_join(Disturber *disturbers);

/* Ends the children that were forked off the host and live on. */
void disturbers_end_children(Disturber *disturbers);

#endif
