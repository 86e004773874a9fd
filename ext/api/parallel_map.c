/*
 * The virtual table parallel_map. One module serves both forms: used as a function it is eponymous, with the
 * arguments in hidden columns; made by CREATE VIRTUAL TABLE it has the columns of its map.
 *
 * A cursor owns its run; the table owns plans, idle ones in a list, so that a cursor that is opened again, or
 * filtered again in the inner loop of a join, prepares nothing. All statements on the host's connection
 * belong to the table: SQLite disconnects tables before it checks whether a connection may close.
 *
 * xBestIndex (map_best_index) encodes what xFilter (map_filter) has to do. Each bit of idxNum that is set
 * stands for a value that xFilter is given, lowest bit first:
 *
 *   bit 0   source     function's form
 *   bit 1   map        function's form
 *   bit 2   executor   function's form
 *   bit 3   workers    function's form
 *   bit 4   chunk      function's form
 *   bit 5   equality   both forms
 *
 * Bits 0 to 4 are equalities on the hidden columns. The first two have to be there; one that a join cannot
 * use where it stands makes the plan impossible. Bit 5 is a value that a column of the map has to equal: it
 * changes neither cost nor rows, as all of the map is computed once, and SQLite compares again.
 *
 * idxStr is "MASK:COLUMN". MASK, in hexadecimal, has a bit for each column of the map that is read, the last
 * for all from the 64th on; in the function's form bit 0 is its value. COLUMN is the column of bit 5, or -1.
 */
#include "ext/api/parallel_map.h"

#include <stdlib.h>
#include <string.h>

#include "ext/api/kept_rows.h"
#include "ext/api/plan_cache.h"
#include "ext/base/error.h"
#include "ext/base/sqlite_limits.h"
#include "ext/base/interrupt.h"
#include "ext/run/map_run.h"

#define MODULE_NAME "parallel_map"

/* Columns of the function's form; the hidden ones are its arguments, in order. */
enum { COLUMN_KEY, COLUMN_VALUE, COLUMN_SOURCE, COLUMN_MAP, COLUMN_EXECUTOR, COLUMN_WORKERS, COLUMN_CHUNK };
enum { ARGUMENTS = COLUMN_CHUNK - COLUMN_SOURCE + 1, DEPTH_MAX = 16 };

/* Bit 5 of idxNum, after those of the arguments. */
enum { GIVEN_EQUAL = 1 << ARGUMENTS };

static const char function_declaration[] =
    "CREATE TABLE x(key, value, source HIDDEN, map HIDDEN, executor HIDDEN, workers HIDDEN, chunk HIDDEN)";

typedef struct MapTable {
    sqlite3_vtab base;
    ConnectionState *state;
    MapForm form;
    /* Arguments and columns of a MAP_TABLE. */
    MapArguments arguments;
    ColumnList columns;
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
    /* Rows that the run gave last, the cursor's row in them, and the number of that row from 1. */
    RowsetView rows;
    uint32_t row;
    int64_t position;
    bool ended;
    /* Rows that the run has given so far, and the column that has to equal a value; see kept_rows.h. */
    KeptRows kept;
    bool keeps;
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
    free(table);
}

/* Makes a plan, with nothing learnt yet. Planning calls no function of the map. */
static int make_plan(MapTable *table, const MapArguments *arguments, uint64_t used, KeptPlan **kept,
                     char **message)
{
    Plan *plan;
    *kept = NULL;
    int rc = plan_create(table->state, arguments, table->form, used, &plan, message);
    if (rc != SQLITE_OK)
        return rc;
    *kept = kept_plan_create(plan);
    return *kept ? SQLITE_OK : SQLITE_NOMEM;
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
    KeptPlan *kept;
    if (rc == SQLITE_OK)
        rc = make_plan(table, &table->arguments, MAP_ALL_COLUMNS, &kept, message);
    if (rc == SQLITE_OK) {
        rc = columns_copy(&table->columns, &kept->plan->output);
        plan_cache_keep(&table->idle, kept);
    }
    return rc;
}

