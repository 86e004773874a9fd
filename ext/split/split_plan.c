#include "ext/split/split_plan.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/error.h"
#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/authorizer.h"
#include "ext/plan/host_rules.h"
#include "ext/plan/sql_text.h"
#include "ext/select/write.h"
#include "ext/split/describe.h"
#include "ext/split/divide.h"
#include "ext/split/facts.h"
#include "ext/split/flatten.h"
#include "ext/split/resolve.h"
#include "ext/split/splitting.h"
#include "ext/split/stage.h"
#include "ext/split/stages.h"

/* ---- reasons and errors ---- */

bool split_goes_on(Splitting *splitting)
{
    if (splitting->arena.failed)
        splitting->rc = SQLITE_NOMEM;
    return !splitting->reason && splitting->rc == SQLITE_OK;
}

bool split_fail(Splitting *splitting, int rc)
{
    if (splitting->rc == SQLITE_OK)
        splitting->rc = rc;
    return false;
}

const char *split_keep(Splitting *splitting, char *text)
{
    const char *kept = text ? arena_copy(&splitting->arena, text, strlen(text)) : NULL;
    sqlite3_free(text);
    if (!kept)
        split_fail(splitting, SQLITE_NOMEM);
    return kept;
}

bool split_refuse(Splitting *splitting, const char *format, const char *text)
{
    if (!splitting->reason)
        splitting->reason = split_keep(splitting, sqlite3_mprintf(format, text));
    return false;
}

bool split_refuse_unprepared(Splitting *splitting, int rc)
{
    if (rc == SQLITE_NOMEM)
        return split_fail(splitting, rc);
    return split_refuse(splitting, "workers cannot prepare it: %s",
                        rc == SQLITE_AUTH ? "it does more than read" : sqlite3_errmsg(splitting->shadow.db));
}

/* ---- the statement as the user wrote it ---- */

/* The statement, which ends before `rest`, without semicolons before it, and without white space, comments
   and semicolons after it: a last comment may have no end. */
static char *statement_alone(const char *sql, const char *rest)
{
    const char *begin = sql, *end = sql, *at = sql;
    SqlToken token;
    for (;;) {
        at = sql_token(at, &token);
        if (token.kind == SQL_END || token.kind == SQL_BROKEN || token.start >= rest)
            break;
        if (!sql_is_char(&token, ';'))
            end = at;
        else if (begin == end)
            begin = end = at;
    }
    return sqlite3_mprintf("%.*s", (int)(end - begin), begin);
}

static bool is_nothing(sqlite3 *db, const char *rest)
{
    sqlite3_stmt *more = NULL;
    bool nothing = true;
    while (nothing && *rest) {
        const char *before = rest;
        nothing = sqlite3_prepare_v2(db, rest, -1, &more, &rest) == SQLITE_OK && !more;
        sqlite3_finalize(more);
        if (rest == before)
            break;
    }
    return nothing;
}

static int check_statement(sqlite3 *db, sqlite3_stmt *statement, const char *rest, char **message)
{
    const char *wrong = NULL;
    if (!statement)
        wrong = "there is no statement";
    else if (!is_nothing(db, rest))
        wrong = "there is more than one statement";
    else if (!sqlite3_column_count(statement) || !sqlite3_stmt_readonly(statement) ||
             sqlite3_stmt_isexplain(statement))
        wrong = "it has to be a SELECT";
    if (!wrong)
        return SQLITE_OK;
    *message = sqlite3_mprintf("parallel_query: %s", wrong);
    return *message ? SQLITE_ERROR : SQLITE_NOMEM;
}

static int copy_types(SplitPlan *plan, sqlite3_stmt *statement)
{
    plan->declared_types = calloc((size_t)plan->columns.count + 1, sizeof *plan->declared_types);
    if (!plan->declared_types)
        return SQLITE_NOMEM;
    for (int i = 0; i < plan->columns.count; i++) {
        const char *type = sqlite3_column_decltype(statement, i);
        plan->declared_types[i] = type ? sqlite3_mprintf("%s", type) : NULL;
        if (type && !plan->declared_types[i])
            return SQLITE_NOMEM;
    }
    return SQLITE_OK;
}

