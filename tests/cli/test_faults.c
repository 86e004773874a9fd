/* What becomes of the history, and of charts and pages, when the disk is full or gone, when files may not be
 * read or written, are locked, damaged, or not what they should be: exit status 3, words that say what to do,
 * nothing lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <linux/capability.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/disk.h"
#include "tests/support/recorded.h"

static const char db[] = "pricereport.db";

enum { CHANGES_MAX = 2000, STEP = 9 };

static Outcome record_into(const char *file)
{
    return command_run("run", "--db", file, "--in", "prices.db", "--source", "prices", "--map", "p",
                       "--executor", "serial", "--samples", "2", "--warmup", "0", NULL);
}

static void setup_history(void)
{
    command_make_prices();
    recorded_run(db);
}

/* Every verb that needs the history, with what it needs to get that far. */
static const char *const verbs[][8] = {
    {"list"},
    {"show"},
    {"compare"},
    {"check"},
    {"history"},
    {"plot"},
    {"report"},
    {"export"},
    {"threshold"},
    {"ack", "1", "--reason", "r"},
    {"exclude"},
    {"run", "--in", "prices.db", "--source", "prices", "--map", "p"},
    {"import", "prices.db"},
    {"merge", "prices.db"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static void every_verb_fails(const char *file, const char *part)
{
    for (size_t i = 0; i < VERBS; i++) {
        const char *arguments[16];
        size_t count = 0;
        while (count < 8 && verbs[i][count]) {
            arguments[count] = verbs[i][count];
            count++;
        }
        arguments[count++] = "--db";
        arguments[count++] = file;
        arguments[count] = NULL;
        command_expect_error(command_run_list(arguments), 3, part);
    }
}

/* --- the disk
 * ---------------------------------------------------------------------------------------------------- */

/* Fails at one change after the other, until the run needs no further one. */
static void fail_at_every_change(const char *fault, int new_file, const char *part)
{
    long step = disk_all() ? 1 : STEP, failures = 0;
    char *figures = recorded_figures(db, 1);
    const char *file = new_file ? "new.db" : db;
    for (long change = 1;; change += step) {
        assert_true(change < CHANGES_MAX);
        if (new_file) {
            unlink("new.db");
            unlink("new.db-journal");
            unlink("new.db-wal");
            unlink("new.db-shm");
        }
        disk_plan(fault, change);
        Outcome outcome = record_into(file);
        disk_plan(NULL, 0);
        recorded_expect_sound(file);
        /* The last changes are those of closing, which leaves to the next one what it cannot do. */
        if (outcome.status == 0) {
            command_expect_success(&outcome);
            command_free(&outcome);
            break;
        }
        command_expect_error(outcome, 3, part);
        failures++;
        if (!new_file) {
            char *now = recorded_figures(db, 1);
            assert_string_equal(now, figures);
            sqlite3_free(now);
        }
    }
    assert_true(failures > 2);
    sqlite3_free(figures);
    Outcome outcome = record_into(file);
    command_expect_success(&outcome);
    command_free(&outcome);
}

static void a_full_disk(void **state)
{
    (void)state;
    setup_history();
    fail_at_every_change("full", 0, "there is no room left: make some, and try again");
    fail_at_every_change("full", 1, "there is no room left: make some, and try again");
}

static void a_disk_that_is_gone(void **state)
{
    (void)state;
    setup_history();
    fail_at_every_change("lost", 0, "see to it that the disk is there and has room");
    fail_at_every_change("lost", 1, "see to it that the disk is there and has room");
}

/* What was measured until the disk was full is there, and the run says why it ended, once there is room
 * again. */
static void what_was_measured_before_is_kept(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNS) || mkdir("small", 0777) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", "small", "tmpfs", 0, "size=400k")) {
        print_message("a_small_file_system: skipped, for none can be mounted here: %s\n", strerror(errno));
        skip();
    }
    command_make_prices();
    command_expect_error(command_run("run", "--db", "small/h.db", "--in", "prices.db", "--source", "prices",
                                     "--map", "p", "--executor", "serial", "--samples", "100000",
                                     "--max-time", "600", NULL),
                         3, "there is no room left: make some");
    assert_int_equal(mount("tmpfs", "small", "tmpfs", MS_REMOUNT, "size=8m"), 0);
    recorded_expect_sound("small/h.db");
    assert_true(command_integer("small/h.db", "SELECT count(*) FROM sample WHERE NOT warmup") > 5);
    assert_int_equal(command_integer("small/h.db", "SELECT count(*) FROM run WHERE status <> 'finished'"), 1);
    Outcome outcome = record_into("small/h.db");
    command_expect_success(&outcome);
    command_free(&outcome);
    assert_int_equal(umount("small"), 0);
}

