/* The site of report --all as a browser shows it: on narrow and wide screens, in the light and the dark, with
 * scripts and without; search, sorting, and the figures under the pointer. Skipped where there is no
 * Chromium. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <limits.h>
#include <sqlite3.h>
#include <unistd.h>

#include "tests/support/browser.h"
#include "tests/support/command.h"
#include "tests/support/site.h"

enum { NARROW = 360, WIDE = 1280, HEIGHT = 900 };

static int can_be_shown(void)
{
    if (!browser_is_there())
        print_message("there is no Chromium, which shows the pages: install chromium\n");
    return browser_is_there() && site_can_be_drawn();
}

static void show(Browser *browser, const char *file, int width, int dark)
{
    char path[PATH_MAX];
    if (!realpath(file, path))
        fail_msg("%s is not there", file);
    browser_show(browser, path, width, HEIGHT, dark);
}

/* The value of an expression has to be this text. */
static void expect_result(Browser *browser, const char *expression, const char *expected)
{
    char *value = browser_evaluate(browser, expression);
    if (!value || strcmp(value, expected) != 0)
        fail_msg("%s is \"%s\", not \"%s\"", expression, value ? value : "nothing", expected);
    sqlite3_free(value);
}

/* PRICEREPORT_SCREENSHOTS names a folder for pictures of what is shown. */
static void take_picture(Browser *browser, const char *file, int width, int dark, int scripts)
{
    const char *folder = getenv("PRICEREPORT_SCREENSHOTS"), *name = strrchr(file, '/') + 1;
    char path[PATH_MAX];
    if (!folder)
        return;
    snprintf(path, sizeof path, "%s/%s-%d%s%s.png", folder, name, width, dark ? "-dark" : "",
             scripts ? "" : "-still");
    browser_screenshot(browser, path);
}

static void expect_well_laid_out(Browser *browser, const char *file, int scripts)
{
    char *checks = command_read_file(getenv("PRICEREPORT_PAGE_CHECKS"));
    browser_set_scripts(browser, scripts);
    for (int i = 0; i < 4; i++) {
        int width = i % 2 ? WIDE : NARROW, dark = i > 1;
        show(browser, file, width, dark);
        take_picture(browser, file, width, dark, scripts);
        char *wrong = browser_evaluate(browser, checks), *complaints = browser_complaints(browser);
        if (*wrong || *complaints)
            fail_msg("%s, %d px, %s, %s: %s\n%s", file, width, dark ? "dark" : "light",
                     scripts ? "with scripts" : "without scripts", wrong, complaints);
        sqlite3_free(wrong);
        sqlite3_free(complaints);
        expect_result(browser, "String(document.title === 'injected')", "false");
    }
    browser_set_scripts(browser, 1);
    free(checks);
}

