/*
 * The virtual table parallel_map. One module serves both forms: used as a function it is eponymous, with the
 * arguments in hidden columns; made by CREATE VIRTUAL TABLE it has the columns of its map.
 *
 * A cursor owns its run; the table owns plans, idle ones in a list, so that a cursor that is opened again, or
 * filtered again in the inner loop of a join, prepares nothing. All statements on the host's connection
 * belong to the table: SQLite disconnects tables before it checks whether a connection may close.
 *
 * xBestIndex (map_best_index) writes idxNum for xFilter (map_filter). Each bit of idxNum that is set stands
 * for an argument of the function's form that xFilter is given, lowest bit first: source, map, executor,
 * workers, chunk. They are equalities on the hidden columns. The first two have to be there; one that a join
 * cannot use where it stands makes the plan impossible. After them come the values of the conditions that
 * idxStr lists. In the other form idxNum and the first values are as of parameters_offer.
 *
 * A scan whose conditions find few rows of the source is run anew for each row of an outer loop. One that
 * would compute all of the map again keeps its rows; see kept_rows.h.
 */
#include "ext/api/parallel_map.h"

#include <stdlib.h>
#include <string.h>

#include "ext/api/scan_request.h"
#include "ext/api/kept_rows.h"
#include "ext/api/declared_columns.h"
#include "ext/api/function_form.h"
#include "ext/api/parameters.h"
#include "ext/api/row_identity.h"
#include "ext/base/sqlite_limits.h"
#include "ext/api/plan_cache.h"
#include "ext/base/sqlite_limits.h"
#include "ext/base/interrupt.h"
#include "ext/run/map_run.h"

#define MODULE_NAME "parallel_map"

enum { DEPTH_MAX = 16 };

/* Nanoseconds that a row of the source takes to be passed by. */
enum { PASS_NS = 50 };

typedef struct MapTable {
    sqlite3_vtab base;
    ConnectionState *state;
    MapForm form;
    /* Arguments and columns of a MAP_TABLE. */
    MapArguments arguments;
    ColumnList columns;
    /* Columns by which conditions are chosen; `facts` are those of a MAP_TABLE. */
    RequestColumns request_columns;
    ColumnFacts *facts;
    /* Parameters of a MAP_TABLE, whose hidden columns come after its columns. */
    Parameters parameters;
    /* Statement that is stepped to find an interrupt; see base/interrupt. */
    sqlite3_stmt *interrupt_probe;
    /* Plans that no cursor uses. */
    PlanCache idle;
} MapTable;

typedef struct MapCursor {
    sqlite3_vtab_cursor base;
    /* Plan of the run; the cursor's own until the run ends. */
    KeptPlan *kept_plan;
    MapRun *run;
    /* Request of the scan, and its values, which the run has borrowed. */
    ScanRequest request;
    Buffer value_bytes;
    RunValues values;
    /* Number of the statement's record in the log; 0: none yet. */
    int64_t record;
    /* Number of times that the scan was begun. */
    int64_t entries;
    /* Rows that the run gave last, the cursor's row in them, and the number of that row from 1. */
    RowsetView rows;
    uint32_t row;
    int64_t position;
    bool ended;
    /* The number by which SQLite knows a row. */
    RowIdentity identity;
    /* Rows that the run has given so far, and the column that has to equal a value; see kept_rows.h. */
    KeptRows kept;
    bool keeps;
    /* Whether there are more rows than can be kept. */
    bool too_many;
    int kept_column;
    /* Whether all rows are kept, and found by their index. */
    bool indexed;
    KeptLookup lookup;
} MapCursor;

static int set_error(sqlite3_vtab *table, int rc, char *message)
{
    if (message) {
        sqlite3_free(table->zErrMsg);
        table->zErrMsg = message;
    }
    return rc;
}

static void free_table(MapTable *table)
{
    plan_cache_clear(&table->idle);
    sqlite3_finalize(table->interrupt_probe);
    columns_free(&table->columns);
    map_arguments_free(&table->arguments);
    connection_state_unref(table->state);
    free(table->facts);
    parameters_free(&table->parameters);
    free(table);
}