static int copy_parameters(SplitPlan *plan, sqlite3_stmt *statement)
{
    int count = sqlite3_bind_parameter_count(statement);
    plan->parameters = calloc((size_t)count + 1, sizeof *plan->parameters);
    if (!plan->parameters)
        return SQLITE_NOMEM;
    plan->parameter_count = count;
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i + 1);
        if (!name || *name == '?')
            continue;
        plan->parameters[i] = sqlite3_mprintf("%s", name);
        if (!plan->parameters[i])
            return SQLITE_NOMEM;
    }
    return SQLITE_OK;
}

/* The statement as a table with columns of short names, each once: a subquery's own are random where many are
   equal, and so others each time that it is prepared. */
static char *table_of_columns(const char *sql, int count)
{
    sqlite3_str *from = sqlite3_str_new(NULL);
    for (int i = 0; i < count; i++)
        sqlite3_str_appendf(from, i ? ", c%d" : "(WITH \"pricemap columns\"(c%d", i);
    sqlite3_str_appendf(from, ") AS (%s\n) SELECT * FROM \"pricemap columns\")", sql);
    return sqlite3_str_finish(from);
}

static bool has_name(const ColumnList *columns, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (!sqlite3_stricmp(columns->items[i].name, name))
            return true;
    return false;
}

/* Name of the statement's column `i`; where a column before has it, with the number after it that CREATE
   TABLE AS would give. NULL when out of memory. */
static char *different_name(const ColumnList *columns, sqlite3_stmt *statement, int i)
{
    char *name = sqlite3_mprintf("%s", sqlite3_column_name(statement, i));
    if (!name || !has_name(columns, i, name))
        return name;
    size_t length = strlen(name), end = length;
    while (end > 1 && name[end - 1] >= '0' && name[end - 1] <= '9')
        end--;
    if (end && name[end - 1] == ':')
        length = end - 1;
    /* Each equal name after the first has taken a number. */
    int number = 0;
    for (int j = 0; j < i; j++)
        number += !sqlite3_stricmp(sqlite3_column_name(statement, j), name);
    number += !number;
    char *different = NULL;
    do {
        sqlite3_free(different);
        different = sqlite3_mprintf("%.*s:%d", (int)length, name, number++);
    } while (different && has_name(columns, i, different));
    sqlite3_free(name);
    return different;
}

/* The columns with the names of the statement itself, made different. */
static int name_columns(SplitPlan *plan, sqlite3_stmt *statement)
{
    const int count = sqlite3_column_count(statement);
    plan->columns.items = calloc((size_t)count + 1, sizeof *plan->columns.items);
    for (int i = 0; plan->columns.items && i < count; i++) {
        char *name = different_name(&plan->columns, statement, i);
        if (!name)
            return SQLITE_NOMEM;
        plan->columns.items[plan->columns.count++] = (Column){.name = name, .type = ""};
    }
    return plan->columns.items ? SQLITE_OK : SQLITE_NOMEM;
}

/* Has the host's connection say how the columns compare, under other names. */
static int compare_columns(const SplitPlan *plan, sqlite3 *db)
{
    ColumnList columns;
    int rc = columns_copy(&columns, &plan->columns);
    for (int i = 0; rc == SQLITE_OK && i < columns.count; i++) {
        sqlite3_free(columns.items[i].name);
        columns.items[i].name = sqlite3_mprintf("c%d", i);
        if (!columns.items[i].name)
            rc = SQLITE_NOMEM;
    }
    char *from = table_of_columns(plan->sql, plan->columns.count);
    if (rc == SQLITE_OK)
        rc = from ? columns_compare(db, from, &columns) : SQLITE_NOMEM;
    sqlite3_free(from);
    for (int i = 0; i < columns.count; i++) {
        char *name = columns.items[i].name;
        columns.items[i].name = plan->columns.items[i].name;
        sqlite3_free(plan->columns.items[i].collation);
        plan->columns.items[i] = columns.items[i];
        columns.items[i] = (Column){.name = name};
    }
    columns_free(&columns);
    return rc;
}

/* Finds out how the columns compare, as far as that is known of a statement that was understood. Whether
   there was no error. */
static bool know_columns(Splitting *splitting)
{
    const SplitPlan *plan = splitting->plan;
    const SelectCore *core = splitting->parsed.select->cores[0];
    bool known = splitting->parsed.select->core_count == 1 && core->column_count == plan->columns.count;
    for (int i = 0; known && i < plan->columns.count; i++)
        known = describe_expression(splitting, core->columns[i].expr, &plan->columns.items[i]);
    splitting->columns_known = known;
    return split_goes_on(splitting);
}

