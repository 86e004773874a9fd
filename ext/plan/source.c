#include "ext/plan/source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ext/base/error.h"
#include "ext/base/sqlite_limits.h"
#include "ext/data/values.h"
#include "ext/evaluate/program.h"
#include "ext/plan/sql_text.h"
#include "sql/ext_sql.h"

void source_free(Source *source)
{
    sqlite3_free(source->select);
    sqlite3_free(source->from);
    sqlite3_free(source->alias);
    sqlite3_free(source->schema);
    sqlite3_free(source->table);
    columns_free(&source->columns);
    *source = (Source){0};
}

static bool has_column(const ColumnList *columns, const char *name)
{
    for (int i = 0; i < columns->count; i++)
        if (!sqlite3_stricmp(columns->items[i].name, name))
            return true;
    return false;
}

/* A table that has rowids answers to one of these names, unless columns took all three; a view and a table
   without rowids answer to none. */
static const char *find_rowid(sqlite3 *db, const char *schema, const char *table, const ColumnList *columns)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!has_column(columns, names[i]) &&
            sqlite3_table_column_metadata(db, schema, table, names[i], NULL, NULL, NULL, NULL, NULL) ==
                SQLITE_OK)
            return names[i];
    return NULL;
}

static int find_rowid_read(void *arg, const Instruction *instruction)
{
    bool *null = arg;
    *null = !instruction_is(instruction, "Rowid") && !instruction_is(instruction, "IdxRowid");
    return *null ? SQLITE_OK : SQLITE_DONE;
}

/* Sets *null to whether the host's authorizer has the rowid read as NULL (SQLITE_IGNORE): then no instruction
   reads it. One that is denied is not NULL. SQLITE_OK or an error of the connection. */
static int is_null(sqlite3 *db, const char *from, const char *rowid, bool *null)
{
    char *sql = sqlite3_mprintf("SELECT %s FROM %s", rowid, from);
    *null = false;
    int rc = sql ? program_each(db, sql, find_rowid_read, null) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return rc == SQLITE_AUTH ? SQLITE_OK : rc;
}

/* Whether the type ANY leaves a column of the table without affinity: elsewhere it is one of no meaning, and
   NUMERIC. */
static bool is_strict(sqlite3 *db, const char *schema, const char *table)
{
    sqlite3_stmt *statement = NULL;
    SqliteLimits own;
    limits_lift(db, &own);
    /* A version before STRICT knows no such pragma. */
    bool strict = sqlite3_prepare_v2(db, sql_ext_is_strict, -1, &statement, NULL) == SQLITE_OK &&
                  sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC) == SQLITE_OK &&
                  sqlite3_bind_text(statement, 2, schema, -1, SQLITE_STATIC) == SQLITE_OK &&
                  sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    limits_restore(db, &own);
    return strict;
}

/* Whether the name is a table's, also a virtual one's, and no view's. */
static bool is_table(sqlite3 *db, const char *schema, const char *table)
{
    return sqlite3_table_column_metadata(db, schema, table, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

/*
 * The columns of a table keep their declaration, whatever the host's authorizer says of them: a column that
 * it denies, or has read as NULL (SQLITE_IGNORE), would be described as an expression.
 */
static int declare_columns(sqlite3 *db, const char *schema, const char *table, ColumnList *columns)
{
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < columns->count; i++) {
        const char *type, *collation;
        Column *column = &columns->items[i];
        if (sqlite3_table_column_metadata(db, schema, table, column->name, &type, &collation, NULL, NULL,
                                          NULL) == SQLITE_OK)
            rc = column_declare(
                column, type && !sqlite3_stricmp(type, "ANY") && is_strict(db, schema, table) ? "" : type,
                collation);
    }
    return rc;
}

/* Names the columns and finds out how they compare: of a table without preparing anything else. Columns that
 * a map does not read may be denied; where none can be described *denial is SQLite's message. */
static int describe_columns(sqlite3 *db, const char *schema, const char *table, Source *source, char **denial)
{
    ColumnList *columns = &source->columns;
    int rc = columns_name(db, source->from, columns);
    bool denied = rc == SQLITE_AUTH;
    if (denied) {
        *denial = sqlite3_mprintf("%s", sqlite3_errmsg(db));
        rc = columns_list(db, schema, table, columns);
    }
    if (rc != SQLITE_OK)
        return rc;
    if (is_table(db, schema, table))
        return declare_columns(db, schema, table, columns);
    return denied ? columns_compare_readable(db, source->from, columns)
                  : columns_compare(db, source->from, columns);
}

static int resolve_table(sqlite3 *db, const char *schema, const char *table, Source *source, char **message)
{
    source->from =
        schema ? sqlite3_mprintf("\"%w\".\"%w\"", schema, table) : sqlite3_mprintf("\"%w\"", table);
    source->alias = sqlite3_mprintf("%s", table);
    source->table = sqlite3_mprintf("%s", table);
    source->schema = schema ? sqlite3_mprintf("%s", schema) : NULL;
    if (!source->from || !source->alias || !source->table || (schema && !source->schema))
        return SQLITE_NOMEM;
    char *denial = NULL;
    int rc = describe_columns(db, schema, table, source, &denial);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM)
        *message = sqlite3_mprintf("parallel_map: source: %s", denial ? denial : sqlite3_errmsg(db));
    sqlite3_free(denial);
    if (rc != SQLITE_OK)
        return rc;
    source->rowid = find_rowid(db, schema, table, &source->columns);
    if (source->rowid)
        rc = is_null(db, source->from, source->rowid, &source->rowid_is_null);
    if (source->rowid_is_null)
        source->rowid = NULL;
    return rc;
}

