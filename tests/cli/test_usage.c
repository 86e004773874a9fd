/* The usage of pricereport, and its answers to what it does not understand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "executor_list.h"
#include "tests/support/command.h"

static const char *const verbs[] = {"run",     "list",   "show",    "plot",      "compare", "check",
                                    "history", "ack",    "exclude", "threshold", "export",  "import",
                                    "merge",   "report", "doctor",  "delete",    "prune"};
enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static void help_is_there_for_every_verb(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERB_COUNT; i++) {
        char usage[64];
        Outcome outcome = command_run(verbs[i], "--help", NULL);
        command_expect_success(&outcome);
        snprintf(usage, sizeof usage, "Usage: pricereport %s [OPTION...]", verbs[i]);
        assert_ptr_equal(strstr(outcome.out, usage), outcome.out);
        command_free(&outcome);
    }
    Outcome outcome = command_run("--help", NULL);
    command_expect_success(&outcome);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        char line[64];
        snprintf(line, sizeof line, "  pricereport %s ", verbs[i]);
        assert_non_null(strstr(outcome.out, line));
    }
    /* What a verb does is a line. */
    const char *line = strstr(outcome.out, "  pricereport run ");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        assert_ptr_equal(strstr(line, "  pricereport "), line);
        line = strchr(line, '\n') + 1;
    }
    assert_int_equal(*line, '\n');
    command_free(&outcome);
}

static void other_names_stand_beside_their_options(void **state)
{
    (void)state;
    Outcome outcome = command_run("run", "--help", NULL);
    assert_non_null(strstr(outcome.out, "--in=FILE, --database=FILE"));
    command_free(&outcome);
}

static void version_is_told(void **state)
{
    (void)state;
    Outcome outcome = command_run("--version", NULL);
    command_expect_success(&outcome);
    assert_ptr_equal(strstr(outcome.out, "pricereport " PRICEMAP_VERSION " (SQLite "), outcome.out);
    command_free(&outcome);
}

static void unknown_verbs_are_wrong_usage(void **state)
{
    (void)state;
    static const char *const unknown[] = {"frob", "lists", ""};
    Outcome help = command_run("--help", NULL);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        char line[64];
        command_expect_error(command_run(unknown[i], NULL), 2, "use one of run, list, show, plot");
        command_expect_error(command_run(unknown[i], "--help", NULL), 2, "there is no such verb");
        snprintf(line, sizeof line, "pricereport %s ", unknown[i]);
        assert_null(strstr(help.out, line));
    }
    command_free(&help);
}

