/* What an actor does: maps in every way, each checked. On the actor's thread. */
#ifndef SOAK_OPERATIONS_H
#define SOAK_OPERATIONS_H

#include "actor.h"

/* One operation of that kind. */
void operations_run(Actor *actor, SoakCount kind);

/* A kind to do next, the frequent ones more often. */
SoakCount operations_choose(Random *random);

#endif