/* Makes a plan, with nothing learnt yet. Planning calls no function of the map. */
static int make_plan(MapTable *table, const MapArguments *arguments, const PlanRequest *request,
                     KeptPlan **kept, char **message)
{
    Plan *plan;
    *kept = NULL;
    int rc = plan_create(table->state, arguments, table->form, request, &plan, message);
    if (rc != SQLITE_OK)
        return rc;
    *kept = kept_plan_create(plan);
    return *kept ? SQLITE_OK : SQLITE_NOMEM;
}

/* Learns what the columns of a map are, for the choice of conditions. */
static int learn_columns(MapTable *table, const Plan *plan)
{
    int rc = columns_copy(&table->columns, &plan->output);
    if (rc != SQLITE_OK)
        return rc;
    table->facts = calloc((size_t)plan->output.count + 1, sizeof *table->facts);
    if (!table->facts)
        return SQLITE_NOMEM;
    for (int i = 0; i < table->columns.count; i++) {
        const Column *column = &table->columns.items[i];
        ColumnFacts *facts = &table->facts[i];
        facts->name = column->name;
        facts->compares =
            *column->type && strcmp(column->type, "TEXT") != 0 ? COMPARES_NUMERIC : COMPARES_ANY;
        facts->bare = !plan->arguments.partial && plan->bare[i] != BARE_NOT;
        if (facts->bare)
            facts->search = bare_column_search(table->state->db, &plan->source, plan->bare[i]);
        if (facts->search == SEARCH_ROWID && plan->source.table && plan->source.rowid &&
            plan->arguments.ordered)
            facts->orders = 3;
    }
    table->request_columns = (RequestColumns){.facts = table->facts,
                                              .count = table->columns.count,
                                              .rows = ROWS_UNKNOWN,
                                              .scalar = !plan->arguments.partial};
    return SQLITE_OK;
}

/* Parses and plans the map of a table, to learn its columns; keeps the plan for the first query. */
static int define_table(MapTable *table, int argc, const char *const *argv, char **message)
{
    if (strcmp(argv[1], "temp") != 0) {
        *message =
            sqlite3_mprintf("parallel_map: a map runs what its text says, so it is kept in no file: write "
                            "CREATE VIRTUAL TABLE temp.%s USING parallel_map(…)",
                            argv[2]);
        return SQLITE_ERROR;
    }
    int rc = map_arguments_parse(&table->arguments, argc - 3, argv + 3, message);
    KeptPlan *kept = NULL;
    PlanRequest all = {.used = MAP_ALL_COLUMNS};
    if (rc == SQLITE_OK)
        rc = parameters_find(&table->parameters, &table->arguments, message);
    all.parameters = table->parameters.count;
    if (rc == SQLITE_OK)
        rc = make_plan(table, &table->arguments, &all, &kept, message);
    if (rc == SQLITE_OK)
        rc = learn_columns(table, kept->plan);
    if (kept)
        plan_cache_keep(&table->idle, kept);
    return rc;
}

static int declare(sqlite3 *db, const MapTable *table)
{
    SqliteLimits own;
    char *columns = table->form == MAP_TABLE
                        ? parameters_declare(&table->parameters, columns_declare(&table->columns, true))
                        : NULL;
    if (table->form == MAP_TABLE && !columns)
        return SQLITE_NOMEM;
    limits_lift(db, &own);
    int rc = sqlite3_declare_vtab(db, columns ? columns : function_form_declaration);
    limits_restore(db, &own);
    sqlite3_free(columns);
    return rc;
}

