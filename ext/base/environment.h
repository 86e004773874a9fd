/*
 * The environment of a thread, which what it computes may depend on beside its data: the time zone, how
 * floating-point numbers are rounded, the locale; and its nice value. The host's is read when a map begins,
 * goes to workers with the recipe, and is adopted there, by threads and by processes.
 */
#ifndef PRICEMAP_ENVIRONMENT_H
#define PRICEMAP_ENVIRONMENT_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

#include "ext/base/time_zone.h"

enum { ENVIRONMENT_CATEGORIES = 6, ENVIRONMENT_LOCALE_NAME = 64 };

/* Plain data, all of it set: two are the same environment where their bytes are the same. */
typedef struct Environment {
    TimeZone zone;
    /* Rounding mode, and whether subnormal numbers count as zero, as the processor has them; 0: the usual. */
    uint32_t floats;
    /* 20 minus the nice value, 1 to 40; 0: not known. */
    uint32_t priority;
    /* Whether the thread has a locale of its own (uselocale), other than its process's. */
    uint32_t own_locale;
    /* Names of the locale's categories, those of environment.c; "": not known, or too long to be sent. */
    char locales[ENVIRONMENT_CATEGORIES][ENVIRONMENT_LOCALE_NAME];
} Environment;

/* Environment that a worker has adopted. */
typedef struct AdoptedEnvironment {
    Environment last;
    /* Whether the worker is a process, which owns its time zone and its locale; a thread has those of its
       process. */
    bool process;
    /* Process: the zone that time_zone_adopt knows. */
    TimeZone known_zone;
    /* Thread: its own locale; 0: that of the process. */
    locale_t locale;
} AdoptedEnvironment;

/* Reads the environment of the calling thread. Changes nothing. */
void environment_read(Environment *environment);

/* Brings *environment, which was read in this process before, up to date. */
void environment_update(Environment *environment);

/* Begins a worker that has adopted nothing. `process`: the calling worker is a process of one thread, whose
   environment variables no other thread uses. */
void adopted_environment_begin(AdoptedEnvironment *adopted, bool process);

/*
 * Gives the calling worker the host's environment `wanted`, which may be any bytes. A nice value that it may
 * not have and a locale that it does not find stay as they were. Costs next to nothing where nothing has
 * changed.
 */
void environment_adopt(AdoptedEnvironment *adopted, const Environment *wanted);

/* Ends a thread's use of it, on that thread. */
void adopted_environment_end(AdoptedEnvironment *adopted);

#endif
