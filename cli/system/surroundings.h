/* What about a machine, at this moment, makes timings unreliable: read from /proc and /sys. */
#ifndef PRICEREPORT_SURROUNDINGS_H
#define PRICEREPORT_SURROUNDINGS_H

#include <stddef.h>

/* SURROUNDING_UNKNOWN: the system does not tell; often so in virtual machines and containers. */
typedef enum SurroundingState { SURROUNDING_OK, SURROUNDING_WARNING, SURROUNDING_UNKNOWN } SurroundingState;

typedef struct Surrounding {
    const char *check; /* a word; static */
    SurroundingState state;
    char found[240];    /* what is the case */
    const char *advice; /* what to do about it, where it is a warning; static, else NULL */
} Surrounding;

enum { SURROUNDINGS = 13 };

/* Makes every check, always in the same order. `root` is put before /proc and /sys: "" for this machine. The
 * search for gnuplot and the build are of this process whatever the root. */
void surroundings_examine(const char *root, Surrounding findings[SURROUNDINGS]);

/* "ok", "warning" or "unknown". */
const char *surroundings_state_name(SurroundingState state);

#endif
