/* The parser of SELECTs and the writer of its trees. The oracle is SQLite: what is written out compiles to
 * the program of the text that was parsed, or the text was refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ext/select/parse.h"
#include "ext/select/write.h"
#include "ext/split/same_program.h"
#include "tests/support/engine_parts.h"
#include "tests/support/random.h"

static sqlite3 *open_schema(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE TABLE t(a INTEGER PRIMARY KEY, b REAL, c TEXT COLLATE NOCASE, d, \"e f\" INT);"
                     "CREATE INDEX by_b ON t(b, c); CREATE TABLE u(a, b, x TEXT); CREATE INDEX by_x ON u(x);"
                     "CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
                     "CREATE TABLE \"odd \"\" name\"(\"select\", \"a\"\"b\", [x y], first, desc_, \"key\");"
                     "CREATE VIEW v AS SELECT a, b * 2 AS twice FROM t WHERE c > 'm';",
                     NULL, NULL, NULL),
        SQLITE_OK);
    return db;
}

/* SELECTs that SQLite takes and that the parser has to take as well. */
static const char *const understood[] = {
    "SELECT 1",
    "select a, b as \"B\", c 'text', t.d, main.t.a from t",
    "SELECT * FROM t;",
    "SELECT t.*, u.a FROM t, u",
    "SELECT DISTINCT c FROM t",
    "SELECT ALL c FROM t",
    "SELECT a + b * c - d / 2 % 3 || 'x' FROM t",
    "SELECT a || b + c, (a || b) + c, a || (b + c), -a || b, -(a || b) FROM t",
    "SELECT -a COLLATE nocase = c, - - a, ~a + 1, +a, NOT a, NOT NOT a FROM t",
    "SELECT NOT a = b, (NOT a) = b, a = NOT b, a + NOT b = c, NOT a IN (1, 2), NOT a BETWEEN 1 AND 2 FROM t",
    "SELECT a = b = c, a < b < c, a = b < c, a < b = c, a & b = c, a | b << 2 & 3 FROM t",
    "SELECT a OR b AND c OR d, (a OR b) AND c, a AND b OR c AND d, a AND NOT b OR c FROM t",
    "SELECT a IS NULL, a IS NOT NULL, a ISNULL, a NOTNULL, a NOT NULL, a IS b, a IS NOT b FROM t",
    "SELECT a IS b IS c, a == b, a <> b, a != b, NULL IS a, a IS NOT b = c FROM t",
    "SELECT a BETWEEN 1 AND 2 + 3, a NOT BETWEEN b AND c AND d, a BETWEEN b = 1 AND c FROM t",
    "SELECT a BETWEEN 1 AND 2 BETWEEN 0 AND 1, a = b BETWEEN 1 AND 2, a BETWEEN 1 AND 2 = b FROM t",
    "SELECT c LIKE 'a%', c NOT LIKE 'a\\%' ESCAPE '\\', c GLOB 'a*', c NOT GLOB d, c LIKE d || 'x' FROM t",
    "SELECT c LIKE 'a' = 1, c LIKE 'a' LIKE 'b', c LIKE d < 'x' ESCAPE 'y', a = c LIKE d FROM t",
    "SELECT a IN (1, 2, 3), a NOT IN (b, c), a IN (), a NOT IN (), a IN (SELECT a FROM u), a IN u2 FROM t",
    "SELECT a IN w2, a IN main.u2, a NOT IN u2 FROM t",
    "SELECT a IN (1) IN (0), a = b IN (0, 1), a IN (1) = b FROM t",
    "SELECT (a, b) = (1, 2), (a, b) IN (SELECT a, b FROM u), (a, b, c) < (1, 2, 3) FROM t",
    "SELECT (SELECT max(x) FROM u WHERE u.a = t.a), EXISTS (SELECT 1 FROM u), NOT EXISTS (SELECT 1) FROM t",
    ("SELECT CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END, CASE WHEN a THEN b END, CASE a WHEN b "
     "THEN c END COLLATE rtrim FROM t"),
    "SELECT CAST(a AS TEXT), CAST(b + 1 AS DECIMAL(10, 5)), CAST(a AS), CAST(c AS VARCHAR(10)) FROM t",
    "SELECT count(*), count(a), sum(DISTINCT b), avg(b), total(b) FILTER (WHERE a > 5), min(c), max(a, b) FROM t",
    "SELECT group_concat(c), group_concat(c, ';'), count(DISTINCT c), count(ALL c) FROM t GROUP BY d",
    "SELECT c, count() FROM t GROUP BY c, a % 10 HAVING count(*) > 5 AND max(b) < 7 ORDER BY 2 DESC, c LIMIT 10",
    "SELECT c FROM t ORDER BY c COLLATE binary DESC NULLS LAST, b ASC NULLS FIRST LIMIT 5 OFFSET 3",
    "SELECT c FROM t LIMIT 3, 5",
    "SELECT c FROM t LIMIT (SELECT 1 + 1)",
    "SELECT * FROM t JOIN u ON t.a = u.a",
    "SELECT * FROM t INNER JOIN u USING (a, b) LEFT OUTER JOIN w ON w.k = x",
    "SELECT * FROM t CROSS JOIN u, w WHERE t.a = u.a",
    "SELECT * FROM t NATURAL JOIN u",
    "SELECT * FROM t NATURAL LEFT JOIN u",
    "SELECT * FROM t AS x LEFT JOIN u y ON x.a = y.a AND y.b > 3 WHERE y.a IS NULL",
    "SELECT * FROM (SELECT a, count(*) AS n FROM u GROUP BY a) AS s JOIN t ON t.a = s.a",
    "SELECT * FROM (t JOIN u ON t.a = u.a) JOIN w ON w.k = u.x",
    "SELECT * FROM t LEFT JOIN (u JOIN w ON w.k = u.x) ON t.a = u.a",
    "SELECT * FROM t INDEXED BY by_b WHERE b > 3",
    "SELECT * FROM t NOT INDEXED WHERE b > 3",
    "SELECT * FROM t z INDEXED BY by_b WHERE z.b > 3",
    "SELECT * FROM v WHERE twice > 3",
    "SELECT * FROM json_each('[1, 2]') AS j, t WHERE t.a = j.value",
    "SELECT * FROM main.t AS t, json_each(t.d)",
    "WITH x AS (SELECT a FROM t), y(p, q) AS (SELECT a, b FROM u) SELECT * FROM x, y WHERE x.a = y.p",
    "WITH x AS MATERIALIZED (SELECT a FROM t) SELECT * FROM x",
    "WITH x AS NOT MATERIALIZED (SELECT a FROM t) SELECT a FROM x UNION SELECT 1",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i FROM n",
    "SELECT a FROM t UNION ALL SELECT a FROM u UNION SELECT k FROM w ORDER BY 1",
    "SELECT a FROM t EXCEPT SELECT a FROM u",
    "SELECT a FROM t INTERSECT SELECT a FROM u LIMIT 3",
    "SELECT * FROM (WITH x AS (SELECT 1 AS one) SELECT one FROM x UNION ALL SELECT a FROM t)",
    "SELECT :x, @y, $z, ?, ?7, ?, :x, ?1 + a FROM t WHERE a = :x",
    "SELECT ?3, ?, :n, ?2",
    "SELECT 1.5, .5, 5., 1e3, 1E-3, 0x1F, -9223372036854775808, 9223372036854775807, 1e999, x'00ff', X''",
    "SELECT 'it''s', '', 'a\nb', NULL, CURRENT_DATE IS NOT NULL, true, FALSE, TRUE + 1",
    "SELECT \"select\", \"a\"\"b\", [x y], `key`, first, key FROM \"odd \"\" name\"",
    "SELECT \"e f\", [e f], `e f`, t.\"e f\", \"t\".a, 't'.b, [main].[t].[d] FROM t",
    "SELECT d -> '$.x', d ->> 'x', d -> 'a' ->> 'b', d || c -> 'x' FROM t",
    "SELECT rowid, oid, t._rowid_ FROM t",
    "SELECT replace(c, 'a', 'b'), glob('a', c), like('a', c), \"upper\"(c), ifnull(a, b) FROM t",
    "SELECT/* comment */a--end\n,b FROM/**/t WHERE--x\na=1",
    "SELECT abs(-a) - -1 - (-(1)) FROM t",
    "SELECT ((((((a)))))) FROM ((t))",
    "SELECT max(a) FROM t WHERE a IN (SELECT a FROM u WHERE b = (SELECT max(v) FROM w WHERE k = u.x))",
    "SELECT a FROM t WHERE (SELECT count(*) FROM u WHERE u.a = t.a AND EXISTS (SELECT 1 FROM w WHERE k = t.c))",
    "SELECT count(*) FROM t WHERE a > 1 AND (b < 2 OR c = 'x') AND NOT (d IS NULL OR a % 2)",
    "SELECT sum(a) AS s FROM t GROUP BY c HAVING s > 3 ORDER BY s",
    "SELECT a key, b first, c desc FROM t",
    "SELECT c COLLATE NOCASE COLLATE RTRIM, 'a' || c COLLATE binary FROM t",
    "SELECT 1 WHERE 0",
    "SELECT a IN (VALUES_) FROM (SELECT 1 AS a, 2 AS values_)",
};

