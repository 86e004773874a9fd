/*
 * Rank 0's connection with the host. Frames of the host's go on to the ranks that they are for, and theirs to
 * the host, unread. No function waits but broker_connect.
 */
#ifndef PRICEMAP_BROKER_H
#define PRICEMAP_BROKER_H

#include "ext/rank/rank.h"

/* Connects to the host at an address as the guard writes it, and greets with the cookie that comes through
   standard input. Ends the job where there is no such host. */
Broker *broker_connect(const char *address, int ranks);

/* Puts a frame for the host, which the broker owns from then on, into the queue. */
void broker_queue(Broker *broker, Frame *frame);

/* Sends and receives what can be at once. Returns whether anything has moved. A host that is gone ends the
   job. */
bool broker_move(Rank *rank);

/* Sleeps, so many nanoseconds at most, until the host sends something. */
void broker_sleep(const Broker *broker, int64_t nanoseconds);

/* Sends signs of life to the ranks and the host, announces a rank to the host that gives none, and ends the
   job that was idle for too long. */
void broker_check(Rank *rank, int64_t now);

void broker_free(Broker *broker);

#endif
