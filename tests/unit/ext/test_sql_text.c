/* Tokens, names and brackets, and what may stand in a select-list: as SQLite's own tokenizer sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/engine_parts.h"
#include "ext/plan/sql_text.h"

static void tokens(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        SqlTokenKind kind;
        const char *token, *rest;
    } cases[] = {
        {"", SQL_END, "", ""},
        {" \t\r\n\f", SQL_END, "", ""},
        {"-- only a comment", SQL_END, "", ""},
        {"/* one */ -- two\n/**/", SQL_END, "", ""},
        {"/* open", SQL_BROKEN, "/* open", ""},
        {"/*/", SQL_BROKEN, "/*/", ""},
        {" word rest", SQL_WORD, "word", " rest"},
        {"_w$1é+", SQL_WORD, "_w$1é", "+"},
        {"\"a \"\" b\".c", SQL_NAME, "\"a \"\" b\"", ".c"},
        {"[a ]] b", SQL_NAME, "[a ]", "] b"},
        {"`a``b`c", SQL_NAME, "`a``b`", "c"},
        {"'it''s'''x", SQL_STRING, "'it''s'''", "x"},
        {"'open", SQL_BROKEN, "'open", ""},
        {"'open''", SQL_BROKEN, "'open''", ""},
        {"[open", SQL_BROKEN, "[open", ""},
        {"x'00ff' y", SQL_OTHER, "x'00ff'", " y"},
        {"X'", SQL_BROKEN, "X'", ""},
        {"xx'a'", SQL_WORD, "xx", "'a'"},
        {"12ab.5", SQL_OTHER, "12ab", ".5"},
        {"->>x", SQL_OTHER, "-", ">>x"},
        {"--x\n(", SQL_OTHER, "(", ""},
        {";x", SQL_OTHER, ";", "x"},
        {"$name", SQL_OTHER, "$", "name"},
        {"?1", SQL_OTHER, "?", "1"},
        {"\xef\xbb\xbf \xef\xbb\xbfx", SQL_WORD, "x", ""},
        {"/ 2", SQL_OTHER, "/", " 2"},
        {"\v", SQL_OTHER, "\v", ""},
        {" \v\vDISTINCT p", SQL_WORD, "DISTINCT", " p"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SqlToken token;
        const char *rest = sql_token(cases[i].text, &token);
        char found[64];
        snprintf(found, sizeof found, "%.*s", (int)token.length, token.start);
        if (token.kind != cases[i].kind || strcmp(found, cases[i].token) != 0 ||
            strcmp(rest, cases[i].rest) != 0)
            fail_msg("%s: kind %d, token %s, rest %s", cases[i].text, (int)token.kind, found, rest);
    }
}

/* Whatever the bytes: reading goes on to the end and never beyond it. */
static void any_bytes(void **state)
{
    (void)state;
    static const char alphabet[] = "'\"[]`-/*x'()$;a1 \n\\\xc3";
    unsigned seed = 7;
    for (int i = 0; i < 20000; i++) {
        size_t length = (seed >> 8) % 12;
        char *text = malloc(length + 1);
        assert_non_null(text);
        for (size_t j = 0; j < length; j++) {
            seed = seed * 1664525u + 1013904223u;
            text[j] = alphabet[(seed >> 8) % (sizeof alphabet - 1)];
        }
        text[length] = 0;
        seed = seed * 1664525u + 1013904223u;
        SqlToken token;
        size_t count = 0;
        for (const char *rest = sql_token(text, &token); token.kind != SQL_END && token.kind != SQL_BROKEN;
             rest = sql_token(rest, &token)) {
            assert_true(token.start >= text && token.start + token.length <= text + length &&
                        token.length > 0);
            assert_true(++count <= length);
        }
        bool bracketed;
        char *schema, *table;
        sqlite3_free(sql_check_expressions(text));
        sqlite3_free(sql_unbracket(text, &bracketed));
        sql_parse_table_name(text, &schema, &table);
        sqlite3_free(schema);
        sqlite3_free(table);
        free(text);
    }
}

