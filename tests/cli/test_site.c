/* The site of report --all: which pages there are, where they lead, what they say, and which files it
 * touches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/site.h"
#include "tests/support/within.h"

static void few_runs_tell_where_regressions_are(void **state)
{
    (void)state;
    if (!site_can_be_drawn())
        skip();
    site_make_history(4);
    char *index = site_write(NULL, NULL);
    site_expect_part("index.html", index,
                     "at least 7 runs; before, the page of a run tells what became slower in it");
    free(index);
}

static void the_pages_lead_to_each_other(void **state)
{
    (void)state;
    if (!site_can_be_drawn())
        skip();
    site_make_history(20);
    command_execute("pricereport.db", "UPDATE run SET commit_id = 'no hash' WHERE run = 7");
    command_execute("pricereport.db", "UPDATE run SET dirty = 1, label = NULL WHERE run = 20");
    char *index = site_write("--commit-url", "https://example.org/c/{commit}?x&y");
    site_expect_part("index.html", index, "<title>Benchmarks</title>");
    site_expect_part("index.html", index, "4 benchmarks in 20 runs, the newest of ");
    site_expect_part("index.html", index, "1 series became worse at the last change");
    site_expect_part("index.html", index, "<svg class=\"spark\" viewBox=\"0 0 120 30\" role=\"img\"");
    site_expect_part("index.html", index, "|run 20: ");
    /* Regressions are first, whatever their name. */
    const char *first = strstr(index, "href=\"benchmark-4.html\"");
    assert_non_null(first);
    assert_true(first < strstr(index, "href=\"benchmark-1.html\""));
    site_expect_part("index.html", index, ">regression +");
    site_expect_links("site");
    free(index);
    char *run = command_read_file("site/run-20.html");
    site_expect_part(
        "run-20", run,
        "<a href=\"https://example.org/c/0000000000000000000000000000000000000014?x&amp;y\">commit ");
    site_expect_part("run-20", run, "0014 with changes, branch main</a>");
    site_expect_part("run-20", run, "<a href=\"run-19.html\" rel=\"prev\">");
    site_expect_no_part("run-20", run, "rel=\"next\"");
    /* The newest run has charts, and a test against its baseline. */
    site_expect_part("run-20", run, "<section id=\"samples\">");
    site_expect_part("run-20", run, "tested as pricereport compare previous does");
    site_expect_part("run-20", run, "<td>same</td>");
    free(run);
    run = command_read_file("site/run-7.html");
    site_expect_part("run-7", run, "<p class=\"commit\">commit no hash, branch main</p>");
    site_expect_no_part("run-7", run, "<section id=\"samples\">");
    site_expect_part("run-7", run, "report --all with the number of this run");
    free(run);
    char *benchmark = command_read_file("site/benchmark-4.html");
    site_expect_part("benchmark-4", benchmark, "<title>map_1(p) · threads × 4</title>");
    site_expect_part("benchmark-4", benchmark,
                     "<g class=\"points\">\n<a href=\"run-1.html\" tabindex=\"-1\"><circle cx=");
    site_expect_part("benchmark-4", benchmark, " · run 11 · 2020-01-");
    site_expect_part("benchmark-4", benchmark, "<h3>Change points</h3>");
    site_expect_part("benchmark-4", benchmark, "<td>a change counts from</td>");
    free(benchmark);
}

/* A run that is named has charts, and older runs are shown without a test. */
static void charts_are_drawn_where_they_are_asked_for(void **state)
{
    (void)state;
    if (!site_can_be_drawn())
        skip();
    site_make_history(40);
    char *index = site_write("3", NULL);
    free(index);
    char *run = command_read_file("site/run-3.html");
    site_expect_part("run-3", run, "<section id=\"samples\">");
    site_expect_part("run-3", run, "tested as pricereport compare");
    free(run);
    run = command_read_file("site/run-5.html");
    site_expect_no_part("run-5", run, "<section id=\"samples\">");
    site_expect_part("run-5", run, "without a test: pricereport compare previous");
    site_expect_part("run-5", run, "<a href=\"run-4.html\">run 4</a>");
    site_expect_part("run-5", run, "<td>overlap</td>");
    free(run);
    run = command_read_file("site/run-1.html");
    site_expect_part("run-1", run, "nothing before it");
    free(run);
}

