/* A small extension for the tests of parallel_map_load. By its default entry point: tiny_double(x), which is
 * 2 x, and the collation TINY_REVERSE, which compares backwards; by sqlite3_tiny_upper_init: upper(x), which
 * is 'tiny'. By sqlite3_tiny_failing_init: an error. By sqlite3_tiny_shy_init: as by default, but an error in
 * a worker process. */
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

int sqlite3_tinyextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);
int sqlite3_tiny_upper_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);
int sqlite3_tiny_failing_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);
int sqlite3_tiny_shy_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);

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

int sqlite3_tiny_failing_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    set_api(routines);
    (void)db;
    *message = sqlite3_mprintf("tiny trouble");
    return SQLITE_ERROR;
}

int sqlite3_tiny_shy_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    if (strncmp(name, "pricemap-", 9) != 0)
        return sqlite3_tinyextension_init(db, message, routines);
    set_api(routines);
    *message = sqlite3_mprintf("tiny trouble in a worker process");
    return SQLITE_ERROR;
}
