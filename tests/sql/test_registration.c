/* What loading the extension changes: one exported symbol, and these functions and modules; nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/sql_test.h"

/* Names of the global and weak symbols that the file defines for others, one a line. */
static char *exported_symbols(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    const char *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    assert_ptr_not_equal(file, MAP_FAILED);
    const ElfW(Ehdr) *header = (const void *)file;
    const ElfW(Shdr) *sections = (const void *)(file + header->e_shoff);
    sqlite3_str *names = sqlite3_str_new(NULL);
    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_DYNSYM)
            continue;
        const ElfW(Sym) *symbols = (const void *)(file + sections[i].sh_offset);
        const char *strings = file + sections[sections[i].sh_link].sh_offset;
        for (size_t j = 0; j < sections[i].sh_size / sizeof *symbols; j++)
            if (symbols[j].st_shndx != SHN_UNDEF && (symbols[j].st_info >> 4) != STB_LOCAL)
                sqlite3_str_appendf(names, "%s\n", strings + symbols[j].st_name);
    }
    munmap((void *)(uintptr_t)file, (size_t)status.st_size);
    return sqlite3_str_finish(names);
}

static void one_exported_symbol(void **state)
{
    (void)state;
    const char *path = getenv("PRICEMAP_EXTENSION");
    assert_non_null(path);
    char *names = exported_symbols(path);
    assert_string_equal(names, "sqlite3_pricemap_init\n");
    sqlite3_free(names);
}

/* The host's own SQLite is used, never a second one that is linked in. */
static void no_sqlite_of_its_own(void **state)
{
    (void)state;
    const char *path = getenv("PRICEMAP_EXTENSION");
    void *extension = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(extension);
    struct link_map *map;
    assert_int_equal(dlinfo(extension, RTLD_DI_LINKMAP, &map), 0);
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag != DT_NEEDED)
            continue;
        const char *strings = NULL;
        for (const ElfW(Dyn) *table = map->l_ld; table->d_tag != DT_NULL; table++)
            if (table->d_tag == DT_STRTAB)
                strings = (const char *)table->d_un.d_ptr;
        assert_null(strstr(strings + entry->d_un.d_val, "sqlite"));
    }
    dlclose(extension);
}

/* Rows of a query on a connection with the extension that one without it does not give. */
static void expect_added(const char *query, const char *added)
{
    sqlite3 *plain = sql_test_open_plain(":memory:"), *db = sql_test_open();
    char *before = sql_test_rows(plain, query);
    sql_test_run(db, "CREATE TEMP TABLE before(line)");
    for (char *line = strtok(before, "\n"); line; line = strtok(NULL, "\n")) {
        char *sql = sqlite3_mprintf("INSERT INTO before VALUES (%s)", line);
        sql_test_run(db, sql);
        sqlite3_free(sql);
    }
    char *sql = sqlite3_mprintf("SELECT * FROM (%s) EXCEPT SELECT line FROM before ORDER BY 1", query);
    sql_test_expect(db, sql, added);
    char *lost = sqlite3_mprintf("SELECT line FROM before EXCEPT SELECT * FROM (%s)", query);
    sql_test_expect(db, lost, "");
    sqlite3_free(before);
    sqlite3_free(sql);
    sqlite3_free(lost);
    sql_test_close(&plain);
    sql_test_close(&db);
}

static void functions_and_modules(void **state)
{
    (void)state;
    /* Flags: 0x800 deterministic, 0x200000 innocuous, 0x80000 direct-only. */
    expect_added("SELECT name || '/' || narg || ' ' || type || ' ' || enc || printf(' %x', flags & 0x280800)"
                 "  FROM pragma_function_list",
                 "'increase_price/1 s utf8 200800'\n"
                 "'increase_price/2 s utf8 200800'\n"
                 "'increase_price_crazy/1 s utf8 200800'\n"
                 "'increase_price_crazy/2 s utf8 200800'\n"
                 "'increase_price_crazy/3 s utf8 200800'\n"
                 "'parallel_map_config/1 s utf8 80800'\n"
                 "'parallel_map_config/2 s utf8 80800'\n"
                 "'parallel_map_load/1 s utf8 80800'\n"
                 "'parallel_map_load/2 s utf8 80800'\n"
                 "'parallel_map_python/1 s utf8 80800'\n"
                 "'parallel_map_python/2 s utf8 80800'\n"
                 "'parallel_map_python/3 s utf8 80800'\n"
                 "'parallel_map_python/4 s utf8 80800'\n"
                 "'pricemap_version/0 s utf8 200800'");
    expect_added(
        "SELECT name FROM pragma_module_list WHERE name NOT LIKE 'pragma_%'",
        "'parallel_map'\n'parallel_map_runs'\n'parallel_map_tasks'\n'parallel_query'\n'parallel_query_plan'");
    expect_added("SELECT name FROM pragma_collation_list", "");
}

static void loaded_twice(void **state)
{
    (void)state;
    sqlite3 *db = sql_test_open();
    sql_test_run(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2);"
                     "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, map = (a + 1 AS b));"
                     "SELECT * FROM m; SELECT * FROM parallel_map('t', 'a')");
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL), SQLITE_OK);
    assert_int_equal(sqlite3_load_extension(db, getenv("PRICEMAP_EXTENSION"), NULL, NULL), SQLITE_OK);
    sql_test_expect(db, "SELECT value FROM parallel_map('t', 'a * 10')", "10\n20");
    sql_test_expect(db, "SELECT b FROM m", "2\n3");
    sql_test_close(&db);
}

