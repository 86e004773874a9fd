/*
 * A bell: a word in shared memory to sleep on. Its owner sleeps, and any process that maps the word wakes the
 * owner.
 */
#ifndef PRICEMAP_BELL_H
#define PRICEMAP_BELL_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct Bell {
    atomic_uint count;
    /* Whether the owner may be asleep, so that ringing has to wake it. */
    atomic_uint sleeping;
} Bell;

/* Wakes the owner if it sleeps or is about to. Call it after the change that the owner should see. */
void bell_ring(Bell *bell);

/*
 * The owner's way to sleep: seen = bell_listen(); check whether there is anything to do; if not,
 * bell_sleep(seen); in any case bell_wake(). bell_sleep returns when the bell was rung since bell_listen,
 * after `nanoseconds` (negative: no limit), or for no reason.
 */
unsigned bell_listen(Bell *bell);
void bell_sleep(Bell *bell, unsigned seen, int64_t nanoseconds);
void bell_wake(Bell *bell);

#endif
