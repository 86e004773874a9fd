/* A small extension whose functions prepare statements on the connection that calls them. look_up(id): the
 * rate of the table `rates`, or NULL where there is no such table or row. rate_columns(): how many columns
 * the table has, by a pragma. count_to(n): n, counted by a statement; NULL where that fails. note(x): keeps x
 * in a table, and says whether that went well. evaluate(sql): the first value of a statement, or NULL.
 * writefile(path): 1, and no more. tagged(x): x with the subtype 77; tag_of(x): the subtype of x. */
#include <pthread.h>

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

int sqlite3_readingextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);

/* Worker threads load it at one time, while others run it: the pointer is written once. */
static void set_api(const sqlite3_api_routines *routines)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    if (sqlite3_api != routines)
        SQLITE_EXTENSION_INIT2(routines);
    pthread_mutex_unlock(&mutex);
}

static void look_up(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    sqlite3_stmt *statement = NULL;
    (void)argc;
    if (sqlite3_prepare_v2(sqlite3_context_db_handle(context), "SELECT rate FROM rates WHERE id = ?1", -1,
                           &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_value(statement, 1, argv[0]);
        if (sqlite3_step(statement) == SQLITE_ROW)
            sqlite3_result_value(context, sqlite3_column_value(statement, 0));
    }
    sqlite3_finalize(statement);
}

static void rate_columns(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    sqlite3_stmt *statement = NULL;
    int columns = 0;
    (void)argc;
    (void)argv;
    sqlite3_prepare_v2(sqlite3_context_db_handle(context), "PRAGMA table_info(rates)", -1, &statement, NULL);
    while (sqlite3_step(statement) == SQLITE_ROW)
        columns++;
    sqlite3_finalize(statement);
    sqlite3_result_int(context, columns);
}

static void count_to(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    sqlite3_stmt *statement = NULL;
    (void)argc;
    sqlite3_prepare_v2(sqlite3_context_db_handle(context),
                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "
                       "SELECT count(*) FROM n",
                       -1, &statement, NULL);
    sqlite3_bind_value(statement, 1, argv[0]);
    if (sqlite3_step(statement) == SQLITE_ROW)
        sqlite3_result_value(context, sqlite3_column_value(statement, 0));
    sqlite3_finalize(statement);
}

static void note(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_int(context,
                       sqlite3_exec(sqlite3_context_db_handle(context), "CREATE TABLE IF NOT EXISTS noted(x)",
                                    NULL, NULL, NULL) == SQLITE_OK);
}

static void evaluate(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    sqlite3_stmt *statement = NULL;
    (void)argc;
    if (sqlite3_prepare_v2(sqlite3_context_db_handle(context), (const char *)sqlite3_value_text(argv[0]), -1,
                           &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        sqlite3_result_value(context, sqlite3_column_value(statement, 0));
    sqlite3_finalize(statement);
}

static void writefile(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_int(context, 1);
}

static void tagged(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_value(context, argv[0]);
    sqlite3_result_subtype(context, 77);
}

static void tag_of(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_int(context, (int)sqlite3_value_subtype(argv[0]));
}

/* From 3.45 on. */
#ifndef SQLITE_RESULT_SUBTYPE
#define SQLITE_RESULT_SUBTYPE 0x001000000
#endif

int sqlite3_readingextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    static const struct {
        const char *name;
        int arguments, flags;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"look_up", 1, 0, look_up},
        {"rate_columns", 0, 0, rate_columns},
        {"count_to", 1, 0, count_to},
        {"note", 1, 0, note},
        {"evaluate", 1, 0, evaluate},
        {"writefile", 1, 0, writefile},
        {"tagged", 1, SQLITE_DETERMINISTIC | SQLITE_RESULT_SUBTYPE, tagged},
        {"tag_of", 1, SQLITE_DETERMINISTIC | SQLITE_SUBTYPE, tag_of},
    };
    set_api(routines);
    (void)message;
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof functions / sizeof *functions; i++)
        rc = sqlite3_create_function(db, functions[i].name, functions[i].arguments,
                                     SQLITE_UTF8 | functions[i].flags, NULL, functions[i].function, NULL,
                                     NULL);
    return rc;
}
