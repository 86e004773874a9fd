/* What comes in from other tools and other histories, and what goes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

static const char db[] = "pricereport.db";

static void expect_integer_in(const char *file, const char *sql, sqlite3_int64 expected)
{
    sqlite3_int64 found = command_integer(file, sql);
    if (found != expected)
        fail_msg("%s: %s: %lld, expected %lld", file, sql, (long long)found, (long long)expected);
}

static void expect_integer(const char *sql, sqlite3_int64 expected)
{
    expect_integer_in(db, sql, expected);
}

static void expect_text(const char *sql, const char *expected)
{
    char *found = command_text(db, sql);
    assert_string_equal(found, expected);
    sqlite3_free(found);
}

static void succeed(Outcome outcome)
{
    command_expect_success(&outcome);
    command_free(&outcome);
}

/* A file of fixtures/, copied into the current folder under its own name. */
static const char *fixture(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/fixtures/%s", getenv("PRICEREPORT_CLI_TESTS"), name);
    char *text = command_read_file(path);
    command_write_file(name, text);
    free(text);
    return name;
}

/* A JSON fixture with the value at a path replaced by another JSON value, or removed where that is NULL. */
static void changed_fixture(const char *name, const char *path, const char *json, const char *to)
{
    char *text = command_read_file(fixture(name));
    char *sql = json ? sqlite3_mprintf("SELECT json_set(%Q, %Q, json(%Q))", text, path, json)
                     : sqlite3_mprintf("SELECT json_remove(%Q, %Q)", text, path);
    char *changed = command_text(":memory:", sql);
    command_write_file(to, changed);
    sqlite3_free(changed);
    sqlite3_free(sql);
    free(text);
}

/* The value of an SQL expression over the JSON text, which is the column j. */
static void expect_of(const char *text, const char *expression, const char *expected)
{
    char *sql = sqlite3_mprintf("WITH t(j) AS (SELECT %Q) SELECT %s FROM t", text, expression);
    char *found = command_text(":memory:", sql);
    assert_string_equal(found, expected);
    sqlite3_free(found);
    sqlite3_free(sql);
}

static void hyperfine_is_imported(void **state)
{
    (void)state;
    Outcome outcome = command_run("import", fixture("hyperfine.json"), "--label", "l", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "j",
              "[\n{\"file\":\"hyperfine.json\",\"tool\":\"hyperfine\",\"run\":1,\"outcome\":\"imported\","
              "\"benchmarks\":2,\"samples\":8,\"left_out\":0}\n]\n");
    command_free(&outcome);
    expect_text("SELECT verb || ' ' || status || ' ' || label || ' ' || tool FROM run",
                "import finished l hyperfine");
    expect_text("SELECT group_concat(benchmark, '; ') FROM history",
                "sleep 0.02; sort -n --parallel=2 list.txt");
    expect_text("SELECT group_concat(wall_ns) FROM sample WHERE measurement = 1",
                "22600000,21500000,22200000,22300000,21900000,22000000,22400000");
    expect_text("SELECT group_concat(peak_memory_kib) FROM sample WHERE measurement = 1",
                "1206,1208,1206,1204,1206,1206,1206");
    expect_integer("SELECT count(*) FROM sample WHERE user_ns IS NULL AND peak_memory_kib IS NULL AND "
                   "wall_ns = 125000000",
                   1);
    /* n = 7: the interval is from the least to the greatest. */
    expect_integer(
        "SELECT median_seconds = 0.0222 AND low_seconds = 0.0215 AND high_seconds = 0.0226 AND samples = 7"
        " FROM history WHERE position = 0",
        1);
    expect_text("SELECT parameters FROM benchmark WHERE benchmark = 2",
                "{\"tool\":\"hyperfine\",\"parameters\":{\"threads\":\"2\"}}");
    /* What has no place in the tables is kept. */
    expect_text("SELECT options ->> '$.rest[0].user' FROM run", "0.0005");
    expect_text("SELECT processor FROM machine", "unknown processor");
}

