/* Finding the host's SQLite again in another process: by name, by its table, or the system's. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ext/executors/processes/processes.h"
#include "tests/support/leftovers.h"
#include "tests/support/worker_of.h"
#include "ext/executors/processes/launch.h"
#include "ext/channel/host_sqlite.h"

static const sqlite3_api_routines *real;

static const sqlite3_api_routines *hidden_table_of(void *library)
{
    const sqlite3_api_routines *(*hidden_table)(const sqlite3_api_routines *);
    void *symbol = dlsym(library, "hidden_table");
    assert_non_null(symbol);
    memcpy(&hidden_table, &symbol, sizeof symbol);
    return hidden_table(real);
}

static void assert_attaches(const char *path, bool has_table, int64_t offset, const char *source_id)
{
    char error[256] = "";
    sqlite3_api = NULL;
    bool attached = host_sqlite_attach(path, has_table, offset, error, sizeof error);
    const char *found = attached ? sqlite3_sourceid() : error;
    sqlite3_api = real;
    assert_string_equal(found, source_id);
}

static void test_by_name(void **state)
{
    (void)state;
    char *path = launch_sqlite_path();
    assert_non_null(strstr(path, "sqlite3"));
    assert_attaches(path, false, 0, real->sourceid());
    assert_attaches("", false, 0, real->sourceid());
    free(path);
}

static void test_what_does_not_load_is_the_systems(void **state)
{
    (void)state;
    assert_attaches("/nonexistent/libsqlite3.so", true, 4096, real->sourceid());
    assert_attaches("/etc/passwd", true, 4096, real->sourceid());
    assert_attaches(HIDDEN_SQLITE, false, 0, real->sourceid());
}

static void test_by_table(void **state)
{
    (void)state;
    void *library = dlopen(HIDDEN_SQLITE, RTLD_NOW | RTLD_LOCAL);
    int64_t offset = 0;
    assert_non_null(library);
    sqlite3_api = hidden_table_of(library);
    bool found = host_sqlite_table_offset(&offset);
    sqlite3_api = real;
    assert_true(found);
    assert_true(offset > 0);
    assert_attaches(HIDDEN_SQLITE, true, offset, "a hidden SQLite");
    /* An address that holds no such table, as in a file that was replaced, is not believed. */
    static const int64_t wrong[] = {8, -8, 1, 64, -4096, 1 << 20, -(1 << 20), INT64_C(1) << 40};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_attaches(HIDDEN_SQLITE, true, offset + wrong[i], real->sourceid());
    assert_attaches(HIDDEN_SQLITE, true, 0, real->sourceid());
    dlclose(library);
}

static int ensure(const char *sqlite_path, char *text, size_t size)
{
    char *message = NULL;
    Executor *executor = worker_of(FAKE_WORKER, sqlite_path);
    assert_non_null(executor);
    int rc = executor_ensure_workers(executor, 1, &message);
    text[0] = 0;
    strncat(text, message ? message : "", size - 1);
    sqlite3_free(message);
    executor_close(executor);
    return rc;
}

/* A whole host whose SQLite is hidden. */
static void test_workers_of_such_a_host(void **state)
{
    (void)state;
    char text[1024];
    Leftovers before = leftovers_look();
    void *library = dlopen(HIDDEN_SQLITE, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    sqlite3_api = hidden_table_of(library);
    int hidden = ensure(HIDDEN_SQLITE, text, sizeof text);
    int other = ensure("", text, sizeof text);
    sqlite3_api = real;
    dlclose(library);
    assert_int_equal(hidden, SQLITE_OK);
    /* The workers can only have the system's: that is not the host's, and said. */
    assert_int_equal(other, SQLITE_ERROR);
    assert_non_null(strstr(text, "parallel_map: the worker processes found another SQLite ("));
    assert_non_null(strstr(text, "a hidden SQLite"));
    assert_non_null(strstr(text, "use executor threads"));
    leftovers_check(&before);
}

/* A plug-in that is of use in its own host only, as npm's sqlite3 is: what the dynamic linker misses is
 * said. */
static void test_a_library_that_needs_its_host(void **state)
{
    (void)state;
    char text[1024];
    Leftovers before = leftovers_look();
    void *library = dlopen(HIDDEN_SQLITE, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    sqlite3_api = hidden_table_of(library);
    int needy = ensure(NEEDY_SQLITE, text, sizeof text);
    char silent[1024];
    int other = ensure("/dev/null", silent, sizeof silent);
    sqlite3_api = real;
    dlclose(library);
    assert_int_equal(needy, SQLITE_ERROR);
    assert_non_null(
        strstr(text, "parallel_map: worker processes cannot load this program's SQLite: " NEEDY_SQLITE));
    assert_non_null(strstr(text, "undefined symbol: only_the_host_has_this: use executor threads"));
    assert_int_equal(other, SQLITE_ERROR);
    assert_non_null(strstr(silent, "cannot load this program's SQLite: /dev/null: "));
    /* It may be the system's SQLite under another name: then nothing is missing. */
    assert_int_equal(ensure(NEEDY_SQLITE, text, sizeof text), SQLITE_OK);
    leftovers_check(&before);
}

static void expect_worker(const char *folder, const char *path)
{
    WorkerProgram program;
    assert_true(launch_find_worker(&program, folder));
    assert_string_equal(program.path, path);
    assert_string_equal(program.arguments[0], "pricemap-worker");
    assert_null(program.arguments[1]);
    worker_program_free(&program);
}

static void test_paths(void **state)
{
    (void)state;
    setenv("PRICEMAP_WORKER", "/some/where/worker", 1);
    expect_worker("/folder", "/some/where/worker");
    setenv("PRICEMAP_WORKER", "some/where/worker", 1);
    expect_worker("/folder", "/folder/some/where/worker");
    expect_worker(NULL, "some/where/worker");
    setenv("PRICEMAP_WORKER", "", 1);
    WorkerProgram program;
    assert_true(launch_find_worker(&program, "/folder"));
    assert_int_equal(program.path[0], '/');
    assert_string_equal(strrchr(program.path, '/'), "/pricemap-worker");
    worker_program_free(&program);
    unsetenv("PRICEMAP_WORKER");
    /* An SQLite that is part of the program has no file that another one could load. */
    static const sqlite3_api_routines own;
    sqlite3_api = &own;
    char *path = launch_sqlite_path();
    sqlite3_api = real;
    assert_string_equal(path, "");
    free(path);
}

/* Here the library's own functions are meant, not the routines that are reached through them. */
#undef sqlite3_auto_extension
#undef sqlite3_cancel_auto_extension
#undef sqlite3_open
#undef sqlite3_close

int main(void)
{
    static const SqliteEntryPoints library = {.auto_extension = sqlite3_auto_extension,
                                              .cancel_auto_extension = sqlite3_cancel_auto_extension,
                                              .open = sqlite3_open,
                                              .close = sqlite3_close};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_what_does_not_load_is_the_systems),
        cmocka_unit_test(test_by_table),
        cmocka_unit_test(test_workers_of_such_a_host),
        cmocka_unit_test(test_a_library_that_needs_its_host),
        cmocka_unit_test(test_paths),
    };
    leftovers_mark();
    if (sqlite_api_attach(&library) != SQLITE_OK)
        return 1;
    real = sqlite3_api;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