/* What SQLite takes and the parser does not. */
static const char *const refused[][2] = {
    {"SELECT row_number() OVER () FROM t", "window functions are not split"},
    {"SELECT sum(a) OVER w2 FROM t WINDOW w2 AS (ORDER BY b)", "window functions are not split"},
    {"VALUES (1), (2)", "VALUES are not split"},
    {"SELECT * FROM t WHERE (a, b) IN (VALUES (1, 2))", "VALUES are not split"},
};

/* Compares the programs of the text and of what is written of its tree. */
static void check_written(sqlite3 *db, const char *sql)
{
    Arena arena = {0};
    bool same = false;
    ParsedSelect parsed = select_parse(&arena, sql);
    if (!parsed.select)
        fail_msg("%s: %s", sql, parsed.reason);
    char *text = select_text(parsed.select, 0);
    assert_non_null(text);
    int rc = same_program(db, sql, db, text, &same);
    if (rc != SQLITE_OK || !same)
        fail_msg("%s\n  written as %s\n  %s", sql, text, rc == SQLITE_OK ? "is another" : sqlite3_errmsg(db));
    sqlite3_free(text);
    arena_free(&arena);
}

/* Cursors may have other numbers, as those of a view have; which one is read counts. */
static void programs_but_for_cursors(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"SELECT count(v.x), w.y FROM v JOIN two AS w ON w.y = v.x",
         "SELECT count(v.x), w.y FROM (SELECT x, y FROM one WHERE y > 2) AS v JOIN two AS w ON w.y = v.x",
         true},
        {"SELECT v.x FROM v JOIN two AS w ON w.y = v.x ORDER BY w.y LIMIT 3",
         "SELECT one.x FROM one JOIN two AS w ON w.y = one.x WHERE one.y > 2 ORDER BY w.y LIMIT 3", true},
        {"SELECT a.x FROM one AS a CROSS JOIN one AS b", "SELECT b.x FROM one AS a CROSS JOIN one AS b",
         false},
        {"SELECT a.x, b.y FROM one AS a CROSS JOIN two AS b",
         "SELECT b.x, a.y FROM one AS a CROSS JOIN two AS b", false},
        {"SELECT v.x FROM v CROSS JOIN one AS b",
         "SELECT b.x FROM (SELECT * FROM one WHERE y > 2) AS v CROSS JOIN one AS b", false},
        {"SELECT x FROM one", "SELECT x FROM one LIMIT 5", false},
    };
    sqlite3 *db = NULL;
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE one(x, y); CREATE TABLE two(x, y); "
                                  "CREATE VIEW v AS SELECT x, y FROM one WHERE y > 2",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool same = false;
        assert_int_equal(same_program(db, cases[i].one, db, cases[i].other, &same), SQLITE_OK);
        if (same != cases[i].same)
            fail_msg("%s\n%s\n  are %s", cases[i].one, cases[i].other, same ? "the same" : "not the same");
    }
    sqlite3_close(db);
}