static int declare(sqlite3 *db, const MapTable *table)
{
    SqliteLimits own;
    char *columns = table->form == MAP_TABLE ? columns_declare(&table->columns, true) : NULL;
    if (table->form == MAP_TABLE && !columns)
        return SQLITE_NOMEM;
    limits_lift(db, &own);
    int rc = sqlite3_declare_vtab(db, columns ? columns : function_declaration);
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

/* Passes the arguments of the function's form. */
static int pass_arguments(sqlite3_vtab *base, sqlite3_index_info *info, int *next)
{
    int constraint_index[ARGUMENTS];
    memset(constraint_index, -1, sizeof constraint_index);
    for (int i = 0; i < info->nConstraint; i++) {
        int argument = info->aConstraint[i].iColumn - COLUMN_SOURCE;
        if (argument < 0 || argument >= ARGUMENTS || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT;
        constraint_index[argument] = i;
    }
    if (constraint_index[0] < 0 || constraint_index[1] < 0)
        return set_error(
            base, SQLITE_ERROR,
            sqlite3_mprintf("parallel_map: %s is missing: call parallel_map(source, map [, executor, "
                            "workers, chunk])",
                            constraint_index[0] < 0 ? "source" : "map"));
    for (int argument = 0; argument < ARGUMENTS; argument++)
        if (constraint_index[argument] >= 0) {
            info->idxNum |= 1 << argument;
            info->aConstraintUsage[constraint_index[argument]].argvIndex = (*next)++;
            info->aConstraintUsage[constraint_index[argument]].omit = 1;
        }
    return SQLITE_OK;
}

/* Index of a usable constraint that a column of the map equals something; -1: none. An IN is such a
 * constraint as well, but would filter once for each of its values, and give the rows in the order of the
 * values. */
static int find_equality(const MapTable *table, sqlite3_index_info *info)
{
    for (int i = 0; i < info->nConstraint; i++)
        if (info->aConstraint[i].usable && info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ &&
            info->aConstraint[i].iColumn >= 0 &&
            (table->form == MAP_TABLE || info->aConstraint[i].iColumn < COLUMN_SOURCE) &&
            !sqlite3_vtab_in(info, i, -1))
            return i;
    return -1;
}

/* See the head of this file for idxNum and idxStr. */
static int map_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    MapTable *table = (MapTable *)base;
    int next = 1;
    table->state->maps_prepared++;
    info->estimatedCost = 1e6;
    info->estimatedRows = 100000;
    int equality = find_equality(table, info);
    /* Of a function the value alone is a column that may be left out. */
    info->idxStr = sqlite3_mprintf(
        "%llx:%d", table->form == MAP_TABLE ? info->colUsed : info->colUsed >> COLUMN_VALUE & 1,
        equality < 0 ? -1 : info->aConstraint[equality].iColumn);
    info->needToFreeIdxStr = 1;
    if (!info->idxStr)
        return SQLITE_NOMEM;
    int rc = table->form == MAP_FUNCTION ? pass_arguments(base, info, &next) : SQLITE_OK;
    if (rc == SQLITE_OK && equality >= 0) {
        info->idxNum |= GIVEN_EQUAL;
        info->aConstraintUsage[equality].argvIndex = next;
    }
    return rc;
}

static int map_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    (void)base;
    MapCursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
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
    end_run((MapCursor *)base);
    free(base);
    return SQLITE_OK;
}

/* A text that the table's column and the map's may both not have. */
static bool is_same_word(const char *a, const char *b)
{
    return !sqlite3_stricmp(a ? a : "", b ? b : "");
}

static char *say_other_column(const Column *column)
{
    return sqlite3_mprintf(
        "parallel_map: the column %s compares otherwise than when this table was made: its "
        "source has changed, or what the host's authorizer says of it; drop the table and "
        "create it again",
        column->name);
}