static void google_benchmark_is_imported(void **state)
{
    (void)state;
    Outcome outcome = command_run("import", fixture("google_benchmark.json"), "--csv", NULL);
    command_expect_success(&outcome);
    assert_non_null(strstr(outcome.out, "\r\ngoogle_benchmark.json,Google Benchmark,1,imported,2,4,1\r\n"));
    command_free(&outcome);
    expect_text("SELECT started_at || ' ' || tool || ' ' || host || ' ' || load_before FROM run",
                "2025-03-04T08:20:30.000Z Google Benchmark v1.9.4 builder-7 0.25");
    expect_text("SELECT group_concat(benchmark || ' ' || samples, '; ') FROM history",
                "BM_Raise/1024 3; BM_Crazy 1");
    expect_text("SELECT group_concat(loops || ' ' || wall_ns || ' ' || user_ns, '; ') FROM sample",
                "2000 701000 700500; 2000 696000 695000; 2000 704000 702000; 4 6000000 5000000");
    expect_integer("SELECT count(*) FROM sample WHERE system_ns IS NULL", 4);
    expect_integer("SELECT abs(median_seconds - 350.5e-9) < 1e-15 FROM history WHERE position = 0", 1);
    expect_text("SELECT processors || ' ' || flags FROM machine", "8 release");
    expect_text("SELECT parameters FROM benchmark WHERE benchmark = 1",
                "{\"tool\":\"Google Benchmark\",\"program\":\"price_benchmarks\"}");
}

static void pytest_benchmark_is_imported(void **state)
{
    (void)state;
    Outcome outcome = command_run("import", fixture("pytest_benchmark.json"), NULL);
    command_expect_success(&outcome);
    assert_non_null(
        strstr(outcome.out, "pytest_benchmark.json  pytest-benchmark    1  imported           2        8"));
    command_free(&outcome);
    expect_text("SELECT started_at || ' ' || tool || ' ' || host || ' ' || commit_id || ' ' || branch || ' ' "
                "|| dirty FROM run",
                "2025-05-06T07:08:09.123Z pytest-benchmark 4.0.0 laptop "
                "0123456789abcdef0123456789abcdef01234567 main 1");
    expect_text("SELECT group_concat(loops || ' ' || wall_ns) FROM sample WHERE measurement = 1",
                "10 260000,10 220000,10 210000,10 230000,10 200000,10 248000");
    expect_integer("SELECT abs(median_seconds - 22.5e-6) < 1e-15 FROM history WHERE position = 0", 1);
    expect_text("SELECT fingerprint FROM machine", "Example Processor 4000, 4 processors, x86_64, 0 GiB, "
                                                   "Linux 6.10, SQLite unknown, GCC 12.2.0, CPython 3.11.2");
    expect_text(
        "SELECT name || ' ' || parameters FROM benchmark WHERE benchmark = 1",
        "tests/test_price.py::test_raise[20] {\"tool\":\"pytest-benchmark\",\"parameters\":{\"rows\":20}}");
    Outcome shown = command_run("show", NULL);
    command_expect_success(&shown);
    assert_non_null(strstr(shown.out, "measured by   pytest-benchmark 4.0.0"));
    assert_null(strstr(shown.out, "sampling"));
    command_free(&shown);
}

