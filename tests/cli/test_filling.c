/* pricereport run --into: a table is filled, also by runs that are killed, each row once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "executor_list.h"
#include "tests/support/command.h"
#include "tests/support/disk.h"
#include "tests/support/random.h"

enum { ROWS = 3000, KILLS = 10, KILLS_ALL = 100, CHANGES_MAX = 80, PAUSE_MAX_MS = 150, FULL_MAX = 40 };

static const char db[] = "list.db";
/* The value of the map can be had in plain SQL, but costs time. */
static const char slow_map[] =
    "CASE WHEN increase_price_crazy(abs(length(p)), 10, 3000) > 0 THEN p || 'x' END";
static const char slow_values[] = "SELECT id, p || 'x' FROM list";

/* Keys with gaps, also negative ones and the first and last there are; one value of each type. */
static void make_list(const char *journal)
{
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA journal_mode = %s", journal);
    command_execute(db, pragma);
    command_execute(db, "CREATE TABLE list(id INTEGER PRIMARY KEY, p);"
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2998)"
                        " INSERT INTO list SELECT i * 7 - 9000, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN i"
                        " WHEN 2 THEN i / 8.0 WHEN 3 THEN 't' || i ELSE CAST('b' || i AS BLOB) END FROM n;"
                        "INSERT INTO list VALUES (-9223372036854775807 - 1, 1), (9223372036854775807, 2)");
}

/* The filled table has what a plain SELECT gives, types included. */
static void expect_filled(const char *table, const char *values)
{
    char sql[1024];
    const char *typed = "SELECT key, value, typeof(value)";
    snprintf(sql, sizeof sql,
             "WITH wanted(key, value) AS (%s), got AS (SELECT key, value FROM \"%s\")"
             " SELECT (SELECT count(*) FROM wanted) = (SELECT count(*) FROM got)"
             "  AND NOT EXISTS (%s FROM wanted EXCEPT %s FROM got)",
             values, table, typed, typed);
    command_expect_integer(db, sql, 1);
}

static Outcome fill_list(const char *map, const char *table, const char *more)
{
    return command_run("run", "--in", db, "--source", "list", "--map", map, "--into", table, more, NULL);
}

static void expect_success(Outcome outcome, const char *part)
{
    command_expect_success(&outcome);
    assert_string_equal(outcome.err, "");
    assert_non_null(strstr(outcome.out, part));
    command_free(&outcome);
}

static void expect_failure(Outcome outcome, const char *part)
{
    command_expect_error(outcome, 3, part);
}

/* The same kills for the same seed. */
static Random numbers;

static pid_t start(const char *executor)
{
    return command_start("killed", "run", "--in", db, "--source", "list", "--map", slow_map, "--into",
                         "filled", "--resume", "--executor", executor, NULL);
}

/* At a change of the files, or after a time. Whether the run was done before. */
static int run_killed(const char *executor)
{
    pid_t pid;
    int status;
    if (random_below(&numbers, 2)) {
        disk_plan("kill", 1 + random_below(&numbers, CHANGES_MAX));
        pid = start(executor);
        disk_plan(NULL, 0);
    } else {
        const struct timespec pause = {.tv_nsec = random_below(&numbers, PAUSE_MAX_MS) * 1000000L};
        pid = start(executor);
        nanosleep(&pause, NULL);
        kill(pid, SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status)) {
        char *err = command_read_file("killed.err");
        assert_string_equal(err, "");
        free(err);
        assert_int_equal(WEXITSTATUS(status), 0);
        return 1;
    }
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return 0;
}