static void names_are_only_text(void **state)
{
    (void)state;
    if (!site_can_be_drawn())
        skip();
    char long_name[4001];
    memset(long_name, 'n', sizeof long_name);
    long_name[4000] = '\0';
    const char *const names[] = {
        "<script>document.title = 'injected'</script><img src=x onerror=\"document.title='injected'\">",
        "\"><svg onload=\"document.title='injected'\"> ' onmouseover='x",
        "</title></style></script><style>body{display:none}</style><!-- ",
        "../../outside",
        "/etc/passwd",
        "Ünïcödé 測定 🙂",
        "same",
        "SAME",
        "a|b {{style}} {{?x}}",
        long_name,
        "broken \xff\xc3( \x01 \xe2\x80\xae end"};
    enum { NAMES = sizeof names / sizeof *names };
    site_make_history(8);
    for (size_t i = 0; i < NAMES; i++)
        site_add_named_run(names[i]);
    char *index = site_write("--commit-url", "https://example.org/\"><script>{commit}");
    site_expect_part("index.html", index, "&lt;script&gt;document.title = &#39;injected&#39;");
    site_expect_part("index.html", index, "Ünïcödé 測定 🙂");
    site_expect_part("index.html", index, ">same</a>");
    site_expect_part("index.html", index, ">SAME</a>");
    assert_within(strlen(index), 1000, 200000);
    free(index);
    site_expect_links("site");
    static const char *const not [] = {"<img", "<svg onload",      "<style>body", "<!-- ",    "\xff",
                                       "\x01", "<script>document", "<script>{",   "<script>0"};
    DIR *folder = opendir("site");
    assert_non_null(folder);
    size_t pages = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".html"))
            continue;
        char path[300];
        snprintf(path, sizeof path, "site/%s", entry->d_name);
        char *text = command_read_file(path);
        for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
            site_expect_no_part(path, text, not [i]);
        site_expect_part(path, text, "script-src 'sha256-");
        free(text);
        pages++;
    }
    closedir(folder);
    /* Four benchmarks and eight runs of the history, a benchmark and a run of each name, the overview, all
     * runs. */
    assert_int_equal(pages, 4 + 8 + 2 * NAMES + 2);
    assert_int_equal(access("outside", F_OK), -1);
    assert_int_equal(access("../outside", F_OK), -1);
}

