#include "ext/split/tables.h"

#include <string.h>
#include <strings.h>

#include "sql/ext_sql.h"

static const char *const rowid_names[] = {"rowid", "_rowid_", "oid"};

static bool is_rowid_name(const char *name)
{
    for (size_t i = 0; i < sizeof rowid_names / sizeof *rowid_names; i++)
        if (!strcasecmp(name, rowid_names[i]))
            return true;
    return false;
}

static int find_column(const NameList *columns, const char *name)
{
    for (int i = 0; i < columns->count; i++)
        if (!strcasecmp(columns->items[i], name))
            return i;
    return -1;
}

int tables_column(const KnownTable *table, const char *name)
{
    int column = find_column(&table->columns, name);
    if (column >= 0)
        return column == table->key_column ? -1 : column;
    return table->rowid && is_rowid_name(name) ? -1 : -2;
}

static const char *keep_column(Splitting *splitting, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? arena_copy(&splitting->arena, text, strlen(text)) : NULL;
}

/* Reads the columns of a table, and which of them the rowid is, by one statement: SQLite gives that column's
   name to the rowid. *read: it was enough. A view, a table whose text may have computed columns, one WITHOUT
   ROWID and one with columns that are called as rowids are need more. */
static int read_simply(Splitting *splitting, KnownTable *table, const char *sql, bool *read)
{
    sqlite3_stmt *statement = NULL;
    *read = sql && !table->view && !strcasestr(sql, "AS") && !strcasestr(sql, "WITHOUT") &&
            !strcasestr(sql, "ROWID");
    if (!*read)
        return SQLITE_OK;
    char *text = sqlite3_mprintf("SELECT *, rowid FROM main.\"%w\"", table->name);
    int rc = text ? sqlite3_prepare_v2(splitting->shadow.db, text, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    int count = rc == SQLITE_OK ? sqlite3_column_count(statement) - 1 : 0;
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(statement, i);
        name_list_add(&splitting->arena, &table->columns,
                      name ? arena_copy(&splitting->arena, name, strlen(name)) : NULL);
    }
    const char *key = count > 0 ? sqlite3_column_name(statement, count) : NULL;
    if (key)
        table->key_column = find_column(&table->columns, key);
    table->rowid = rowid_names[0];
    sqlite3_finalize(statement);
    return splitting->arena.failed ? SQLITE_NOMEM : rc;
}

