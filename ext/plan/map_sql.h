/*
 * The statements that a map becomes, as pure text: what a worker runs over a chunk or over a range of rowids,
 * and what the host would run without workers. Each text is NULL when out of memory, and to be
 * sqlite3_free'd.
 */
#ifndef PRICEMAP_MAP_SQL_H
#define PRICEMAP_MAP_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ext/plan/columns.h"

/* All columns of a map. */
#define MAP_ALL_COLUMNS UINT64_MAX

/* Whether a column is among these: a bit each, the last one for all from the 64th on. */
static inline bool map_uses_column(uint64_t used, int column)
{
    return used >> (column < 63 ? column : 63) & 1;
}

/* The parts of which the statements are made; all texts are borrowed. */
typedef struct MapText {
    /* Select-list, condition and groups of the map; NULL for a condition or groups that it has not. */
    const char *map, *where, *group_by;
    /* Source as it may stand in a FROM clause: a quoted name, or a SELECT in brackets. */
    const char *source;
    /* Name by which the map may call its source. */
    const char *alias;
    /* Expression that comes before the columns of the map; NULL: none. */
    const char *key;
    /* Columns of the map that are computed, a bit each; the last bit stands for all from the 64th on. */
    uint64_t used;
    /* Columns of the map, needed where not all of them are used. */
    const Column *output;
    /* Number of columns of the map, needed in the same case, and where there are conditions. */
    int columns;
    /* Condition on the map's columns, which it calls c0, c1 …: rows that do not fulfil it are dropped after
       the map has computed them. NULL: none. */
    const char *conditions;
    /* Whether the texts have parameters. */
    bool parameters;
    /* Rowid by which ranges are walked backwards; NULL: forwards. */
    const char *backwards;
} MapText;

/* The statement of the map over the source itself, as the host would run it without workers, and its length
 * for the host's limits. */
typedef struct PlainSelect {
    const char *sql;
    /* Number of characters in `sql` that the same statement would not have if a user had written it. */
    int added;
} PlainSelect;

/*
 * The statement over a chunk. The chunk is named as the source is: as a table, as a view (`viewed`), or as a
 * subquery where the source is a SELECT, whose columns `query` then has (NULL: the source is a table or a
 * view).
 */
char *map_sql_chunk(const MapText *text, const ColumnList *query, bool viewed);

/*
 * The statement over a range of rowids of the table in the file, which a worker's connection has as main,
 * whatever the host calls it. The range is ?1 … ?2; with `tracing` functions give it, and one is called with
 * each row. `counted`: the last column is count(*). `source_conditions`, NULL for none: a condition on the
 * columns of the source; with `tracing` a function is called with each row that fulfils it.
 */
char *map_sql_partition(const MapText *text, const char *table, const char *rowid,
                        const char *source_conditions, bool tracing, bool counted);

/* The statement that gives the rowids of the table in ?1 … ?2, the last one first with `backwards`. */
char *map_sql_rowids(const char *table, const char *rowid, bool backwards);

/*
 * The map over the source itself, without its key; *plain has the same text. `source_length`: number of
 * characters in which the user has written the source.
 */
char *map_sql_plain(const MapText *text, size_t source_length, PlainSelect *plain);

#endif
