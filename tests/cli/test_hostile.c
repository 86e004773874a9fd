/* Text and files of another user in the hands of pricereport: names in a history that are no names, a history
 * whose schema does more than it should, and what is left on the disk for others to see. SECURITY.md names
 * these tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/command.h"

static const char *const hostile[] = {
    "x\"; system(\"touch injected\"); y = \"",
    "`touch injected` $(touch injected) | touch injected",
    "a\\\"; set output 'injected'\n!touch injected\n# @open_chart",
    "\n\n\n\"block\"\t1\n@heading \\\n' . system('touch injected') . '",
    "</title></script></svg><script>document.title='injected'</script><svg onload=\"x\">",
    "../../injected /tmp/injected -e 'system(\"touch injected\")'",
    ("\x1b]0;injected\x07\x1b[2J \xc2\x9b"
     "31m {/Bold b}^2_3 @x %s%n"),
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

static void record(void)
{
    if (access("prices.db", F_OK) != 0)
        command_make_prices();
    Outcome outcome = command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                  "increase_price(p)", "--workers", "1,2", "--samples", "6", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
}

/* Every text of the history that is a user's name for something. */
static void rename_everything(const char *text)
{
    char *sql =
        sqlite3_mprintf("UPDATE run SET label = %Q, host = %Q, branch = %Q, commit_id = %Q;"
                        "UPDATE task SET host = %Q || worker;"
                        "UPDATE machine SET processor = %Q, architecture = %Q, kernel = %Q, compiler = %Q;"
                        "UPDATE benchmark SET name = %Q",
                        text, text, text, text, text, text, text, text, text, text);
    command_execute("pricereport.db", sql);
    sqlite3_free(sql);
}

/* Nothing that moves the cursor; a newline ends a line, and nothing else does. */
static void expect_plain(const char *text, const char *of)
{
    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++)
        if ((*byte < 0x20 && *byte != '\n' && *byte != '\t') || *byte == 0x7f ||
            (*byte == 0xc2 && byte[1] < 0xa0))
            fail_msg("%s has the byte %02x in it", of, *byte);
}

