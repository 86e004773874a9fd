/*
 * The virtual table parallel_query. A table keeps the plan of its SELECT; a cursor has a run of it, and a
 * reference to the plan, which another cursor may meanwhile have made anew. No statement is kept between two
 * runs: one that reads another query would keep that query's table connected, which may come to read this
 * very table.
 *
 * The parameters of the SELECT are hidden columns after its own; see parameters_offer for idxNum and what
 * xFilter is given.
 */
#include "ext/api/parallel_query.h"

#include <stdlib.h>
#include <string.h>

#include "ext/api/parameters.h"
#include "ext/api/query_arguments.h"
#include "ext/api/query_columns.h"
#include "ext/api/row_identity.h"
#include "ext/base/interrupt.h"
#include "ext/base/sqlite_limits.h"
#include "ext/plan/worker_settings.h"
#include "ext/run/query_run.h"

#define MODULE_NAME "parallel_query"

/* Queries that read each other, one inside the other, at the most. */
enum { DEPTH_MAX = 16 };

/* A plan with what its runs have taught. */
typedef struct SharedPlan {
    int references;
    SplitPlan *plan;
    /* Options with which the plan was made. */
    SplitOptions options;
    MapExperience experience;
} SharedPlan;

typedef struct QueryTable {
    sqlite3_vtab base;
    ConnectionState *state;
    QueryArguments arguments;
    SharedPlan *shared;
    /* Error of a query that the tables no longer have columns for; NULL: there is none. */
    char *broken;
    /* CREATE TABLE text with which the table was declared, and the query's schemas then, as
       query_columns_schemas has them; NULL: not known. */
    char *declaration, *schemas;
    bool declared_types;
    int columns;
    /* Statement that is stepped to find an interrupt; see base/interrupt. */
    sqlite3_stmt *interrupt_probe;
} QueryTable;

typedef struct QueryCursor {
    sqlite3_vtab_cursor base;
    SharedPlan *shared;
    QueryRun *run;
    /* Values of the parameters, as Query has them. */
    Buffer parameters;
    int encoding;
    /* Hash of the parameters, as of row_identity_call: rows of two calls have other numbers. */
    uint64_t call;
    int64_t position;
    bool ended;
} QueryCursor;

static int set_error(sqlite3_vtab *table, int rc, char *message)
{
    if (message) {
        sqlite3_free(table->zErrMsg);
        table->zErrMsg = message;
    }
    return rc;
}

/* ---- plans ---- */

static void let_go(SharedPlan *shared)
{
    if (!shared || --shared->references)
        return;
    split_plan_free(shared->plan);
    free(shared);
}

/* An executor that was named has tables of any size cut. */
static SplitOptions split_options(const QueryTable *table)
{
    const QueryArguments *arguments = &table->arguments;
    const Settings *settings = &table->state->settings;
    bool named = arguments->has_executor ? arguments->executor != NULL : settings->executor != NULL;
    return (SplitOptions){.least_rows = named ? 0 : SPLIT_LEAST_ROWS,
                          .sums_of_sqlite = settings->sums_of_sqlite};
}

static int make_plan(const QueryTable *table, SharedPlan **out, char **message)
{
    SplitOptions options = split_options(table);
    SharedPlan *shared = calloc(1, sizeof *shared);
    *out = NULL;
    if (!shared)
        return SQLITE_NOMEM;
    shared->references = 1;
    shared->options = options;
    int rc = split_plan_create(table->state, table->arguments.query, &options, &shared->plan, message);
    if (rc != SQLITE_OK) {
        free(shared);
        return rc;
    }
    *out = shared;
    return SQLITE_OK;
}

/* Whether the tables are those of before. Then columns are others only as an authorizer has SQLite ignore
   some of them by now, which are NULL. */
static bool has_same_tables(const QueryTable *table)
{
    char *schemas = query_columns_schemas(table->state->db, table->shared->plan->sql);
    bool same = schemas && table->schemas && !strcmp(schemas, table->schemas);
    sqlite3_free(schemas);
    return same;
}

/* The columns that were declared must still be the query's: its tables may have changed since. */
static int check_columns(const QueryTable *table, const SplitPlan *plan, char **message)
{
    char *declaration = query_columns_declare(plan, table->declared_types);
    bool same = declaration && (!strcmp(declaration, table->declaration) ||
                                (plan->columns.count == table->columns && has_same_tables(table)));
    int rc = !declaration ? SQLITE_NOMEM : same ? SQLITE_OK : SQLITE_ERROR;
    sqlite3_free(declaration);
    if (rc == SQLITE_ERROR)
        *message = sqlite3_mprintf("%s", query_has_other_columns);
    return rc;
}

/* Makes the plan anew where it no longer fits the connection. That a statement runs whole may have another
   reason, or none, by now: its tables grow, others of the same name hide them or go away. */
