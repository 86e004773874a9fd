#include "ext/evaluate/inner_statements.h"

#include <string.h>
#include <strings.h>

#include "ext/evaluate/evaluator_internal.h"
#include "sql/ext_sql.h"

/* Pragmas that tell of a schema, which is the same in a file wherever it is opened. */
static bool tells_of_schema(const char *pragma)
{
    static const char *const names[] = {"table_info", "table_xinfo", "index_list",
                                        "index_info", "index_xinfo", "foreign_key_list"};
    for (size_t i = 0; pragma && i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(pragma, names[i]))
            return true;
    return false;
}

int inner_statement_authorize(Evaluator *evaluator, int action, const char *pragma)
{
    bool reads = action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION ||
                 action == SQLITE_RECURSIVE || (action == SQLITE_PRAGMA && tells_of_schema(pragma));
    if (!evaluator->asked && reads && evaluator->recipe->flags & RECIPE_TABLES)
        return SQLITE_OK;
    if (!evaluator->asked)
        evaluator->asked = reads ? TASK_ASKED_FOR_TABLES : TASK_ASKED_TO_CHANGE;
    return SQLITE_DENY;
}

static bool is_named(const Evaluator *evaluator, const char *name)
{
    for (int i = 0; i < evaluator->functions.count; i++)
        if (!strcasecmp(evaluator->functions.items[i], name))
            return true;
    return false;
}

/* The list has a function once for each number of arguments, together. */
void inner_statement_report(Evaluator *evaluator, TaskReport *report)
{
    enum { FUNCTION_NAME, FUNCTION_BUILTIN };
    sqlite3_stmt *list = NULL;
    char last[64] = "";
    size_t length = 0;
    report->asked = evaluator->asked;
    report->message[0] = 0;
    if (sqlite3_prepare_v2(evaluator->db, sql_ext_host_functions, -1, &list, NULL) == SQLITE_OK)
        while (sqlite3_step(list) == SQLITE_ROW && length < TASK_MESSAGE_SIZE / 2) {
            const char *name = (const char *)sqlite3_column_text(list, FUNCTION_NAME);
            if (!name || sqlite3_column_int(list, FUNCTION_BUILTIN) || !strcasecmp(name, last) ||
                !is_named(evaluator, name) || !strncasecmp(name, "increase_price", 14))
                continue;
            sqlite3_snprintf(sizeof last, last, "%s", name);
            sqlite3_snprintf(TASK_MESSAGE_SIZE - (int)length, report->message + length, "%s%s()",
                             length ? ", " : "", name);
            length = strlen(report->message);
        }
    sqlite3_finalize(list);
    if (!length)
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "its name is not known");
}
