#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/system/machine.h"
#include "cli/system/process.h"
#include "cli/base/query.h"
#include "cli/measure/remeasure.h"
#include "cli/sampling/progress.h"
#include "sql/sql.h"
#include "cli/system/work_tree.h"

enum { MESSAGE_SIZE = 1024 };

/* A command line, ends with NULL. All texts are to be freed. */
typedef struct CommandLine {
    char **argv;
    size_t count, capacity;
} CommandLine;

static int add(CommandLine *line, const char *text, Failure *failure)
{
    if (line->count + 1 >= line->capacity) {
        size_t capacity = line->capacity > 0 ? 2 * line->capacity : 32;
        char **argv = realloc(line->argv, capacity * sizeof *argv);
        if (!argv)
            return failure_set(failure, "out of memory for a command line");
        line->argv = argv;
        line->capacity = capacity;
    }
    line->argv[line->count] = strdup(text);
    if (!line->argv[line->count])
        return failure_set(failure, "out of memory for a command line");
    line->argv[++line->count] = NULL;
    return 0;
}

static void free_line(CommandLine *line)
{
    for (size_t i = 0; i < line->count; i++)
        free(line->argv[i]);
    free(line->argv);
}

/* The options that make it a repetition, in this history. */
static int add_own(CommandLine *line, const History *history, int64_t run, Failure *failure)
{
    char repeated[32];
    snprintf(repeated, sizeof repeated, "%" PRId64, run);
    return add(line, "--db", failure) || add(line, history_file(history), failure) ||
                   add(line, "--judged-run", failure) || add(line, repeated, failure)
               ? -1
               : 0;
}

/* The own options come last, so that they win; but before a "--", after which nothing is an option. */
static int add_recorded(CommandLine *line, History *history, int64_t run, Failure *failure)
{
    sqlite3 *db = history_db(history);
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_judging_recorded_arguments, "i", run))
        return -1;
    int result = 0, own = 0;
    while (result == 0 && (result = query_next(statement, failure)) > 0) {
        const char *argument = (const char *)sqlite3_column_text(statement, 0);
        if (!own && strcmp(argument, "--") == 0) {
            own = 1;
            result = add_own(line, history, run, failure);
        } else {
            result = 0;
        }
        if (result == 0)
            result = add(line, argument, failure);
    }
    sqlite3_finalize(statement);
    return result || own ? result : add_own(line, history, run, failure);
}

static int same_commit(const char *recorded, Failure *failure)
{
    WorkTree tree;
    work_tree_read(&tree);
    if (!recorded || strcmp(recorded, tree.commit) == 0)
        return 0;
    return failure_set(failure, "it was of commit %.9s, and here is %.9s", recorded,
                       tree.commit[0] ? tree.commit : "none");
}

/* Whether what would be measured is what the run measured; begins the command line where it is. */
static int begin_line(CommandLine *line, sqlite3 *db, int64_t run, Failure *failure)
{
    Machine machine = {0};
    int64_t here = 0;
    machine_read(&machine);
    if (history_find_machine(db, &machine, &here, failure))
        return -1;
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_judging_recorded_command, "iitit", run, here,
                      machine.processor, machine.processors, machine.architecture))
        return -1;
    int result = sqlite3_step(statement) == SQLITE_ROW ? 0 : query_fail(db, failure);
    const char *verb = result == 0 ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (result == 0 && !verb)
        result = failure_set(failure, "it was not measured by pricereport");
    if (result == 0 && !sqlite3_column_int64(statement, 2))
        result = failure_set(failure, "it was measured on another machine");
    if (result == 0)
        result = same_commit((const char *)sqlite3_column_text(statement, 1), failure);
    if (result == 0)
        result = add(line, "/proc/self/exe", failure);
    if (result == 0 && *verb)
        result = add(line, verb, failure);
    sqlite3_finalize(statement);
    return result;
}

static int perform(CommandLine *line, Failure *failure)
{
    char message[MESSAGE_SIZE];
    const bool shown = progress_possible();
    if (shown)
        fputs("Measuring once more ...", stderr);
    int status = process_run(line->argv, NULL, 2, message, sizeof message);
    if (shown)
        fputs("\r\033[K", stderr);
    if (status == 0)
        return 0;
    message[strcspn(message, "\n")] = '\0';
    return failure_set(failure, "measuring ended with status %d: %s", status, message);
}

static int find_repetition(sqlite3 *db, int64_t run, int64_t *repetition, Failure *failure)
{
    *repetition = 0;
    return query_run(db, repetition, failure, sql_judging_find_repetition, "i", run);
}

int remeasure(History *history, int64_t run, int64_t *repetition, Failure *failure)
{
    sqlite3 *db = history_db(history);
    CommandLine line = {0};
    if (find_repetition(db, run, repetition, failure))
        return -1;
    if (*repetition > 0)
        return 0;
    int result = begin_line(&line, db, run, failure);
    if (result == 0)
        result = add_recorded(&line, history, run, failure);
    if (result == 0)
        result = perform(&line, failure);
    if (result == 0)
        result = find_repetition(db, run, repetition, failure);
    if (result == 0 && *repetition == 0)
        result = failure_set(failure, "measuring recorded no finished run in %s", history_file(history));
    free_line(&line);
    return result;
}
