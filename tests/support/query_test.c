#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/query_test.h"

sqlite3 *query_test_open(MapTest *test, const char *script)
{
    char *path = map_test_path(test, "query.db");
    sql_test_close(&test->db);
    test->db = map_test_open(test, path);
    sqlite3_free(path);
    sql_test_run(test->db, script);
    return test->db;
}

bool query_test_compare(const MapTest *test, const char *select, char **why)
{
    char *sql = sqlite3_mprintf(
        "DROP TABLE IF EXISTS temp.q; CREATE VIRTUAL TABLE temp.q USING parallel_query(%s)", select);
    sql_test_run(test->db, sql);
    sqlite3_free(sql);
    char *rows = sql_test_rows(test->db, "SELECT * FROM q"), *plain = sql_test_rows(test->db, select);
    if (strcmp(rows, plain) != 0)
        fail_msg("%s\n  gives\n%s\n  and by workers\n%s", select, plain, rows);
    sqlite3_free(rows);
    sqlite3_free(plain);
    *why = sql_test_rows(test->db, "SELECT access, reason FROM parallel_map_runs ORDER BY run DESC LIMIT 1");
    return strstr(*why, "'partition'") != NULL;
}

void query_test_expect_divided(const MapTest *test, const char *select, const char *partial)
{
    char *why;
    bool divided = query_test_compare(test, select, &why);
    /* `auto` may find that there are too many groups. */
    if (!divided && strcmp(test->executor, "auto") != 0)
        fail_msg("%s\n  is not divided: %s", select, why);
    sqlite3_free(why);
    char *sql = sqlite3_mprintf(
        "SELECT iif(map LIKE '%%%q%%', 1, map) FROM parallel_map_runs ORDER BY run DESC LIMIT 1", partial);
    sql_test_expect(test->db, sql, "1");
    sqlite3_free(sql);
}

void query_test_expect_whole(const MapTest *test, const char *select, const char *reason)
{
    char *why;
    if (query_test_compare(test, select, &why) || !strstr(why, reason))
        fail_msg("%s\n  is run as %s", select, why);
    sqlite3_free(why);
}

void query_test_expect_plan(sqlite3 *db, const char *select, const char *text)
{
    char *sql = sqlite3_mprintf("SELECT line FROM parallel_query_plan(%Q)", select);
    char *lines = sql_test_rows(db, sql);
    if (!strstr(lines, text))
        fail_msg("%s\n  has not '%s' in\n%s", select, text, lines);
    sqlite3_free(lines);
    sqlite3_free(sql);
}