static int map_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                       char **message)
{
    MapTable *table = calloc(1, sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    table->state = connection_state_ref(aux);
    table->form = argc == 3 && !strcmp(argv[2], MODULE_NAME) ? MAP_FUNCTION : MAP_TABLE;
    table->request_columns = *function_form_columns();
    int rc = interrupt_probe_prepare(db, &table->interrupt_probe);
    if (rc == SQLITE_OK && table->form == MAP_TABLE)
        rc = define_table(table, argc, argv, message);
    if (rc == SQLITE_OK)
        rc = declare(db, table);
    if (rc == SQLITE_OK)
        rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    if (rc != SQLITE_OK) {
        /* SQLite says of an interrupted declaration that it is wrong. */
        if (rc != SQLITE_NOMEM && !*message)
            *message = sqlite3_mprintf("parallel_map: %s", sqlite3_errmsg(db));
        if (rc == SQLITE_ERROR && host_interrupted(table->interrupt_probe))
            rc = SQLITE_INTERRUPT;
        free_table(table);
        return rc;
    }
    *out = &table->base;
    return SQLITE_OK;
}

static int map_disconnect(sqlite3_vtab *base)
{
    free_table((MapTable *)base);
    return SQLITE_OK;
}

/* See the head of this file for idxNum and idxStr. */
static int map_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    MapTable *table = (MapTable *)base;
    int next = 1, rc = SQLITE_OK;
    char *message = NULL;
    table->state->maps_prepared++;
    const int columns = table->request_columns.count;
    if (table->form == MAP_FUNCTION)
        rc = function_form_offer(info, &next, &message);
    else
        rc = parameters_offer(info, columns, table->parameters.count, &next);
    if (rc != SQLITE_OK)
        return set_error(base, rc, message);
    /* Of a function the value alone is a column that may be left out; parameters are none of the map's
     * columns. */
    uint64_t used = table->form == MAP_FUNCTION ? info->colUsed >> COLUMN_VALUE & 1
                    : columns < 64              ? info->colUsed & ((UINT64_C(1) << columns) - 1)
                                                : info->colUsed;
    rc = scan_request_offer(table->state->db, info, &table->request_columns, used, &next);
    if (table->form == MAP_TABLE && info->idxNum)
        info->estimatedCost = 1e300;
    return rc;
}

static int map_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    (void)base;
    MapCursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    buffer_heap_init(&cursor->value_bytes);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void end_run(MapCursor *cursor)
{
    map_run_close(cursor->run);
    cursor->run = NULL;
    kept_rows_free(&cursor->kept);
    cursor->keeps = cursor->indexed = false;
    if (cursor->kept_plan)
        plan_cache_keep(&((MapTable *)cursor->base.pVtab)->idle, cursor->kept_plan);
    cursor->kept_plan = NULL;
}

static int map_close(sqlite3_vtab_cursor *base)
{
    MapCursor *cursor = (MapCursor *)base;
    end_run(cursor);
    scan_request_free(&cursor->request);
    buffer_heap_free(&cursor->value_bytes);
    row_identity_free(&cursor->identity);
    free(cursor);
    return SQLITE_OK;
}

/* Begins a run of a plan, which has to be the current one. */
static int open_run(MapCursor *cursor, KeptPlan *kept, char **message)
{
    MapTable *table = (MapTable *)cursor->base.pVtab;
    const Plan *plan = kept->plan;
    int rc =
        scan_request_make_values(&cursor->request, plan->encoding, &cursor->value_bytes, &cursor->values);
    if (rc != SQLITE_OK)
        return rc;
    cursor->identity.call =
        row_identity_call(&cursor->values.view, (uint32_t)cursor->request.plan.parameters);
    /* A request of positions begins at the first of them. */
    cursor->position = cursor->values.first_position > 1 && plan->form == MAP_FUNCTION && !plan->source.rowid
                           ? cursor->values.first_position
                           : 1;
    const MapRunParts parts = {.plan = kept->plan,
                               .experience = &kept->experience,
                               .values = &cursor->values,
                               .record = &cursor->record,
                               .interrupt_probe = table->interrupt_probe};
    return map_run_open(table->state, &parts, &cursor->run, message);
}

