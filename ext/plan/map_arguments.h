/* What was asked for: the arguments of parallel_map, parsed and checked, in both of its forms. */
#ifndef PRICEMAP_MAP_ARGUMENTS_H
#define PRICEMAP_MAP_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/executors/kinds.h"

typedef struct MapArguments {
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

/* Whether both ask for the same. */
bool map_arguments_equal(const MapArguments *a, const MapArguments *b);

#endif