static void table_names(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"prices", NULL, "prices"},
        {" main . prices ", "main", "prices"},
        {"\"my db\".\"a\"\"b\"", "my db", "a\"b"},
        {"[a b]", NULL, "a b"},
        {"`a``b`", NULL, "a`b"},
        {"'a''b'", NULL, "a'b"},
        {"/* x */ t -- y", NULL, "t"},
        {"\"\"", NULL, ""},
        {"é", NULL, "é"},
        {"a.b.c", NULL, NULL},
        {"a.", NULL, NULL},
        {".a", NULL, NULL},
        {"a b", NULL, NULL},
        {"", NULL, NULL},
        {"5", NULL, NULL},
        {"a;", NULL, NULL},
        {"f(x)", NULL, NULL},
        {"SELECT 1", NULL, NULL},
        {"\"open", NULL, NULL},
        {"a.\"open", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *schema, *table;
        bool is_name = sql_parse_table_name(cases[i][0], &schema, &table);
        assert_int_equal(is_name, cases[i][2] != NULL);
        if (cases[i][1])
            assert_string_equal(schema, cases[i][1]);
        else
            assert_null(schema);
        if (cases[i][2])
            assert_string_equal(table, cases[i][2]);
        else
            assert_null(table);
        sqlite3_free(schema);
        sqlite3_free(table);
    }
}

static void brackets(void **state)
{
    (void)state;
    static const struct {
        const char *text, *inside;
        bool bracketed;
    } cases[] = {
        {"(a)", "a", true},
        {" ( a + (b) ) ", " a + (b) ", true},
        {"(a) + (b)", "(a) + (b)", false},
        {"((a))", "(a)", true},
        {"(')')", "')'", true},
        {"(a /* ) */)", "a /* ) */", true},
        {"(a -- )\n)", "a -- )\n", true},
        {"(a) -- behind", "a", true},
        {"/* before */ (a)", "a", true},
        {"(a", "(a", false},
        {"a)", "a)", false},
        {"()", "", true},
        {"", "", false},
        {"  a  ", "a", false},
        {"(a);", "(a);", false},
        {"('a)", "('a)", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool bracketed;
        char *inside = sql_unbracket(cases[i].text, &bracketed);
        assert_string_equal(inside, cases[i].inside);
        assert_int_equal(bracketed, cases[i].bracketed);
        sqlite3_free(inside);
    }
}

static void expressions(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a",
        "a, b AS c, (SELECT max(x) FROM (SELECT 1 AS x) WHERE x LIMIT 1)",
        "a IS NOT DISTINCT FROM b",
        "';' || \"from\" || [where] || `limit`",
        "x'00' -- ; FROM",
        "count(DISTINCT a)",
        "CASE WHEN a THEN b END",
        "over(a)",
        "(a) AS over",
        "fromage, selection",
        "a->>'$.b'",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *problem = sql_check_expressions(good[i]);
        if (problem)
            fail_msg("%s: %s", good[i], problem);
    }
    static const char *const bad[] = {
        "",
        " ",
        "-- x",
        "a;",
        ";",
        "a FROM t",
        "a from t",
        "a WHERE 1",
        "a GROUP BY",
        "(a",
        "a)",
        "a) FROM (b",
        "'a",
        "\"a",
        "[a",
        "a /*",
        "?",
        "?1",
        ":a",
        "@a",
        "$a",
        "DISTINCT a",
        "f() OVER (x)",
        "a UNION b",
        "a LIMIT 1",
        "SELECT 1",
        "a INTERSECT b",
        "a EXCEPT b",
        "a HAVING b",
        "a ORDER BY b",
        "f() FILTER (WHERE a) OVER (b)",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *problem = sql_check_expressions(bad[i]);
        if (!problem)
            fail_msg("%s was accepted", bad[i]);
        sqlite3_free(problem);
    }
}

static void calls(void **state)
{
    (void)state;
    static const char *const with[] = {"f(p)",        "1 + F (p)", "\"f\"(p)",     "[f] (p)",
                                       "f/* a */(p)", "g(f(p))",   "'x' || `F`()", "f, f(1)"};
    static const char *const without[] = {"",       "f",       "ff(p)",    "g(f)",   "'f(p)'",
                                          "'f'(p)", "-- f(p)", "\"f(p)\"", "f.g(p)", "'f(p)"};
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        if (!sql_calls(with[i], "f"))
            fail_msg("%s: no call is found", with[i]);
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (sql_calls(without[i], "f"))
            fail_msg("%s: a call is found", without[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls),       cmocka_unit_test(tokens),   cmocka_unit_test(any_bytes),
        cmocka_unit_test(table_names), cmocka_unit_test(brackets), cmocka_unit_test(expressions),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