static int refresh_plan(QueryTable *table, char **message)
{
    SharedPlan *made;
    const SplitOptions options = split_options(table), *old = &table->shared->options;
    if (old->least_rows == options.least_rows && old->sums_of_sqlite == options.sums_of_sqlite &&
        !table->shared->plan->plain && split_plan_is_current(table->shared->plan, table->state))
        return SQLITE_OK;
    int rc = make_plan(table, &made, message);
    if (rc == SQLITE_OK)
        rc = check_columns(table, made->plan, message);
    if (rc != SQLITE_OK) {
        let_go(made);
        return rc;
    }
    let_go(table->shared);
    table->shared = made;
    return SQLITE_OK;
}

/* ---- the table ---- */

static void free_table(QueryTable *table)
{
    let_go(table->shared);
    sqlite3_finalize(table->interrupt_probe);
    sqlite3_free(table->declaration);
    sqlite3_free(table->schemas);
    sqlite3_free(table->broken);
    query_arguments_free(&table->arguments);
    connection_state_unref(table->state);
    free(table);
}

/* A type that a table was declared with may be none that can be declared here. */
static int declare(QueryTable *table)
{
    SqliteLimits own;
    sqlite3 *db = table->state->db;
    int rc = SQLITE_ERROR;
    limits_lift(db, &own);
    for (int declared = 1; declared >= 0 && rc == SQLITE_ERROR; declared--) {
        sqlite3_free(table->declaration);
        table->declared_types = declared;
        table->declaration = query_columns_declare(table->shared->plan, declared);
        rc = table->declaration ? sqlite3_declare_vtab(db, table->declaration) : SQLITE_NOMEM;
    }
    table->schemas = query_columns_schemas(db, table->shared->plan->sql);
    limits_restore(db, &own);
    return rc;
}

static int define(QueryTable *table, int argc, const char *const *argv, char **message)
{
    if (strcmp(argv[1], "temp") != 0) {
        *message = sqlite3_mprintf("parallel_query: a query runs what its text says, so it is kept in no "
                                   "file: write CREATE VIRTUAL TABLE temp.%s USING parallel_query(…)",
                                   argv[2]);
        return SQLITE_ERROR;
    }
    int rc = query_arguments_parse(&table->arguments, argc - 3, argv + 3, message);
    if (rc == SQLITE_OK)
        rc = make_plan(table, &table->shared, message);
    if (rc == SQLITE_OK) {
        table->columns = table->shared->plan->columns.count;
        rc = declare(table);
    }
    return rc;
}

/* Keeps the error of a query that could be made once: its table can still be dropped, and is only an error to
   read. */
static int keep_error(QueryTable *table, char **message)
{
    table->broken = *message;
    *message = NULL;
    return sqlite3_declare_vtab(table->state->db, "CREATE TABLE x(error)");
}

static int connect_table(sqlite3 *db, void *aux, int argc, const char *const *argv, bool creates,
                         sqlite3_vtab **out, char **message)
{
    QueryTable *table = calloc(1, sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    table->state = connection_state_ref(aux);
    int rc = interrupt_probe_prepare(db, &table->interrupt_probe);
    if (rc == SQLITE_OK)
        rc = define(table, argc, argv, message);
    if (rc != SQLITE_OK && !creates && *message && table->arguments.query && !table->shared)
        rc = keep_error(table, message);
    if (rc == SQLITE_OK)
        rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    if (rc != SQLITE_OK) {
        if (rc != SQLITE_NOMEM && !*message)
            *message = sqlite3_mprintf("parallel_query: %s", sqlite3_errmsg(db));
        if (rc == SQLITE_ERROR && host_interrupted(table->interrupt_probe))
            rc = SQLITE_INTERRUPT;
        free_table(table);
        return rc;
    }
    *out = &table->base;
    return SQLITE_OK;
}

static int query_create(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                        char **message)
{
    return connect_table(db, aux, argc, argv, true, out, message);
}

static int query_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                         char **message)
{
    return connect_table(db, aux, argc, argv, false, out, message);
}

static int query_disconnect(sqlite3_vtab *base)
{
    free_table((QueryTable *)base);
    return SQLITE_OK;
}

static int query_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    QueryTable *table = (QueryTable *)base;
    if (table->broken)
        return set_error(base, SQLITE_ERROR, sqlite3_mprintf("%s", table->broken));
    table->state->maps_prepared++;
    info->estimatedCost = 1e6;
    info->estimatedRows = 1000;
    int next = 1;
    int rc = parameters_offer(info, table->columns, table->shared->plan->parameter_count, &next);
    if (info->idxNum)
        info->estimatedCost = 1e300;
    return rc;
}

/* Sets the error that a parameter has no value. */
static int set_missing(QueryTable *table, int parameter)
{
    char *name = query_parameter_name(table->shared->plan, parameter);
    char *message = sqlite3_mprintf(
        "parallel_query: no value is given for the parameter %s: call the table with it, like "
        "a function",
        name);
    sqlite3_free(name);
    return set_error(&table->base, SQLITE_ERROR, message);
}

/* ---- the cursor ---- */

static int query_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    (void)base;
    QueryCursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    buffer_heap_init(&cursor->parameters);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void end_run(QueryCursor *cursor)
{
    query_run_close(cursor->run);
    cursor->run = NULL;
    let_go(cursor->shared);
    cursor->shared = NULL;
}