/* Learns how the columns compare. */
static int describe_columns(Splitting *splitting, char **message)
{
    sqlite3 *db = splitting->state->db;
    if (splitting->columns_known)
        return SQLITE_OK;
    int rc = splitting->rc == SQLITE_OK ? compare_columns(splitting->plan, db) : splitting->rc;
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM && !*message)
        *message = sqlite3_mprintf("parallel_query: %s", sqlite3_errmsg(db));
    return rc;
}

static int read_statement(Splitting *splitting, const char *sql, char **message)
{
    sqlite3 *db = splitting->state->db;
    SplitPlan *plan = splitting->plan;
    sqlite3_stmt *statement = NULL;
    const char *rest = sql;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, &rest);
    if (rc != SQLITE_OK) {
        *message = sqlite3_mprintf("%s", sqlite3_errmsg(db));
        return *message ? rc : SQLITE_NOMEM;
    }
    rc = check_statement(db, statement, rest, message);
    if (rc == SQLITE_OK)
        plan->sql = statement_alone(sql, rest);
    if (rc == SQLITE_OK)
        rc = plan->sql ? name_columns(plan, statement) : SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = copy_types(plan, statement);
    if (rc == SQLITE_OK)
        rc = copy_parameters(plan, statement);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM && !*message)
        *message = sqlite3_mprintf("parallel_query: %s", sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    return rc;
}

/* ---- understanding ---- */

static bool open_shadow(Splitting *splitting, const char *path)
{
    char message[TASK_MESSAGE_SIZE];
    int rc = shadow_open(&splitting->shadow, splitting->state, path, splitting->plan->sql, message);
    if (rc == SQLITE_OK)
        return true;
    return rc == SQLITE_NOMEM
               ? split_fail(splitting, rc)
               : split_refuse(splitting, "workers cannot open its database: %s", error_reason(message));
}

static bool parse(Splitting *splitting)
{
    splitting->parsed = select_parse(&splitting->arena, splitting->plan->sql);
    const Select *select = splitting->parsed.select;
    if (!select)
        return split_goes_on(splitting) && split_refuse(splitting, "%s", splitting->parsed.reason);
    for (int i = 1; i < select->core_count; i++)
        if (strcmp(select->operators[i], "UNION ALL") != 0)
            return split_refuse(splitting, "%s is not split", select->operators[i]);
    if (select->core_count == 1 && !select->cores[0]->from.count)
        return split_refuse(splitting, "it reads no table%s", "");
    return true;
}

/* ---- what it reads and calls ---- */

static bool is_random(const char *name)
{
    return !sqlite3_stricmp(name, "random") || !sqlite3_stricmp(name, "randomblob");
}

static bool copy_reads(Splitting *splitting)
{
    const Shadow *shadow = &splitting->shadow;
    SplitPlan *plan = splitting->plan;
    plan->reads = calloc((size_t)shadow->read_count + 1, sizeof *plan->reads);
    plan->functions = calloc((size_t)shadow->function_count + 1, sizeof *plan->functions);
    if (!plan->reads || !plan->functions)
        return split_fail(splitting, SQLITE_NOMEM);
    for (int i = 0; i < shadow->read_count; i++) {
        SplitRead *read = &plan->reads[plan->read_count++];
        read->table = sqlite3_mprintf("%s", shadow->reads[i].table);
        read->column = sqlite3_mprintf("%s", shadow->reads[i].column);
        if (!read->table || !read->column)
            return split_fail(splitting, SQLITE_NOMEM);
    }
    for (int i = 0; i < shadow->function_count; i++) {
        plan->functions[plan->function_count] = sqlite3_mprintf("%s", shadow->functions[i]);
        if (!plan->functions[plan->function_count++])
            return split_fail(splitting, SQLITE_NOMEM);
    }
    return true;
}

static bool check_functions(Splitting *splitting)
{
    const Shadow *shadow = &splitting->shadow;
    for (int i = 0; i < shadow->function_count; i++)
        if (authorizer_refuses(shadow->functions[i]) || is_random(shadow->functions[i]))
            return split_refuse(splitting, "%s() is not about values alone", shadow->functions[i]);
    char *message = NULL;
    int rc = host_rules_check_functions(splitting->state, shadow->db, shadow->functions,
                                        shadow->function_count, &splitting->plan->view, &message);
    if (rc == SQLITE_NOMEM)
        split_fail(splitting, rc);
    else if (rc != SQLITE_OK)
        split_refuse(splitting, "%s", message ? error_reason(message) : sqlite3_errstr(rc));
    sqlite3_free(message);
    return split_goes_on(splitting);
}

