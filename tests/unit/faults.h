/*
 * Makes the n-th call of a system or library function fail, in programs that are linked with FAULT_WRAPS (see
 * meson.build): ld's --wrap leads the calls from our own code through here. Not thread-safe.
 *
 * In a worker program the environment arms it from the start: PRICEMAP_FAULT="function number", or
 * "function number on" for that call and all after it.
 */
#ifndef PRICEMAP_FAULTS_H
#define PRICEMAP_FAULTS_H

#include <stdbool.h>

/* The functions that can be made to fail, NULL at the end. */
extern const char *const fault_functions[];

/* Chooses the call that is to fail; `on`: all after it too. Counting begins anew, switched off. */
void fault_plan(const char *function, int number, bool on);
/* Calls count, and fail, only while it is switched on. */
void fault_switch(bool on);
/* Whether the planned call was reached. */
bool fault_was_reached(void);

#endif
