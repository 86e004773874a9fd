/*
 * How a map will be done: what workers need to know (the recipe), and what the host reads for them (the
 * feed). A plan is made once per text of a map and kept by its virtual table for the next time.
 */
#ifndef PRICEMAP_PLANNER_H
#define PRICEMAP_PLANNER_H

#include "ext/connection/connection_state.h"
#include "ext/plan/map_arguments.h"
#include "ext/plan/source.h"

typedef enum MapForm {
    MAP_FUNCTION, /* parallel_map(…): one value per row, with the row's key */
    MAP_TABLE,    /* CREATE VIRTUAL TABLE: the map's own columns */
} MapForm;

typedef struct Plan {
    MapArguments arguments; /* the plan's own copy */
    Source source;
    uint64_t
        used; /* columns of the map that are read, a bit each; the last bit stands for all from the 64th on */
    Recipe *recipe;
    int encoding;       /* of text in rowsets: SQLITE_UTF8 or SQLITE_UTF16 */
    uint64_t asked;     /* as `used`, but as plan_create was told it: to find the plan again */
    int map_columns;    /* of the map, the key not counted */
    bool has_constants; /* parts of the map that no row matters to */
    ColumnList output;  /* of a MAP_TABLE */
    bool partitionable; /* nothing in its text speaks against workers reading the table themselves */
    bool key_in_output; /* of a MAP_FUNCTION: column 0 is the rowid, else the key is the position */
    int *inputs;        /* what the feed reads: column numbers of the source, -1 the rowid */
    int input_count;
    int *index_of; /* per input: the feed's column */
    bool *
        loses_subtype; /* per input: SQLite lets no subtype of it out of a subquery, as which a map sees it */
    sqlite3_stmt *feed;
    bool settled;        /* the feed reads all of the source before its first row */
    bool reads_a_map;    /* the source is or holds another map: see plan_cache_keep */
    int reprepared;      /* the feed's count when the plan was made: a change means that the schema changed */
    int extension_count; /* that the connection had then */
    /* What the host made of the map over its source, and of the feed, by host_rules_program, when a statement
       with a map was prepared as the judged-th one. */
    uint64_t whole_program, feed_program;
    unsigned judged;
    bool tried; /* a run was begun over it: what fails then may be because the plan is old */
    bool asks;  /* a function of the map reads tables on its connection, which only a file's workers have */
} Plan;

/* All columns of a map. */
#define PLAN_ALL_COLUMNS UINT64_MAX

/*
 * Makes a plan for `arguments`, which is copied. Columns of the map that are not in `used` are not computed:
 * they are NULL. SQLITE_OK with *out set; else an error with *message set (sqlite3_free it), or SQLITE_NOMEM.
 * Prepares statements on the connection, on its thread. Free with plan_free.
 */
int plan_create(ConnectionState *state, const MapArguments *arguments, MapForm form, uint64_t used,
                Plan **out, char **message);

/*
 * The recipe for workers that read the plan's table from the file at `uri`, which is the host's schema
 * `schema`, under the number `scan`. NULL when out of memory; the caller's to recipe_unref. Only for a plan
 * that is partitionable.
 */
Recipe *plan_partition_recipe(const Plan *plan, ConnectionState *state, const char *schema, const char *uri,
                              uint64_t scan);

/* Frees it with its statements; NULL does nothing. */
void plan_free(Plan *plan);

/*
 * Whether the plan still fits the connection's limits and extensions, and, where a statement with a map was
 * prepared since, what the host's authorizer says: SQLite asks that whenever it prepares, so a plan that was
 * made before is asked about as often. Prepares statements then. That the schema is the same shows when the
 * feed is stepped: plan_is_stale.
 */
bool plan_is_current(Plan *plan, ConnectionState *state);
bool plan_is_stale(const Plan *plan);

/* Has the new plan know of its functions what was found out by running the old one, of the same map. */
void plan_inherit(Plan *plan, const Plan *old);

/*
 * Asks SQLite, by a step of the feed, whether the plan still fits the schema. SQLITE_OK; SQLITE_SCHEMA where
 * it does not, or where the step fails and the plan is not new; else the error, whose text is the
 * connection's.
 */
int plan_fits_schema(Plan *plan);

/*
 * Readies the feed to be stepped from its first row. Where a statement that writes is running on the
 * connection it is one that reads the whole source first. SQLITE_OK; SQLITE_SCHEMA where the plan is stale;
 * else an error with *message set.
 */
int plan_start_feed(Plan *plan, ConnectionState *state, char **message);

/*
 * A statement that reads the same as the feed, of the rowids ?1 … ?2 only, in their order. SQLITE_OK, or an
 * error whose text is the connection's; the caller's to finalize.
 */
int plan_prepare_range_feed(const Plan *plan, sqlite3 *db, sqlite3_stmt **statement);

#endif
