/*
 * The feed: the statement on the host's connection that reads the rows of a map's source, where the host and
 * not a worker reads them. Used on the connection's thread.
 */
#ifndef PRICEMAP_FEED_H
#define PRICEMAP_FEED_H

#include "ext/connection/connection_state.h"
#include "ext/plan/source.h"

typedef struct Feed {
    /* Columns of the source that the map reads, in the order in which rowsets have them: column numbers, -1
       the rowid. */
    int *inputs;
    /* Number of inputs. */
    int input_count;
    /* Text of the statement over the source as it stands, and with the conditions; NULL before the first
     * start. */
    char *base_sql, *sql;
    /* Condition on the columns of the source, whose values are bound before the statement is stepped;
       borrowed. NULL: none. */
    const char *conditions;
    /* Order by the rowid, as of PlanRequest. */
    int order;
    /* Column of the statement, per input. */
    int *index_of;
    /* Whether SQLite lets no subtype of the input out of a subquery, as which a map sees its source; per
     * input. */
    bool *loses_subtype;
    /* Whether the map drops rows by a WHERE, which matters to subtypes. */
    bool filtered;
    /* Statement itself; NULL before the first start. */
    sqlite3_stmt *statement;
    /* Whether a statement of the host that writes was in the middle of its work when this one was prepared,
       so that what the host does with its rows may change the source. */
    bool host_writes;
    /* Whether the source is or holds another map; see plan_cache_keep. */
    bool reads_a_map;
} Feed;

/* Sets what a feed that was not started yet has to read; `inputs` is copied. SQLITE_OK or SQLITE_NOMEM. */
int feed_set_inputs(Feed *feed, const int *inputs, int count);

/*
 * Readies the statement to be stepped from its first row. SQLITE_OK; SQLITE_SCHEMA where the host was writing
 * when it was prepared and is not now, or the other way round: then the plan has to be made anew; else an
 * error with *message set.
 */
int feed_start(Feed *feed, const Source *source, ConnectionState *state, char **message);

/* Whether the schema has changed since the feed was first started, as far as SQLite noticed when the feed was
   last stepped. */
bool feed_schema_changed(const Feed *feed);

/*
 * Has SQLite check, by a step of the feed, whether the schema is still the same. SQLITE_OK; SQLITE_SCHEMA
 * where it is not, or where the step fails and the feed was used before (`used`); else the error, whose text
 * is the connection's.
 */
int feed_check_schema(Feed *feed, bool used);

/*
 * Prepares a statement that reads the same as the feed, of the rowids ?1 … ?2 only, in their order.
 * SQLITE_OK, or an error whose text is the connection's; the caller's to finalize.
 */
int feed_prepare_range(const Feed *feed, const Source *source, sqlite3 *db, sqlite3_stmt **statement);

/* Frees what the feed owns. */
void feed_free(Feed *feed);

#endif