/* A map that no row is requested of may be one that is not allowed, and is an error then. */
static int judge_map(MapCursor *cursor, const MapArguments *arguments, char **message)
{
    MapTable *table = (MapTable *)cursor->base.pVtab;
    const PlanRequest *request = &cursor->request.plan;
    KeptPlan *kept = plan_cache_take(&table->idle, arguments, request);
    int rc = SQLITE_OK;
    if (!kept || plan_state(kept->plan, table->state) != PLAN_IS_CURRENT) {
        kept_plan_free(kept);
        rc = make_plan(table, arguments, request, &kept, message);
        if (kept && table->form == MAP_TABLE)
            rc = declared_columns_check(&table->columns, kept, message);
    }
    if (kept)
        plan_cache_keep(&table->idle, kept);
    return rc;
}

static int start_run(MapCursor *cursor, const MapArguments *arguments, char **message)
{
    MapTable *table = (MapTable *)cursor->base.pVtab;
    const PlanRequest *request = &cursor->request.plan;
    int rc = SQLITE_SCHEMA;
    /* A map becomes the source of its own source where one of them is dropped and created again. */
    if (table->state->depth >= DEPTH_MAX) {
        *message = sqlite3_mprintf(
            "parallel_map: maps are nested more than %d deep: the source '%s' may read itself", DEPTH_MAX,
            arguments->source);
        return *message ? SQLITE_ERROR : SQLITE_NOMEM;
    }
    KeptPlan *kept = plan_cache_take(&table->idle, arguments, request), *old = NULL;
    if (kept && plan_state(kept->plan, table->state) == PLAN_IS_CURRENT)
        rc = open_run(cursor, kept, message);
    if (rc == SQLITE_SCHEMA) {
        old = kept;
        rc = make_plan(table, arguments, request, &kept, message);
        if (kept)
            rc =
                table->form == MAP_TABLE ? declared_columns_check(&table->columns, kept, message) : SQLITE_OK;
        /* A run that was begun may have shown it. */
        if (kept && rc == SQLITE_OK && old && !plan_schema_changed(old->plan)) {
            plan_inherit(kept->plan, old->plan);
            kept->experience = map_experience_of_new_plan(&old->experience);
        }
        if (kept && rc == SQLITE_OK)
            rc = open_run(cursor, kept, message);
    }
    kept_plan_free(old);
    if (rc != SQLITE_OK) {
        kept_plan_free(kept);
        return rc;
    }
    cursor->kept_plan = kept;
    return SQLITE_OK;
}

static int next_rows(MapCursor *cursor)
{
    char *message = NULL;
    cursor->row = 0;
    int rc = map_run_next(cursor->run, &cursor->rows, &message);
    if (rc == SQLITE_ROW) {
        if (cursor->keeps && !kept_rows_add(&cursor->kept, &cursor->rows)) {
            cursor->keeps = false;
            cursor->too_many = true;
        }
        return SQLITE_OK;
    }
    cursor->ended = true;
    if (rc == SQLITE_DONE)
        return SQLITE_OK;
    return set_error(cursor->base.pVtab, rc, message);
}

/* Moves to the next of the kept rows that may equal the value. */
static void next_kept(MapCursor *cursor)
{
    cursor->ended =
        !kept_rows_next(&cursor->kept, &cursor->lookup, &cursor->rows, &cursor->row, &cursor->position);
}

/* The rowset's column for a column of the table; KEPT_NUMBER: the column is the row's number. */
static uint32_t rowset_column(const MapCursor *cursor, int column)
{
    const Plan *plan = cursor->kept_plan->plan;
    if (((MapTable *)cursor->base.pVtab)->form == MAP_TABLE || plan->key_in_output)
        return (uint32_t)column;
    return column == COLUMN_KEY ? KEPT_NUMBER : 0;
}

/* Has the cursor find its rows among those that it keeps, where they are those of the same map. *found stays
   false where the map has to run. */