/* Whether each parameter of a statement is written as :name. */
static bool has_only_names(sqlite3_stmt *statement)
{
    int count = sqlite3_bind_parameter_count(statement);
    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        if (!name || *name != ':' || !strncasecmp(name, VALUE_PARAMETER, strlen(VALUE_PARAMETER)))
            return false;
    }
    return true;
}

/* Prepares `text` as it stands, so that it cannot escape from the brackets it is put in later. */
static int check_select(sqlite3 *db, const char *text, sqlite3_stmt **statement, char **message)
{
    const char *tail = NULL;
    SqlToken first, rest;
    sql_token(text, &first);
    if (!sql_is_word(&first, "SELECT") && !sql_is_word(&first, "WITH") && !sql_is_word(&first, "VALUES"))
        return error_text(
            message,
            sqlite3_mprintf("parallel_map: source is '%s': expected a table's name or a SELECT", text));
    int rc = sqlite3_prepare_v2(db, text, -1, statement, &tail);
    if (rc == SQLITE_NOMEM)
        return rc;
    if (rc != SQLITE_OK) {
        *message = sqlite3_mprintf("parallel_map: source: %s", sqlite3_errmsg(db));
        return rc;
    }
    /* SQLite lets a last comment go unclosed; in brackets it would swallow what comes after. */
    for (const char *next = sql_token(text, &rest); rest.kind != SQL_END; next = sql_token(next, &rest))
        if (rest.kind == SQL_BROKEN)
            return error_text(message,
                              sqlite3_mprintf("parallel_map: source: a quote or comment is not closed"));
    sql_token(tail, &rest);
    if (rest.kind != SQL_END)
        return error_text(message,
                          sqlite3_mprintf("parallel_map: source holds two statements: give one SELECT"));
    if (!sqlite3_stmt_readonly(*statement) || !sqlite3_column_count(*statement))
        return error_text(
            message, sqlite3_mprintf("parallel_map: source is '%s': it must only read: give a SELECT", text));
    if (!has_only_names(*statement))
        return error_text(message,
                          sqlite3_mprintf("parallel_map: source: parameters cannot be bound in it: write the "
                                          "values, as quote() gives them"));
    return SQLITE_OK;
}

static int resolve_select(sqlite3 *db, const char *text, Source *source, char **message)
{
    sqlite3_stmt *statement = NULL;
    int rc = check_select(db, text, &statement, message);
    if (rc == SQLITE_OK) {
        const char *sql = sqlite3_sql(statement);
        int length = (int)strlen(sql);
        while (length && (isspace((unsigned char)sql[length - 1]) || sql[length - 1] == ';'))
            length--;
        source->select = sqlite3_mprintf("%.*s", length, sql);
        source->alias = sqlite3_mprintf("source");
        source->from = sqlite3_mprintf("(%.*s\n)", length, sql);
        rc = source->select && source->alias && source->from
                 ? columns_describe(db, source->from, &source->columns)
                 : SQLITE_NOMEM;
        if (rc != SQLITE_OK && rc != SQLITE_NOMEM)
            *message = sqlite3_mprintf("parallel_map: source: %s", sqlite3_errmsg(db));
    }
    sqlite3_finalize(statement);
    return rc;
}

int source_resolve(sqlite3 *db, const char *text, Source *source, char **message)
{
    char *schema, *table;
    *source = (Source){0};
    int rc;
    if (sql_parse_table_name(text, &schema, &table)) {
        rc = table ? resolve_table(db, schema, table, source, message) : SQLITE_NOMEM;
        sqlite3_free(schema);
        sqlite3_free(table);
    } else {
        rc = resolve_select(db, text, source, message);
    }
    if (rc != SQLITE_OK)
        source_free(source);
    return rc;
}

/* The statement selects only the inputs from a table. A SELECT is run as it was written: within another one
 * its ORDER BY might be lost. */
static char *reading_sql(const Source *source, const int *inputs, int count, int *index_of)
{
    if (source->select) {
        for (int i = 0; i < count; i++)
            index_of[i] = inputs[i];
        return sqlite3_mprintf("%s", source->select);
    }
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, count ? "SELECT " : "SELECT NULL");
    for (int i = 0; i < count; i++) {
        sqlite3_str_appendf(sql, inputs[i] < 0 ? "%s\"%w\".%s" : "%s\"%w\".\"%w\"", i ? ", " : "",
                            source->alias,
                            inputs[i] < 0 ? source->rowid : source->columns.items[inputs[i]].name);
        index_of[i] = i;
    }
    /* A schema table has a name within SQLite that need not be the one it was called by. */
    sqlite3_str_appendf(sql, " FROM %s AS \"%w\"", source->from, source->alias);
    return sqlite3_str_finish(sql);
}

char *source_feed_sql(const Source *source, const int *inputs, int count, int **index_of)
{
    *index_of = malloc(((size_t)count + 1) * sizeof **index_of);
    char *sql = *index_of ? reading_sql(source, inputs, count, *index_of) : NULL;
    if (!sql) {
        free(*index_of);
        *index_of = NULL;
    }
    return sql;
}
