/*
 * What all threads of the soak share: the seed, what was done so far, what was found.
 *
 * An era lasts some seconds: actors, each with a connection of its own, map and check, while others disturb
 * them. Then all connections are closed and nothing may be left.
 */
#ifndef SOAK_H
#define SOAK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { SOAK_FOLDER_SIZE = 96, SOAK_FINDINGS_SHOWN = 20 };

/* Things that are counted: operations first, then what was done to disturb them, then how they ended early.
 */
typedef enum SoakCount {
    SOAK_COMPARE,
    SOAK_SUM,
    SOAK_EARLY_CLOSE,
    SOAK_IN_TURN,
    SOAK_ERROR,
    SOAK_TIMEOUT,
    SOAK_OWN_CHANGES,
    SOAK_COPY,
    SOAK_UPDATE,
    SOAK_SETTINGS,
    SOAK_LOG,
    SOAK_JOURNAL,
    SOAK_SCHEMA,
    SOAK_REST,
    SOAK_REOPEN,
    SOAK_OPERATIONS,
    SOAK_WORKERS_KILLED = SOAK_OPERATIONS,
    SOAK_ZYGOTES_KILLED,
    SOAK_STOPPED,
    SOAK_INTERRUPTED,
    SOAK_FORKED,
    SOAK_COMMITTED,
    SOAK_ENDED_BY_INTERRUPT,
    SOAK_ENDED_BY_TIMEOUT,
    SOAK_ENDED_BY_KILLS,
    SOAK_ENDED_BY_LOCK,
    SOAK_COUNTS,
} SoakCount;

typedef struct Soak {
    uint64_t seed;
    const char *extension;
    char folder[SOAK_FOLDER_SIZE];
    int era;
    atomic_bool ending; /* the era is */
    atomic_long counts[SOAK_COUNTS];
    atomic_int findings;
} Soak;

extern const char *const soak_count_names[SOAK_COUNTS];

static inline void soak_count(Soak *soak, SoakCount count)
{
    atomic_fetch_add(&soak->counts[count], 1);
}

/* Reports that something is wrong, on any thread; `actor` and `operation` are -1 where no actor has done
 * it. */
__attribute__((format(printf, 4, 5))) void soak_finding(Soak *soak, int actor, long operation,
                                                        const char *format, ...);

/* Prints all counts in one line. */
void soak_print_counts(Soak *soak);

#endif
