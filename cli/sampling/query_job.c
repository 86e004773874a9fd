#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/sampling/query_job.h"
#include "sql/sql.h"

static int fail_query(sqlite3 *db, const QueryJob *job, Failure *failure)
{
    return failure_set(failure, "cannot run the query by %s: %s", job->executor, sqlite3_errmsg(db));
}

/* Whether a text has nothing but blanks and comments. */
static int is_empty(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, text, -1, &statement, NULL);
    int empty = rc == SQLITE_OK && !statement;
    sqlite3_finalize(statement);
    return empty;
}

/* Whether the text may stand in brackets, as only a SELECT may. */
static bool is_select(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement = NULL;
    char *sql = text ? sqlite3_mprintf("SELECT * FROM (%s\n)", text) : NULL;
    bool well = sql && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK;
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return well;
}

/* The SELECT of a text that was prepared, to be put into brackets before a newline: without semicolons around
   it, and its last comment ended. NULL: there is none. */
static char *select_alone(sqlite3 *db, const char *text, const char *tail)
{
    text += strspn(text, " \t\r\n\f;");
    size_t length = text < tail ? (size_t)(tail - text) : 0;
    while (length > 0 && strchr(" \t\r\n\f;", text[length - 1]))
        length--;
    char *select = sqlite3_mprintf("%.*s", (int)length, text);
    if (is_select(db, select))
        return select;
    char *ended = select ? sqlite3_mprintf("%s*/", select) : NULL;
    sqlite3_free(select);
    if (is_select(db, ended))
        return ended;
    sqlite3_free(ended);
    return NULL;
}

/* Checks that the text is one SELECT: *select is that as select_alone has it, for sqlite3_free. */
static int check(sqlite3 *db, const QueryJob *job, char **select, Failure *failure)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = NULL;
    *select = NULL;
    if (sqlite3_prepare_v2(db, job->query, -1, &statement, &tail) != SQLITE_OK)
        return fail_query(db, job, failure);
    int parameters = sqlite3_bind_parameter_count(statement);
    sqlite3_finalize(statement);
    if (!is_empty(db, tail))
        return failure_set(failure, "--query: there is more than one statement: give one SELECT");
    char *alone = statement ? select_alone(db, job->query, tail) : NULL;
    if (!alone)
        return failure_set(failure, "--query: this is no SELECT: only one that gives rows can be timed");
    if (parameters == 0) {
        *select = alone;
        return 0;
    }
    sqlite3_free(alone);
    return failure_set(failure,
                       "--query: the SELECT has parameters, which have no values here: write the values");
}

static void name_table(const QueryJob *job, char name[QUERY_TEXT_SIZE])
{
    snprintf(name, QUERY_TEXT_SIZE, "temp.pricereport_query_%zu", job->number);
}

static int create_table(sqlite3 *db, const QueryJob *job, const char *select, Failure *failure)
{
    char name[QUERY_TEXT_SIZE], workers[QUERY_TEXT_SIZE] = "";
    name_table(job, name);
    if (job->workers > 0)
        snprintf(workers, sizeof workers, ", workers = %lld", (long long)job->workers);
    char *sql = sqlite3_mprintf("CREATE VIRTUAL TABLE %s USING parallel_query(query = (%s\n), "
                                "executor = %s%s)",
                                name, select, job->executor, workers);
    int rc = sql ? sqlite3_exec(db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return rc == SQLITE_OK ? 0 : fail_query(db, job, failure);
}

int query_job_prepare(sqlite3 *db, const QueryJob *job, sqlite3_stmt **statement, Failure *failure)
{
    char name[QUERY_TEXT_SIZE], sql[2 * QUERY_TEXT_SIZE];
    char *select;
    *statement = NULL;
    if (check(db, job, &select, failure))
        return -1;
    bool serial = strcmp(job->executor, "serial") == 0;
    int made = serial ? 0 : create_table(db, job, select, failure);
    sqlite3_free(select);
    if (made)
        return -1;
    if (serial)
        return sqlite3_prepare_v2(db, job->query, -1, statement, NULL) == SQLITE_OK
                   ? 0
                   : fail_query(db, job, failure);
    name_table(job, name);
    snprintf(sql, sizeof sql, "SELECT * FROM %s", name);
    return sqlite3_prepare_v2(db, sql, -1, statement, NULL) == SQLITE_OK ? 0 : fail_query(db, job, failure);
}

/* Appends every column to ORDER BY; collations are set aside, since values that they take for equal would
 * come in any order. */
static char *order_all(const char *from, int columns)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "SELECT * FROM %s ORDER BY ", from);
    for (int i = 0; i < columns; i++)
        sqlite3_str_appendf(sql, "%s%d COLLATE BINARY", i ? ", " : "", i + 1);
    return sqlite3_str_finish(sql);
}

int query_job_prepare_sorted(sqlite3 *db, const QueryJob *job, sqlite3_stmt **statement, Failure *failure)
{
    char name[QUERY_TEXT_SIZE];
    sqlite3_stmt *plain = NULL;
    char *select;
    *statement = NULL;
    if (check(db, job, &select, failure))
        return -1;
    char *from = sqlite3_mprintf("(%s\n)", select);
    sqlite3_free(select);
    int prepared = sqlite3_prepare_v2(db, job->query, -1, &plain, NULL);
    int columns = sqlite3_column_count(plain);
    sqlite3_finalize(plain);
    if (prepared != SQLITE_OK) {
        sqlite3_free(from);
        return fail_query(db, job, failure);
    }
    name_table(job, name);
    const char *source = strcmp(job->executor, "serial") == 0 ? from : name;
    char *sql = source ? order_all(source, columns) : NULL;
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(from);
    sqlite3_free(sql);
    return rc == SQLITE_OK ? 0 : fail_query(db, job, failure);
}

int64_t query_job_execute(sqlite3_stmt *statement)
{
    const int columns = sqlite3_column_count(statement);
    int64_t rows = 0;
    int rc;
    for (; (rc = sqlite3_step(statement)) == SQLITE_ROW; rows++)
        for (int i = 0; i < columns; i++)
            (void)sqlite3_column_value(statement, i);
    return sqlite3_reset(statement) == SQLITE_OK && rc == SQLITE_DONE ? rows : -1;
}

int query_job_whole(sqlite3 *db, char *reason, size_t size, Failure *failure)
{
    char *text;
    *reason = '\0';
    if (query_text(db, &text, failure, sql_measure_query_whole, ""))
        return -1;
    snprintf(reason, size, "%s", text ? text : "");
    sqlite3_free(text);
    return 0;
}
