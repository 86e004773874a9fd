#include "ext/run/query_bounds.h"

#include "ext/evaluate/made_tables.h"

static int prepare(const Query *query, const SplitStage *stage, sqlite3 *db, sqlite3_stmt **statement)
{
    const char *rowid = stage->cut_rowid, *table = stage->cut_table;
    char *where = stage->key.narrowed
                      ? sqlite3_mprintf("AS \"%w\" WHERE %s", stage->key.table_name, stage->key.condition)
                      : sqlite3_mprintf("");
    char *sql = where ? sqlite3_mprintf("SELECT min(r), max(r) FROM (SELECT min(%s) AS r FROM main.\"%w\" %s "
                                        "UNION ALL SELECT max(%s) FROM main.\"%w\" %s)",
                                        rowid, table, where, rowid, table, where)
                      : NULL;
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(where);
    sqlite3_free(sql);
    if (rc == SQLITE_OK && stage->key.narrowed && query->parameters->size)
        rc = made_tables_bind_row(*statement, SPLIT_FIRST_PARAMETER, query->parameters->data,
                                  query->parameters->size, query->encoding);
    return rc;
}

int query_bounds_read(const Query *query, const SplitStage *stage, sqlite3 *db, int64_t *least,
                      int64_t *greatest)
{
    sqlite3_stmt *statement = NULL;
    int rc = prepare(query, stage, db, &statement);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_INTEGER)
        rc = SQLITE_DONE;
    if (rc == SQLITE_ROW) {
        *least = sqlite3_column_int64(statement, 0);
        *greatest = sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    return rc;
}
