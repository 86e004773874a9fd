/* What the page is put together of: templates, text as HTML, pictures of gnuplot, and UTF-8 that may be none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sqlite3.h>

#include "cli/report/html.h"
#include "cli/report/html_table.h"
#include "cli/report/template.h"
#include "cli/base/unicode.h"

static const TemplatePiece pieces[] = {{"a", "A"}, {"empty", ""}, {"b", "{{a}}"}};
enum { PIECES = sizeof pieces / sizeof *pieces };

static void expect_expansion(const char *text, const char *expected)
{
    char *out = NULL;
    size_t size = 0;
    Failure failure = {""};
    FILE *file = open_memstream(&out, &size);
    int result = template_expand(text, pieces, PIECES, file, &failure);
    fclose(file);
    if (result)
        fail_msg("%s: %s", text, failure.text);
    assert_string_equal(out, expected);
    free(out);
}

static void expect_bad_template(const char *text, const char *part)
{
    char *out = NULL;
    size_t size = 0;
    Failure failure = {""};
    FILE *file = open_memstream(&out, &size);
    assert_int_equal(template_expand(text, pieces, PIECES, file, &failure), -1);
    fclose(file);
    free(out);
    if (!strstr(failure.text, part))
        fail_msg("%s: %s", text, failure.text);
}

static void templates(void **state)
{
    (void)state;
    expect_expansion("", "");
    expect_expansion("plain { } text", "plain { } text");
    expect_expansion("<{{a}}>{{a}}", "<A>A");
    expect_expansion("x{{?a}}<{{a}}>{{/a}}y", "x<A>y");
    expect_expansion("x{{?empty}}<{{a}}>{{/empty}}y", "xy");
    expect_expansion("{{?a}}1{{?empty}}2{{?a}}3{{/a}}{{/empty}}4{{/a}}5", "145");
    /* What a piece says is never taken for a template. */
    expect_expansion("{{b}}", "{{a}}");
    expect_bad_template("{{c}}", "names c, which there is not");
    expect_bad_template("{{?empty}}{{c}}{{/empty}}", "names c");
    expect_bad_template("{{a", "without a name and }}");
    expect_bad_template("{{}}", "without a name");
    expect_bad_template("{{?a}}", "does not end the section a");
    expect_bad_template("{{/a}}", "ends the section a, which is not open");
    expect_bad_template("{{?a}}{{?b}}{{/a}}{{/b}}", "ends the section a");
    expect_bad_template("{{?a}}{{?a}}{{?a}}{{?a}}{{?a}}{{?a}}{{?a}}{{?a}}{{?a}}", "too deep");
}

static void expect_html(const char *text, const char *expected)
{
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    html_text(text, file);
    fclose(file);
    assert_string_equal(out, expected);
    free(out);
}

static void text_as_html(void **state)
{
    (void)state;
    expect_html("", "");
    expect_html("µs × 2 – \xf0\x9f\x98\x80", "µs × 2 – \xf0\x9f\x98\x80");
    expect_html("<a href=\"x\" title='y'>&amp;</a>",
                "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
    expect_html("a\tb\nc\x7f\xc2\x9f\xe2\x80\xa8z", "a b c   z");
    expect_html("\xff<", "\xef\xbf\xbd&lt;");
}

static void expect_width(const char *text, size_t expected)
{
    if (unicode_width(text) != expected)
        fail_msg("%s fills %zu columns, not %zu", text, unicode_width(text), expected);
}

/* Where the locale knows UTF-8: every C library that has C.UTF-8 does. */
static void columns_of_a_terminal(void **state)
{
    (void)state;
    size_t width;
    expect_width("", 0);
    expect_width("abc", 3);
    expect_width("\xff\xc3", 2);
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        skip();
    expect_width("µs – ×", 6);
    expect_width("価格", 4);
    expect_width("e\u0301", 1);
    assert_int_equal(unicode_fitting("価格", 3, &width), 3);
    assert_int_equal(width, 2);
    assert_int_equal(unicode_fitting("e\u0301x", 1, &width), 3);
    assert_int_equal(width, 1);
}

static void expect_svg(const char *svg, const char *expected)
{
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    html_svg(svg, "n", "<t>", file);
    fclose(file);
    assert_string_equal(out, expected);
    free(out);
}

static void pictures(void **state)
{
    (void)state;
#define BEFORE "<?xml version=\"1.0\"?>\n<svg \n width=\"800\" viewBox=\"0 0 8 9\"\n xmlns=\"http://x\">"
#define AFTER "<svg viewBox=\"0 0 8 9\" role=\"img\" aria-label=\"&lt;t&gt;\">"
    expect_svg(BEFORE "</svg>", AFTER "</svg>");
    expect_svg(BEFORE "<title>Gnuplot</title><desc>d</desc><g/></svg>", AFTER "<g/></svg>");
    expect_svg(BEFORE "<a id='x'/><use xlink:href='#x' fill=\"url(#y)\"/></svg>",
               AFTER "<a id='n-x'/><use href='#n-x' fill=\"url(#n-y)\"/></svg>");
    expect_svg(
        BEFORE "<a fill='rgb(  0, 114, 178)' b=\"rgb(1,2,3)\" c='#0072B2'/></svg>", AFTER
        "<a fill='var(--c0072b2,#0072b2)' b=\"var(--c010203,#010203)\" c='var(--c0072b2,#0072b2)'/></svg>");
    /* Texts stay as they are, whatever they resemble. */
    expect_svg(BEFORE "<text>rgb(1,2,3) id='x' '#aabbcc' > xlink: url(#z)</text></svg>",
               AFTER "<text>rgb(1,2,3) id='x' '#aabbcc' > xlink: url(#z)</text></svg>");
    /* What is not quite a colour, and a file that was cut off. */
    expect_svg(BEFORE "<a b='#12345' c=\"#1234567\" d='rgb(1,2)'/></svg>",
               AFTER "<a b='#12345' c=\"#1234567\" d='rgb(1,2)'/></svg>");
    expect_svg(BEFORE "<g><title>x", AFTER "<g>");
    expect_svg("", "");
    expect_svg("<svg width='1'", "");
}

static void expect_characters(const char *text, size_t count, const uint32_t *expected)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(unicode_next(&text), expected[i]);
    assert_int_equal(unicode_next(&text), 0);
    assert_int_equal(unicode_next(&text), 0);
}

