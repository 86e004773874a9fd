/* What `meson install` puts into a folder finds its parts there, also after the folder was moved, without
 * environment variables; and its last line and the manual page say what to load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/command.h"

static char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    char *text = sqlite3_vmprintf(pattern, arguments);
    va_end(arguments);
    assert_non_null(text);
    return text;
}

static void shell(const char *command)
{
    if (system(command) == 0)
        return;
    char *words = command_read_file("words");
    fail_msg("%s: %s", command, words);
}

/* Installs into the folder `stage` of the current one, whose absolute name is returned (sqlite3_free it). */
static char *install(void)
{
    char *here = getcwd(NULL, 0);
    assert_non_null(here);
    char *stage = format("%s/stage", here);
    char *command = format("'%s' install -C '%s' --no-rebuild --destdir '%s' >words 2>&1", getenv("MESON"),
                           getenv("BUILD"), stage);
    shell(command);
    sqlite3_free(command);
    free(here);
    unsetenv("PRICEMAP_EXTENSION");
    unsetenv("PRICEMAP_WORKER");
    return stage;
}

static void expect_in_file(const char *path, const char *part)
{
    char *text = command_read_file(path);
    if (!strstr(text, part))
        fail_msg("%s: expected \"%s\" in\n%s", path, part, text);
    free(text);
}

/* Both programs and the extension are in `folder`, and their parts nowhere else. */
static void expect_works_in(const char *folder)
{
    char *program = format("%s" PREFIX "/bin/pricereport", folder);
    setenv("PRICEREPORT", program, 1);
    Outcome outcome = command_run("run", "--in", "prices.db", "--source", "prices", "--map",
                                  "increase_price(p)", "--executor", "processes", "--samples", "1", NULL);
    command_expect_success(&outcome);
    command_free(&outcome);
    sqlite3_free(program);
}

static void staged_and_moved(void **state)
{
    (void)state;
    char *stage = install();
    command_make_prices();
    expect_works_in(stage);
    assert_int_equal(rename("stage", "moved to"), 0);
    char *moved = format("%.*smoved to", (int)(strlen(stage) - strlen("stage")), stage);
    expect_works_in(moved);
    sqlite3_free(moved);
    sqlite3_free(stage);
}

static void the_path_to_load_is_told(void **state)
{
    (void)state;
    char *stage = install();
    expect_in_file("words", "In the sqlite3 shell: .load " EXTENSION);
    char *load = format(".load %s" EXTENSION, stage);
    /* A hyphen of a manual page is a minus sign. */
    char *escaped = format(".load %s", EXTENSION), *page = format("%s" MANUAL, stage);
    for (char *at = escaped; (at = strchr(at, '-')); at += 2) {
        char *longer = format("%.*s\\%s", (int)(at - escaped), escaped, at);
        at = longer + (at - escaped);
        sqlite3_free(escaped);
        escaped = longer;
    }
    expect_in_file(page, escaped);
    sqlite3_free(escaped);
    sqlite3_free(page);
    if (SANITIZED || system("sqlite3 -version >words 2>&1") != 0) {
        sqlite3_free(load);
        sqlite3_free(stage);
        skip();
    }
    char *command = format("sqlite3 :memory: '%s' \"SELECT value FROM parallel_map('SELECT 100 AS p', "
                           "'increase_price(p)', 'processes')\" >words 2>&1",
                           load);
    shell(command);
    expect_in_file("words", "110.0\n");
    sqlite3_free(command);
    sqlite3_free(load);
    sqlite3_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(staged_and_moved, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_path_to_load_is_told, command_setup, command_teardown),
    };
    if (!getenv("MESON") || !*getenv("MESON")) {
        print_message("meson is not found: skipped\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