static void every_page_is_well_laid_out(void **state)
{
    (void)state;
    if (!can_be_shown())
        skip();
    site_make_history(12);
    free(site_write("--commit-url", "https://example.org/c/{commit}"));
    Browser *browser = browser_open("profile");
    static const char *const pages[] = {"site/index.html", "site/runs.html", "site/benchmark-4.html",
                                        "site/run-12.html", "site/run-1.html"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        for (int scripts = 0; scripts < 2; scripts++)
            expect_well_laid_out(browser, pages[i], scripts);
    browser_close(browser);
}

static void wide_screens_show_whole_tables(void **state)
{
    (void)state;
    if (!can_be_shown())
        skip();
    command_succeed(command_run("run", "-r", "6", "-w", "0", "--command", "sleep 0.02", NULL));
    free(site_write(NULL, NULL));
    Browser *browser = browser_open("profile");
    show(browser, "site/run-1.html", WIDE, 0);
    expect_result(browser,
                  "String([...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth)"
                  ".map(e => e.closest('section').id))",
                  "");
    browser_close(browser);
}

static void hostile_and_long_names_do_no_harm(void **state)
{
    (void)state;
    if (!can_be_shown())
        skip();
    char long_name[301];
    memset(long_name, 'n', sizeof long_name);
    long_name[300] = '\0';
    const char *const names[] = {
        "<script>document.title = 'injected'</script><img src=x onerror=\"document.title='injected'\">",
        "\"><svg onload=\"document.title='injected'\"> ' onmouseover='x", "Ünïcödé 測定 🙂",
        long_name};
    site_make_history(8);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        site_add_named_run(names[i]);
    free(site_write(NULL, NULL));
    Browser *browser = browser_open("profile");
    static const char *const pages[] = {"site/index.html",       "site/runs.html",  "site/benchmark-5.html",
                                        "site/benchmark-8.html", "site/run-9.html", "site/run-12.html"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        expect_well_laid_out(browser, pages[i], 1);
    browser_close(browser);
}

static const char shown_rows[] =
    "[...document.querySelectorAll('#benchmarks tbody tr')].filter((r) => r.offsetHeight > 0)"
    ".map((r) => r.cells[0].textContent + ' ' + r.cells[1].textContent).join('; ')";

static void search_and_sorting_work(void **state)
{
    (void)state;
    if (!can_be_shown())
        skip();
    site_make_history(12);
    free(site_write(NULL, NULL));
    Browser *browser = browser_open("profile");
    show(browser, "site/index.html", WIDE, 0);
    static const char first[] =
        "map_1(p) threads × 4; map_0(p) serial; map_0(p) threads × 4; map_1(p) serial";
    expect_result(browser, shown_rows, first);
    expect_result(
        browser,
        "(() => { const f = document.querySelector('#benchmarks input'); f.value = 'THREADS map_0'; "
        "f.dispatchEvent(new Event('input')); return document.querySelector('#benchmarks .search span').textContent; })()",
        "1 of 4");
    expect_result(browser, shown_rows, "map_0(p) threads × 4");
    expect_result(browser,
                  "(() => { const f = document.querySelector('#benchmarks input'); f.value = ''; "
                  "f.dispatchEvent(new Event('input')); return 'empty'; })()",
                  "empty");
    expect_result(browser, shown_rows, first);
    /* The figures are sorted as numbers: 1 ms, 2 ms, 3 ms, 4.4 ms. */
    static const char click[] =
        "(() => { const b = [...document.querySelectorAll('#benchmarks th button')].find((e) => e.textContent === 'latest'); "
        "b.click(); return String(b.parentElement.getAttribute('aria-sort')); })()";
    expect_result(browser, click, "ascending");
    expect_result(browser, shown_rows,
                  "map_0(p) serial; map_0(p) threads × 4; map_1(p) serial; map_1(p) threads × 4");
    expect_result(browser, click, "descending");
    expect_result(browser, shown_rows,
                  "map_1(p) threads × 4; map_1(p) serial; map_0(p) threads × 4; map_0(p) serial");
    expect_result(browser, click, "null");
    expect_result(browser, shown_rows, first);
    browser_close(browser);
}

static void figures_show_under_the_pointer(void **state)
{
    (void)state;
    if (!can_be_shown())
        skip();
    site_make_history(12);
    free(site_write(NULL, NULL));
    Browser *browser = browser_open("profile");
    static const char at_end[] =
        "(() => { const s = document.querySelector('%s'); s.scrollIntoView(); const b = s.getBoundingClientRect(); "
        "s.dispatchEvent(new PointerEvent('pointermove', {clientX: b.right - 1, clientY: b.top + 9, bubbles: true})); "
        "const t = document.querySelector('.tip'); const o = t.getBoundingClientRect(); "
        "return t.hidden ? 'hidden' : o.left < 0 || o.right > innerWidth ? 'outside' : t.textContent; })()";
    static const char in_text[] =
        "(%s).replace(/[0-9.]+ ms \\([0-9.]+ … [0-9.]+ ms\\)/, 'N').replace(/[0-9.]+ ms/, 'N')"
        ".replace(/20..-..-.. ..:../, 'D')";
    static const int widths[] = {NARROW, WIDE};
    for (size_t i = 0; i < 2; i++) {
        char *hover = sqlite3_mprintf(at_end, "#benchmarks .spark"), *text = sqlite3_mprintf(in_text, hover);
        show(browser, "site/index.html", widths[i], 0);
        expect_result(browser, text, "run 12: N");
        expect_result(
            browser,
            "(() => { document.querySelector('#benchmarks .spark').dispatchEvent(new PointerEvent('pointerleave')); "
            "return String(document.querySelector('.tip').hidden); })()",
            "true");
        sqlite3_free(hover);
        sqlite3_free(text);
        hover = sqlite3_mprintf(at_end, "figure svg");
        text = sqlite3_mprintf(in_text, hover);
        show(browser, "site/benchmark-4.html", widths[i], 0);
        expect_result(browser, text, "N · run 12 · D · 000000000");
        /* The arrows lead from point to point, and Enter to the run. */
        expect_result(
            browser,
            "(() => { const s = document.querySelector('figure svg'); for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowLeft']) "
            "s.dispatchEvent(new KeyboardEvent('keydown', {key})); return `${/run 2 /.test(document.querySelector('.tip').textContent)} "
            "${document.querySelectorAll('.points .near').length}`; })()",
            "true 1");
        sqlite3_free(hover);
        sqlite3_free(text);
    }
    /* Without scripts the browser's own titles have the figures. */
    browser_set_scripts(browser, 0);
    show(browser, "site/benchmark-4.html", WIDE, 0);
    expect_result(browser, "String(document.querySelectorAll('.points title').length)", "12");
    browser_close(browser);
}

/* The points lie on the line that gnuplot drew. */
static void the_points_lie_on_the_line(void **state)
{
    (void)state;
    if (!can_be_shown())
        skip();
    site_make_history(70);
    free(site_write(NULL, NULL));
    Browser *browser = browser_open("profile");
    show(browser, "site/benchmark-4.html", WIDE, 0);
    expect_result(
        browser,
        "(() => { const svg = document.querySelector('figure svg'); const circles = [...svg.querySelectorAll('.points circle')]; "
        "const lines = [...svg.querySelectorAll('path')].filter((p) => (p.getAttribute('d').match(/L/g) || []).length >= 30 && "
        "!/[zZ]/.test(p.getAttribute('d'))); const all = lines.flatMap((p) => [...p.getAttribute('d').matchAll(/([-\\d.]+)[ ,]([-\\d.]+)/g)]"
        ".map((m) => new DOMPoint(+m[1], +m[2]).matrixTransform(p.getScreenCTM()))); "
        "const far = circles.filter((c) => { const q = new DOMPoint(c.cx.baseVal.value, c.cy.baseVal.value).matrixTransform(svg.getScreenCTM()); "
        "return !all.some((l) => Math.hypot(l.x - q.x, l.y - q.y) < 2.5); }); "
        "return `${circles.length} points, ${far.length} beside the line`; })()",
        "70 points, 0 beside the line");
    browser_close(browser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_page_is_well_laid_out, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(wide_screens_show_whole_tables, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(hostile_and_long_names_do_no_harm, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(search_and_sorting_work, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(figures_show_under_the_pointer, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_points_lie_on_the_line, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