static int find_kept(MapCursor *cursor, const MapArguments *arguments, uint64_t used, int column,
                     sqlite3_value *value, bool *found)
{
    int rc = SQLITE_OK;
    if (!cursor->keeps || cursor->kept_column != column || cursor->kept_plan->plan->request.used != used ||
        !map_arguments_equal(&cursor->kept_plan->plan->arguments, arguments))
        return rc;
    /* A reader may come back before it has had all rows. */
    while (rc == SQLITE_OK && !cursor->indexed && !cursor->ended)
        rc = next_rows(cursor);
    if (rc != SQLITE_OK || !cursor->keeps)
        return rc;
    if (!cursor->indexed) {
        map_run_close(cursor->run);
        cursor->run = NULL;
        cursor->keeps = cursor->indexed = kept_rows_index(&cursor->kept, rowset_column(cursor, column));
    }
    *found = cursor->indexed;
    if (*found) {
        kept_rows_find(&cursor->kept, value, &cursor->lookup);
        next_kept(cursor);
    }
    return rc;
}

/*
 * Whether the rows of the whole map are to be kept for the scans to come: the scan before this one has
 * computed the map for rows that the next one needs again, or has passed by so many rows of the source that
 * computing them all costs no more.
 */
static bool should_keep(const MapCursor *cursor)
{
    const Plan *plan = cursor->kept_plan ? cursor->kept_plan->plan : NULL;
    if (cursor->entries < 2 || cursor->too_many || !plan || plan->why_feed || plan->request.parameters)
        return false;
    return !plan->source_conditions ||
           (double)cursor->entries * PASS_NS > cursor->kept_plan->experience.row_ns;
}

/* Begins the rows of the cursor's request: the rows that it keeps, or those of a run. */
static int ask(MapCursor *cursor, const MapArguments *arguments)
{
    char *message = NULL;
    sqlite3_value *value;
    ScanRequest *request = &cursor->request;
    int equality = scan_request_find_equality(request, &value);
    int column = equality < 0 ? 0 : request->plan.conditions.items[equality].column;
    /* To SQLite the key is the column before those of the map. */
    column += ((MapTable *)cursor->base.pVtab)->form == MAP_FUNCTION;
    bool found = false;
    cursor->entries++;
    row_identity_restart(&cursor->identity);
    int rc =
        equality >= 0 ? find_kept(cursor, arguments, request->plan.used, column, value, &found) : SQLITE_OK;
    if (rc != SQLITE_OK || found)
        return rc;
    bool keeps = equality >= 0 && should_keep(cursor);
    /* A map whose text depends on the row outside is another one for each. */
    if (cursor->kept_plan && !map_arguments_equal(&cursor->kept_plan->plan->arguments, arguments))
        cursor->record = 0;
    end_run(cursor);
    cursor->ended = request->never;
    if (request->never) {
        rc = judge_map(cursor, arguments, &message);
        return set_error(cursor->base.pVtab, rc, message);
    }
    cursor->keeps = keeps;
    cursor->kept_column = column;
    if (keeps)
        scan_request_forget_conditions(request);
    rc = start_run(cursor, arguments, &message);
    if (rc == SQLITE_OK)
        return next_rows(cursor);
    cursor->ended = true;
    return set_error(cursor->base.pVtab, rc, message);
}

static int map_filter(sqlite3_vtab_cursor *base, int given, const char *text, int argc, sqlite3_value **argv)
{
    MapCursor *cursor = (MapCursor *)base;
    MapTable *table = (MapTable *)base->pVtab;
    char *message = NULL;
    int rc;
    (void)argc;
    if (table->form == MAP_TABLE && given) {
        rc = parameters_missing(&table->parameters, given, &message);
        return set_error(base->pVtab, rc, message);
    }
    sqlite3_value *argument[ARGUMENTS] = {0};
    for (int i = 0; table->form == MAP_FUNCTION && i < ARGUMENTS; i++)
        if (given & 1 << i)
            argument[i] = *argv++;
    scan_request_free(&cursor->request);
    rc = scan_request_read(&cursor->request, text, &table->request_columns, argv + table->parameters.count);
    if (rc != SQLITE_OK)
        return rc;
    parameters_read(&table->parameters, argv, &cursor->request);
    if (table->form == MAP_TABLE)
        return ask(cursor, &table->arguments);
    MapArguments arguments;
    rc = map_arguments_from_values(&arguments, argument[0], argument[1], argument[2], argument[3],
                                   argument[4], &message);
    rc = rc == SQLITE_OK ? ask(cursor, &arguments) : set_error(base->pVtab, rc, message);
    map_arguments_free(&arguments);
    return rc;
}

