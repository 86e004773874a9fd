/*
 * How a map will be done: what workers need to know (the recipe), and what the host reads for them (the
 * feed). A plan is made once per text of a map and kept by its virtual table for the next time.
 */
#ifndef PRICEMAP_PLAN_H
#define PRICEMAP_PLAN_H

#include "ext/connection/connection_state.h"
#include "ext/plan/bare_columns.h"
#include "ext/plan/conditions.h"
#include "ext/plan/feed.h"
#include "ext/plan/host_view.h"
#include "ext/plan/map_arguments.h"
#include "ext/plan/map_sql.h"
#include "ext/plan/source.h"

typedef enum MapForm {
    /* parallel_map(…): one value per row, with the row's key. */
    MAP_FUNCTION,
    /* CREATE VIRTUAL TABLE: the map's own columns. */
    MAP_TABLE,
} MapForm;

/* Request of one statement to a map: the key for finding an idle plan. */
typedef struct PlanRequest {
    /* Columns of the map that are read, a bit each; the last bit stands for all from the 64th on. */
    uint64_t used;
    /* Conditions on the map's columns, all of which hold. */
    Conditions conditions;
    /* Order of the rows by the rowid of the source, ascending (1) or descending (-1); 0: that of the source.
     */
    int order;
    /* Number of parameters in the texts of the map; their values come before those of the conditions. */
    int parameters;
} PlanRequest;

typedef struct Plan {
    /* Arguments of the map; the plan's own copy. */
    MapArguments arguments;
    MapForm form;
    Source source;
    /* Recipe for workers that are handed rows. */
    Recipe *recipe;
    /* Encoding of text in rowsets: SQLITE_UTF8 or SQLITE_UTF16. */
    int encoding;
    Feed feed;
    /* Columns of the map that are computed, a bit each; the last bit stands for all from the 64th on. */
    uint64_t used;
    /* The caller's request; the plan's own copy. */
    PlanRequest request;
    /* Column of the source that each column of the map is, or BARE_ROWID or BARE_NOT. */
    int *bare;
    /* Conditions, each NULL where there is none: on the map's columns, as MapText has them; on the source's
       columns, all of them, those that bound the rowid, and the others. */
    char *conditions, *source_conditions, *rowid_bounds, *range_conditions;
    /* Texts for people of the conditions on the source and on the map; NULL: there are none. */
    char *source_words, *map_words;
    /* Whether at most one row is requested, by its rowid. */
    bool one_row;
    /* Reason for which workers do not read the table themselves though they might, a constant; NULL: none. */
    const char *why_feed;
    /* Number of columns of the map, its key not counted. */
    int map_columns;
    /* Columns of a MAP_TABLE. */
    ColumnList output;
    /* Whether the map has parts that depend on no row. */
    bool has_constants;
    /* Whether the text allows partition access: workers may read the table themselves, by ranges of rowids.
     */
    bool partitionable;
    /* Whether column 0 of the output is the rowid, of a MAP_FUNCTION; else its key is the row's position. */
    bool key_in_output;
    /* Whether a run was begun over the plan: an error from then on may be one of an old plan. */
    bool tried;
    /* Whether a function of the map reads tables on its connection. Only workers that read the file
     * themselves have tables. */
    bool reads_tables;
    /* Number of loaded extensions when the plan was made; a different number makes the plan outdated. */
    int extension_count;
    /* The same of changes to the connection's functions in another language. */
    unsigned language_changes;
    /* The host's view of the map when it was checked. */
    HostView host;
    /* Number of statements with a map that the connection had prepared when that was last compared. */
    unsigned compared_at;
} Plan;

/*
 * Makes a plan for the arguments and the request, both of which are copied. Columns of the map that are not
 * requested are not computed: they are NULL. SQLITE_OK with *out set; else an error with *message set
 * (sqlite3_free it), or SQLITE_NOMEM. Prepares statements on the connection, on its thread. Free with
 * plan_free.
 */
int plan_create(ConnectionState *state, const MapArguments *arguments, MapForm form,
                const PlanRequest *request, Plan **out, char **message);

/* Whether the map has functions in another language. */
static inline bool plan_has_language(const Plan *plan)
{
    return plan->recipe->function_count > 0;
}

/*
 * The recipe for workers that read the plan's table from the file at `uri`, which is the host's schema
 * `schema`, under the number `scan`. NULL when out of memory; the caller's to recipe_unref. Only for a plan
 * that is partitionable.
 */
Recipe *plan_partition_recipe(const Plan *plan, ConnectionState *state, const char *schema, const char *uri,
                              uint64_t scan);

/* Frees it with its statements; NULL does nothing. */
void plan_free(Plan *plan);

/* Whether both requests are the same. */
bool plan_request_equal(const PlanRequest *a, const PlanRequest *b);

typedef enum PlanState {
    /* The plan may be used again. */
    PLAN_IS_CURRENT,
    /* The connection's limits, extensions, functions or time zone are others, or its authorizer answers
       otherwise. */
    PLAN_IS_OUTDATED,
    /* The schema has changed: what runs of the plan have taught need not hold any more either. */
    PLAN_HAS_OLD_SCHEMA,
} PlanState;

/*
 * Whether a plan that was kept still fits the connection. Where a statement with a map was prepared since the
 * last check, what the host makes of the map is compared again, so that the host's authorizer checks a kept
 * plan, and its functions are found, as often as for a new one. Prepares statements then. A changed schema
 * shows only once the feed is stepped: see feed_check_schema.
 */
PlanState plan_state(Plan *plan, ConnectionState *state);

/* Whether the schema is another one than the plan's, as far as a run has shown. */
bool plan_schema_changed(const Plan *plan);

/* Gives the new plan what was learnt of the map's functions by running the old plan, of the same map. */
void plan_inherit(Plan *plan, const Plan *old);

#endif