static void the_same_file_is_imported_once(void **state)
{
    (void)state;
    succeed(command_run("import", fixture("hyperfine.json"), fixture("google_benchmark.json"),
                        fixture("pytest_benchmark.json"), NULL));
    expect_integer("SELECT count(*) FROM run", 3);
    Outcome outcome = command_run("import", "hyperfine.json", "google_benchmark.json",
                                  "pytest_benchmark.json", "hyperfine.json", NULL);
    command_expect_success(&outcome);
    assert_null(strstr(outcome.out, "imported"));
    command_free(&outcome);
    /* Other white space, another name and a byte order mark are no other content; another figure is. */
    changed_fixture("hyperfine.json", "$.none", NULL, "spaces.json");
    char *plain = command_read_file("spaces.json"), *marked = sqlite3_mprintf("\xef\xbb\xbf%s\n\n", plain);
    command_write_file("marked.json", marked);
    sqlite3_free(marked);
    free(plain);
    succeed(command_run("import", "spaces.json", "marked.json", NULL));
    expect_integer("SELECT count(*) FROM run", 3);
    expect_integer("SELECT count(*) FROM sample", 20);
    changed_fixture("hyperfine.json", "$.results[0].times[0]", "0.0227", "other.json");
    succeed(command_run("import", "other.json", NULL));
    expect_integer("SELECT count(*) FROM run", 4);
    /* The same benchmarks on the same machine: a history. */
    expect_integer("SELECT count(*) FROM benchmark", 6);
    expect_integer("SELECT count(*) FROM comparison", 2);
}

static void what_the_file_does_not_tell_may_be_here(void **state)
{
    (void)state;
    succeed(command_run("run", "--samples", "1", "--", "true", NULL));
    succeed(
        command_run("import", "--here", fixture("hyperfine.json"), fixture("pytest_benchmark.json"), NULL));
    expect_integer("SELECT (SELECT machine FROM run WHERE run = 1) = (SELECT machine FROM run WHERE run = 2)",
                   1);
    expect_text("SELECT processor FROM machine JOIN run USING (machine) WHERE run = 3",
                "Example Processor 4000");
}

static void expect_refused(const char *file, const char *part)
{
    command_expect_error(command_run("import", "good.json", file, NULL), 3, part);
    if (access(db, F_OK) == 0)
        expect_integer("SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM benchmark) + (SELECT "
                       "count(*) FROM machine)"
                       " + (SELECT count(*) FROM measurement) + (SELECT count(*) FROM sample)",
                       0);
}

typedef struct Wrong {
    const char *fixture, *path, *json, *part;
} Wrong;

static void malformed_files_are_named_and_nothing_is_imported(void **state)
{
    (void)state;
    static const Wrong wrong[] = {
        {"hyperfine.json", "$.results[1].command", "7", "$.results[1].command: expected a text"},
        {"hyperfine.json", "$.results[1]", "[1]", "$.results[1].command: expected a text"},
        {"hyperfine.json", "$.results[1].times", NULL, "$.results[1].times: expected an array of seconds"},
        {"hyperfine.json", "$.results[1].times", "[]", "$.results[1].times: expected an array of seconds"},
        {"hyperfine.json", "$.results[0].times[4]", "\"1\"",
         "$.results[0].times[4]: expected seconds, from 0"},
        {"hyperfine.json", "$.results[0].times[4]", "-0.1",
         "$.results[0].times[4]: expected seconds, from 0"},
        {"hyperfine.json", "$.results[0].times[4]", "1e300",
         "$.results[0].times[4]: expected seconds, from 0 to 1e9"},
        {"hyperfine.json", "$.results[0].memory_usage_byte[1]", "\"x\"",
         "memory_usage_byte[1]: expected a whole number"},
        {"hyperfine.json", "$.results", "[]",
         "is JSON of no tool that is known: expected a result of hyperfine"},
        {"hyperfine.json", "$.results", "{}", "is JSON of no tool that is known"},
        {"google_benchmark.json", "$.benchmarks[0].name", "null", "$.benchmarks[0].name: expected a text"},
        {"google_benchmark.json", "$.benchmarks[4]", "\"text\"", "$.benchmarks[4].name: expected a text"},
        {"google_benchmark.json", "$.benchmarks[0].iterations", "0",
         "$.benchmarks[0].iterations: expected a whole number"},
        {"google_benchmark.json", "$.benchmarks[1].real_time", "\"fast\"",
         "$.benchmarks[1].real_time: expected the time"},
        {"google_benchmark.json", "$.benchmarks[1].real_time", "1e30",
         "$.benchmarks[1].real_time: expected a time that"},
        {"google_benchmark.json", "$.benchmarks[1].cpu_time", "-1",
         "$.benchmarks[1].cpu_time: expected the time"},
        {"google_benchmark.json", "$.benchmarks[1].time_unit", "\"h\"",
         "$.benchmarks[1].time_unit: expected ns, us, ms or s"},
        {"google_benchmark.json", "$.benchmarks", "[]", "$.benchmarks: expected at least one that ran"},
        {"google_benchmark.json", "$.context", NULL, "is JSON of no tool that is known"},
        {"pytest_benchmark.json", "$.benchmarks[0].fullname", NULL,
         "$.benchmarks[0].fullname: expected a text"},
        {"pytest_benchmark.json", "$.benchmarks[1].stats.data", NULL,
         "$.benchmarks[1].stats.data: expected every timing"},
        {"pytest_benchmark.json", "$.benchmarks[1].stats.data[0]", "true",
         "$.benchmarks[1].stats.data[0]: expected seconds"},
        {"pytest_benchmark.json", "$.benchmarks[1].stats.iterations", "0",
         "$.benchmarks[1].stats.iterations: expected a whole"},
        {"pytest_benchmark.json", "$.benchmarks", "[]", "$.benchmarks: expected at least one benchmark"},
        {"pytest_benchmark.json", "$.commit_info.dirty", "\"maybe\"", "wrong.json cannot be imported"},
    };
    fixture("hyperfine.json");
    assert_int_equal(rename("hyperfine.json", "good.json"), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        changed_fixture(wrong[i].fixture, wrong[i].path, wrong[i].json, "wrong.json");
        expect_refused("wrong.json", wrong[i].part);
        expect_refused("wrong.json", "wrong.json");
    }
}