/*
 * The columns that were declared must still be the map's: its source may have changed since. What the host's
 * authorizer has read as NULL (SQLITE_IGNORE) has lost its affinity, which makes no difference to a NULL.
 */
static int check_columns(MapTable *table, KeptPlan *kept, char **message)
{
    const ColumnList *now = &kept->plan->output, *declared = &table->columns;
    if (table->form != MAP_TABLE)
        return SQLITE_OK;
    bool same = now->count == declared->count;
    for (int i = 0; same && i < now->count; i++)
        same = !strcmp(now->items[i].name, declared->items[i].name);
    if (!same)
        return error_text(message, sqlite3_mprintf("parallel_map: the source has changed, and the map has "
                                                   "other columns than this table: drop it and create it "
                                                   "again"));
    for (int i = 0; i < now->count; i++) {
        const Column *column = &now->items[i];
        if (is_same_word(column->type, declared->items[i].type) &&
            is_same_word(column->collation, declared->items[i].collation))
            continue;
        if (*column->type || column->collation)
            return error_text(message, say_other_column(column));
        if (!kept->only_null)
            kept->only_null = calloc((size_t)now->count, sizeof *kept->only_null);
        if (!kept->only_null)
            return SQLITE_NOMEM;
        kept->only_null[i] = true;
    }
    return SQLITE_OK;
}