static void written_as_read(void **state)
{
    (void)state;
    sqlite3 *db = open_schema();
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE u2(a); CREATE TABLE w2(a)", NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof understood / sizeof *understood; i++)
        check_written(db, understood[i]);
    sqlite3_close(db);
}

static void not_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        Arena arena = {0};
        ParsedSelect parsed = select_parse(&arena, refused[i][0]);
        assert_null(parsed.select);
        assert_string_equal(parsed.reason, refused[i][1]);
        arena_free(&arena);
    }
}

/* Names and parameters arrive as they are called, not as they are written. */
static void parts_of_a_tree(void **state)
{
    (void)state;
    Arena arena = {0};
    ParsedSelect parsed = select_parse(
        &arena, "SELECT \"a\"\"b\" AS [x y], `c`, :n, ?, @m, :n FROM main.t AS 'it''s' LIMIT 7, ?9");
    assert_non_null(parsed.select);
    SelectCore *core = parsed.select->cores[0];
    assert_string_equal(core->columns[0].expr->text, "a\"b");
    assert_true(core->columns[0].expr->double_quoted);
    assert_string_equal(core->columns[0].alias, "x y");
    assert_string_equal(core->columns[1].expr->text, "c");
    assert_false(core->columns[1].expr->double_quoted);
    assert_int_equal(core->columns[5].expr->number, 1);
    assert_string_equal(core->from.items[0]->alias, "it's");
    assert_string_equal(core->from.items[0]->schema, "main");
    assert_string_equal(parsed.select->offset->text, "7");
    assert_int_equal(parsed.parameters.count, 9);
    assert_string_equal(parsed.parameters.items[0], ":n");
    assert_null(parsed.parameters.items[1]);
    assert_string_equal(parsed.parameters.items[2], "@m");
    assert_null(parsed.parameters.items[8]);
    arena_free(&arena);
}