#define EXPECT(text, ...)                                                                                    \
    do {                                                                                                     \
        static const uint32_t expected[] = {__VA_ARGS__};                                                    \
        expect_characters(text, sizeof expected / sizeof *expected, expected);                               \
    } while (0)

static void characters(void **state)
{
    (void)state;
    EXPECT("aé€😀", 'a', 0xe9, 0x20ac, 0x1f600);
    EXPECT("\xf4\x8f\xbf\xbd", 0x10fffd);
    /* Cut off, overlong, a surrogate, too great, no beginning, not a character. */
    EXPECT("\xc3", 0xfffd);
    EXPECT("\xe2\x82", 0xfffd, 0xfffd);
    EXPECT("\xe2\x82"
           "a",
           0xfffd, 0xfffd, 'a');
    EXPECT("\xc0\xaf", 0xfffd, 0xfffd);
    EXPECT("\xe0\x80\xaf", 0xfffd);
    EXPECT("\xed\xa0\x80", 0xfffd);
    EXPECT("\xf4\x90\x80\x80", 0xfffd);
    EXPECT("\xf8\x88", 0xfffd, 0xfffd);
    EXPECT("\xef\xbf\xbe", 0xfffd);
    EXPECT("\xef\xb7\x90", 0xfffd);
    assert_true(unicode_is_control(0x1f));
    assert_true(unicode_is_control(0x7f));
    assert_true(unicode_is_control(0x9f));
    assert_true(unicode_is_control(0x2029));
    assert_false(unicode_is_control(' '));
    assert_false(unicode_is_control(0xa0));
}

static char *table_of(const char *sql)
{
    sqlite3 *db;
    char *text = NULL;
    size_t size = 0;
    Failure failure = {""};
    FILE *file = open_memstream(&text, &size);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(html_table(db, sql, 0, file, &failure), 0);
    fclose(file);
    sqlite3_close(db);
    return text;
}

static void expect_table(const char *sql, const char *expected)
{
    char *text = table_of(sql);
    if (!strstr(text, expected))
        fail_msg("%s gives no %s, but %s", sql, expected, text);
    free(text);
}

static void tables(void **state)
{
    (void)state;
    expect_table(
        "SELECT '<a>' AS x, '\">' AS href, 5 AS \"key\", 'b' AS y, NULL AS href, 'late' AS class",
        "<tr class=\"late\"><td data-key=\"5\"><a href=\"&quot;&gt;\">&lt;a&gt;</a></td><td>b</td></tr>");
    expect_table(
        "SELECT 'words' AS x, '1,2 3,4' AS points, '3,4,worse' AS marks, 'a|b' AS figures",
        "<td><svg class=\"spark\" viewBox=\"0 0 120 30\" role=\"img\" aria-label=\"words\" data-figures=\"a|b\">"
        "<polyline points=\"1,2 3,4\"/><circle class=\"worse\" cx=\"3\" cy=\"4\" r=\"3\"/></svg></td>");
    /* A column without any text is left out; one with some is not. */
    expect_table("SELECT 'a' AS x, '' AS y, NULL AS z UNION ALL SELECT 'b', '', 'c'",
                 "<tr><th scope=\"col\">x</th><th scope=\"col\">z</th></tr>");
    char *none = table_of("SELECT 1 AS x WHERE 0");
    assert_string_equal(none, "");
    free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),       cmocka_unit_test(templates), cmocka_unit_test(columns_of_a_terminal),
        cmocka_unit_test(text_as_html), cmocka_unit_test(pictures),  cmocka_unit_test(characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
