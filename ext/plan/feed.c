#include "ext/plan/feed.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/plan/lost_subtypes.h"

int feed_set_inputs(Feed *feed, const int *inputs, int count)
{
    free(feed->inputs);
    feed->input_count = count;
    feed->inputs = malloc(((size_t)count + 1) * sizeof *inputs);
    if (!feed->inputs)
        return SQLITE_NOMEM;
    memcpy(feed->inputs, inputs, (size_t)count * sizeof *inputs);
    return SQLITE_OK;
}

/* Whether a statement of the connection that writes is in the middle of its work. */
static bool host_is_writing(sqlite3 *db)
{
    for (sqlite3_stmt *statement = sqlite3_next_stmt(db, NULL); statement;
         statement = sqlite3_next_stmt(db, statement))
        if (sqlite3_stmt_busy(statement) && !sqlite3_stmt_readonly(statement))
            return true;
    return false;
}

/* The limits of the host hold for its own statements, and not for this one. */
static int prepare(sqlite3 *db, const char *sql, unsigned flags, sqlite3_stmt **statement)
{
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = sql ? sqlite3_prepare_v3(db, sql, -1, flags, statement, NULL) : SQLITE_NOMEM;
    limits_restore(db, &own);
    return rc;
}

/* The source's statement with the conditions and in its order: around a SELECT, which has its rows in its own
   order still. */
static char *conditioned_sql(const Feed *feed, const Source *source)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (feed->conditions && source->select)
        sqlite3_str_appendf(sql, "SELECT * FROM (%s\n) AS \"%w\"", feed->base_sql, source->alias);
    else
        sqlite3_str_appendall(sql, feed->base_sql);
    if (feed->conditions)
        sqlite3_str_appendf(sql, " WHERE %s", feed->conditions);
    if (feed->order)
        sqlite3_str_appendf(sql, " ORDER BY \"%w\".%s%s", source->alias, source->rowid,
                            feed->order < 0 ? " DESC" : "");
    return sqlite3_str_finish(sql);
}

static int first_start(Feed *feed, const Source *source, ConnectionState *state, char **message)
{
    feed->host_writes = host_is_writing(state->db);
    unsigned maps_before = state->maps_prepared;
    feed->base_sql = source_feed_sql(source, feed->inputs, feed->input_count, &feed->index_of);
    feed->sql = feed->base_sql ? conditioned_sql(feed, source) : NULL;
    int rc = prepare(state->db, feed->sql, SQLITE_PREPARE_PERSISTENT, &feed->statement);
    feed->reads_a_map = state->maps_prepared != maps_before;
    if (rc == SQLITE_OK)
        rc = lost_subtypes_find(state->db, source, feed->filtered, feed->inputs, feed->input_count,
                                &feed->loses_subtype);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM)
        *message = sqlite3_mprintf("parallel_map: source: %s", sqlite3_errmsg(state->db));
    return rc;
}

int feed_start(Feed *feed, const Source *source, ConnectionState *state, char **message)
{
    if (!feed->statement)
        return first_start(feed, source, state, message);
    /* The host may have written its schema. Only stepping the old statement would reveal that, but it would
       start a read transaction lasting as long as the host's statement. So the plan is rebuilt instead. */
    if (feed->host_writes != host_is_writing(state->db))
        return SQLITE_SCHEMA;
    sqlite3_reset(feed->statement);
    return SQLITE_OK;
}

bool feed_schema_changed(const Feed *feed)
{
    return sqlite3_stmt_status(feed->statement, SQLITE_STMTSTATUS_REPREPARE, 0) != 0;
}

int feed_check_schema(Feed *feed, bool used)
{
    sqlite3_step(feed->statement);
    /* A reset gives the error of the step before it, and 0 for a row and for the end. */
    int rc = sqlite3_reset(feed->statement);
    if (feed_schema_changed(feed) ||
        (rc != SQLITE_OK && rc != SQLITE_NOMEM && rc != SQLITE_INTERRUPT && used))
        return SQLITE_SCHEMA;
    return rc;
}

int feed_prepare_range(const Feed *feed, const Source *source, sqlite3 *db, sqlite3_stmt **statement)
{
    char *sql = sqlite3_mprintf("%s WHERE %s >= ?1 AND %s <= ?2%s%s ORDER BY \"%w\".%s%s", feed->base_sql,
                                source->rowid, source->rowid, feed->conditions ? " AND " : "",
                                feed->conditions ? feed->conditions : "", source->alias, source->rowid,
                                feed->order < 0 ? " DESC" : "");
    int rc = prepare(db, sql, 0, statement);
    sqlite3_free(sql);
    return rc;
}

void feed_free(Feed *feed)
{
    sqlite3_finalize(feed->statement);
    sqlite3_free(feed->base_sql);
    sqlite3_free(feed->sql);
    free(feed->inputs);
    free(feed->index_of);
    free(feed->loses_subtype);
    *feed = (Feed){0};
}