typedef struct Wrong {
    const char *arguments[12];
    const char *part; /* of the message */
} Wrong;

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static const Wrong wrong[] = {
        {{"--frob"}, "--frob"},
        {{"list", "--frob"}, "--frob"},
        {{"prune", "3"}, "3: prune takes options only"},
        {{"show", "1", "2"}, "2: show takes one run"},
        {{"plot", "1", "2"}, "2: plot takes one run"},
        {{"plot", "--chart", "pie"},
         "--chart pie: give executors, history, workers, break-even, samples or timeline"},
        {{"report", "1", "2"}, "2: report takes one run"},
        {{"report", "--out="}, "--out: give the name of a folder"},
        {{"doctor", "1"}, "1: doctor takes options only"},
        {{"--", "list"}, "list: a verb comes first"},
        {{"--json", "list"}, "list: a verb comes first"},
        {{"--db"}, "--db"},
        {{"list", "--db="}, "--db: give the name of a file"},
        {{"--samples", "0"}, "--samples 0: give a whole number from 1"},
        {{"--samples", "1.5"}, "--samples 1.5: give"},
        {{"--samples", "9999999999999999999999"}, "--samples 9999999999999999999999: give"},
        {{"--warmup", "-1"}, "--warmup -1: give"},
        {{"--seed", "x"}, "--seed x: give"},
        {{"--min-time", "1s"}, "--min-time 1s: give seconds"},
        {{"--min-time", "-1"}, "--min-time -1: give seconds"},
        {{"--max-time", "nan"}, "--max-time nan: give seconds"},
        {{"--max-time", "inf"}, "--max-time inf: give seconds"},
        {{"--min-time", "2", "--max-time", "1"}, "--min-time is longer than --max-time"},
        {{"--workers", "0"}, "--workers 0: give numbers from 1 to 1024"},
        {{"--workers", "1025"}, "--workers 1025: give"},
        {{"--workers", "2x"}, "--workers 2x: give"},
        {{"--format", "gif"}, "--format gif: give svg, png, pdf or txt"},
        {{"--out="}, "--out: give the name of a folder"},
        {{"run"}, "give --in FILE"},
        {{"run", "--in", "f"}, "give --source"},
        {{"run", "--in", "f", "--source", "s"}, "give --map"},
        {{"run", "--query", "SELECT 1"}, "the database of the query is missing: give --in FILE"},
        {{"run", "--in", "f", "--query", " "}, "--query is empty: give a text"},
        {{"run", "--in", "f", "--query", "SELECT 1", "--map", "p"},
         "--map is for maps, and a query is timed"},
        {{"run", "--in", "f", "--query", "SELECT 1", "--rows", "3"},
         "--rows is for maps, and a query is timed"},
        {{"run", "--in", "f", "--query", "SELECT 1", "--python", "m:f"}, "--python is for maps"},
        {{"run", "--in", "f", "--query", "SELECT 1", "--name", "a", "--name", "b"}, "a query has one name"},
        {{"run", "--query", "SELECT 1", "--", "true"}, "--query is for maps, and a command is timed"},
        {{"run", "frob"}, "frob: a command comes after --, as in: pricereport run -- frob"},
        {{"run", "--executor", "frob"}, "frob is no executor: use " EXECUTOR_CHOICES},
        {{"run", "--executor", "serial,"}, " is no executor: use " EXECUTOR_CHOICES},
        {{"run", "--executor", "threads,serial,threads"}, "threads is there twice"},
        {{"run", "--workers", "1,2-"}, "--workers 1,2-: give numbers from 1 to 1024 or ranges"},
        {{"run", "--workers", "4-2"}, "--workers 4-2: give"},
        {{"run", "--workers", "1-3,2"}, "--workers: 2 is there twice"},
        {{"run", "--workers", "1-1000"}, "--workers: at most 64 numbers"},
        {{"run", "--chunk", "0"}, "--chunk 0: give"},
        {{"run", "--chunk", ""}, "--chunk : give"},
        {{"run", "sort", "-n", "x"}, "sort: a command comes after --, as in: pricereport run -- sort ..."},
        {{"run", "--name", "", "--", "true"}, "--name is empty: give a text, or leave it out"},
        {{"run", "--label", " ", "--", "true"}, "--label is empty: give a text, or leave it out"},
        {{"import", "--label=", "f"}, "--label is empty: give a text, or leave it out"},
        {{"run", "--chart", "timeline", "--", "true"}, "--chart timeline is of maps, and a command is timed"},
        {{"threshold", "p", "-5"}, "the threshold -5: give a percentage above 0"},
        {{"run", "--in", ""}, "--in is empty: give a text"},
        {{"run", "--in", "f", "--source="}, "--source is empty: give a text"},
        {{"run", "--map", " "}, "--map is empty: give a text"},
        {{"run", "--load", ""}, "--load is empty: give a text"},
        {{"run", "--python", ""}, "--python is empty: give a text"},
        {{"run", "--python", "m:f", "--", "true"},
         "--python is for maps, and a command is timed: leave it out"},
        {{"run", "--in", "f", "--source", "s", "--map", "f(p)", "--python", "m:f", "--verify"},
         "--verify compares with serial, which has no functions of Python here: leave it out"},
        {{"run", "--in", "f", "--source", "s", "--map", "f(p)", "--python", "m:f", "--executor", "threads"},
         "--executor threads: only worker processes have functions of Python here"},
        {{"check", "--against", ""}, "--against is empty: give a text"},
        {{"list", "--json", "--csv"}, "--json, --csv and --markdown: give one of them"},
        {{"run", "--markdown", "--json", "--", "true"}, "--json, --csv and --markdown: give one of them"},
        {{"run", "--rows", "10-100"},
         "--rows: at most 64 numbers: a range may go in steps, such as 10-100:10, or multiply"},
        {{"help", "frob"}, "frob: there is no such verb: use one of run, list"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        command_expect_error(command_run_list(wrong[i].arguments), 2, wrong[i].part);
}

static void help_has_a_short_form_and_a_verb(void **state)
{
    (void)state;
    for (size_t i = 0; i <= VERB_COUNT; i++) {
        bool is_verb = i < VERB_COUNT;
        Outcome whole = is_verb ? command_run(verbs[i], "--help", NULL) : command_run("--help", NULL);
        Outcome others[] = {is_verb ? command_run(verbs[i], "-h", NULL) : command_run("-h", NULL),
                            is_verb ? command_run("help", verbs[i], NULL) : command_run("help", NULL)};
        for (size_t j = 0; j < sizeof others / sizeof *others; j++) {
            assert_int_equal(others[j].status, 0);
            assert_string_equal(others[j].out, whole.out);
            command_free(&others[j]);
        }
        command_free(&whole);
    }
}

static void the_history_may_be_named_before_the_verb(void **state)
{
    (void)state;
    command_expect_error(command_run("--db", "a.db", "list", NULL), 3, "a.db");
    command_expect_error(command_run("--db=b.db", "show", NULL), 3, "b.db");
    command_expect_error(command_run("list", "--db", "c.db", NULL), 3, "c.db");
    setenv("PRICEREPORT_DB", "d.db", 1);
    command_expect_error(command_run("list", NULL), 3, "d.db");
    unsetenv("PRICEREPORT_DB");
    command_expect_error(command_run("list", NULL), 3, "pricereport.db");
}

/* The manual page without roff's escapes: "\-" is a hyphen. */
static char *manual_text(void)
{
    char *text = command_read_file(getenv("PRICEREPORT_MANUAL")), *to = text;
    for (const char *from = text; *from; from++)
        if (*from != '\\')
            *to++ = *from;
    *to = '\0';
    return text;
}

static void the_manual_names_every_option(void **state)
{
    (void)state;
    char *manual = manual_text();
    for (size_t i = 0; i <= VERB_COUNT; i++) {
        Outcome outcome =
            i < VERB_COUNT ? command_run(verbs[i], "--help", NULL) : command_run("--help", NULL);
        size_t found = 0;
        for (const char *option = outcome.out; (option = strstr(option, " --")); found++) {
            char entry[64], brief[16] = "";
            /* An option stands after two spaces, or after its short form. */
            const bool has_brief = option[-1] == ',' && option[-3] == '-';
            if (has_brief)
                snprintf(brief, sizeof brief, " , -%c\n", option[-2]);
            size_t length = strspn(option + 3, "abcdefghijklmnopqrstuvwxyz-");
            snprintf(entry, sizeof entry, "\n.BR --%.*s", (int)length, option + 3);
            const char *described = strstr(manual, entry);
            while (described && !strchr(" \n", described[strlen(entry)]))
                described = strstr(described + 1, entry);
            if ((option[-1] == ' ' || has_brief) && !described)
                fail_msg("the manual page does not describe --%.*s", (int)length, option + 3);
            if (has_brief && !strstr(manual, brief))
                fail_msg("the manual page does not describe %s", brief);
            option += 3 + length;
        }
        assert_true(found >= 4);
        command_free(&outcome);
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        char heading[64];
        snprintf(heading, sizeof heading, "pricereport %s", verbs[i]);
        assert_non_null(strstr(manual, heading));
    }
    free(manual);
}

/* The footer has a date, as other pages have, and the example that needs the most rows can be typed. */
static void the_manual_is_true(void **state)
{
    (void)state;
    char *manual = manual_text(), example[128];
    int year;
    assert_int_equal(sscanf(manual, ".TH PRICEREPORT 1 \"%d-%*d-%*d\"", &year), 1);
    assert_true(year >= 2026);
    assert_non_null(strstr(manual, "\n.I failed\n"));
    const char *typed = strstr(manual, "\npricereport --rows ");
    assert_non_null(typed);
    snprintf(example, sizeof example, "%.*s", (int)strcspn(typed + 1, "\n"), typed + 1);
    const char *arguments[8] = {NULL};
    int count = 0;
    for (char *word = strtok(strstr(example, " ") + 1, " "); word && count < 4; word = strtok(NULL, " "))
        arguments[count++] = word;
    arguments[count++] = "--samples";
    arguments[count++] = "1";
    Outcome outcome = command_run_list(arguments);
    assert_int_equal(outcome.status, 0);
    command_free(&outcome);
    free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_manual_is_true, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(help_is_there_for_every_verb, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(other_names_stand_beside_their_options, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(version_is_told, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(unknown_verbs_are_wrong_usage, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(wrong_arguments_are_named, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(help_has_a_short_form_and_a_verb, command_setup, command_teardown),
        cmocka_unit_test_setup_teardown(the_history_may_be_named_before_the_verb, command_setup,
                                        command_teardown),
        cmocka_unit_test_setup_teardown(the_manual_names_every_option, command_setup, command_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