/* --- permissions
 * ------------------------------------------------------------------------------------------------- */

/* root may read and write whatever the mode of a file says, for as long as it has these capabilities. */
static void obey_modes(void)
{
    if (geteuid() == 0 && (prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) ||
                           prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0)))
        _exit(125);
}

/* Skips where this is root that cannot give up being it. */
static void setup_modes(void)
{
    command_prepare(obey_modes);
    Outcome outcome = command_run("--version", NULL);
    int status = outcome.status;
    command_free(&outcome);
    if (status != 0) {
        print_message("skipped: root obeys no modes here\n");
        skip();
    }
}

static void expect_unchanged(const char *file, const char *figures)
{
    command_prepare(NULL);
    char *now = recorded_figures(file, 1);
    assert_string_equal(now, figures);
    sqlite3_free(now);
    recorded_expect_sound(file);
}

/* Verbs that only read do so; what would change the file fails, and says why. */
static void verbs_only_read(const char *file)
{
    static const char *const readers[] = {"list", "show", "history", "export", "threshold", "ack", "exclude"};
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        command_succeed(command_run(readers[i], "--db", file, NULL));
    static const char advice[] = "make the file and its folder writable, or copy it to where you may write";
    command_expect_error(command_run("ack", "--db", file, "1", "--reason", "r", NULL), 3, advice);
    command_expect_error(command_run("exclude", "--db", file, "1", "--reason", "r", NULL), 3, advice);
    command_expect_error(command_run("threshold", "--db", file, "p", "9", NULL), 3, advice);
    command_expect_error(record_into(file), 3, advice);
    command_expect_error(command_run("merge", "--db", file, "prices.db", NULL), 3, advice);
}

static void a_read_only_folder(void **state)
{
    (void)state;
    setup_modes();
    command_make_prices();
    assert_int_equal(mkdir("folder", 0777), 0);
    recorded_run("folder/h.db");
    char *figures = recorded_figures("folder/h.db", 1);
    command_execute("folder/h.db", "PRAGMA journal_mode = WAL");
    assert_int_equal(chmod("folder", 0555), 0);
    verbs_only_read("folder/h.db");
    command_succeed(command_run("merge", "--db", "mine.db", "folder/h.db", NULL));
    command_expect_error(
        record_into("folder/new.db"), 3,
        "cannot open the history folder/new.db: you may not write its folder: change that, or name "
        "another file with --db");
    assert_int_equal(access("folder/new.db", F_OK), -1);
    assert_int_equal(chmod("folder", 0777), 0);
    expect_unchanged("folder/h.db", figures);
    sqlite3_free(figures);
}

/* An older history is upgraded in a copy, and what is written into that would be lost. */
static void an_older_history_in_a_read_only_folder(void **state)
{
    (void)state;
    setup_modes();
    command_make_prices();
    assert_int_equal(mkdir("folder", 0777), 0);
    char path[4096];
    snprintf(path, sizeof path, "%s/../../sql/schema/1.sql", getenv("PRICEREPORT_CLI_TESTS"));
    char *schema = command_read_file(path);
    command_execute("folder/h.db", schema);
    free(schema);
    command_execute(
        "folder/h.db",
        "INSERT INTO machine VALUES (1, 'p', 1, 'a', 1, 'k', 's', 'c', 'f');"
        "INSERT INTO run(uuid, verb, started_at, finished_at, machine, tool, options)"
        " VALUES ('u', 'run', '2025-01-01T00:00:00Z', '2025-01-01T00:00:01Z', 1, '0', '{}');"
        "INSERT INTO benchmark(name, parameters) VALUES ('p', '{\"executor\":\"serial\"}');"
        "INSERT INTO measurement(run, benchmark, position, samples, median_seconds) VALUES (1, 1, 0, 1, 1);"
        "PRAGMA journal_mode = WAL");
    assert_int_equal(chmod("folder", 0555), 0);
    verbs_only_read("folder/h.db");
    command_succeed(command_run("merge", "--db", "mine.db", "folder/h.db", NULL));
    assert_int_equal(chmod("folder", 0777), 0);
    command_prepare(NULL);
    assert_int_equal(command_integer("folder/h.db", "PRAGMA user_version"), 1);
}