static void views(void **state)
{
    (void)state;
    Arena arena = {0};
    NameList columns;
    ParsedSelect parsed = select_parse_view(&arena, "CREATE VIEW \"v w\"(p, \"q\") AS SELECT 1, 2", &columns);
    assert_non_null(parsed.select);
    assert_int_equal(columns.count, 2);
    assert_string_equal(columns.items[1], "q");
    parsed = select_parse_view(&arena, "CREATE VIEW v AS SELECT a FROM t", &columns);
    assert_non_null(parsed.select);
    assert_int_equal(columns.count, 0);
    assert_null(select_parse_view(&arena, "CREATE TABLE v AS SELECT a FROM t", &columns).select);
    arena_free(&arena);
}

/* Sequences of words that are often expressions: whatever SQLite makes of one, the parser makes the same of
   it, or nothing. */
static void random_expressions(void **state)
{
    (void)state;
    static const char *const operands[] = {"a", "b", "c", "1", "'x'", "NULL", "(a)", "(b + 1)", "abs(a)"};
    static const char *const prefixes[] = {"", "", "", "", "-", "NOT", "~", "+", "- -", "NOT NOT"};
    static const char *const infixes[] = {"+",
                                          "-",
                                          "*",
                                          "/",
                                          "%",
                                          "||",
                                          "<<",
                                          "&",
                                          "|",
                                          "<",
                                          "<=",
                                          ">",
                                          "=",
                                          "==",
                                          "<>",
                                          "IS",
                                          "AND",
                                          "OR",
                                          "IS NOT",
                                          "LIKE",
                                          "NOT LIKE",
                                          "BETWEEN",
                                          "NOT BETWEEN",
                                          "IN",
                                          "ISNULL AND",
                                          "NOT NULL =",
                                          "NOTNULL OR",
                                          "COLLATE nocase ||",
                                          "COLLATE rtrim =",
                                          "ESCAPE",
                                          "-> 'p' =",
                                          "AND"};
    sqlite3 *db = open_schema();
    Random random = {.state = 13};
    int compiled = 0, parsed_too = 0;
    for (int i = 0; i < 30000; i++) {
        char sql[512] = "SELECT ";
        int terms = 2 + random_below(&random, 5);
        for (int j = 0; j < terms; j++) {
            const char *infix = j ? random_pick(&random, infixes) : "";
            size_t length = strlen(sql);
            sqlite3_snprintf((int)(sizeof sql - length), sql + length, " %s %s %s%s", infix,
                             random_pick(&random, prefixes), !strcmp(infix, "IN") ? "(1, 2) = " : "",
                             random_pick(&random, operands));
        }
        strcat(sql, " FROM t");
        sqlite3_stmt *statement = NULL;
        bool valid = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK;
        sqlite3_finalize(statement);
        Arena arena = {0};
        bool understood_it = select_parse(&arena, sql).select != NULL;
        arena_free(&arena);
        compiled += valid;
        parsed_too += valid && understood_it;
        if (valid && understood_it)
            check_written(db, sql);
    }
    sqlite3_close(db);
    assert_true(compiled > 5000);
    /* Operators of BETWEEN may be nested as only SQLite's own grammar has it. */
    assert_true(parsed_too > compiled - compiled / 20);
}

