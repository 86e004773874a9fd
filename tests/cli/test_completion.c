/* Completion in bash: what it offers is what --help lists, for every verb. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/command.h"

static int have_bash(void)
{
    return system("bash -c true >/dev/null 2>&1") == 0;
}

/* Completes a line of words, separated by spaces; a space at its end begins a new word. The answers come one
 * a line, sorted, to be freed. */
static char *complete(const char *line)
{
    static const char script[] =
        "source \"$PRICEREPORT_COMPLETION\"\n"
        "line=$(<line)\n"
        "read -ra COMP_WORDS <<<\"pricereport $line\"\n"
        "[[ $line == *' ' || -z $line ]] && COMP_WORDS+=('')\n"
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
        "_pricereport \"$PRICEREPORT\" \"${COMP_WORDS[COMP_CWORD]}\" "
        "\"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
        "for answer in \"${COMPREPLY[@]}\"; do printf '%s\\n' \"$answer\"; done | LC_ALL=C sort -u\n";
    command_write_file("complete.sh", script);
    command_write_file("line", line);
    assert_int_equal(system("bash complete.sh >answers 2>complaints"), 0);
    char *complaints = command_read_file("complaints");
    assert_string_equal(complaints, "");
    free(complaints);
    return command_read_file("answers");
}

static void expect_answers(const char *line, const char *expected)
{
    char *answers = complete(line);
    if (strcmp(answers, expected) != 0)
        fail_msg("\"%s\" is completed with\n%sand not with\n%s", line, answers, expected);
    free(answers);
}

/* How often "\nTEXT\n" begins a line of the answers. */
static int has_line(const char *answers, const char *text)
{
    size_t length = strlen(text);
    for (const char *line = answers; *line; line += strcspn(line, "\n") + 1)
        if (strncmp(line, text, length) == 0 && line[length] == '\n')
            return 1;
    return 0;
}

/* The next option of a help, which stands after two spaces or after its short form: "  --db", "  -h, --help".
 */
static const char *next_option(const char *help)
{
    while ((help = strstr(help, " --")) && help[-1] != ' ' && !(help[-1] == ',' && help[-3] == '-'))
        help++;
    return help ? help + 1 : NULL;
}

/* Each "--name" and "--name=VALUE" of the help is offered, and nothing else is. */
static void expect_all_options(const char *verb)
{
    char line[64];
    Outcome help = *verb ? command_run(verb, "--help", NULL) : command_run("--help", NULL);
    command_expect_success(&help);
    snprintf(line, sizeof line, "%s%s--", verb, *verb ? " " : "");
    char *answers = complete(line);
    size_t told = 0, offered = 0;
    for (const char *option = help.out; (option = next_option(option)); told++) {
        char name[64];
        int length = (int)strspn(option, "abcdefghijklmnopqrstuvwxyz-");
        snprintf(name, sizeof name, "%.*s%s", length, option, option[length] == '=' ? "=" : "");
        if (!has_line(answers, name))
            fail_msg("pricereport %s: %s is not completed", verb, name);
        option += length;
    }
    assert_true(has_line(answers, "--help"));
    for (const char *c = answers; *c; c++)
        offered += *c == '\n';
    assert_int_equal(offered, told);
    free(answers);
    command_free(&help);
}

static void every_verb_and_option_is_completed(void **state)
{
    (void)state;
    if (!have_bash())
        skip();
    Outcome help = command_run("--help", NULL);
    char *answers = complete("");
    size_t verbs = 0;
    for (const char *line = help.out; (line = strstr(line, "\n  pricereport ")); verbs++) {
        char verb[32];
        line += strlen("\n  pricereport ");
        snprintf(verb, sizeof verb, "%.*s", (int)strspn(line, "abcdefghijklmnopqrstuvwxyz"), line);
        if (!has_line(answers, verb))
            fail_msg("the verb %s is not completed", verb);
        expect_all_options(verb);
    }
    assert_true(verbs >= 6);
    for (const char *c = answers; *c; c++)
        verbs -= *c == '\n';
    assert_int_equal(verbs, 0);
    expect_all_options("");
    free(answers);
    command_free(&help);
}

static void values_are_completed(void **state)
{
    (void)state;
    if (!have_bash())
        skip();
    expect_answers("plo", "plot\n");
    expect_answers("--db x.db plo", "plot\n");
    expect_answers("plot --chart ", "break-even\nexecutors\nhistory\nsamples\ntimeline\nworkers\n");
    /* bash hands --chart=b over as three words. */
    expect_answers("plot --chart = b", "break-even\n");
    expect_answers("run --format p", "pdf\npng\n");
    expect_answers("import --format p", "pyperf\npytest-benchmark\n");
    expect_answers("run --executor serial,th", "serial,threads\n");
    expect_answers("run --samples ", "");
    command_write_file("prices.db", "");
    expect_answers("run --in pri", "prices.db\n");
    if (system(
            "git init -q -b main . && git -c user.name=n -c user.email=e commit -q --allow-empty -m m && git "
            "tag v1 2>/dev/null") != 0)
        return;
    expect_answers("list --branch ", "main\nv1\n");
    expect_answers("history --commits v1..m", "v1..main\n");
}

/* The values that are completed by name are those that the program takes. */
static void completed_values_are_taken(void **state)
{
    (void)state;
    if (!have_bash())
        skip();
    static const char *const options[] = {"plot --chart", "plot --format", "run --executor",
                                          "import --format", "export --format"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char line[64], verb[8], refused[64];
        snprintf(line, sizeof line, "%s ", options[i]);
        char *answers = complete(line);
        snprintf(verb, sizeof verb, "%.*s", (int)strcspn(line, " "), line);
        for (char *value = strtok(answers, "\n"); value; value = strtok(NULL, "\n")) {
            /* It goes wrong later on, for there is no history and nothing to map. */
            Outcome outcome = command_run(verb, options[i] + strlen(verb) + 1, value, NULL);
            snprintf(refused, sizeof refused, "%s %s: ", options[i] + strlen(verb) + 1, value);
            if (strstr(outcome.err, refused))
                fail_msg("%s %s is completed, and refused: %s", options[i], value, outcome.err);
            command_free(&outcome);
        }
        free(answers);
    }
}

static void runs_are_completed(void **state)
{
    (void)state;
    if (!have_bash())
        skip();
    command_make_prices();
    for (int i = 0; i < 2; i++) {
        Outcome outcome = command_run("run", "--in", "prices.db", "--source", "prices", "--map", "p",
                                      "--samples", "1", "--executor", "serial", "--db", "other.db", NULL);
        command_expect_success(&outcome);
        command_free(&outcome);
    }
    expect_answers("show --db other.db ", "1\n2\nlatest\n");
    expect_answers("--db other.db report ", "1\n2\nlatest\n");
    expect_answers("plot ", "latest\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_verb_and_option_is_completed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(values_are_completed, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(completed_values_are_taken, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(runs_are_completed, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