/* The proof that the tree means what the text means: the host's program of the text is the worker's program
   of what is written of the tree. Notes what that reads and calls. */
static bool prove(Splitting *splitting)
{
    ProgramComparison comparison = {.copy = &splitting->program};
    char *written = select_text(splitting->parsed.select, 0);
    int rc = written ? shadow_note(&splitting->shadow, written, program_compare, &comparison) : SQLITE_NOMEM;
    bool same = program_is_same(&comparison);
    if (rc == SQLITE_OK && !same)
        rc = program_compare_but_cursors(&splitting->program, splitting->shadow.db, written, false, &same);
    sqlite3_free(written);
    if (rc != SQLITE_OK)
        return split_refuse_unprepared(splitting, rc);
    return same || split_refuse(splitting, "it is not understood as SQLite understands it%s", "");
}

/* ---- splitting ---- */

/* A table of the file hides the one of morsels. */
static bool check_names(Splitting *splitting)
{
    return !tables_find(splitting, SPLIT_MORSEL_TABLE) ||
           split_refuse(splitting, "its file has a table " SPLIT_MORSEL_TABLE "%s", "");
}

static void split(Splitting *splitting)
{
    const char *path = NULL;
    if (parse(splitting) && facts_read(splitting, &path) && open_shadow(splitting, path) &&
        check_names(splitting) && resolve_names(splitting) && prove(splitting) && know_columns(splitting) &&
        check_functions(splitting) && copy_reads(splitting) && flatten_subqueries(splitting))
        divide_statement(splitting);
}

/* A plain plan has its statement, its columns and the reason. */
static int make_plain(SplitPlan *plan, const char *reason)
{
    stages_free(plan, 0);
    plan->plain = sqlite3_mprintf("%s", reason);
    return plan->plain ? SQLITE_OK : SQLITE_NOMEM;
}

int split_plan_create(ConnectionState *state, const char *sql, const SplitOptions *options, SplitPlan **out,
                      char **message)
{
    Splitting splitting = {.state = state, .options = options, .plan = calloc(1, sizeof *splitting.plan)};
    SqliteLimits own;
    *out = NULL;
    *message = NULL;
    if (!splitting.plan)
        return SQLITE_NOMEM;
    int rc = read_statement(&splitting, sql, message);
    if (rc == SQLITE_OK) {
        limits_lift(state->db, &own);
        split(&splitting);
        limits_restore(state->db, &own);
        rc = splitting.arena.failed ? SQLITE_NOMEM : splitting.rc;
    }
    if (rc == SQLITE_OK)
        rc = describe_columns(&splitting, message);
    if (rc == SQLITE_OK && splitting.reason)
        rc = make_plain(splitting.plan, splitting.reason);
    shadow_close(&splitting.shadow);
    program_copy_free(&splitting.program);
    arena_free(&splitting.arena);
    if (rc == SQLITE_OK)
        *out = splitting.plan;
    else
        split_plan_free(splitting.plan);
    return rc;
}

static void free_texts(char **texts, int count)
{
    for (int i = 0; texts && i < count; i++)
        sqlite3_free(texts[i]);
    free(texts);
}

void split_plan_free(SplitPlan *plan)
{
    if (!plan)
        return;
    stages_free(plan, 0);
    free_texts(plan->declared_types, plan->columns.count);
    free_texts(plan->parameters, plan->parameter_count);
    free_texts(plan->functions, plan->function_count);
    for (int i = 0; i < plan->read_count; i++) {
        sqlite3_free(plan->reads[i].table);
        sqlite3_free(plan->reads[i].column);
    }
    free(plan->reads);
    columns_free(&plan->columns);
    sqlite3_free(plan->sql);
    sqlite3_free(plan->plain);
    sqlite3_free(plan->schema);
    host_view_free(&plan->view);
    free(plan);
}

bool split_plan_is_current(const SplitPlan *plan, ConnectionState *state)
{
    const PlainSelect plain = {.sql = plan->sql};
    return plan->plain || host_view_holds(&plan->view, state->db, &plain, NULL);
}