/* Brackets, prefixes and subqueries without end are refused, and take no more stack than others. */
static void deep_ones(void **state)
{
    (void)state;
    static const char *const parts[][2] = {{"(", ""},
                                           {"- ", ""},
                                           {"NOT ", ""},
                                           {"(SELECT ", ""},
                                           {"CASE WHEN ", ""},
                                           {"abs(", ""},
                                           {"EXISTS (SELECT 1 FROM (SELECT ", ""},
                                           {"", " + 1"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        sqlite3_str *sql = sqlite3_str_new(NULL);
        sqlite3_str_appendall(sql, "SELECT ");
        for (int j = 0; j < 100000; j++)
            sqlite3_str_appendall(sql, parts[i][0]);
        sqlite3_str_appendall(sql, "1");
        for (int j = 0; j < 100000; j++)
            sqlite3_str_appendall(sql, parts[i][1]);
        char *text = sqlite3_str_finish(sql);
        Arena arena = {0};
        ParsedSelect parsed = select_parse(&arena, text);
        assert_null(parsed.select);
        assert_non_null(strstr(parsed.reason, "nested too deeply"));
        arena_free(&arena);
        sqlite3_free(text);
    }
    char from[100000] = "SELECT * FROM ";
    memset(from + strlen(from), '(', sizeof from - strlen(from) - 1);
    from[sizeof from - 1] = 0;
    Arena arena = {0};
    assert_non_null(strstr(select_parse(&arena, from).reason, "nested too deeply"));
    arena_free(&arena);
}

/* Every text that is cut short, or has a token too many, is refused or parsed, and nothing is read after its
   end. */
static void cut_and_mutated(void **state)
{
    (void)state;
    static const char *const more[] = {" ",  "(",  ")",     ",", " SELECT ", " FROM ", "'",
                                       "\"", "/*", " NOT ", ".", "\v",       "#"};
    Random random = {.state = 7};
    for (size_t i = 0; i < sizeof understood / sizeof *understood; i++)
        for (int j = 0; j < 200; j++) {
            size_t length = strlen(understood[i]);
            size_t cut = (size_t)random_below(&random, (int)length + 1);
            const char *added = random_pick(&random, more);
            char *text = malloc(length + strlen(added) + 1);
            assert_non_null(text);
            memcpy(text, understood[i], cut);
            strcpy(text + cut, added);
            if (j % 2)
                strcat(text, understood[i] + cut);
            Arena arena = {0};
            ParsedSelect parsed = select_parse(&arena, text);
            assert_true(parsed.select || parsed.reason);
            char *written = parsed.select ? select_text(parsed.select, 0) : NULL;
            assert_true(written || !parsed.select);
            sqlite3_free(written);
            arena_free(&arena);
            free(text);
        }
}

static void equal_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"a + 1", "A + 1", true},
        {"a + 1", "a + 2", false},
        {"abs(a)", "ABS(a)", true},
        {"'a'", "'A'", false},
        {"a COLLATE nocase", "a COLLATE NOCASE", true},
        {"count(DISTINCT a)", "count(a)", false},
        {"count(*)", "count(a)", false},
        {"count(a) FILTER (WHERE b)", "count(a)", false},
        {"count(a) FILTER (WHERE b)", "count(a) FILTER (WHERE b)", true},
        {"a NOT LIKE b", "a LIKE b", false},
        {"a LIKE b", "a GLOB b", false},
        {"CASE a WHEN 1 THEN 2 END", "CASE a WHEN 1 THEN 2 ELSE 3 END", false},
        {"(SELECT 1)", "(SELECT 1)", false},
        {"a IN (1, 2)", "a IN (1, 2)", true},
        {"a IN (1, 2)", "a IN (1, 2, 3)", false},
        {"?1", "?2", false},
        {"t.a", "a", false},
        {"CAST(a AS INT)", "CAST(a AS TEXT)", false},
        {"group_concat(a)", "group_concat(a, ',')", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[256];
        Arena arena = {0};
        sqlite3_snprintf(sizeof sql, sql, "SELECT %s, %s", cases[i].a, cases[i].b);
        ParsedSelect parsed = select_parse(&arena, sql);
        assert_non_null(parsed.select);
        ResultColumn *columns = parsed.select->cores[0]->columns;
        if (expr_equal(columns[0].expr, columns[1].expr) != cases[i].equal)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_as_read),
        cmocka_unit_test(programs_but_for_cursors),
        cmocka_unit_test(not_understood),
        cmocka_unit_test(parts_of_a_tree),
        cmocka_unit_test(views),
        cmocka_unit_test(random_expressions),
        cmocka_unit_test(deep_ones),
        cmocka_unit_test(cut_and_mutated),
        cmocka_unit_test(equal_expressions),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
