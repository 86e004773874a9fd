/*
 * Frames between the ranks of an MPI job: those between rank 0 and each other one. A frame is sent as one
 * message where it is short, else its front, and then the rest in messages of a gibibyte at the most, as MPI
 * counts bytes in an int. For each rank one receive and one send are open at a time, so that a rank which is
 * stuck holds no other one up. No function waits.
 */
#ifndef PRICEMAP_PEERS_H
#define PRICEMAP_PEERS_H

#include "ext/rank/rank.h"

/* The messages with all ranks that this one talks to. To be called after MPI_Init; NULL when out of memory.
 */
Peers *peers_create(int number, int count);

/* Frees the messages, none of which may be under way. NULL does nothing. */
void peers_free(Peers *peers);

/* Puts a frame for a rank, which the peers own from then on, into its queue. */
void peers_queue(Peers *peers, int to, Frame *frame);

/* Sends and receives what can be at once. Returns whether anything has moved; a frame that has come goes to
 * `take` with the rank that it came from, and is that function's. */
bool peers_move(Peers *peers, void (*take)(void *arg, int from, Frame *frame), void *arg);

/* Whether a send is open. */
bool peers_sending(const Peers *peers);

/* Time of clock_ns() when something of a rank was last received. */
int64_t peers_heard_ns(const Peers *peers, int from);

#endif
