/*
 * SQLite as a build with one option more would be: the routines of the real one, without those that the
 * option leaves out. PRICEMAP_TEST_BUILD names the option, without SQLITE_ in front; worker processes inherit
 * it, and find the same table by the functions here, which bear SQLite's names.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3ext.h>

#include "reduced_sqlite.h"

/* The names of SQLite's own functions are defined here; all others are reached through the table. */
#undef sqlite3_auto_extension
#undef sqlite3_cancel_auto_extension
#undef sqlite3_close
#undef sqlite3_libversion
#undef sqlite3_open

#define EXPORTED __attribute__((visibility("default")))

typedef int (*EntryPoint)(sqlite3 *, char **, const sqlite3_api_routines *);

static const sqlite3_api_routines *real;
static sqlite3_api_routines table;
static EntryPoint automatic;
static bool initialized;

static const char *build_option(void)
{
    const char *option = getenv("PRICEMAP_TEST_BUILD");
    return option ? option : "";
}

/* A function of the real SQLite, which this library is linked to. Its table is no way to those that are
 * defined here: where a worker loads this library, these stand before the real ones. */
static void find_real(const char *name, void *function, size_t size)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    if (!symbol)
        abort();
    memcpy(function, &symbol, size);
}

static int option_is_used(const char *name)
{
    return !strcmp(name, build_option()) || real->compileoption_used(name);
}

static int no_threads(void)
{
    return 0;
}

/* What SQLite's loadext.c leaves out of the table for an option. */
static void leave_out(const char *option)
{
    if (!strcmp(option, "OMIT_PROGRESS_CALLBACK")) {
        table.progress_handler = NULL;
    } else if (!strcmp(option, "OMIT_AUTHORIZATION")) {
        table.set_authorizer = NULL;
    } else if (!strcmp(option, "OMIT_VIRTUALTABLE")) {
        table.create_module = NULL;
        table.create_module_v2 = NULL;
        table.declare_vtab = NULL;
        table.vtab_config = NULL;
        table.vtab_on_conflict = NULL;
        table.vtab_collation = NULL;
    } else if (!strcmp(option, "OMIT_COMPILEOPTION_DIAGS")) {
        table.compileoption_used = NULL;
        table.compileoption_get = NULL;
    } else if (!strcmp(option, "THREADSAFE=0")) {
        table.xthreadsafe = no_threads;
        table.mutex_alloc = NULL;
        table.mutex_free = NULL;
        table.mutex_enter = NULL;
        table.mutex_try = NULL;
        table.mutex_leave = NULL;
    } else if (!strcmp(option, "OMIT_TRACE")) {
        table.trace = NULL;
        table.trace_v2 = NULL;
        table.profile = NULL;
    } else if (!strcmp(option, "OMIT_DECLTYPE")) {
        table.column_decltype = NULL;
        table.column_decltype16 = NULL;
    }
}

static void leave_out_more(const char *option)
{
    if (!strcmp(option, "OMIT_UTF16")) {
        table.bind_text16 = NULL;
        table.collation_needed16 = NULL;
        table.column_name16 = NULL;
        table.column_text16 = NULL;
        table.create_collation16 = NULL;
        table.create_function16 = NULL;
        table.errmsg16 = NULL;
        table.open16 = NULL;
        table.prepare16 = NULL;
        table.prepare16_v2 = NULL;
        table.prepare16_v3 = NULL;
        table.result_error16 = NULL;
        table.result_text16 = NULL;
        table.result_text16be = NULL;
        table.result_text16le = NULL;
        table.value_text16 = NULL;
        table.value_text16be = NULL;
        table.value_text16le = NULL;
    } else if (!strcmp(option, "OMIT_INCRBLOB")) {
        table.bind_zeroblob = NULL;
        table.blob_bytes = NULL;
        table.blob_close = NULL;
        table.blob_open = NULL;
        table.blob_read = NULL;
        table.blob_write = NULL;
        table.blob_reopen = NULL;
    } else if (!strcmp(option, "OMIT_DEPRECATED")) {
        table.aggregate_count = NULL;
        table.expired = NULL;
        table.thread_cleanup = NULL;
        table.transfer_bindings = NULL;
        table.trace = NULL;
        table.profile = NULL;
    } else if (!strcmp(option, "OMIT_SHARED_CACHE")) {
        table.enable_shared_cache = NULL;
    } else if (!strcmp(option, "OMIT_GET_TABLE")) {
        table.get_table = NULL;
        table.free_table = NULL;
    } else if (!strcmp(option, "OMIT_COMPLETE")) {
        table.complete = NULL;
        table.complete16 = NULL;
    }
}

static int learn(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    (void)db;
    (void)message;
    real = routines;
    table = *routines;
    table.compileoption_used = option_is_used;
    leave_out(build_option());
    leave_out_more(build_option());
    return SQLITE_OK;
}

/* Learns the real routines as any extension does. */
static void learn_real(void)
{
    int (*add)(void (*)(void)), (*cancel)(void (*)(void)), (*open)(const char *, sqlite3 **),
        (*close)(sqlite3 *);
    sqlite3 *db = NULL;
    if (real)
        return;
    find_real("sqlite3_auto_extension", &add, sizeof add);
    find_real("sqlite3_cancel_auto_extension", &cancel, sizeof cancel);
    find_real("sqlite3_open", &open, sizeof open);
    find_real("sqlite3_close", &close, sizeof close);
    if (add((void (*)(void))learn) != SQLITE_OK || open(":memory:", &db) != SQLITE_OK || !real)
        abort();
    close(db);
    cancel((void (*)(void))learn);
    /* This keeps the real library among those that this one needs. */
    if (!sqlite3_libversion())
        abort();
}

/* A build that does not begin by itself crashes where it was not begun. */
static void expect_begun(void)
{
    if (!strcmp(build_option(), "OMIT_AUTOINIT") && !initialized)
        abort();
}

EXPORTED const sqlite3_api_routines *reduced_table(void)
{
    learn_real();
    return &table;
}

/* The real SQLite may come by here as well: where a worker loads this library, its functions stand before the
 * real ones. */
EXPORTED int sqlite3_initialize(void)
{
    int (*begin)(void);
    find_real("sqlite3_initialize", &begin, sizeof begin);
    initialized = true;
    return begin();
}

EXPORTED int sqlite3_auto_extension(void (*entry)(void))
{
    expect_begun();
    learn_real();
    automatic = (EntryPoint)entry;
    return SQLITE_OK;
}

EXPORTED int sqlite3_cancel_auto_extension(void (*entry)(void))
{
    (void)entry;
    automatic = NULL;
    return 1;
}

EXPORTED int sqlite3_open(const char *path, sqlite3 **db)
{
    int (*open)(const char *, sqlite3 **);
    char *message = NULL;
    find_real("sqlite3_open", &open, sizeof open);
    expect_begun();
    int rc = open(path, db);
    return rc == SQLITE_OK && automatic ? automatic(*db, &message, &table) : rc;
}

EXPORTED int sqlite3_close(sqlite3 *db)
{
    int (*close)(sqlite3 *);
    find_real("sqlite3_close", &close, sizeof close);
    return close(db);
}