static void another(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_null(context);
}

/* SELECT load_extension(…) is a statement that runs, and SQLite replaces no function under one. */
static void loaded_twice_by_select(void **state)
{
    (void)state;
    sqlite3 *db = sql_test_open();
    assert_int_equal(sqlite3_enable_load_extension(db, 1), SQLITE_OK);
    char *load = sqlite3_mprintf("SELECT load_extension(%Q)", getenv("PRICEMAP_EXTENSION"));
    sql_test_run(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2);"
                     "SELECT parallel_map_config('workers', 3)");
    sql_test_expect(db, load, "NULL");
    sql_test_expect(db, "SELECT value FROM parallel_map('t', 'a * 10')", "10\n20");
    sql_test_expect(db, "SELECT parallel_map_config('workers')", "3");
    /* Where others have our functions' names, nothing is replaced, and that is said. */
    assert_int_equal(sqlite3_create_function(db, "increase_price", 1, SQLITE_UTF8, NULL, another, NULL, NULL),
                     SQLITE_OK);
    sql_test_expect_error(
        db, load, SQLITE_ERROR,
        "error during initialization: pricemap: unable to delete/modify user-function due to "
        "active statements");
    sqlite3_free(load);
    sql_test_close(&db);
}

/* ---- loads that fail ---- */

/* Loads with `spare` bytes of memory left. True when that was enough. The connection closes, and a failed
 * load has left nothing in it that is gone. */
static bool load_with(int spare)
{
    sqlite3 *db = sql_test_open_plain(":memory:");
    char *message = NULL;
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL), SQLITE_OK);
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + spare);
    int rc = sqlite3_load_extension(db, getenv("PRICEMAP_EXTENSION"), NULL, &message);
    sqlite3_hard_heap_limit64(0);
    sqlite3_free(message);
    sqlite3_exec(db, "SELECT increase_price(1), parallel_map_config('workers') FROM parallel_map_runs", NULL,
                 NULL, NULL);
    sqlite3_close(db);
    return rc == SQLITE_OK;
}

/* In a process of its own for each: there the load is the first, and unmapped when it fails. */
static void loads_that_fail_half_way(void **state)
{
    (void)state;
    bool loaded = false;
    int failed = 0;
    for (int spare = 1; !loaded; spare += 16, failed++) {
        int status = -1;
        assert_true(spare < 1 << 20);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(load_with(spare) ? 0 : 1);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFEXITED(status))
            fail_msg("a load with %d bytes to spare ended the host: signal %d", spare, WTERMSIG(status));
        loaded = WEXITSTATUS(status) == 0;
    }
    assert_true(failed > 10);
}

/* ---- paths ---- */

/* In a process that has not loaded it yet: loads by a relative path, and stands elsewhere when it maps. */
static int load_and_move(void)
{
    sqlite3 *db = sql_test_open_plain(":memory:");
    char *folder = strdup(getenv("PRICEMAP_EXTENSION")), *message = NULL;
    *strrchr(folder, '/') = 0;
    assert_int_equal(chdir(folder), 0);
    free(folder);
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL), SQLITE_OK);
    if (sqlite3_load_extension(db, "./pricemap", NULL, &message) != SQLITE_OK)
        return 1;
    assert_int_equal(chdir("/"), 0);
    sql_test_expect(db, "SELECT value FROM parallel_map('SELECT 1 AS a', 'a + 1', 'processes', 1)", "2");
    sql_test_close(&db);
    return 0;
}

static void expect_load_and_move(const char *worker)
{
    int status = -1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setenv("PRICEMAP_WORKER", worker, 1);
        execl("/proc/self/exe", "load_and_move", "load_and_move", (char *)NULL);
        _exit(126);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void loaded_by_a_relative_path(void **state)
{
    (void)state;
    expect_load_and_move("");
    expect_load_and_move("./pricemap-worker");
    expect_load_and_move("pricemap-worker");
}

/* What pricemap-worker says on a stream, and its exit status, when a user starts it by hand. */
static void expect_worker(const char *argument, int descriptor, int status, const char *expected)
{
    int ends[2], ended = -1;
    char text[512] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], descriptor);
        /* The socket of a host that is none. */
        close(3);
        execl(getenv("PRICEMAP_WORKER"), "pricemap-worker", argument, (char *)NULL);
        _exit(126);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &ended, 0), pid);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), status);
    assert_string_equal(text, expected);
}

static void the_worker_program_by_hand(void **state)
{
    (void)state;
    expect_worker("--version", STDOUT_FILENO, 0, "pricemap-worker " PRICEMAP_VERSION "\n");
    expect_worker(
        NULL, STDERR_FILENO, 2,
        "pricemap-worker: this is the program of pricemap's worker processes; the extension pricemap.so "
        "starts it\n");
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "load_and_move"))
        return load_and_move();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_that_fail_half_way),
        cmocka_unit_test(one_exported_symbol),
        cmocka_unit_test(no_sqlite_of_its_own),
        cmocka_unit_test(functions_and_modules),
        cmocka_unit_test(loaded_twice),
        cmocka_unit_test(the_worker_program_by_hand),
        cmocka_unit_test(loaded_twice_by_select),
        cmocka_unit_test(loaded_by_a_relative_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