/* The rows that are committed: the first ones of the source, and as many as the file says. */
static sqlite3_int64 count_filled(void)
{
    command_expect_text(db, "PRAGMA integrity_check", "ok");
    if (command_integer(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'filled'") == 0)
        return 0;
    sqlite3_int64 rows = command_integer(db, "SELECT count(*) FROM filled");
    command_expect_integer(db, "SELECT rows FROM pricereport_into WHERE name = 'filled'", rows);
    if (rows > 0)
        command_expect_integer(db, "SELECT count(*) FROM list WHERE id <= (SELECT max(key) FROM filled)",
                               rows);
    return rows;
}

/* Returns the number of kills that left a part of the table. */
static int fill_by_killed_runs(const char *executor, int kills)
{
    int parts = 0, is_done = 0;
    sqlite3_int64 before = 0;
    for (int i = 0; i < kills && !is_done; i++) {
        is_done = run_killed(executor);
        sqlite3_int64 rows = count_filled();
        assert_true(rows >= before && rows <= ROWS);
        parts += rows > 0 && rows < ROWS;
        before = rows;
    }
    expect_success(command_run("run", "--in", db, "--source", "list", "--map", slow_map, "--into", "filled",
                               "--resume", "--executor", executor, NULL),
                   "filled");
    assert_int_equal(count_filled(), ROWS);
    expect_filled("filled", slow_values);
    return parts;
}

static void killed_runs_fill_each_row_once(void **state)
{
    (void)state;
    static const char *const executors[] = {EXECUTOR_STRINGS, "auto"};
    enum { COUNT = sizeof executors / sizeof *executors };
    const char *seed = getenv("PRICEMAP_TEST_SEED");
    int kills = disk_all() ? KILLS_ALL : KILLS, parts = 0;
    numbers.state = seed ? strtoull(seed, NULL, 10) : 20261126;
    print_message("seed %llu (PRICEMAP_TEST_SEED)\n", (unsigned long long)numbers.state);
    for (size_t i = 0; i < COUNT; i++) {
        unlink(db);
        unlink("list.db-journal");
        unlink("list.db-wal");
        unlink("list.db-shm");
        make_list(i % 2 ? "WAL" : "DELETE");
        parts += fill_by_killed_runs(executors[i], kills);
    }
    /* At least one kill came in the middle, else nothing was tested. */
    assert_true(parts > 0);
}

static void a_table_is_filled_and_printed(void **state)
{
    (void)state;
    make_list("DELETE");
    expect_success(fill_list("p", "copied", "--json"), "\"table\":\"copied\"");
    expect_filled("copied", "SELECT id, p FROM list");
    command_expect_text(db, "SELECT group_concat(type) FROM pragma_table_info('copied')", "INTEGER,");
    /* No history is written. */
    assert_int_equal(access("pricereport.db", F_OK), -1);
    expect_success(fill_list("p", "copied", "--resume"), "3000           0");
    /* Names are quoted as in SQL; a column may be called rowid. */
    command_execute(db, "CREATE TABLE \"a \"\"list\"(rowid TEXT, p);"
                        "INSERT INTO \"a \"\"list\"(_rowid_, rowid, p) VALUES (5, 'b', 1), (9, 'a', 3)");
    expect_success(command_run("run", "--in", db, "--source", "main.\"a \"\"list\"", "--map", "p * 2",
                               "--into", "[its prices]", NULL),
                   "its prices");
    expect_filled("its prices", "VALUES (5, 2), (9, 6)");
    command_execute(db, "CREATE TABLE empty(p)");
    expect_success(command_run("run", "--in", db, "--source", "empty", "--map", "p", "--into", "none", NULL),
                   "none");
    expect_filled("none", "SELECT 1, 1 WHERE 0");
}

static void other_maps_and_tables_are_refused(void **state)
{
    (void)state;
    make_list("DELETE");
    command_execute(db, "CREATE TABLE other(x); CREATE TABLE twin(id INTEGER PRIMARY KEY, p);"
                        "INSERT INTO twin SELECT * FROM list; CREATE VIEW seen AS SELECT * FROM list;"
                        "CREATE TABLE keyed(k PRIMARY KEY) WITHOUT ROWID;"
                        "CREATE TABLE hidden(rowid, _rowid_, oid)");
    expect_success(fill_list("p", "filled", NULL), "filled");
    expect_failure(fill_list("p", "filled", NULL), "filled has 3000 rows already: give --resume");
    expect_failure(fill_list("p + 0", "filled", "--resume"),
                   "filled has values of the map p over main.\"list\", and cannot go on with p + 0");
    expect_failure(command_run("run", "--in", db, "--source", "twin", "--map", "p", "--into", "filled",
                               "--resume", NULL),
                   "cannot go on with p over main.\"twin\"");
    expect_success(command_run("run", "--in", db, "--source", "LIST", "--map", "p", "--into", "Filled",
                               "--resume", NULL),
                   "3000");
    expect_failure(fill_list("p", "other", "--resume"), "other is there, and is no table that --into made");
    expect_failure(fill_list("p", "seen", "--resume"), "seen is there, and is no table that --into made");
    expect_failure(fill_list("p", "pricereport_into", "--resume"), "is no table that --into made");
    expect_failure(fill_list("p", "two words", NULL), "--into two words: ");
    static const struct {
        const char *source, *part;
    } sources[] = {{"seen", "seen is a view: --into needs rowids"},
                   {"keyed", "keyed is a table WITHOUT ROWID: --into needs rowids"},
                   {"hidden", "its rowid has no name"},
                   {"nowhere", "--source nowhere: there is no such table"},
                   {"SELECT id, p FROM list", "give the name of one"},
                   {"list WHERE id > 3", "give the name of one"},
                   {"temp.list", "give the name of one"},
                   {"\"list", "give the name of one"}};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        expect_failure(command_run("run", "--in", db, "--source", sources[i].source, "--map", "1", "--into",
                                   "fresh", NULL),
                       sources[i].part);
    command_expect_integer(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'fresh'", 0);
    expect_filled("filled", "SELECT id, p FROM list");
    command_execute(db, "DELETE FROM filled WHERE key = -8993");
    expect_failure(fill_list("p", "filled", "--resume"), "filled does not have the 3000 rows any more");
    /* A table that was dropped is begun anew, by any map. */
    command_execute(db, "DROP TABLE filled");
    expect_success(fill_list("p || 'y'", "filled", "--resume"), "filled");
    expect_filled("filled", "SELECT id, p || 'y' FROM list");
}

static void changes_of_the_source_are_told(void **state)
{
    (void)state;
    make_list("DELETE");
    command_execute(db, "DELETE FROM list WHERE id > 10000");
    expect_success(fill_list("p", "filled", NULL), "filled");
    /* Rows that came after the others are mapped, and are no change. */
    command_execute(db, "INSERT INTO list VALUES (99999, 'new'), (100000, 'newer')");
    expect_success(fill_list("p", "filled", "--resume"), "2");
    expect_filled("filled", "SELECT id, p FROM list");
    static const char *const changes[][2] = {
        {"UPDATE list SET p = p + 1 WHERE id = -8993", "UPDATE list SET p = p - 1 WHERE id = -8993"},
        {"INSERT INTO list VALUES (1, 'between')", "DELETE FROM list WHERE id = 1"},
        {"UPDATE list SET p = CAST(p AS TEXT) WHERE id = -8993",
         "UPDATE list SET p = CAST(p AS INTEGER) WHERE id = -8993"},
        {"ALTER TABLE list RENAME COLUMN id TO number", "ALTER TABLE list RENAME COLUMN number TO id"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        command_execute(db, changes[i][0]);
        Outcome outcome = fill_list("p", "filled", "--resume");
        assert_int_equal(outcome.status, 0);
        assert_non_null(
            strstr(outcome.err, "list was changed up to the key 100000 since its rows were mapped"));
        command_free(&outcome);
        command_execute(db, changes[i][1]);
        expect_success(fill_list("p", "filled", "--resume"), "filled");
    }
}

static void a_map_that_fails_keeps_what_was_filled(void **state)
{
    (void)state;
    make_list("DELETE");
    expect_failure(fill_list("nowhere(p)", "filled", NULL), "no such function: nowhere");
    expect_failure(fill_list("count(p)", "filled", NULL), "an aggregate");
    /* Of the table without rows the map may change. The failing row is in a batch after the first. */
    command_execute(db, "UPDATE list SET p = 1; UPDATE list SET p = 'bad' WHERE id = 7 * 100 - 9000");
    expect_failure(fill_list("increase_price(p)", "filled", NULL),
                   "filled has 48 rows, and the same command");
    expect_failure(fill_list("increase_price(p)", "filled", "--resume"), "expected a number (row ");
    sqlite3_int64 rows = count_filled();
    assert_true(rows >= 48 && rows <= 100);
    command_execute(db, "UPDATE list SET p = 1");
    expect_success(fill_list("increase_price(p)", "filled", "--resume"), "filled");
    expect_filled("filled", "SELECT id, 1.1 FROM list");
}

/* Wherever the disk is full, the message says so, and the next run goes on. */
static void a_full_disk_keeps_what_was_filled(void **state)
{
    (void)state;
    make_list("DELETE");
    sqlite3_int64 before = 0;
    for (long change = 1; change <= FULL_MAX; change += 3) {
        disk_plan("full", change);
        Outcome outcome = fill_list("p || 'x'", "filled", "--resume");
        disk_plan(NULL, 0);
        if (outcome.status == 0) {
            command_free(&outcome);
            break;
        }
        expect_failure(outcome, "there is no room left: make some");
        sqlite3_int64 rows = count_filled();
        assert_true(rows >= before);
        before = rows;
    }
    expect_success(fill_list("p || 'x'", "filled", "--resume"), "filled");
    expect_filled("filled", slow_values);
}

static void a_locked_file_is_an_error(void **state)
{
    (void)state;
    make_list("DELETE");
    sqlite3 *other;
    assert_int_equal(sqlite3_open(db, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    disk_plan("hurry", 0);
    Outcome outcome = fill_list("p", "filled", NULL);
    disk_plan(NULL, 0);
    expect_failure(outcome, "another program keeps this database locked: try again");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    expect_success(fill_list("p", "filled", NULL), "filled");
}

static void progress_has_rate_and_time_left(void **state)
{
    (void)state;
    make_list("DELETE");
    char *text =
        command_on_terminal("run", "--in", db, "--source", "list", "--map", "p", "--into", "filled", NULL);
    assert_non_null(strstr(text, "filled: 16 of 3000 rows, "));
    assert_non_null(strstr(text, " rows/s, "));
    assert_non_null(strstr(text, " left"));
    assert_string_equal(text + strlen(text) - 4, "\r\033[K");
    free(text);
}

/* A run that is interrupted says how far it came. */
static void an_interrupted_run_is_gone_on_with(void **state)
{
    (void)state;
    make_list("DELETE");
    const struct timespec pause = {.tv_nsec = 5000000};
    pid_t pid = command_start("told", "run", "--in", db, "--source", "list", "--map",
                              "increase_price_crazy(length(p), 10, 3000000)", "--into", "filled", NULL);
    /* The map takes minutes; each batch is seen once it is committed. */
    while (command_integer(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'filled'") == 0 ||
           command_integer(db, "SELECT count(*) FROM filled") == 0)
        nanosleep(&pause, NULL);
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(command_wait(pid), 3);
    char *err = command_read_file("told.err");
    assert_non_null(strstr(err, "pricereport: interrupted; filled has "));
    assert_non_null(strstr(err, " rows, and the same command with --resume goes on after them"));
    free(err);
    assert_true(count_filled() > 0);
}

static void wrong_usage(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"--executor=serial,auto", "--into maps once"},
                                           {"--workers=1,2", "--into maps once"},
                                           {"--chunk=1,2", "--into maps once"},
                                           {"--rows=3", "--rows: --into fills a table and times nothing"},
                                           {"--samples=3", "--samples: --into fills a table"},
                                           {"--label=l", "--label: --into fills a table"},
                                           {"--name=l", "--name: --into fills a table"},
                                           {"--verify", "--verify: --into fills a table"},
                                           {"--warmup=3", "--warmup: --into fills a table"},
                                           {"--machine=m", "--machine: --into fills a table"},
                                           {"--chart=history", "--chart: --into fills a table"},
                                           {"--plot", "--plot: --into fills a table"},
                                           {"--db=h.db", "--db: --into fills a table"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        command_expect_error(fill_list("p", "filled", cases[i][0]), 2, cases[i][1]);
    command_expect_error(command_run("run", "--in", db, "--source", "list", "--map", "p", "--resume", NULL),
                         2, "--resume goes on with a table: give --into TABLE");
    command_expect_error(command_run("run", "--into", "filled", "--", "true", NULL), 2,
                         "--into is for maps, and a command is timed");
    expect_failure(fill_list("p", "filled", NULL), "cannot read the database list.db");
}

/* A trigger that leaves out rows is an error, not rows that are missing in the end. */
static void a_trigger_that_leaves_out_rows_is_told(void **state)
{
    (void)state;
    make_list("DELETE");
    expect_failure(fill_list("missing", "part", NULL), "no such column: missing");
    command_execute(db,
                    "CREATE TRIGGER leaves BEFORE INSERT ON part WHEN NEW.key = 9223372036854775807 BEGIN "
                    "SELECT RAISE(IGNORE); END");
    expect_failure(fill_list("p", "part", NULL), "a trigger on it leaves rows out");
    command_execute(db, "DROP TRIGGER leaves");
    expect_success(fill_list("p", "part", "--resume"), "3000");
    expect_filled("part", "SELECT id, p FROM list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_table_is_filled_and_printed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(killed_runs_fill_each_row_once, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(other_maps_and_tables_are_refused, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(changes_of_the_source_are_told, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_map_that_fails_keeps_what_was_filled, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_keeps_what_was_filled, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_locked_file_is_an_error, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(progress_has_rate_and_time_left, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_run_is_gone_on_with, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_trigger_that_leaves_out_rows_is_told, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(wrong_usage, command_setup, command_teardown),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
