#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/command.h"
#include "tests/support/recorded.h"

void recorded_run(const char *file)
{
    Outcome outcome = command_run("run", "--db", file, "--in", "prices.db", "--source", "prices", "--map",
                                  "p", "--executor", "serial", "--samples", "3", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
}

char *recorded_figures(const char *file, sqlite3_int64 last_run)
{
    char *sql =
        sqlite3_mprintf("SELECT group_concat(figures, ' ') FROM (SELECT concat.figures FROM ("
                        "SELECT run AS a, -1 AS b, -1 AS c, uuid || status || started_at AS figures FROM run "
                        "UNION ALL SELECT run, position, -1, samples || ',' || quote(median_seconds) "
                        "FROM measurement "
                        "UNION ALL SELECT run, position, sequence, wall_ns || ',' || loops || ',' || warmup "
                        "FROM sample JOIN measurement USING (measurement)) AS concat "
                        "WHERE a <= %lld ORDER BY a, b, c)",
                        last_run);
    char *figures = command_text(file, sql);
    sqlite3_free(sql);
    return figures;
}

void recorded_expect_sound(const char *file)
{
    char *check = command_text(file, "PRAGMA integrity_check");
    assert_string_equal(check, "ok");
    sqlite3_free(check);
    /* A process that ended before the schema was there left nothing. */
    if (command_integer(file, "PRAGMA user_version") == 0) {
        assert_int_equal(command_integer(file, "SELECT count(*) FROM sqlite_schema"), 0);
        return;
    }
    assert_int_equal(command_integer(file, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(command_integer(file, "SELECT count(*) FROM (SELECT 1 FROM sample JOIN measurement "
                                           "USING (measurement) GROUP BY run "
                                           "HAVING min(sequence) <> 0 OR max(sequence) + 1 <> count(*))"),
                     0);
    assert_int_equal(
        command_integer(file, "SELECT count(*) FROM measurement AS m WHERE samples <> (SELECT count(*) "
                              "FROM sample AS s WHERE s.measurement = m.measurement AND NOT warmup)"),
        0);
}