static void what_is_no_result_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "not JSON", "[1, 2", "{\"results\": [NaN]}", "\xff\xfe{"};
    fixture("hyperfine.json");
    assert_int_equal(rename("hyperfine.json", "good.json"), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        command_write_file("wrong.json", texts[i]);
        expect_refused("wrong.json", "wrong.json is no JSON: expected a result of hyperfine --export-json");
    }
    char *text = command_read_file("good.json");
    text[strlen(text) / 2] = '\0';
    command_write_file("wrong.json", text);
    free(text);
    expect_refused("wrong.json", "wrong.json is no JSON");
    static const char *const foreign[] = {
        "{}", "[]", "7", "null", "\"results\"", "{\"benchmarks\":[]}", "{\"results\":[{}]}"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        command_write_file("wrong.json", foreign[i]);
        expect_refused("wrong.json", "wrong.json is JSON of no tool that is known: expected");
    }
    FILE *file = fopen("wrong.json", "w");
    assert_non_null(file);
    fwrite("{\"a\": 1}\0{}", 1, 11, file);
    fclose(file);
    expect_refused("wrong.json", "wrong.json is no JSON");
    expect_refused("none.json", "cannot read none.json: No such file");
    assert_int_equal(mkdir("folder", 0777), 0);
    expect_refused("folder", "cannot read folder: Is a directory");
    command_expect_error(command_run("import", NULL), 2, "the files are missing");
}

/* Two histories that were recorded apart, with what people said of them. */
static void record_apart(void)
{
    succeed(command_run("--db", "one.db", "run", "--samples", "6", "--label", "one", "--", "true", NULL));
    command_make_prices();
    succeed(command_run("--db", "two.db", "run", "--in", "prices.db", "--source", "prices", "--map",
                        "increase_price(p)", "--executor", "serial,threads", "--samples", "6", NULL));
    succeed(command_run("--db", "two.db", "run", "--samples", "3", "--", "true", NULL));
    command_execute("two.db",
                    "UPDATE machine SET processor = 'another';"
                    "UPDATE run SET started_at = '2019-01-01T00:00:00.000Z' WHERE run = 1;"
                    "UPDATE run SET repeats = 1 WHERE run = 2;"
                    "INSERT INTO remark(kind, run, benchmark, reason, made_at) VALUES"
                    " ('exclude', 1, 2, 'why', '2026-01-01'), ('ack', 2, NULL, 'known', '2026-01-02');"
                    "INSERT INTO threshold VALUES (1, 7.5)");
}