static void a_map_over_a_read_only_folder(void **state)
{
    (void)state;
    setup_modes();
    command_make_prices();
    assert_int_equal(mkdir("folder", 0777), 0);
    static const char file[] = "folder/what is # 100%25 mine?.db";
    assert_int_equal(rename("prices.db", file), 0);
    command_execute(file, "PRAGMA journal_mode = WAL");
    assert_int_equal(chmod("folder", 0555), 0);
    command_succeed(command_run("run", "--in", file, "--source", "prices", "--map", "p", "--samples", "1",
                                "--verify", NULL));
    assert_int_equal(command_integer(db, "SELECT group_concat(rows) = '20,20,20' FROM measurement"), 1);
    assert_int_equal(chmod("folder", 0777), 0);
}

static void a_read_only_file(void **state)
{
    (void)state;
    setup_modes();
    setup_history();
    char *figures = recorded_figures(db, 1);
    assert_int_equal(chmod(db, 0444), 0);
    command_expect_error(record_into(db), 3, "make the file and its folder writable");
    Outcome outcome = command_run("show", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    assert_int_equal(chmod(db, 0), 0);
    every_verb_fails(db, "cannot open the history pricereport.db: you may not read it: change that, or name");
    assert_int_equal(chmod(db, 0666), 0);
    expect_unchanged(db, figures);
    sqlite3_free(figures);
}

/* --- files that are something else
 * ------------------------------------------------------------------------------- */

static void no_folder_and_a_folder(void **state)
{
    (void)state;
    command_make_prices();
    assert_int_equal(mkdir("folder", 0777), 0);
    every_verb_fails("folder",
                     "cannot open the history folder: it is a folder: change that, or name another file");
    assert_int_equal(rmdir("folder"), 0);
    command_expect_error(record_into("no/such.db"), 3,
                         "cannot open the history no/such.db: its folder is not there: change that, or name");
    command_expect_error(command_run("list", "--db", "no/such.db", NULL), 3,
                         "there is no history at no/such.db");
}

static char *read_bytes(const char *path, size_t *size)
{
    struct stat status;
    int file = open(path, O_RDONLY);
    assert_true(file >= 0 && fstat(file, &status) == 0);
    *size = (size_t)status.st_size;
    char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(read(file, bytes, *size), *size);
    close(file);
    return bytes;
}

/* No verb changes one byte of it, or leaves a file beside it. */
static void every_verb_leaves_alone(const char *file, const char *part)
{
    static const char *const endings[] = {"-journal", "-wal", "-shm"};
    size_t size, size_now;
    char *bytes = read_bytes(file, &size);
    every_verb_fails(file, part);
    char *now = read_bytes(file, &size_now);
    assert_int_equal(size_now, size);
    assert_memory_equal(now, bytes, size);
    free(bytes);
    free(now);
    for (size_t i = 0; i < 3; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s%s", file, endings[i]);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void files_of_others(void **state)
{
    (void)state;
    command_make_prices();
    command_write_file("text",
                       "this is no database, but a text that is long enough for a header of one hundred "
                       "bytes, which SQLite reads first of all");
    every_verb_leaves_alone("text",
                            "text is no history of pricereport, not even an SQLite database: name another");
    command_execute("owned", "PRAGMA application_id = 7; CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    every_verb_leaves_alone("owned", "owned is a database of another program: name another file with --db");
    command_execute("nameless", "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    every_verb_leaves_alone("nameless",
                            "nameless is a database of another program: name another file with --db");
    recorded_run("newer");
    command_execute("newer", "PRAGMA journal_mode = DELETE; PRAGMA user_version = 99");
    every_verb_leaves_alone("newer",
                            "was written by a newer pricereport (schema 99, this one knows 4): use that one");
}

static void a_damaged_history(void **state)
{
    (void)state;
    setup_history();
    command_execute(db, "PRAGMA journal_mode = DELETE");
    size_t size;
    char *bytes = read_bytes(db, &size);
    int file = open(db, O_WRONLY);
    char rubbish[512];
    memset(rubbish, 0xa5, sizeof rubbish);
    /* The head of each page but the first. */
    for (off_t page = 4096; (size_t)page < size; page += 4096)
        assert_int_equal(pwrite(file, rubbish, sizeof rubbish, page), sizeof rubbish);
    close(file);
    free(bytes);
    command_expect_error(command_run("list", NULL), 3,
                         "it is damaged: restore it from a copy, or save what can be");
    command_expect_error(record_into(db), 3, "it is damaged: restore it from a copy, or save what can be");
    assert_int_equal(truncate(db, 5000), 0);
    command_expect_error(command_run("list", NULL), 3, "it is damaged: restore it from a copy");
}

/* --- other processes
 * --------------------------------------------------------------------------------------------- */

static sqlite3 *hold(const char *file, const char *sql)
{
    sqlite3 *holder;
    assert_int_equal(sqlite3_open(file, &holder), SQLITE_OK);
    assert_int_equal(sqlite3_exec(holder, sql, NULL, NULL, NULL), SQLITE_OK);
    return holder;
}

static void a_locked_history(void **state)
{
    (void)state;
    static const char part[] = "another program keeps this database locked: try again when it is done";
    setup_history();
    char *figures = recorded_figures(db, 1);
    disk_plan("hurry", 0);
    sqlite3 *holder = hold(db, "BEGIN IMMEDIATE");
    command_expect_error(record_into(db), 3, part);
    Outcome outcome = command_run("show", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    assert_int_equal(sqlite3_close(holder), SQLITE_OK);
    /* With the rollback journal readers are kept out, too. */
    holder = hold(db, "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    every_verb_fails(db, part);
    assert_int_equal(sqlite3_close(holder), SQLITE_OK);
    expect_unchanged(db, figures);
    sqlite3_free(figures);
}

static void expect_journal_mode(const char *file, const char *expected)
{
    char *mode = command_text(file, "PRAGMA journal_mode");
    assert_string_equal(mode, expected);
    sqlite3_free(mode);
}

/* There is no write-ahead log on a file system that gives processes no memory to share. */
static void without_write_ahead_log(void **state)
{
    (void)state;
    setup_history();
    expect_journal_mode(db, "wal");
    char *figures = recorded_figures(db, 1);
    disk_plan("unshared", 0);
    for (int i = 0; i < 2; i++) {
        Outcome outcome = record_into("new.db");
        command_expect_success(&outcome);
        command_free(&outcome);
        expect_journal_mode("new.db", "delete");
    }
    recorded_expect_sound("new.db");
    assert_int_equal(command_integer("new.db", "SELECT count(*) FROM run WHERE status = 'finished'"), 2);
    /* One that comes from elsewhere. */
    Outcome outcome = command_run("show", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    expect_journal_mode(db, "delete");
    expect_unchanged(db, figures);
    recorded_run(db);
    expect_journal_mode(db, "wal");
    sqlite3_free(figures);
}

/* The path of the log's index is taken. */
static void without_a_place_for_the_log(void **state)
{
    (void)state;
    setup_history();
    char *figures = recorded_figures(db, 1);
    assert_int_equal(mkdir("pricereport.db-shm", 0777), 0);
    command_expect_error(record_into(db), 3,
                         "SQLite has to write it, and files beside it: make the file and its");
    assert_int_equal(rmdir("pricereport.db-shm"), 0);
    expect_unchanged(db, figures);
    sqlite3_free(figures);
}

/* --- charts and pages
 * -------------------------------------------------------------------------------------------- */

/* A file of the folder is on a full disk. */
static void fill_up(const char *folder, const char *name)
{
    char path[64];
    mkdir(folder, 0777);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(symlink("/dev/full", path), 0);
}

static void charts_on_a_full_disk(void **state)
{
    (void)state;
    setup_history();
    fill_up("data", "executors.dat");
    fill_up("script", "executors.gp");
    fill_up("page", "report.html");
    command_expect_error(command_run("plot", "--out", "data", NULL), 3,
                         "cannot write data/executors.dat: No space");
    command_expect_error(command_run("plot", "--out", "script", NULL), 3,
                         "cannot write script/executors.gp: No space");
    command_expect_error(
        command_run("report", "--out", "page", NULL), 3,
        "cannot write page/report.html: No space left on device: make room, or name another folder "
        "with --out");
    Outcome outcome = command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p",
                                  "--executor", "serial", "--samples", "2", "--plot", "--out", "data", NULL);
    assert_int_equal(outcome.status, 3);
    assert_non_null(strstr(outcome.err, "pricereport: cannot write data/executors.dat: No space"));
    assert_non_null(strstr(outcome.out, "Run 2, recorded in pricereport.db"));
    command_free(&outcome);
    assert_int_equal(command_integer(db, "SELECT count(*) FROM run WHERE status = 'finished'"), 2);
}

static void charts_into_a_read_only_folder(void **state)
{
    (void)state;
    setup_modes();
    setup_history();
    assert_int_equal(mkdir("folder", 0555), 0);
    command_expect_error(command_run("plot", "--out", "folder", NULL), 3,
                         "cannot write into the folder folder: Permission denied: name another with --out");
    command_expect_error(command_run("report", "--out", "folder", NULL), 3,
                         "cannot write into the folder folder: Permission denied: name another with --out");
    command_expect_error(command_run("plot", "--out", "folder/new", NULL), 3,
                         "cannot make the folder folder/new: Permission denied: name another with --out");
    command_expect_error(command_run("report", "--out", "folder/new", NULL), 3,
                         "cannot make the folder folder/new: Permission denied: name another with --out");
    command_write_file("file", "");
    command_expect_error(command_run("plot", "--out", "file", NULL), 3,
                         "cannot make the folder file: Not a directory");
    command_expect_error(command_run("report", "--out", "file/new", NULL), 3,
                         "cannot make the folder file/new: Not a");
}

static void print_into_nothing(void)
{
    int full = open("/dev/full", O_WRONLY);
    if (full < 0 || dup2(full, 1) < 0)
        _exit(124);
}

/* Output that is long, and output that is short enough for the buffer. */
static void printing_on_a_full_disk(void **state)
{
    (void)state;
    setup_history();
    command_prepare(print_into_nothing);
    command_expect_error(command_run("export", NULL), 3, "cannot write the output: No space left on device");
    command_expect_error(command_run("show", "--json", NULL), 3,
                         "cannot write the output: No space left on device");
    command_expect_error(command_run("report", NULL), 3, "cannot write the output: No space left on device");
    command_expect_error(command_run("doctor", NULL), 3, "cannot write the output: No space left on device");
    command_expect_error(record_into(db), 3, "cannot write the output: No space left on device");
    command_prepare(NULL);
    /* It is recorded nevertheless. */
    assert_int_equal(command_integer(db, "SELECT count(*) FROM run WHERE status = 'finished'"), 2);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, command_setup, command_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_full_disk),
        CASE(a_disk_that_is_gone),
        CASE(what_was_measured_before_is_kept),
        CASE(a_read_only_folder),
        CASE(an_older_history_in_a_read_only_folder),
        CASE(a_map_over_a_read_only_folder),
        CASE(a_read_only_file),
        CASE(no_folder_and_a_folder),
        CASE(files_of_others),
        CASE(a_damaged_history),
        CASE(a_locked_history),
        CASE(without_write_ahead_log),
        CASE(without_a_place_for_the_log),
        CASE(charts_on_a_full_disk),
        CASE(charts_into_a_read_only_folder),
        CASE(printing_on_a_full_disk),
    };
    cmocka_set_test_filter(getenv("PRICEMAP_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
