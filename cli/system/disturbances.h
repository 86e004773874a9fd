/* Conditions of a machine, at this moment, that make timings unreliable: read from /proc and /sys. */
#ifndef PRICEREPORT_DISTURBANCES_H
#define PRICEREPORT_DISTURBANCES_H

#include <stddef.h>

/* DISTURBANCE_UNKNOWN: the system does not say; often so in virtual machines and containers. */
typedef enum DisturbanceState { DISTURBANCE_OK, DISTURBANCE_WARNING, DISTURBANCE_UNKNOWN } DisturbanceState;

typedef struct Disturbance {
    /* Word for what was checked; static. */
    const char *check;
    DisturbanceState state;
    /* Text that says what is the case. */
    char found[240];
    /* Advice, where the state is a warning; static, else NULL. */
    const char *advice;
} Disturbance;

enum { DISTURBANCES = 13 };

/* Makes every check, always in the same order. `root` is put before /proc and /sys: "" for this machine. The
 * search for gnuplot and the build are of this process whatever the root. */
void disturbances_examine(const char *root, Disturbance findings[DISTURBANCES]);

/* "ok", "warning" or "unknown". */
const char *disturbances_state_name(DisturbanceState state);

#endif
