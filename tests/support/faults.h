/*
 * Makes calls of system and library functions fail, in programs that are linked with fault_wraps (see
 * meson.build): ld's --wrap leads the calls from our own code through here. Calls are counted, and fail, on
 * any thread; plans are made while nothing of ours runs.
 *
 * In a worker program the environment arms it from the start: PRICEMAP_FAULT="function number", "function
 * number on" for that call and all after it, or "random seed one_in".
 */
#ifndef PRICEMAP_FAULTS_H
#define PRICEMAP_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

/* The functions that can be made to fail, NULL at the end. */
extern const char *const fault_functions[];

/* Chooses the call that is to fail; `on`: all after it too. Counting begins anew, switched off. */
void fault_plan(const char *function, int number, bool on);
/* Has one in `one_in` calls fail, of all functions; which ones follows from the seed. Switched off. */
void fault_plan_random(uint64_t seed, int one_in);
/* The errno that the planned calls of the system leave, from now on; 0: the usual one of each. */
void fault_errno(int error);
/* Calls count, and fail, only while it is switched on. */
void fault_switch(bool on);
/* Whether a planned call was reached. */
bool fault_was_reached(void);

/* One call of a function that the test leads through here itself: whether it is to fail. errno becomes
 * `error` then. */
bool fault_is_due(const char *function, int error);

#endif