/* Everything in a history by what names it everywhere, to be compared: ids differ. */
static const char everything[] =
    "SELECT group_concat(line, char(10)) FROM (SELECT line FROM ("
    "SELECT 'run ' || uuid || verb || started_at || finished_at || coalesce(label, '') || options || "
    "fingerprint ||"
    "  coalesce((SELECT uuid FROM run AS q WHERE q.run = r.repeats), '') AS line FROM run AS r JOIN machine "
    "USING (machine) "
    "UNION ALL SELECT 'measurement ' || uuid || m.position || b.name || b.parameters || coalesce(m.rows, '') "
    "|| m.samples ||"
    "  m.median_seconds || coalesce((SELECT position FROM measurement AS s WHERE s.measurement = "
    "m.baseline), '') ||"
    "  coalesce(m.tasks, '') FROM measurement AS m JOIN run USING (run) JOIN benchmark AS b ON b.benchmark = "
    "m.benchmark "
    "UNION ALL SELECT 'sample ' || uuid || m.position || ' ' || sequence || ' ' || wall_ns || ' ' || user_ns "
    "|| warmup"
    "  FROM sample JOIN measurement AS m USING (measurement) JOIN run USING (run) "
    "UNION ALL SELECT 'task ' || uuid || m.position || ' ' || task || ' ' || start_ns"
    "  FROM task JOIN measurement AS m USING (measurement) JOIN run USING (run) "
    "UNION ALL SELECT 'remark ' || uuid || kind || coalesce(b.parameters, '') || reason || k.made_at"
    "  FROM remark AS k JOIN run USING (run) LEFT JOIN benchmark AS b ON b.benchmark = k.benchmark "
    "UNION ALL SELECT 'threshold ' || name || parameters || percent FROM threshold JOIN benchmark USING "
    "(benchmark)"
    ") ORDER BY line)";

static void expect_same_content(const char *file, const char *other)
{
    char *left = command_text(file, everything), *right = command_text(other, everything);
    assert_true(strlen(left) > 500);
    assert_string_equal(left, right);
    sqlite3_free(left);
    sqlite3_free(right);
}