static int query_close(sqlite3_vtab_cursor *base)
{
    QueryCursor *cursor = (QueryCursor *)base;
    end_run(cursor);
    buffer_heap_free(&cursor->parameters);
    free(cursor);
    return SQLITE_OK;
}

static int take_parameters(QueryCursor *cursor, ConnectionState *state, int argc, sqlite3_value **argv)
{
    RowsetWriter writer;
    WorkerSettings settings;
    buffer_heap_free(&cursor->parameters);
    if (!argc)
        return SQLITE_OK;
    int rc = worker_settings_read(state, NULL, 0, &settings);
    if (rc == SQLITE_OK)
        rc = rowset_begin(&writer, &cursor->parameters, (uint32_t)argc, 1);
    if (rc != SQLITE_OK)
        return rc;
    cursor->encoding = settings.encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16;
    for (int i = 0; rc == SQLITE_OK && i < argc; i++)
        rc = rowset_set_value(&writer, (uint32_t)i, argv[i], cursor->encoding);
    if (rc == SQLITE_OK)
        rc = rowset_end_row(&writer);
    if (rc != SQLITE_OK)
        return rc;
    rowset_finish(&writer);
    RowsetView view;
    if (!rowset_open(&view, cursor->parameters.data, cursor->parameters.size))
        return SQLITE_CORRUPT_VTAB;
    cursor->call = row_identity_call(&view, (uint32_t)argc);
    return SQLITE_OK;
}

static int start_run(QueryCursor *cursor, char **message)
{
    QueryTable *table = (QueryTable *)cursor->base.pVtab;
    const QueryArguments *arguments = &table->arguments;
    if (table->state->depth >= DEPTH_MAX) {
        *message = sqlite3_mprintf("parallel_query: queries are nested more than %d deep: this one may read "
                                   "itself",
                                   DEPTH_MAX);
        return *message ? SQLITE_ERROR : SQLITE_NOMEM;
    }
    int rc = refresh_plan(table, message);
    if (rc != SQLITE_OK)
        return rc;
    cursor->shared = table->shared;
    cursor->shared->references++;
    return query_run_open(&(Query){.state = table->state,
                                   .plan = cursor->shared->plan,
                                   .experience = &cursor->shared->experience,
                                   .interrupt_probe = table->interrupt_probe,
                                   .executor = arguments->executor,
                                   .has_executor = arguments->has_executor,
                                   .workers = arguments->has_workers ? arguments->workers : 0,
                                   .parameters = &cursor->parameters,
                                   .encoding = cursor->encoding},
                          &cursor->run, message);
}

static int query_next(sqlite3_vtab_cursor *base)
{
    QueryCursor *cursor = (QueryCursor *)base;
    char *message = NULL;
    int rc = query_run_next(cursor->run, &message);
    cursor->position++;
    cursor->ended = rc != SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : set_error(base->pVtab, rc, message);
}

static int query_filter(sqlite3_vtab_cursor *base, int missing, const char *text, int argc,
                        sqlite3_value **argv)
{
    QueryCursor *cursor = (QueryCursor *)base;
    QueryTable *table = (QueryTable *)base->pVtab;
    char *message = NULL;
    (void)text;
    if (missing)
        return set_missing(table, missing - 1);
    end_run(cursor);
    cursor->ended = true;
    cursor->position = 0;
    int rc = take_parameters(cursor, table->state, argc, argv);
    if (rc == SQLITE_OK)
        rc = start_run(cursor, &message);
    if (rc == SQLITE_OK)
        return query_next(base);
    end_run(cursor);
    return set_error(base->pVtab, rc, message);
}

static int query_eof(sqlite3_vtab_cursor *base)
{
    return ((QueryCursor *)base)->ended;
}

static int query_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const QueryCursor *cursor = (const QueryCursor *)base;
    int columns = ((const QueryTable *)base->pVtab)->columns;
    RowsetView view;
    RowsetValue value;
    if (column < columns)
        return query_run_column(cursor->run, context, column);
    if (!rowset_open(&view, cursor->parameters.data, cursor->parameters.size) ||
        !rowset_get(&view, 0, (uint32_t)(column - columns), &value))
        return SQLITE_CORRUPT_VTAB;
    rowset_result(context, &value, cursor->encoding, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

static int query_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    const QueryCursor *cursor = (const QueryCursor *)base;
    *rowid = (int64_t)(cursor->call + (uint64_t)cursor->position);
    return SQLITE_OK;
}

static const sqlite3_module query_module = {
    .iVersion = 0,
    .xCreate = query_create,
    .xConnect = query_connect,
    .xBestIndex = query_best_index,
    .xDisconnect = query_disconnect,
    .xDestroy = query_disconnect,
    .xOpen = query_open,
    .xClose = query_close,
    .xFilter = query_filter,
    .xNext = query_next,
    .xEof = query_eof,
    .xColumn = query_column,
    .xRowid = query_rowid,
};

int parallel_query_register(ConnectionState *state)
{
    return sqlite3_create_module_v2(state->db, MODULE_NAME, &query_module, connection_state_ref(state),
                                    connection_state_unref);
}
