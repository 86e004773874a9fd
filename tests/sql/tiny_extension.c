/* A small extension for the tests of parallel_map_load. By its default entry point: tiny_double(x), which is
 * 2 x, and the collation TINY_REVERSE, which compares backwards; by sqlite3_tiny_upper_init: upper(x), which
 * is 'tiny'; by sqlite3_tiny_pair_init: tiny_one(x) and tiny_two(x), which are 2 x. By
 * sqlite3_tiny_table_init: the eponymous table tiny_rows(n), which has three rows. By
 * sqlite3_tiny_failing_init: an error. By sqlite3_tiny_shy_init: as by default, but an error in a worker
 * process. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

int sqlite3_tinyextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);
int sqlite3_tiny_upper_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);
int sqlite3_tiny_table_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);
int sqlite3_tiny_pair_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);
int sqlite3_tiny_failing_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);
int sqlite3_tiny_shy_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);
int sqlite3_tiny_deadly_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);

/* Worker threads load it at one time, while others run it: the pointer is written once. */
static void set_api(const sqlite3_api_routines *routines)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    if (sqlite3_api != routines)
        SQLITE_EXTENSION_INIT2(routines);
    pthread_mutex_unlock(&mutex);
}

static void tiny_double(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_double(context, 2 * sqlite3_value_double(argv[0]));
}

static void tiny_upper(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_text(context, "tiny", -1, SQLITE_STATIC);
}

static int compare_backwards(void *arg, int a_bytes, const void *a, int b_bytes, const void *b)
{
    (void)arg;
    int order = memcmp(b, a, (size_t)(a_bytes < b_bytes ? a_bytes : b_bytes));
    return order ? order : b_bytes - a_bytes;
}

int sqlite3_tinyextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    set_api(routines);
    (void)message;
    int rc = sqlite3_create_collation(db, "TINY_REVERSE", SQLITE_UTF8, NULL, compare_backwards);
    return rc != SQLITE_OK ? rc
                           : sqlite3_create_function(db, "tiny_double", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                                     NULL, tiny_double, NULL, NULL);
}

int sqlite3_tiny_upper_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    set_api(routines);
    (void)message;
    return sqlite3_create_function(db, "upper", 1, SQLITE_UTF8, NULL, tiny_upper, NULL, NULL);
}

typedef struct TinyCursor {
    sqlite3_vtab_cursor base;
    sqlite3_int64 row;
} TinyCursor;

static int rows_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **table,
                        char **message)
{
    (void)aux;
    (void)argc;
    (void)argv;
    (void)message;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE tiny_rows(n)");
    *table = rc == SQLITE_OK ? calloc(1, sizeof **table) : NULL;
    return rc == SQLITE_OK && !*table ? SQLITE_NOMEM : rc;
}

static int rows_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int rows_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 3;
    return SQLITE_OK;
}

static int rows_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
    (void)table;
    TinyCursor *made = calloc(1, sizeof *made);
    *cursor = made ? &made->base : NULL;
    return made ? SQLITE_OK : SQLITE_NOMEM;
}

static int rows_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int rows_filter(sqlite3_vtab_cursor *cursor, int number, const char *name, int argc,
                       sqlite3_value **argv)
{
    (void)number;
    (void)name;
    (void)argc;
    (void)argv;
    ((TinyCursor *)cursor)->row = 1;
    return SQLITE_OK;
}

static int rows_next(sqlite3_vtab_cursor *cursor)
{
    ((TinyCursor *)cursor)->row++;
    return SQLITE_OK;
}

static int rows_eof(sqlite3_vtab_cursor *cursor)
{
    return ((TinyCursor *)cursor)->row > 3;
}

static int rows_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
    (void)column;
    sqlite3_result_int64(context, ((TinyCursor *)cursor)->row);
    return SQLITE_OK;
}

static int rows_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
    *rowid = ((TinyCursor *)cursor)->row;
    return SQLITE_OK;
}

/* The table is met at once: SQLite calls no authorizer for its making from then on, as newer versions do not
   at any time. */
int sqlite3_tiny_table_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    static const sqlite3_module module = {
        .xConnect = rows_connect,
        .xBestIndex = rows_best_index,
        .xDisconnect = rows_disconnect,
        .xOpen = rows_open,
        .xClose = rows_close,
        .xFilter = rows_filter,
        .xNext = rows_next,
        .xEof = rows_eof,
        .xColumn = rows_column,
        .xRowid = rows_rowid,
    };
    set_api(routines);
    (void)message;
    int rc = sqlite3_create_module(db, "tiny_rows", &module, NULL);
    return rc != SQLITE_OK ? rc : sqlite3_exec(db, "SELECT count(*) FROM tiny_rows", NULL, NULL, NULL);
}

int sqlite3_tiny_pair_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    set_api(routines);
    (void)message;
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    int rc = sqlite3_create_function(db, "tiny_one", 1, flags, NULL, tiny_double, NULL, NULL);
    return rc != SQLITE_OK ? rc
                           : sqlite3_create_function(db, "tiny_two", 1, flags, NULL, tiny_double, NULL, NULL);
}

int sqlite3_tiny_failing_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    set_api(routines);
    (void)db;
    *message = sqlite3_mprintf("tiny trouble");
    return SQLITE_ERROR;
}

static bool is_worker_process(void)
{
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    return strncmp(name, "pricemap-", 9) == 0;
}

int sqlite3_tiny_deadly_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    if (is_worker_process())
        raise(SIGKILL);
    return sqlite3_tinyextension_init(db, message, routines);
}

int sqlite3_tiny_shy_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    if (!is_worker_process())
        return sqlite3_tinyextension_init(db, message, routines);
    set_api(routines);
    *message = sqlite3_mprintf("tiny trouble in a worker process");
    return SQLITE_ERROR;
}