static int start_run(MapCursor *cursor, const MapArguments *arguments, uint64_t used, char **message)
{
    MapTable *table = (MapTable *)cursor->base.pVtab;
    int rc = SQLITE_SCHEMA;
    /* A map becomes the source of its own source where one of them is dropped and created again. */
    if (table->state->depth >= DEPTH_MAX) {
        *message = sqlite3_mprintf(
            "parallel_map: maps are nested more than %d deep: the source '%s' may read itself", DEPTH_MAX,
            arguments->source);
        return *message ? SQLITE_ERROR : SQLITE_NOMEM;
    }
    KeptPlan *kept = plan_cache_take(&table->idle, arguments, used), *old = NULL;
    if (kept && plan_state(kept->plan, table->state) == PLAN_IS_CURRENT)
        rc = map_run_open(table->state, kept->plan, &kept->experience, table->interrupt_probe, &cursor->run,
                          message);
    if (rc == SQLITE_SCHEMA) {
        old = kept;
        rc = make_plan(table, arguments, used, &kept, message);
        if (kept)
            rc = check_columns(table, kept, message);
        /* A run that was begun may have shown it. */
        if (kept && rc == SQLITE_OK && old && !plan_schema_changed(old->plan)) {
            plan_inherit(kept->plan, old->plan);
            kept->experience = map_experience_of_new_plan(&old->experience);
        }
        if (kept && rc == SQLITE_OK)
            rc = map_run_open(table->state, kept->plan, &kept->experience, table->interrupt_probe,
                              &cursor->run, message);
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
        cursor->keeps = cursor->keeps && kept_rows_add(&cursor->kept, &cursor->rows);
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
    if (!cursor->keeps || cursor->kept_column != column || cursor->kept_plan->plan->requested != used ||
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

/* Filters a cursor as idxStr, `text`, encodes; `value` NULL: no column has to equal a value. */
static int filter_rows(MapCursor *cursor, const MapArguments *arguments, const char *text,
                       sqlite3_value *value)
{
    char *end, *message = NULL;
    uint64_t used = strtoull(text, &end, 16);
    int column = (int)strtol(end + 1, NULL, 10);
    bool found = false;
    int rc = value ? find_kept(cursor, arguments, used, column, value, &found) : SQLITE_OK;
    if (rc != SQLITE_OK || found)
        return rc;
    end_run(cursor);
    cursor->ended = false;
    cursor->position = 1;
    cursor->keeps = value != NULL;
    cursor->kept_column = column;
    rc = start_run(cursor, arguments, used, &message);
    if (rc == SQLITE_OK)
        return next_rows(cursor);
    cursor->ended = true;
    return set_error(cursor->base.pVtab, rc, message);
}

static int map_filter(sqlite3_vtab_cursor *base, int given, const char *text, int argc, sqlite3_value **argv)
{
    MapCursor *cursor = (MapCursor *)base;
    MapTable *table = (MapTable *)base->pVtab;
    sqlite3_value *equal = given & GIVEN_EQUAL ? argv[argc - 1] : NULL;
    char *message = NULL;
    int rc;
    if (table->form == MAP_TABLE) {
        rc = filter_rows(cursor, &table->arguments, text, equal);
    } else {
        sqlite3_value *argument[ARGUMENTS] = {0};
        for (int i = 0, next = 0; i < ARGUMENTS; i++)
            if (given & 1 << i)
                argument[i] = argv[next++];
        MapArguments arguments;
        rc = map_arguments_from_values(&arguments, argument[0], argument[1], argument[2], argument[3],
                                       argument[4], &message);
        rc = rc == SQLITE_OK ? filter_rows(cursor, &arguments, text, equal)
                             : set_error(base->pVtab, rc, message);
        map_arguments_free(&arguments);
    }
    return rc;
}

static int map_next(sqlite3_vtab_cursor *base)
{
    MapCursor *cursor = (MapCursor *)base;
    if (cursor->indexed) {
        next_kept(cursor);
        return SQLITE_OK;
    }
    cursor->position++;
    return ++cursor->row < cursor->rows.rows ? SQLITE_OK : next_rows(cursor);
}

static int map_eof(sqlite3_vtab_cursor *base)
{
    return ((MapCursor *)base)->ended;
}

static void argument_result(sqlite3_context *context, const MapArguments *arguments, int column)
{
    if (column == COLUMN_SOURCE)
        sqlite3_result_text(context, arguments->source, -1, SQLITE_TRANSIENT);
    else if (column == COLUMN_MAP)
        sqlite3_result_text(context, arguments->map, -1, SQLITE_TRANSIENT);
    else if (column == COLUMN_EXECUTOR && arguments->has_executor)
        sqlite3_result_text(context, executor_kind_name(arguments->executor), -1, SQLITE_STATIC);
    else if (column == COLUMN_WORKERS && arguments->has_workers)
        sqlite3_result_int(context, arguments->workers);
    else if (column == COLUMN_CHUNK && arguments->has_chunk)
        sqlite3_result_int64(context, arguments->chunk);
}

static int map_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    MapCursor *cursor = (MapCursor *)base;
    const Plan *plan = cursor->kept_plan->plan;
    if (((MapTable *)base->pVtab)->form == MAP_FUNCTION && column >= COLUMN_SOURCE) {
        argument_result(context, &plan->arguments, column);
        return SQLITE_OK;
    }
    uint32_t from = rowset_column(cursor, column);
    if (from == KEPT_NUMBER) {
        if (!plan->source.rowid_is_null)
            sqlite3_result_int64(context, cursor->position);
        return SQLITE_OK;
    }
    RowsetValue value;
    if (!rowset_get(&cursor->rows, cursor->row, from, &value))
        return set_error(base->pVtab, SQLITE_ERROR,
                         sqlite3_mprintf("parallel_map: a worker's result is damaged"));
    if (value.type != SQLITE_NULL && cursor->kept_plan->only_null && cursor->kept_plan->only_null[from])
        return set_error(base->pVtab, SQLITE_ERROR, say_other_column(&plan->output.items[from]));
    /* Transient: a sorter or another cursor may keep the value after these rows are gone. */
    rowset_result(context, &value, plan->encoding, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

static int map_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((MapCursor *)base)->position;
    return SQLITE_OK;
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
