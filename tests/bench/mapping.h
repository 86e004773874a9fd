/* One map over one table in one way, ready to be executed again and again, and checked each time.
 *
 * Every mapping has a connection of its own, so that pools and what `auto` has learned are not shared. */
#ifndef BENCH_MAPPING_H
#define BENCH_MAPPING_H

#include <stdbool.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"
#include "cli/sampling/sampling.h"

/* Where: the database file, which is only read, and what it is worked on with. */
typedef struct MappingPlace {
    const char *database, *extension;
    int workers;
} MappingPlace;

/* What is mapped. */
typedef struct MappingTask {
    const char *source;    /* a table */
    const char *map;       /* an expression over its columns */
    bool text;             /* the map gives text: the host adds up lengths instead of values */
    const char *functions; /* an extension that has its functions; NULL: it needs none */
    int workers;           /* 0: those of the MappingPlace */
} MappingTask;

/* How. */
typedef struct MappingWay {
    const char *executor; /* NULL: a plain SELECT, no parallel_map */
    bool partial;         /* partial = 1, numbers only; one row per chunk comes out */
    bool fed;             /* the source is given as a SELECT, which workers cannot read themselves */
    int64_t chunk;        /* rows per task; 0: chosen by the planner */
} MappingWay;

/* What one execution gives: how many rows, and their sum. */
typedef struct MappingAnswer {
    int64_t rows;
    double sum;
} MappingAnswer;

typedef struct Mapping {
    char label[48]; /* "plain SELECT", "threads", "threads, partial", … */
    MappingTask task;
    MappingWay way;
    sqlite3 *db;
    sqlite3_stmt *statement; /* one row: rows, sum */
    MappingAnswer expected;  /* set by the caller before the first sample */
    bool wrong;              /* the answer was another one, or verifying found other rows */
} Mapping;

/* Opens a connection with the extension loaded. Returns 0 and the connection, or -1 with the failure set. */
int mapping_connect(const MappingPlace *place, sqlite3 **db, Failure *failure);

/* Loads an extension's functions, into the connection and into the workers of its maps. */
int mapping_load(sqlite3 *db, const char *functions, Failure *failure);

/* Opens connection and statement. The texts of the task have to outlive the mapping. After -1 nothing is
 * open. */
int mapping_open(Mapping *mapping, const MappingPlace *place, const MappingTask *task, const MappingWay *way,
                 Failure *failure);

/* May be called on a zeroed mapping, and twice. */
void mapping_close(Mapping *mapping);

/* Executes it once. */
int mapping_answer(Mapping *mapping, MappingAnswer *answer, Failure *failure);

/* Fails, and marks the mapping wrong, unless both are equal bit for bit. */
int mapping_check(Mapping *mapping, const MappingAnswer *answer, Failure *failure);

/* A SamplingSubject's `take`; the context is the mapping. Every answer is checked. */
int mapping_take(void *context, int64_t loops, Sample *sample, Failure *failure);

/* The same, but measures the processor time of the host's thread in place of the time that passes: what a map
 * costs its host. */
int mapping_take_host(void *context, int64_t loops, Sample *sample, Failure *failure);

/* A digest of type and bytes of all values in their order, and their number. Not for partial maps. */
int mapping_digest(Mapping *mapping, uint64_t *digest, int64_t *rows, Failure *failure);

/* How the newest execution was done: `executor`, `access`, or `reason`, whichever column (0, 1, 3) is named.
 * "" for a plain SELECT. */
int mapping_ran(Mapping *mapping, int column, char *text, size_t size, Failure *failure);

#endif
