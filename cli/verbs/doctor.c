/* pricereport doctor: what makes timings on this machine unreliable. */
#include <stdio.h>
#include <string.h>

#include "cli/options/options.h"
#include "cli/output/output.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/system/disturbances.h"
#include "cli/verbs/verbs.h"

enum { LINE_WIDTH = 79, FOUND_COLUMN = 19 };

/* The words of a text, in lines of at most LINE_WIDTH characters that begin at column `indent`. */
static void print_wrapped(const char *text, int indent)
{
    int column = indent;
    for (const char *word = text; *word;) {
        int length = (int)strcspn(word, " ");
        if (column > indent && column + 1 + length > LINE_WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
        }
        column += printf("%s%.*s", column > indent ? " " : "", length, word);
        word += length;
        word += strspn(word, " ");
    }
    putchar('\n');
}

static void print_for_people(const Disturbance *findings)
{
    static const char *const marks[] = {
        [DISTURBANCE_OK] = "ok", [DISTURBANCE_WARNING] = "WARNING", [DISTURBANCE_UNKNOWN] = "?"};
    int warnings = 0;
    for (size_t i = 0; i < DISTURBANCES; i++) {
        printf("%-8s  %-7s  ", findings[i].check, marks[findings[i].state]);
        print_wrapped(findings[i].found, FOUND_COLUMN);
        if (findings[i].advice) {
            printf("%*s-> ", FOUND_COLUMN, "");
            print_wrapped(findings[i].advice, FOUND_COLUMN + 3);
        }
        warnings += findings[i].state == DISTURBANCE_WARNING;
    }
    if (warnings == 0)
        printf("\nNothing here makes timings unreliable.\n");
    else
        printf("\n%d %s may make timings unreliable.\n", warnings, warnings == 1 ? "thing" : "things");
}

/* Prints the findings as rows, from a database in memory, because output_rows prints what a query gives. */
static int print_rows(const Disturbance *findings, OutputFormat format, Failure *failure)
{
    static const OutputQuery query = {sql_doctor_doctor, sql_doctor_doctor};
    sqlite3 *db;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
        sqlite3_close(db);
        return failure_set(failure, "out of memory");
    }
    int result = query_script(db, sql_doctor_setup, failure);
    for (size_t i = 0; i < DISTURBANCES && result == 0; i++)
        result = query_run(db, NULL, failure, sql_doctor_insert, "itttt", (int64_t)i, findings[i].check,
                           disturbances_state_name(findings[i].state), findings[i].found, findings[i].advice);
    if (result == 0)
        result = output_rows(db, &query, 0, format, stdout, failure);
    sqlite3_close(db);
    return result;
}

static int doctor(const Options *options)
{
    Failure failure;
    Disturbance findings[DISTURBANCES];
    disturbances_examine("", findings);
    int result = 0;
    if (options->common.format == OUTPUT_TABLE)
        print_for_people(findings);
    else
        result = print_rows(findings, options->common.format, &failure);
    if (result == 0)
        result = output_finish(stdout, &failure);
    return result ? failure_print(&failure) : EXIT_DONE;
}

const Verb verb_doctor = {
    .name = "doctor",
    .summary = "says what makes timings on this machine unreliable",
    .doc = "Looks for what makes timings on this machine unreliable, and says what to do about each.\v"
           "Nothing is measured or changed, and the exit status is 0 whatever is found. "
           "unknown: the system does not say.",
    .whole = doctor,
};
