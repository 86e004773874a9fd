#include "ext/evaluate/made_tables.h"

#include "ext/data/rowset.h"

static int bind_row(sqlite3_stmt *statement, int first, const RowsetView *view, uint32_t row, int encoding)
{
    int rc = SQLITE_OK, count = sqlite3_bind_parameter_count(statement);
    for (uint32_t i = 0; rc == SQLITE_OK && i < view->columns && (int)i <= count - first; i++) {
        RowsetValue value = {0};
        rc = rowset_get(view, row, i, &value)
                 ? rowset_bind(statement, first + (int)i, &value, encoding, SQLITE_STATIC)
                 : SQLITE_CORRUPT;
    }
    return rc;
}

int made_tables_bind_row(sqlite3_stmt *statement, int first, const void *rowset, size_t size, int encoding)
{
    RowsetView view;
    return rowset_open(&view, rowset, size) && view.rows == 1 ? bind_row(statement, first, &view, 0, encoding)
                                                              : SQLITE_CORRUPT;
}

/* INSERT text with a parameter for each column. */
static int prepare_insert(sqlite3 *db, const char *table, uint32_t columns, sqlite3_stmt **insert)
{
    sqlite3_str *sql = sqlite3_str_new(db);
    sqlite3_str_appendf(sql, "INSERT INTO temp.\"%w\" VALUES (", table);
    for (uint32_t i = 0; i < columns; i++)
        sqlite3_str_appendall(sql, i ? ", ?" : "?");
    sqlite3_str_appendall(sql, ")");
    char *text = sqlite3_str_finish(sql);
    int rc = text ? sqlite3_prepare_v2(db, text, -1, insert, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    return rc;
}

/* Whether a table has the values that it was given: an INSERT converts each to the affinity of its column,
   which not all values of a UNION ALL have. SQLITE_OK, SQLITE_MISMATCH or another error. */
static int check_values(sqlite3 *db, const char *table, const RowsetView *view)
{
    sqlite3_stmt *select = NULL;
    char *sql = sqlite3_mprintf("SELECT * FROM temp.\"%w\" ORDER BY rowid", table);
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &select, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    for (uint32_t row = 0; rc == SQLITE_OK && row < view->rows; row++) {
        rc = sqlite3_step(select) == SQLITE_ROW ? SQLITE_OK : sqlite3_errcode(db);
        for (uint32_t i = 0; rc == SQLITE_OK && i < view->columns; i++) {
            RowsetValue value = {0};
            if (!rowset_get(view, row, i, &value))
                rc = SQLITE_CORRUPT;
            else if (sqlite3_column_type(select, (int)i) != value.type)
                rc = SQLITE_MISMATCH;
        }
    }
    sqlite3_finalize(select);
    return rc;
}

static int fill_table(sqlite3 *db, const Recipe *recipe, const RecipeTable *table)
{
    RowsetView view;
    sqlite3_stmt *insert = NULL;
    if (!rowset_open(&view, recipe_text(recipe, table->rows), table->rows_size))
        return SQLITE_CORRUPT;
    int encoding = recipe->encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16;
    int rc = prepare_insert(db, recipe_text(recipe, table->name), view.columns, &insert);
    for (uint32_t row = 0; rc == SQLITE_OK && row < view.rows; row++) {
        rc = bind_row(insert, 1, &view, row, encoding);
        if (rc == SQLITE_OK && sqlite3_step(insert) != SQLITE_DONE)
            rc = sqlite3_errcode(db);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    return rc == SQLITE_OK ? check_values(db, recipe_text(recipe, table->name), &view) : rc;
}

/* The cache holds the tables, whose bytes have a bound, and nothing of them needs to be rolled back. What
   SQLite sorts beside them goes into files where it is long, which temp_store = MEMORY would keep. */
static const char store_tables[] = "PRAGMA temp.cache_size = -131072; PRAGMA temp.journal_mode = OFF";

int made_tables_create(sqlite3 *db, const Recipe *recipe)
{
    int rc = recipe->made_count ? sqlite3_exec(db, store_tables, NULL, NULL, NULL) : SQLITE_OK;
    for (uint32_t i = 0; rc == SQLITE_OK && i < recipe->made_count; i++) {
        const RecipeTable *table = recipe_made(recipe, i);
        /* Ranges of a key are no table. */
        if (!*recipe_text(recipe, table->declaration))
            continue;
        rc = sqlite3_exec(db, recipe_text(recipe, table->declaration), NULL, NULL, NULL);
        if (rc == SQLITE_OK && table->rows_size)
            rc = fill_table(db, recipe, table);
    }
    return rc;
}