static void files_of_others_stay(void **state)
{
    (void)state;
    if (!site_can_be_drawn())
        skip();
    site_make_history(8);
    command_succeed(command_run("report", "--all", "site", NULL));
    command_write_file("site/notes.txt", "mine");
    command_write_file("site/run-99.html", "<!DOCTYPE html><title>mine</title>");
    command_write_file("site/run-1x.html", "<meta name=\"generator\" content=\"pricereport site 0\">");
    assert_int_equal(symlink("notes.txt", "site/run-98.html"), 0);
    assert_int_equal(access("site/run-2.html", F_OK), 0);
    command_succeed(command_run("delete", "2", NULL));
    command_succeed(command_run("report", "--all", "site", NULL));
    assert_int_equal(access("site/run-2.html", F_OK), -1);
    static const char *const kept[] = {"site/notes.txt", "site/run-99.html", "site/run-1x.html",
                                       "site/run-98.html", "site/run-3.html"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (access(kept[i], F_OK))
            fail_msg("%s is gone", kept[i]);
    assert_int_equal(access("site/.pricereport-new", F_OK), -1);
    site_expect_links("site");
    /* A page of another hand is not replaced, and then nothing is. */
    command_write_file("site/index.html", "<!DOCTYPE html><title>mine</title>");
    command_succeed(command_run("delete", "3", NULL));
    command_expect_error(command_run("report", "--all", "site", NULL), 3,
                         "site/index.html is there and is no page that pricereport wrote: move it, or name "
                         "another folder with --all");
    assert_int_equal(access("site/run-3.html", F_OK), 0);
    char *mine = command_read_file("site/index.html");
    assert_string_equal(mine, "<!DOCTYPE html><title>mine</title>");
    free(mine);
    assert_int_equal(access("site/.pricereport-new", F_OK), -1);
}

/* The signal comes while gnuplot, which is a script that waits, draws. */
static void a_signal_leaves_the_earlier_site(void **state)
{
    (void)state;
    const struct timespec pause = {.tv_nsec = 20000000};
    command_succeed(command_run("run", "-r", "6", "--", "true", NULL));
    command_succeed(command_run("report", "--all", "site", NULL));
    assert_int_equal(system("cp -r site earlier && mkdir slow && { echo '#!/bin/sh'; echo 'touch started'; "
                            "echo 'while [ ! -e go ]; do sleep 0.02; done'; } >slow/gnuplot && "
                            "chmod +x slow/gnuplot && sed -i \"s|started|$PWD/started|; s| go | $PWD/go |\" "
                            "slow/gnuplot"),
                     0);
    const char *path = getenv("PATH");
    char *kept = strdup(path ? path : ""), changed[8192], folder[256];
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(changed, sizeof changed, "%s/slow:%s", folder, kept);
    setenv("PATH", changed, 1);
    pid_t pid = command_start("site-run", "report", "--all", "site", NULL);
    setenv("PATH", kept, 1);
    free(kept);
    while (access("started", F_OK) != 0)
        nanosleep(&pause, NULL);
    kill(pid, SIGTERM);
    command_write_file("go", "");
    assert_int_equal(command_wait(pid), 3);
    char *err = command_read_file("site-run.err");
    assert_non_null(strstr(err, "pricereport: interrupted: site is as it was before"));
    free(err);
    assert_int_equal(system("diff -r site earlier"), 0);
}

static void what_cannot_be_is_named(void **state)
{
    (void)state;
    command_expect_error(command_run("report", "--all", "site", NULL), 3,
                         "there is no history at pricereport.db");
    command_write_file("pricereport.db", "");
    command_succeed(command_run("list", NULL));
    command_expect_error(
        command_run("report", "--all", "site", NULL), 3,
        "pricereport.db has no run yet: record one with pricereport or pricereport run, then "
        "write the site");
    assert_int_equal(access("site", F_OK), -1);
    site_make_history(8);
    command_expect_error(command_run("report", "--all", "/proc/x", NULL), 3, "name another with --all");
    command_write_file("file", "");
    command_expect_error(command_run("report", "--all", "file", NULL), 3, "name another with --all");
    command_expect_error(command_run("report", "--all", "site", "77", NULL), 3,
                         "77: pricereport.db has no run");
    command_expect_error(command_run("report", "--all=", NULL), 2,
                         "--all is empty: give a text, or leave it out");
    command_expect_error(command_run("report", "--all", "a", "--out", "b", NULL), 2,
                         "--out and --all: --all names the folder itself");
    command_expect_error(command_run("report", "--commit-url", "https://x/{commit}", NULL), 2,
                         "--commit-url: it goes with --all");
    command_expect_error(command_run("report", "--all", "a", "--commit-url", "https://x/", NULL), 2,
                         "put {commit} where the hash belongs");
    command_expect_error(command_run("report", "--all", "a", "--commit-url", "javascript:{commit}", NULL), 2,
                         "give an address that begins with https:// or http://");
}

static void a_history_of_failed_runs_says_so(void **state)
{
    (void)state;
    command_expect_error(command_run("run", "-r", "6", "--", "/nonexistent/command", NULL), 3, "");
    char *index = site_write(NULL, NULL);
    site_expect_part("index.html", index, "no run has measured anything yet: the runs below say why");
    site_expect_part("index.html", index, "<a href=\"run-1.html\">run 1</a>");
    site_expect_part("index.html", index, "<td>failed</td>");
    site_expect_no_part("index.html", index, "<section id=\"benchmarks\">");
    free(index);
    site_expect_links("site");
    char *run = command_read_file("site/run-1.html");
    site_expect_part("run-1", run, "the run is failed: ");
    free(run);
}

static void machines_are_kept_apart(void **state)
{
    (void)state;
    if (!site_can_be_drawn())
        skip();
    site_make_history(8);
    command_execute("pricereport.db",
                    "INSERT INTO machine(processor, processors, architecture, memory_gib, kernel, sqlite, "
                    "compiler, flags) VALUES ('Other', 2, 'x', 1, 'k', 's', 'c', 'f');"
                    "UPDATE run SET machine = (SELECT max(machine) FROM machine) WHERE run = 8");
    char *index = site_write(NULL, NULL);
    site_expect_part("index.html", index, "4 benchmarks in 8 runs on 2 machines");
    site_expect_part("index.html", index, "<th scope=\"col\">machine</th>");
    site_expect_part("index.html", index, "Other × 2");
    free(index);
    char *benchmark = command_read_file("site/benchmark-1.html");
    const char *newest = strstr(benchmark, "<h2>Other, 2 processors");
    assert_non_null(newest);
    assert_non_null(strstr(newest, "<h2>Made-up 1, 8 processors"));
    free(benchmark);
    char *run = command_read_file("site/run-8.html");
    site_expect_part("run-8", run, "were measured on other machines only");
    free(run);
    site_expect_links("site");
}

/* A site of a branch has its runs alone. */
static void a_branch_has_a_site(void **state)
{
    (void)state;
    if (!site_can_be_drawn())
        skip();
    site_make_history(8);
    command_execute("pricereport.db", "UPDATE run SET branch = 'side' WHERE run IN (3, 5)");
    char *index = site_write("--branch", "side");
    site_expect_part("index.html", index, "4 benchmarks in 2 runs, the newest of ");
    free(index);
    site_expect_links("site");
    assert_int_equal(access("site/run-5.html", F_OK), 0);
    assert_int_equal(access("site/run-4.html", F_OK), -1);
    char *run = command_read_file("site/run-5.html");
    site_expect_part("run-5", run, "<a href=\"run-3.html\" rel=\"prev\">");
    free(run);
}

static void without_gnuplot_the_site_has_no_charts(void **state)
{
    (void)state;
    site_make_history(8);
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nonexistent", 1);
    Outcome outcome = command_run("report", "--all", "site", NULL);
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(outcome.status, 3);
    assert_string_equal(outcome.out, "site/index.html\n");
    assert_non_null(
        strstr(outcome.err, "pricereport: the site has no charts: there is no gnuplot: install it"));
    command_free(&outcome);
    char *index = command_read_file("site/index.html");
    site_expect_part("index.html", index, "The charts are missing: there is no gnuplot");
    site_expect_part("index.html", index, "<svg class=\"spark\"");
    free(index);
    char *benchmark = command_read_file("site/benchmark-1.html");
    site_expect_part("benchmark-1", benchmark, "The charts are missing");
    site_expect_no_part("benchmark-1", benchmark, "<svg");
    free(benchmark);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(few_runs_tell_where_regressions_are, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_pages_lead_to_each_other, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(charts_are_drawn_where_they_are_asked_for, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(names_are_only_text, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(files_of_others_stay, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_signal_leaves_the_earlier_site, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_named, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_history_of_failed_runs_says_so, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(machines_are_kept_apart, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_branch_has_a_site, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(without_gnuplot_the_site_has_no_charts, command_setup,
                                        command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