static void histories_are_merged(void **state)
{
    (void)state;
    record_apart();
    struct stat before, after;
    assert_int_equal(stat("two.db", &before), 0);
    Outcome outcome = command_run("--db", "one.db", "merge", "two.db", "--csv", NULL);
    command_expect_success(&outcome);
    char expected[128];
    snprintf(expected, sizeof expected, "file,runs,new_runs,new_samples\r\ntwo.db,2,2,%lld\r\n",
             (long long)command_integer("two.db", "SELECT count(*) FROM sample"));
    assert_string_equal(outcome.out, expected);
    command_free(&outcome);
    assert_int_equal(stat("two.db", &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_true(before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
                before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    expect_integer_in("one.db", "SELECT count(*) FROM run", 3);
    expect_integer_in("one.db", "SELECT count(*) FROM machine", 2);
    expect_integer_in("one.db", "SELECT count(*) FROM benchmark", 3);
    expect_integer_in("one.db", "SELECT count(*) FROM pragma_foreign_key_check", 0);
    /* The merged run of 2019 has the greater number, and is older nevertheless. */
    outcome = command_run("--db", "one.db", "list", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "j ->> '$[0].started_at'", "2019-01-01T00:00:00.000Z");
    command_free(&outcome);
    /* The other way round it is the same history. */
    succeed(command_run("--db", "three.db", "merge", "two.db", "one.db", NULL));
    expect_same_content("one.db", "three.db");
}

static void merging_again_changes_nothing(void **state)
{
    (void)state;
    record_apart();
    succeed(command_run("--db", "one.db", "merge", "two.db", NULL));
    char *before = command_text("one.db", everything);
    succeed(command_run("--db", "one.db", "merge", "two.db", "two.db", "one.db", NULL));
    char *after = command_text("one.db", everything);
    assert_string_equal(before, after);
    sqlite3_free(before);
    sqlite3_free(after);
    /* A copy that went on elsewhere: it comes back with what it has more, and only that. */
    succeed(command_run("--db", "copy.db", "merge", "one.db", NULL));
    succeed(command_run("--db", "copy.db", "run", "--samples", "1", "--", "true", NULL));
    Outcome outcome = command_run("--db", "one.db", "merge", "copy.db", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "(j ->> '$[0].runs') || (j ->> '$[0].new_runs') || (j ->> '$[0].new_samples')",
              "412");
    command_free(&outcome);
    expect_same_content("one.db", "copy.db");
}

static void a_run_that_went_on_is_completed(void **state)
{
    (void)state;
    succeed(command_run("--db", "whole.db", "run", "--samples", "8", "--", "true", NULL));
    succeed(command_run("--db", "part.db", "merge", "whole.db", NULL));
    command_execute(
        "part.db",
        "UPDATE run SET finished_at = NULL, load_after = NULL; DELETE FROM sample WHERE sequence > 4;"
        "UPDATE measurement SET samples = 4, stopped = NULL, median_seconds = 1");
    succeed(command_run("--db", "part.db", "merge", "whole.db", NULL));
    expect_same_content("part.db", "whole.db");
    expect_integer_in("part.db", "SELECT load_after IS NOT NULL FROM run", 1);
    /* And what is whole does not lose anything to a part. */
    command_execute("whole.db", "UPDATE run SET finished_at = NULL; DELETE FROM sample WHERE sequence > 4;"
                                "UPDATE measurement SET samples = 4, stopped = NULL, median_seconds = 1");
    char *before = command_text("part.db", everything);
    succeed(command_run("--db", "part.db", "merge", "whole.db", NULL));
    char *after = command_text("part.db", everything);
    assert_string_equal(before, after);
    sqlite3_free(before);
    sqlite3_free(after);
}

static void other_files_are_not_merged(void **state)
{
    (void)state;
    succeed(command_run("run", "--samples", "1", "--", "true", NULL));
    command_execute("foreign.db", "CREATE TABLE t(a)");
    command_expect_error(command_run("merge", "foreign.db", NULL), 3,
                         "foreign.db is a database of another program: name a history of pricereport");
    command_write_file("text.db",
                       "this is no database, but a text that is long enough for a header of one hundred "
                       "bytes, which SQLite reads first of all");
    command_expect_error(command_run("merge", "text.db", NULL), 3, "text.db is no history of pricereport");
    command_expect_error(command_run("merge", "none.db", NULL), 3, "cannot read none.db: No such file");
    assert_int_equal(access("none.db", F_OK), -1);
    command_expect_error(command_run("merge", NULL), 2, "the histories are missing");
    succeed(command_run("--db", "newer.db", "merge", db, NULL));
    command_execute("newer.db", "PRAGMA user_version = 99");
    command_expect_error(command_run("merge", "newer.db", NULL), 3,
                         "newer.db was written by a newer pricereport");
    /* A damaged one: nothing of it comes in. */
    succeed(command_run("--db", "damaged.db", "merge", db, NULL));
    command_execute("damaged.db", "DROP TABLE task; UPDATE run SET uuid = 'x'");
    command_expect_error(command_run("merge", "damaged.db", NULL), 3, "cannot merge damaged.db: ");
    expect_integer("SELECT count(*) FROM run", 1);
}

/* A history as the first version of its schema had it, with a run. */
static void make_old_history(const char *file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/../../sql/schema/1.sql", getenv("PRICEREPORT_CLI_TESTS"));
    char *schema = command_read_file(path);
    command_execute(file, schema);
    free(schema);
    command_execute(
        file,
        "INSERT INTO machine(processor, processors, architecture, memory_gib, kernel, sqlite, compiler, "
        "flags)"
        " VALUES ('p', 2, 'a', 8, 'k', 's', 'c', 'f');"
        "INSERT INTO run(uuid, verb, started_at, finished_at, machine, tool, options, label) VALUES"
        " ('aa', 'experiment', '2020-01-01T00:00:00.000Z', '2020-01-01T00:00:01.000Z', 1, '0.1.0', '{}', "
        "'old'),"
        " ('bb', 'run', '2020-01-02T00:00:00.000Z', NULL, 1, '0.1.0', '{}', NULL);"
        "INSERT INTO benchmark(name, parameters) VALUES"
        " ('b', '{\"executor\":\"threads\",\"workers\":2,\"chunk\":64,\"source\":\"s\",\"map\":\"m\"}');"
        "INSERT INTO measurement(run, benchmark, position, rows, samples, median_seconds) VALUES (1, 1, 0, "
        "20, 1, 0.5);"
        "INSERT INTO sample VALUES (1, 0, 1, 0, 2, 1000000000, 5, 6, NULL)");
    expect_integer_in(file, "PRAGMA user_version", 1);
}

static void an_older_history_is_upgraded(void **state)
{
    (void)state;
    make_old_history("old.db");
    Outcome outcome = command_run("list", "--db", "old.db", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "(j ->> '$[0].status') || (j ->> '$[0].label') || (j ->> '$[1].status')",
              "finishedoldunfinished");
    command_free(&outcome);
    expect_integer_in("old.db", "PRAGMA user_version", 2);
    expect_integer_in(
        "old.db",
        "SELECT variant = 'threads × 2, chunk 64' AND median_seconds = 0.5 AND samples = 1 FROM history", 1);
    char *check = command_text("old.db", "PRAGMA integrity_check");
    assert_string_equal(check, "ok");
    sqlite3_free(check);
    /* It is recorded into, merged and exported as any other. */
    succeed(command_run("run", "--db", "old.db", "--samples", "1", "--", "true", NULL));
    expect_integer_in("old.db", "SELECT count(*) FROM run", 3);
    make_old_history("older.db");
    succeed(command_run("merge", "older.db", NULL));
    expect_integer("SELECT count(*) FROM run", 2);
    expect_integer("SELECT wall_ns FROM sample", 1000000000);
    /* The one that was merged is not touched. */
    expect_integer_in("older.db", "PRAGMA user_version", 1);
}

static void export_has_everything(void **state)
{
    (void)state;
    record_apart();
    succeed(command_run("--db", "one.db", "merge", "two.db", NULL));
    Outcome outcome = command_run("export", "--db", "one.db", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out,
              "(j ->> '$.schema') || ' ' || json_array_length(j, '$.runs') || ' ' || (j ->> "
              "'$.runs[0].run.processor')",
              "2 3 another");
    char number[32];
    snprintf(number, sizeof number, "%lld",
             (long long)command_integer("one.db", "SELECT count(*) FROM sample"));
    expect_of(outcome.out,
              "(SELECT count(*) FROM json_each(j, '$.runs') AS r, json_each(r.value, '$.measurements') AS m,"
              " json_each(m.value, '$.samples'))",
              number);
    snprintf(number, sizeof number, "%lld",
             (long long)command_integer("one.db", "SELECT sum(wall_ns) FROM sample"));
    expect_of(outcome.out,
              "(SELECT sum(s.value ->> 'wall_ns') FROM json_each(j, '$.runs') AS r,"
              " json_each(r.value, '$.measurements') AS m, json_each(m.value, '$.samples') AS s)",
              number);
    expect_of(outcome.out, "j ->> '$.runs[0].run.remarks[0].reason'", "why");
    expect_of(outcome.out, "j ->> '$.runs[0].measurements[1].parameters.executor'", "threads");
    expect_of(outcome.out,
              "(j ->> '$.runs[1].run.label') || (j ->> '$.runs[1].measurements[0].parameters.command[0]')",
              "onetrue");
    command_free(&outcome);
    outcome = command_run("export", "--db", "one.db", "latest", "1", "1", "--json", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "json_array_length(j, '$.runs')", "2");
    command_free(&outcome);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        count++;
    return count;
}

static void export_for_spreadsheets_and_documents(void **state)
{
    (void)state;
    record_apart();
    succeed(command_run("--db", "one.db", "merge", "two.db", NULL));
    Outcome outcome = command_run("export", "--db", "one.db", "--csv", NULL);
    command_expect_success(&outcome);
    assert_int_equal(count_of(outcome.out, "\r\n"), 1 + 4);
    command_free(&outcome);
    outcome = command_run("export", "--db", "one.db", "--csv", "--samples", NULL);
    command_expect_success(&outcome);
    assert_int_equal(count_of(outcome.out, "\r\n"),
                     1 + command_integer("one.db", "SELECT count(*) FROM sample"));
    command_free(&outcome);
    outcome = command_run("export", "1", "--db", "one.db", "--markdown", NULL);
    command_expect_success(&outcome);
    assert_int_equal(count_of(outcome.out, "\n"), 3);
    assert_non_null(strstr(outcome.out, "| true |"));
    command_free(&outcome);
    outcome = command_run("export", "1", "--db", "one.db", "--markdown", "--samples", NULL);
    command_expect_success(&outcome);
    assert_int_equal(count_of(outcome.out, "\n"), 2 + 7);
    command_free(&outcome);
    command_expect_error(command_run("export", "--db", "one.db", "9", NULL), 3, "one.db has no run 9");
    command_expect_error(command_run("export", NULL), 3, "there is no history at pricereport.db");
    command_write_file("empty.db", "");
    outcome = command_run("export", "--db", "empty.db", NULL);
    command_expect_success(&outcome);
    expect_of(outcome.out, "json_array_length(j, '$.runs')", "0");
    command_free(&outcome);
}

/* The generator of large histories, small here: what the queries are timed on has to be a history. */
static void made_up_histories_are_histories(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/make_history.sql", getenv("PRICEREPORT_CLI_TESTS"));
    char *script = command_read_file(path);
    command_write_file(db, "");
    succeed(command_run("list", NULL));
    char *sql =
        sqlite3_mprintf("CREATE TEMP TABLE size(runs, benchmarks, samples, low_rank, high_rank, origin);"
                        "INSERT INTO size VALUES (8, 4, 10, 2, 9, 1);%s",
                        script);
    command_execute(db, sql);
    sqlite3_free(sql);
    free(script);
    expect_integer("SELECT count(*) FROM sample", 8 * 4 * 10);
    expect_integer(
        "SELECT count(*) FROM history WHERE minimum_seconds <= low_seconds AND low_seconds <= median_seconds"
        " AND median_seconds <= high_seconds AND high_seconds <= maximum_seconds AND speed_up > 0",
        8 * 4);
    expect_integer("SELECT count(*) FROM comparison WHERE ratio > 1.08", 1);
    expect_integer("SELECT count(*) FROM latest", 4);
    succeed(command_run("show", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hyperfine_is_imported, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(google_benchmark_is_imported, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(pytest_benchmark_is_imported, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_same_file_is_imported_once, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(what_the_file_does_not_tell_may_be_here, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(malformed_files_are_named_and_nothing_is_imported, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_result_is_refused, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(histories_are_merged, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(merging_again_changes_nothing, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(a_run_that_went_on_is_completed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(other_files_are_not_merged, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(an_older_history_is_upgraded, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(export_has_everything, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(export_for_spreadsheets_and_documents, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(made_up_histories_are_histories, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