static int map_next(sqlite3_vtab_cursor *base)
{
    MapCursor *cursor = (MapCursor *)base;
    if (cursor->indexed) {
        next_kept(cursor);
        row_identity_next(&cursor->identity);
        return SQLITE_OK;
    }
    row_identity_next(&cursor->identity);
    cursor->position++;
    return ++cursor->row < cursor->rows.rows ? SQLITE_OK : next_rows(cursor);
}

static int map_eof(sqlite3_vtab_cursor *base)
{
    return ((MapCursor *)base)->ended;
}

static int map_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    MapCursor *cursor = (MapCursor *)base;
    const Plan *plan = cursor->kept_plan->plan;
    if (((MapTable *)base->pVtab)->form == MAP_FUNCTION && column >= COLUMN_SOURCE) {
        function_form_result(context, &plan->arguments, column);
        return SQLITE_OK;
    }
    const int map_columns = ((MapTable *)base->pVtab)->request_columns.count;
    RowsetValue value;
    if (((MapTable *)base->pVtab)->form == MAP_TABLE && column >= map_columns) {
        if (rowset_get(&cursor->values.view, VALUES_ROW, (uint32_t)(column - map_columns), &value))
            rowset_result(context, &value, plan->encoding, SQLITE_TRANSIENT);
        return SQLITE_OK;
    }
    uint32_t from = rowset_column(cursor, column);
    if (from == KEPT_NUMBER) {
        if (!plan->source.rowid_is_null)
            sqlite3_result_int64(context, cursor->position);
        return SQLITE_OK;
    }
    if (!rowset_get(&cursor->rows, cursor->row, from, &value))
        return set_error(base->pVtab, SQLITE_ERROR,
                         sqlite3_mprintf("parallel_map: a worker's result is damaged"));
    if (value.type != SQLITE_NULL && cursor->kept_plan->only_null && cursor->kept_plan->only_null[from])
        return set_error(base->pVtab, SQLITE_ERROR, declared_columns_say_other(&plan->output.items[from]));
    /* Transient: a sorter or another cursor may keep the value after these rows are gone. */
    rowset_result(context, &value, plan->encoding, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

static int map_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    MapCursor *cursor = (MapCursor *)base;
    const Plan *plan = cursor->kept_plan->plan;
    int64_t key = 0, number;
    /* The key of the function's form may be in the rows or not, and is the same. */
    if (plan->form == MAP_FUNCTION) {
        RowsetValue value = {.integer = cursor->position};
        if (plan->key_in_output && !rowset_get(&cursor->rows, cursor->row, 0, &value))
            return SQLITE_CORRUPT_VTAB;
        key = value.integer;
    }
    int rc =
        row_identity_give(&cursor->identity, &cursor->rows, cursor->row, plan->key_in_output, key, &number);
    *rowid = number;
    return rc;
}

/* xCreate is xConnect: that makes the module eponymous as well. Read-only, so there is nothing to destroy. */
static const sqlite3_module map_module = {
    .iVersion = 0,
    .xCreate = map_connect,
    .xConnect = map_connect,
    .xBestIndex = map_best_index,
    .xDisconnect = map_disconnect,
    .xDestroy = map_disconnect,
    .xOpen = map_open,
    .xClose = map_close,
    .xFilter = map_filter,
    .xNext = map_next,
    .xEof = map_eof,
    .xColumn = map_column,
    .xRowid = map_rowid,
};

int parallel_map_register(ConnectionState *state)
{
    return sqlite3_create_module_v2(state->db, MODULE_NAME, &map_module, connection_state_ref(state),
                                    connection_state_unref);
}
