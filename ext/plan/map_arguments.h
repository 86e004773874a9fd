/* The arguments of parallel_map, parsed and checked, in both of its forms. */
#ifndef PRICEMAP_MAP_ARGUMENTS_H
#define PRICEMAP_MAP_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/executors/kinds.h"

typedef struct MapArguments {
    /* Source: a table's name or a SELECT, without brackets. */
    char *source;
    /* Select-list, without brackets. */
    char *map;
    /* Condition and groups; NULL: none. */
    char *where, *group_by;
    /* Whether aggregates are meant: the map gives a row per chunk and group. */
    bool partial;
    /* Whether the rows come in the order of the source. */
    bool ordered;
    /* Executor, workers and chunk, given where has_… says so; executor NULL: `auto`. */
    const ExecutorKind *executor;
    int workers;
    int64_t chunk;
    bool has_executor, has_workers, has_chunk;
} MapArguments;

/* Frees the texts of the arguments and zeroes them; may be called twice. */
void map_arguments_free(MapArguments *arguments);

/*
 * Parses the arguments of CREATE VIRTUAL TABLE … USING parallel_map(…), one text each. SQLITE_OK; else an
 * error with *message set (sqlite3_free it) and the arguments empty.
 */
int map_arguments_parse(MapArguments *arguments, int argc, const char *const *argv, char **message);

/*
 * Takes the arguments of the table-valued form; NULL pointers and NULL values mean "not given". Returns as
 * map_arguments_parse.
 */
int map_arguments_from_values(MapArguments *arguments, sqlite3_value *source, sqlite3_value *map,
                              sqlite3_value *executor, sqlite3_value *workers, sqlite3_value *chunk,
                              char **message);

/* Whether a subquery stands in the map: over a chunk a subquery of the source would be refused, over the
   table it would see all of it. */
bool map_arguments_have_subquery(const MapArguments *arguments);

/* Whether both are the same. */
bool map_arguments_equal(const MapArguments *a, const MapArguments *b);

#endif
