/*
 * parallel_query_plan(query [, executor]): a row for each line of the plan. A plan under `auto` cuts no table
 * that is too small to gain by it; an executor that is named is one that is wanted, and any table is cut.
 */
#include "ext/api/parallel_query_plan.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/split/plan_lines.h"

enum { LINE, QUERY, EXECUTOR };

/* Bits of idxNum: an argument is given. */
enum { HAS_QUERY = 1, HAS_EXECUTOR = 2 };

typedef struct PlanTable {
    sqlite3_vtab base;
    ConnectionState *state;
} PlanTable;

typedef struct PlanCursor {
    sqlite3_vtab_cursor base;
    /* Lines of the plan, for sqlite3_free, and the one under way; NULL: there is none left. */
    char *lines, *line;
    sqlite3_int64 number;
} PlanCursor;

static int plan_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                        char **message)
{
    (void)argc;
    (void)argv;
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(line TEXT, query HIDDEN, executor HIDDEN)");
    limits_restore(db, &own);
    if (rc == SQLITE_OK)
        rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    if (rc != SQLITE_OK) {
        *message = sqlite3_mprintf("parallel_query_plan: %s", sqlite3_errmsg(db));
        return rc;
    }
    PlanTable *table = calloc(1, sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    table->state = aux;
    *out = &table->base;
    return SQLITE_OK;
}

static int plan_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int plan_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    int given = 0, places[2] = {-1, -1};
    for (int i = 0; i < info->nConstraint; i++) {
        const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
        int argument = constraint->iColumn - QUERY;
        if (argument < 0 || argument > 1 || constraint->op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        /* An argument that is known only later: another plan of the statement around has it. */
        if (!constraint->usable)
            return SQLITE_CONSTRAINT;
        places[argument] = i;
        given |= 1 << argument;
    }
    for (int i = 0, number = 1; i < 2; i++)
        if (places[i] >= 0) {
            info->aConstraintUsage[places[i]].argvIndex = number++;
            info->aConstraintUsage[places[i]].omit = 1;
        }
    info->idxNum = given;
    info->estimatedCost = 100;
    info->estimatedRows = 10;
    return SQLITE_OK;
}

static int plan_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    PlanCursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int plan_close(sqlite3_vtab_cursor *base)
{
    PlanCursor *cursor = (PlanCursor *)base;
    sqlite3_free(cursor->lines);
    free(cursor);
    return SQLITE_OK;
}

/* Moves to the line at `text`: cuts it off from the rest. */
static void go_to(PlanCursor *cursor, char *text)
{
    cursor->line = text && *text ? text : NULL;
    if (cursor->line)
        cursor->number++;
}

/* Reads the name of an executor: *automatic where it is `auto` or none. False, with the table's message set,
 * where no executor has the name. */
static bool read_executor(PlanTable *table, sqlite3_value *value, bool *automatic)
{
    const char *name = value ? (const char *)sqlite3_value_text(value) : NULL;
    const ExecutorKind *kind = NULL;
    bool known = !name || executor_kind_parse(name, &kind);
    *automatic = !kind;
    if (known)
        return true;
    sqlite3_free(table->base.zErrMsg);
    table->base.zErrMsg =
        sqlite3_mprintf("parallel_query_plan: executor is '%s': expected " EXECUTOR_CHOICES, name);
    return false;
}

static int make_lines(PlanTable *table, PlanCursor *cursor, const char *query, bool automatic)
{
    const SplitOptions options = {.least_rows = automatic ? SPLIT_LEAST_ROWS : 0};
    SplitPlan *plan;
    char *message = NULL;
    int rc = split_plan_create(table->state, query, &options, &plan, &message);
    if (rc == SQLITE_OK)
        cursor->lines = split_plan_lines(plan);
    if (rc == SQLITE_OK && !cursor->lines)
        rc = SQLITE_NOMEM;
    split_plan_free(plan);
    if (message) {
        sqlite3_free(table->base.zErrMsg);
        table->base.zErrMsg = message;
    }
    return rc;
}

static int plan_filter(sqlite3_vtab_cursor *base, int given, const char *text, int argc, sqlite3_value **argv)
{
    (void)text;
    (void)argc;
    PlanCursor *cursor = (PlanCursor *)base;
    PlanTable *table = (PlanTable *)base->pVtab;
    sqlite3_free(cursor->lines);
    cursor->lines = cursor->line = NULL;
    cursor->number = 0;
    const char *query = given & HAS_QUERY ? (const char *)sqlite3_value_text(argv[0]) : NULL;
    if (!query) {
        sqlite3_free(table->base.zErrMsg);
        table->base.zErrMsg = sqlite3_mprintf("parallel_query_plan: query: a SELECT has to be given");
        return SQLITE_ERROR;
    }
    bool automatic;
    if (!read_executor(table, given & HAS_EXECUTOR ? argv[1] : NULL, &automatic))
        return SQLITE_ERROR;
    int rc = make_lines(table, cursor, query, automatic);
    go_to(cursor, cursor->lines);
    return rc;
}

static int plan_next(sqlite3_vtab_cursor *base)
{
    PlanCursor *cursor = (PlanCursor *)base;
    char *end = strchr(cursor->line, '\n');
    go_to(cursor, end ? end + 1 : NULL);
    return SQLITE_OK;
}

static int plan_eof(sqlite3_vtab_cursor *base)
{
    return !((PlanCursor *)base)->line;
}

static int plan_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const PlanCursor *cursor = (PlanCursor *)base;
    if (column == LINE)
        sqlite3_result_text(context, cursor->line, (int)strcspn(cursor->line, "\n"), SQLITE_TRANSIENT);
    return SQLITE_OK;
}

static int plan_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((PlanCursor *)base)->number;
    return SQLITE_OK;
}

static const sqlite3_module plan_module = {
    .xConnect = plan_connect,
    .xBestIndex = plan_best_index,
    .xDisconnect = plan_disconnect,
    .xOpen = plan_open,
    .xClose = plan_close,
    .xFilter = plan_filter,
    .xNext = plan_next,
    .xEof = plan_eof,
    .xColumn = plan_column,
    .xRowid = plan_rowid,
};

int parallel_query_plan_register(ConnectionState *state)
{
    return sqlite3_create_module_v2(state->db, "parallel_query_plan", &plan_module,
                                    connection_state_ref(state), connection_state_unref);
}