/* The entries of a folder in it, one after the other in alphabetical order, with a space after each. */
static void list_folder(const char *path, char *names, size_t size)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    assert_true(count >= 0);
    *names = 0;
    for (int i = 0; i < count; i++) {
        size_t used = strlen(names);
        if (entries[i]->d_name[0] != '.')
            snprintf(names + used, size - used, "%s ", entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

static void names_are_only_text(void **state)
{
    (void)state;
    char names[2000];
    record();
    for (size_t i = 0; i < HOSTILE; i++) {
        rename_everything(hostile[i]);
        static const char *const verbs[] = {"list", "show", "history"};
        for (size_t verb = 0; verb < 3; verb++) {
            Outcome outcome = command_run(verbs[verb], NULL);
            expect_plain(outcome.out, verbs[verb]);
            expect_plain(outcome.err, verbs[verb]);
            command_free(&outcome);
        }
        Outcome outcome = command_run("report", NULL);
        if (outcome.status == 0) {
            char *page = command_read_file("pricereport-charts/report.html");
            assert_non_null(strstr(page, "<section id=\"machines\">"));
            assert_null(strstr(page, "<script"));
            assert_null(strstr(page, "onload=\""));
            assert_null(strchr(page, '\x1b'));
            free(page);
            list_folder("pricereport-charts", names, sizeof names);
            assert_string_equal(names,
                                "executors.dat executors.gp executors.svg history.dat history.gp history.svg "
                                "report.html samples.dat samples.gp samples.svg timeline.dat timeline.gp "
                                "timeline.svg workers.dat workers.gp workers.svg ");
        } else {
            assert_non_null(strstr(outcome.err, "gnuplot"));
        }
        command_free(&outcome);
        /* The other formats are drawn of the same script and data. */
        outcome = command_run("plot", "--out", "charts", "--chart", "executors", "--format", "png",
                              "--format", "pdf", "--format", "txt", NULL);
        if (outcome.status == 0)
            expect_plain(outcome.out, "plot");
        else
            assert_non_null(strstr(outcome.err, "install it"));
        command_free(&outcome);
        list_folder(".", names, sizeof names);
        assert_null(strstr(names, "injected"));
        list_folder("charts", names, sizeof names);
        assert_null(strstr(names, "injected"));
    }
}

static void errors_are_only_text(void **state)
{
    (void)state;
    Outcome outcome = command_run("list", "--db",
                                  "\x1b]0;x\x07 \xc2\x9b"
                                  "31m.db",
                                  NULL);
    assert_int_equal(outcome.status, 3);
    assert_non_null(strstr(outcome.err, "there is no history at ?]0;x? ?31m.db"));
    expect_plain(outcome.err, "the error");
    command_free(&outcome);
    /* What SQLite says quotes the file. */
    record();
    command_execute("pricereport.db", "CREATE TRIGGER t BEFORE INSERT ON run BEGIN SELECT raise(abort, "
                                      "'\x1b[2Jnothing'); END");
    outcome =
        command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p", "--samples", "1", NULL);
    assert_int_equal(outcome.status, 3);
    assert_non_null(strstr(outcome.err, "?[2Jnothing"));
    expect_plain(outcome.err, "the error");
    command_free(&outcome);
}

/* A history whose tables are views that call what reaches out of it: nothing of that is there for a schema.
 */
static void a_schema_calls_nothing(void **state)
{
    (void)state;
    static const char *const calls[] = {"load_extension('./x.so')", "fts3_tokenizer('simple', x'00')",
                                        "readfile('prices.db')", "writefile('injected', 'x')",
                                        "parallel_map_config('workers', 7)"};
    record();
    command_execute("pricereport.db", "ALTER TABLE run RENAME TO was");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char *sql = sqlite3_mprintf(
            "DROP VIEW IF EXISTS run; CREATE VIEW run AS SELECT *, %s AS x FROM was WHERE x", calls[i]);
        command_execute("pricereport.db", sql);
        sqlite3_free(sql);
        command_expect_error(command_run("list", NULL), 3, "pricereport: ");
        command_expect_error(command_run("report", NULL), 3, "pricereport: ");
        command_expect_error(command_run("export", NULL), 3, "pricereport: ");
        command_expect_error(command_run("merge", "--db", "mine.db", "pricereport.db", NULL), 3,
                             "cannot merge");
    }
    assert_int_equal(access("injected", F_OK), -1);
}

static void expect_modes(const char *folder, mode_t mask)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));) {
        struct stat status;
        assert_int_equal(fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW), 0);
        if (entry->d_name[0] != '.' && (status.st_mode & mask))
            fail_msg("%s/%s has the mode %o", folder, entry->d_name, status.st_mode & 07777);
    }
    closedir(entries);
}

/* What is written has the user's umask, and the names it is said to have: nothing is made under another. */
static void files_have_the_users_umask(void **state)
{
    (void)state;
    char names[2000];
    static const mode_t masks[] = {077, 027, 022};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        unlink("pricereport.db");
        mode_t before = umask(masks[i]);
        if (i == 0)
            command_make_prices();
        record();
        char folder[32];
        snprintf(folder, sizeof folder, "charts%zu", i);
        Outcome outcome = command_run("plot", "--out", folder, NULL);
        command_free(&outcome);
        outcome = command_run("report", "--out", folder, NULL);
        command_free(&outcome);
        umask(before);
        expect_modes(folder, masks[i]);
        struct stat status;
        assert_int_equal(stat("pricereport.db", &status), 0);
        assert_int_equal(status.st_mode & 0777, 0644 & ~masks[i]);
        assert_int_equal(stat(folder, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0777 & ~masks[i]);
    }
    list_folder(".", names, sizeof names);
    assert_string_equal(names, "charts0 charts1 charts2 command.err command.out pricereport.db prices.db ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_only_text, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(errors_are_only_text, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_schema_calls_nothing, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(files_have_the_users_umask, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
