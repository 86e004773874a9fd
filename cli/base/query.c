#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"

/* Advice where the disk is why a statement failed; else NULL. */
static const char *disk_advice(sqlite3 *db)
{
    int code = sqlite3_errcode(db) & 0xff, error = sqlite3_system_errno(db);
    if (code == SQLITE_FULL ||
        (code == SQLITE_IOERR && (error == ENOSPC || error == EDQUOT || error == EFBIG)))
        return "there is no room left: make some, and try again; what was recorded before is kept";
    if (code == SQLITE_IOERR)
        return "see to it that the disk is there and has room, and try again; what was recorded before is "
               "kept";
    return NULL;
}

/* Advice for the connection's error; NULL: there is none beyond SQLite's message. */
static const char *advice(sqlite3 *db)
{
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_BUSY:
        return "another program keeps this database locked: try again when it is done";
    case SQLITE_READONLY:
    case SQLITE_AUTH: /* a private copy, see history.c */
    case SQLITE_CANTOPEN:
        return "SQLite has to write it, and files beside it: make the file and its folder writable, or copy "
               "it to where you may write";
    case SQLITE_NOTADB:
        return "give an SQLite database; if this was one, it is encrypted, or damaged: restore it from a copy";
    case SQLITE_CORRUPT:
        return "it is damaged: restore it from a copy, or save what can be read with .recover of the sqlite3 "
               "shell";
    default:
        return disk_advice(db);
    }
}

void query_explain(sqlite3 *db, Failure *failure)
{
    const char *file = sqlite3_db_filename(db, "main"), *to_do = advice(db);
    int of_file = file && *file;
    failure_write(failure, "%s%s%s%s%s", of_file ? file : "", of_file ? ": " : "", sqlite3_errmsg(db),
                  to_do ? ": " : "", to_do ? to_do : "");
}

static int bind(sqlite3_stmt *statement, const char *types, va_list values)
{
    int available = sqlite3_bind_parameter_count(statement);
    for (int i = 0; i < available && types[i] != '\0'; i++) {
        int rc = SQLITE_MISUSE;
        double number;
        int64_t integer;
        switch (types[i]) {
        case 't':
            rc = sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1, SQLITE_STATIC);
            break;
        case 'i':
            rc = sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
            break;
        case 'o':
            integer = va_arg(values, int64_t);
            rc = integer >= 0 ? sqlite3_bind_int64(statement, i + 1, integer)
                              : sqlite3_bind_null(statement, i + 1);
            break;
        case 'd':
            number = va_arg(values, double);
            rc = isfinite(number) ? sqlite3_bind_double(statement, i + 1, number)
                                  : sqlite3_bind_null(statement, i + 1);
            break;
        case 'n':
            rc = sqlite3_bind_null(statement, i + 1);
            break;
        }
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static int prepare(sqlite3 *db, sqlite3_stmt **statement, Failure *failure, const char *sql,
                   const char *types, va_list values)
{
    *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, statement, NULL) == SQLITE_OK &&
        bind(*statement, types, values) == SQLITE_OK)
        return 0;
    query_fail(db, failure);
    sqlite3_finalize(*statement);
    *statement = NULL;
    return -1;
}

int query_prepare(sqlite3 *db, sqlite3_stmt **statement, Failure *failure, const char *sql, const char *types,
                  ...)
{
    va_list values;
    va_start(values, types);
    int result = prepare(db, statement, failure, sql, types, values);
    va_end(values);
    return result;
}

/* Runs the statement to its end and finalizes it. */
static int finish(sqlite3_stmt *statement, int64_t *integer, char **text, Failure *failure)
{
    int result = query_next(statement, failure);
    if (result > 0 && integer)
        *integer = sqlite3_column_int64(statement, 0);
    if (result > 0 && text && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *text = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
    while (result > 0)
        result = query_next(statement, failure);
    sqlite3_finalize(statement);
    if (result && text) {
        sqlite3_free(*text);
        *text = NULL;
    }
    return result;
}

int query_run(sqlite3 *db, int64_t *integer, Failure *failure, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    va_list values;
    va_start(values, types);
    int result = prepare(db, &statement, failure, sql, types, values);
    va_end(values);
    return result ? result : finish(statement, integer, NULL, failure);
}

int query_text(sqlite3 *db, char **text, Failure *failure, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    va_list values;
    *text = NULL;
    va_start(values, types);
    int result = prepare(db, &statement, failure, sql, types, values);
    va_end(values);
    return result ? result : finish(statement, NULL, text, failure);
}

int query_next(sqlite3_stmt *statement, Failure *failure)
{
    int rc = sqlite3_step(statement);
    return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : query_fail(sqlite3_db_handle(statement), failure);
}

int query_count(sqlite3_stmt *statement, size_t *rows, Failure *failure)
{
    int more;
    for (*rows = 0; (more = query_next(statement, failure)) > 0;)
        ++*rows;
    sqlite3_reset(statement);
    return more;
}

int query_numbers(sqlite3 *db, double **numbers, size_t *count, Failure *failure, const char *sql, int64_t id)
{
    sqlite3_stmt *statement;
    size_t rows;
    *numbers = NULL;
    *count = 0;
    if (query_prepare(db, &statement, failure, sql, "i", id))
        return -1;
    int result = query_count(statement, &rows, failure);
    if (result == 0 && !(*numbers = malloc((rows + 1) * sizeof **numbers)))
        result = failure_set(failure, "out of memory for %zu numbers", rows);
    while (result == 0 && *count < rows && (result = query_next(statement, failure)) > 0) {
        (*numbers)[(*count)++] = sqlite3_column_double(statement, 0);
        result = 0;
    }
    sqlite3_finalize(statement);
    return result;
}

int query_copy(sqlite3 *db, const char *schema, sqlite3 *from, Failure *failure)
{
    sqlite3_backup *backup = sqlite3_backup_init(db, schema, from, "main");
    if (!backup)
        return failure_set(failure, "%s", sqlite3_errmsg(db));
    sqlite3_backup_step(backup, -1);
    int rc = sqlite3_backup_finish(backup);
    return rc == SQLITE_OK ? 0 : failure_set(failure, "%s", sqlite3_errstr(rc));
}

int query_script(sqlite3 *db, const char *sql, Failure *failure)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : query_fail(db, failure);
}

int query_begin(sqlite3 *db, Failure *failure)
{
    return query_script(db, "BEGIN IMMEDIATE", failure);
}

int query_end(sqlite3 *db, int result, Failure *failure)
{
    if (result == 0)
        result = query_script(db, "COMMIT", failure);
    if (result)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}
