/* What was asked for: the arguments of parallel_map, parsed and checked, in both of its forms. */
#ifndef PRICEMAP_MAP_SPEC_H
#define PRICEMAP_MAP_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/executors/kinds.h"

typedef struct MapSpec {
    char *source;   /* a table's name or a SELECT, without brackets */
    char *map;      /* select-list, without brackets */
    char *where;    /* NULL: none */
    char *group_by; /* NULL: none */
    bool partial;
    bool ordered;
    /* Executor, workers and chunk that were asked for, where has_… says so; executor NULL: `auto`. */
    const ExecutorKind *executor;
    int workers;
    int64_t chunk;
    bool has_executor, has_workers, has_chunk;
} MapSpec;

/* Frees what the spec owns and zeroes it; may be called twice. */
void map_spec_free(MapSpec *spec);

/*
 * Parses the arguments of CREATE VIRTUAL TABLE … USING parallel_map(…), one text each. SQLITE_OK; else an
 * error with *message set (sqlite3_free it) and the spec empty.
 */
int map_spec_parse(MapSpec *spec, int argc, const char *const *argv, char **message);

/*
 * Takes the arguments of the table-valued form; NULL pointers and NULL values mean "not given". Returns as
 * map_spec_parse.
 */
int map_spec_from_values(MapSpec *spec, sqlite3_value *source, sqlite3_value *map, sqlite3_value *executor,
                         sqlite3_value *workers, sqlite3_value *chunk, char **message);

/* Whether both ask for the same. */
bool map_spec_equal(const MapSpec *a, const MapSpec *b);

#endif