/* Reads the columns of a table or view. */
static int read_columns(Splitting *splitting, KnownTable *table)
{
    enum { NAME = 1, HIDDEN = 6, NO = 0, COMPUTED = 2, STORED = 3 }; /* of PRAGMA table_xinfo */
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("PRAGMA main.table_xinfo(\"%w\")", table->name);
    int rc = sql ? sqlite3_prepare_v2(splitting->shadow.db, sql, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        int hidden = sqlite3_column_int(statement, HIDDEN);
        rc = SQLITE_OK;
        table->computes = table->computes || hidden == COMPUTED;
        if (hidden == NO || hidden == COMPUTED || hidden == STORED)
            name_list_add(&splitting->arena, &table->columns, keep_column(splitting, statement, NAME));
    }
    sqlite3_finalize(statement);
    return splitting->arena.failed ? SQLITE_NOMEM : rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Finds the name of the rowid and the column that it is: SQLite names that column where the rowid is read. */
static int read_rowid(Splitting *splitting, KnownTable *table)
{
    sqlite3_stmt *statement = NULL;
    const char *rowid = NULL;
    for (size_t i = 0; !rowid && i < sizeof rowid_names / sizeof *rowid_names; i++)
        if (find_column(&table->columns, rowid_names[i]) < 0)
            rowid = rowid_names[i];
    if (!rowid || table->view)
        return SQLITE_OK;
    char *sql = sqlite3_mprintf("SELECT %s FROM main.\"%w\"", rowid, table->name);
    int rc = sql ? sqlite3_prepare_v2(splitting->shadow.db, sql, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (rc == SQLITE_OK) {
        const char *column = sqlite3_column_name(statement, 0);
        table->rowid = rowid;
        table->key_column = column ? find_column(&table->columns, column) : -1;
    }
    sqlite3_finalize(statement);
    table->without_rowid = rc == SQLITE_ERROR;
    return table->without_rowid ? SQLITE_OK : rc;
}

/* Reads the schema's entry of the name, and its text; *found stays NULL where there is none. */
static int read_entry(Splitting *splitting, const char *name, KnownTable **found, const char **text)
{
    enum { NAME, TYPE, SQL };
    Shadow *shadow = &splitting->shadow;
    int rc = shadow->entry ? SQLITE_OK
                           : sqlite3_prepare_v2(shadow->db, sql_ext_schema_entry, -1, &shadow->entry, NULL);
    sqlite3_stmt *statement = shadow->entry;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        KnownTable *table = arena_take(&splitting->arena, sizeof *table);
        const char *sql = keep_column(splitting, statement, SQL);
        if (table && sql) {
            *table =
                (KnownTable){.name = keep_column(splitting, statement, NAME), .key_column = -1, .rows = -1};
            table->view = !strcmp((const char *)sqlite3_column_text(statement, TYPE), "view") ? sql : NULL;
            if (!table->view && !strncasecmp(sql, "CREATE VIRTUAL", 14))
                split_refuse(splitting, "%s is a virtual table", name);
        }
        *found = table;
        *text = sql;
        rc = SQLITE_DONE;
    }
    sqlite3_reset(statement);
    return splitting->arena.failed ? SQLITE_NOMEM : rc == SQLITE_DONE ? SQLITE_OK : rc;
}

KnownTable *tables_find(Splitting *splitting, const char *name)
{
    for (KnownTable *known = splitting->tables; known; known = known->next)
        if (known->name && !strcasecmp(known->name, name))
            return known;
    KnownTable *table = NULL;
    const char *text = NULL;
    bool simple = false;
    int rc = read_entry(splitting, name, &table, &text);
    if (rc == SQLITE_OK && table && split_goes_on(splitting))
        rc = read_simply(splitting, table, text, &simple);
    if (rc == SQLITE_OK && table && !simple && split_goes_on(splitting))
        rc = read_columns(splitting, table);
    if (rc == SQLITE_OK && table && !simple && split_goes_on(splitting))
        rc = read_rowid(splitting, table);
    if (rc != SQLITE_OK)
        split_refuse_unprepared(splitting, rc);
    else if (table && table->computes)
        split_refuse(splitting, "%s has a column that is computed when it is read", name);
    if (!table || !split_goes_on(splitting))
        return NULL;
    table->next = splitting->tables;
    splitting->tables = table;
    return table;
}

KnownTable *tables_of_columns(Splitting *splitting, const NameList *columns)
{
    KnownTable *table = arena_take(&splitting->arena, sizeof *table);
    if (!table) {
        split_fail(splitting, SQLITE_NOMEM);
        return NULL;
    }
    *table = (KnownTable){.columns = *columns, .key_column = -1};
    return table;
}

/* A number that a statement of the shadow gives; -1 where it gives none or does not prepare. */
static int64_t read_number(Splitting *splitting, char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sql && sqlite3_prepare_v2(splitting->shadow.db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return number;
}

/* Number of the rowids from the least to the greatest, which bounds that of the rows; 0: there are none. */
static int64_t count_rowids(Splitting *splitting, const KnownTable *table)
{
    sqlite3_stmt *statement = NULL;
    int64_t rows = 0;
    char *sql = sqlite3_mprintf("SELECT (SELECT min(%s) FROM main.\"%w\"), (SELECT max(%s) FROM main.\"%w\")",
                                table->rowid, table->name, table->rowid, table->name);
    if (sql && sqlite3_prepare_v2(splitting->shadow.db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER) {
        uint64_t more =
            (uint64_t)sqlite3_column_int64(statement, 1) - (uint64_t)sqlite3_column_int64(statement, 0);
        rows = more < INT64_MAX ? (int64_t)more + 1 : INT64_MAX;
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return rows;
}

/* Whether the file has a table of statistics at all. */
static bool has_statistics(const Splitting *splitting)
{
    return sqlite3_table_column_metadata(splitting->shadow.db, "main", "sqlite_stat1", "stat", NULL, NULL,
                                         NULL, NULL, NULL) == SQLITE_OK;
}

/* Statistics have the number of rows first in each line of a table. Without them the rowids bound it. */
int64_t tables_rows(Splitting *splitting, KnownTable *table)
{
    if (table->rows >= 0 || (!table->rowid && !table->without_rowid))
        return table->rows >= 0 ? table->rows : 0;
    int64_t rows = -1;
    if (!splitting->no_statistics)
        rows = read_number(
            splitting, sqlite3_mprintf("SELECT max(CAST(stat AS INTEGER)) FROM main.sqlite_stat1 WHERE tbl = "
                                       "%Q",
                                       table->name));
    splitting->no_statistics = splitting->no_statistics || (rows < 0 && !has_statistics(splitting));
    if (rows < 0 && table->without_rowid)
        rows = read_number(splitting,
                           sqlite3_mprintf("SELECT count(*) FROM (SELECT 1 FROM main.\"%w\" LIMIT %d)",
                                           table->name, TABLES_ROWS_COUNTED));
    else if (rows < 0)
        rows = count_rowids(splitting, table);
    table->rows = rows < 0 ? 0 : rows;
    return table->rows;
}
