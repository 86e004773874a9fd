#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dirent.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/site.h"

int site_can_be_drawn(void)
{
    return system("gnuplot --version >/dev/null 2>&1") == 0;
}

void site_make_history(int runs)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/../support/history_small.sql", getenv("PRICEREPORT_CLI_TESTS"));
    char *script = command_read_file(path);
    command_write_file("pricereport.db", "");
    command_succeed(command_run("list", NULL));
    char *sql =
        sqlite3_mprintf("CREATE TEMP TABLE size(runs, benchmarks, samples, low_rank, high_rank, origin);"
                        "INSERT INTO size VALUES (%d, 4, 10, 2, 9, 1);%s",
                        runs, script);
    command_execute("pricereport.db", sql);
    sqlite3_free(sql);
    free(script);
}

void site_add_named_run(const char *name)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open("pricereport.db", &db), SQLITE_OK);
    /* A run like the first, later than all. */
    char *sql = sqlite3_mprintf(
        "INSERT INTO run(uuid, verb, started_at, finished_at, machine, host, label, branch, commit_id, dirty, tool, "
        "options) SELECT hex(randomblob(16)), 'command', '2030-01-01T00:00:00.000Z', '2030-01-01T00:00:01.000Z', 1, "
        "%Q, %Q, %Q, '0123456789abcdef', 0, '0.1.0', json_object('arguments', json_array('--', 'x')) FROM run WHERE run = 1;"
        "INSERT INTO benchmark(name, parameters) VALUES (%Q, '{}');"
        "INSERT INTO measurement(run, benchmark, position, samples, median_seconds, low_seconds, high_seconds) "
        "SELECT (SELECT max(run) FROM run), max(benchmark), 0, 6, 0.001, 0.0009, 0.0011 FROM benchmark;"
        "INSERT INTO sample(measurement, sequence, round, warmup, loops, wall_ns) "
        "WITH n(i) AS (VALUES (0), (1), (2), (3), (4), (5)) SELECT (SELECT max(measurement) FROM measurement), i, 1, 0, 1, "
        "1000000 + i FROM n",
        name, name, name, name);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    sqlite3_free(sql);
    sqlite3_close(db);
}

char *site_write(const char *first, const char *second)
{
    Outcome outcome = command_run("report", "--all", "site", first, second, NULL);
    command_expect_success(&outcome);
    assert_string_equal(outcome.out, "site/index.html\n");
    command_free(&outcome);
    return command_read_file("site/index.html");
}

void site_expect_part(const char *what, const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s has no %s", what, part);
}

void site_expect_no_part(const char *what, const char *text, const char *part)
{
    const char *found = strstr(text, part);
    if (found)
        fail_msg("%s has %s: %.80s", what, part, found);
}

static void expect_links(const char *folder, const char *name)
{
    static const char href[] = " href=\"";
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = command_read_file(path);
    assert_ptr_equal(strstr(text, "<!DOCTYPE html>"), text);
    site_expect_part(path, text, "</html>");
    site_expect_no_part(path, text, "src=\"");
    site_expect_no_part(path, text, "http://");
    for (const char *link = text; (link = strstr(link, href));) {
        link += strlen(href);
        int length = (int)strcspn(link, "\"");
        if (strncmp(link, "https://", 8) == 0 || strncmp(link, "data:,", 6) == 0 || *link == '#')
            continue;
        snprintf(path, sizeof path, "%s/%.*s", folder, length, link);
        if (memchr(link, '/', (size_t)length) || access(path, F_OK))
            fail_msg("%s leads to %.*s, which is not there", name, length, link);
    }
    free(text);
}

void site_expect_links(const char *folder)
{
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (strncmp(entry->d_name, "index.", 6) == 0 || strncmp(entry->d_name, "runs.", 5) == 0 ||
            strncmp(entry->d_name, "benchmark-", 10) == 0 ||
            (strncmp(entry->d_name, "run-", 4) == 0 && !strstr(entry->d_name, "x.html") &&
             !strstr(entry->d_name, "run-9")))
            expect_links(folder, entry->d_name);
    closedir(directory);
}
