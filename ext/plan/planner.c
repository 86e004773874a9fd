#include "ext/plan/planner_internal.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/error.h"
#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/chunk_table.h"
#include "ext/evaluate/evaluator.h"
#include "ext/evaluate/range.h"
#include "ext/evaluate/like_setting.h"
#include "ext/plan/host_rules.h"
#include "ext/plan/map_tables.h"
#include "ext/plan/sql_text.h"
#include "sql/ext_sql.h"

static char *copy_text(const char *text, int *rc)
{
    char *copy = text ? sqlite3_mprintf("%s", text) : NULL;
    if (text && !copy)
        *rc = SQLITE_NOMEM;
    return copy;
}

static int copy_arguments(MapArguments *to, const MapArguments *from)
{
    int rc = SQLITE_OK;
    *to = *from;
    to->source = copy_text(from->source, &rc);
    to->map = copy_text(from->map, &rc);
    to->where = copy_text(from->where, &rc);
    to->group_by = copy_text(from->group_by, &rc);
    return rc;
}

/* The text encoding of the host's databases: all of a connection have one. */
static uint32_t host_encoding(sqlite3 *db)
{
    sqlite3_stmt *statement;
    uint32_t encoding = SQLITE_UTF8;
    /* A build without UTF-16 (SQLITE_OMIT_UTF16) opens no such database. */
    if (!sqlite3_api->value_text16 ||
        sqlite3_prepare_v2(db, "PRAGMA encoding", -1, &statement, NULL) != SQLITE_OK)
        return encoding;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (name && !strcmp(name, "UTF-16le"))
            encoding = SQLITE_UTF16LE;
        else if (name && !strcmp(name, "UTF-16be"))
            encoding = SQLITE_UTF16BE;
    }
    sqlite3_finalize(statement);
    return encoding;
}

/* Whether the text has the word LIKE in it, as an operator, a function or anything else. */
static bool may_call_like(const char *text)
{
    return text && strcasestr(text, "like");
}

static int read_flags(const Plan *plan, sqlite3 *db, uint32_t *flags)
{
    const MapArguments *arguments = &plan->arguments;
    int dqs = 0;
    LikeSetting like = LIKE_UNKNOWN;
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, -1, &dqs);
    int rc = SQLITE_OK;
    if (may_call_like(arguments->map) || may_call_like(arguments->where) ||
        may_call_like(arguments->group_by))
        rc = like_setting_read(db, &like);
    *flags = (plan->source.rowid ? RECIPE_ROWID : 0u) | (plan->arguments.partial ? RECIPE_PARTIAL : 0u) |
             (plan->arguments.where ? RECIPE_WHERE : 0u) | (plan->key_in_output ? RECIPE_KEY : 0u) |
             (dqs ? RECIPE_DQS : 0u) | (like == LIKE_NOCASE ? RECIPE_LIKE_NOCASE : 0u) |
             (like == LIKE_BINARY ? RECIPE_LIKE_BINARY : 0u);
    return rc;
}

static int build_recipe(Plan *plan, ConnectionState *state, MapForm form)
{
    SqliteLimits own;
    TimeZone zone;
    uint32_t flags, encoding = SQLITE_UTF8;
    time_zone_look(&zone);
    plan->key_in_output = form == MAP_FUNCTION && plan->source.rowid;
    recipe_unref(plan->recipe);
    plan->recipe = NULL;
    limits_lift(state->db, &own);
    int rc = read_flags(plan, state->db, &flags);
    if (rc == SQLITE_OK)
        encoding = host_encoding(state->db);
    const int most_columns = sqlite3_limit(state->db, SQLITE_LIMIT_COLUMN, -1);
    limits_restore(state->db, &own);
    if (rc != SQLITE_OK)
        return rc;
    plan->encoding = encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16;
    const ColumnList *columns = &plan->source.columns;
    bool rowid = plan->source.rowid != NULL;
    /* A chunk table without rowids has a column more than its source. Where there is no room for one it has
       rowids, and a view or a subquery over it, which have none. */
    bool full = !rowid && columns->count >= most_columns;
    char *declaration = columns_declare(columns, rowid || full);
    bool viewed = plan->source.table && (full || columns_need_view(columns));
    char *view = viewed ? columns_view(columns, CHUNK_VIEW_NAME, CHUNK_TABLE_NAME) : NULL;
    char *select = plan_chunk_select(plan, viewed);
    if (declaration && select && (view || !viewed))
        plan->recipe = recipe_build(&(RecipeParts){
            .encoding = encoding,
            .flags = flags,
            .limits = own.values,
            .zone = zone,
            .declaration = declaration,
            .view = view,
            .select = select,
            .extension_count = (uint32_t)state->extension_count,
            .extensions = (const char *const *)state->extensions,
        });
    sqlite3_free(declaration);
    sqlite3_free(view);
    sqlite3_free(select);
    plan->extension_count = state->extension_count;
    return plan->recipe ? SQLITE_OK : SQLITE_NOMEM;
}

/* RECIPE_TABLES where a function that reads tables on a worker's connection finds what it would find on the
   host's: the worker has the file as its main, and nothing else. */
static uint32_t tables_flag(const ConnectionState *state, const char *schema)
{
    sqlite3_stmt *statement = NULL;
    SqliteLimits own;
    limits_lift(state->db, &own);
    bool only = state->extension_count && !strcmp(schema, "main") &&
                sqlite3_prepare_v2(state->db, sql_ext_only_main, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    limits_restore(state->db, &own);
    return only ? RECIPE_TABLES : 0;
}

Recipe *plan_partition_recipe(const Plan *plan, ConnectionState *state, const char *schema, const char *uri,
                              uint64_t scan)
{
    Recipe *recipe = NULL;
    bool partial = plan->arguments.partial,
         told = partial && !plan->arguments.where && !plan->arguments.group_by;
    char *select = plan_partition_select(plan, false, partial);
    char *uncounted = told ? plan_partition_select(plan, false, false) : NULL;
    char *tracing = plan_partition_select(plan, true, partial);
    char *rowids =
        sqlite3_mprintf("SELECT %s FROM main.\"%w\" NOT INDEXED WHERE %s >= ?1 AND %s <= ?2",
                        plan->source.rowid, plan->source.table, plan->source.rowid, plan->source.rowid);
    if (select && tracing && rowids && (uncounted || !told))
        recipe = recipe_build(&(RecipeParts){
            .encoding = plan->recipe->encoding,
            .flags = plan->recipe->flags | tables_flag(state, schema) |
                     (plan->has_constants ? RECIPE_CONSTANTS : 0u),
            .limits = plan->recipe->limits,
            .zone = plan->recipe->zone,
            .scan = scan,
            .columns = (uint32_t)(plan->map_columns + plan->key_in_output),
            .declaration = "",
            .select = select,
            .uncounted_select = uncounted,
            .tracing_select = tracing,
            .rowids_select = rowids,
            .uri = uri,
            .table = plan->source.table,
            .extension_count = (uint32_t)state->extension_count,
            .extensions = (const char *const *)state->extensions,
        });
    sqlite3_free(select);
    sqlite3_free(uncounted);
    sqlite3_free(tracing);
    sqlite3_free(rowids);
    return recipe;
}

/* What a statement does that takes columns out of a table as they are stored there. */
static bool is_plain_reading(const char *opcode)
{
    static const char *const plain[] = {"Init",   "Transaction", "TableLock", "OpenRead",     "ColumnsUsed",
                                        "Rewind", "Column",      "Rowid",     "RealAffinity", "ResultRow",
                                        "Next",   "Halt",        "Goto",      "Explain",      "Noop"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcmp(opcode, plain[i]))
            return true;
    return false;
}

/*
 * Whether the host's feed reads every input from the table, and does nothing else. Where its authorizer has a
 * column read as NULL (SQLITE_IGNORE) there is no instruction that reads it; where a column is computed
 * (GENERATED ALWAYS AS … VIRTUAL) the file's schema would have workers call functions that nobody has judged.
 */
static bool feed_reads_inputs(const Plan *plan, sqlite3 *db)
{
    int *index_of, reads = 0;
    bool plain = true;
    char *feed = source_feed_sql(&plan->source, plan->inputs, plan->input_count, false, &index_of);
    char *sql = feed ? sqlite3_mprintf("EXPLAIN %s", feed) : NULL;
    sqlite3_stmt *statement = NULL;
    if (sql && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK)
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *opcode = (const char *)sqlite3_column_text(statement, 1);
            bool reading = opcode && (!strcmp(opcode, "Column") || !strcmp(opcode, "Rowid"));
            reads += reading;
            /* The NULL that stands for the columns of a feed without inputs. */
            bool nothing = opcode && !plan->input_count && !strcmp(opcode, "Null");
            plain = plain && opcode && (nothing || is_plain_reading(opcode));
        }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    sqlite3_free(feed);
    free(index_of);
    return plain && reads == plan->input_count;
}

/* Whether the host's statements without ORDER BY run backwards, to test its programs, or may: its authorizer
 * can have the question ignored, and then there is no row. */
static bool reads_backwards(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    bool backwards =
        sqlite3_prepare_v2(db, "PRAGMA reverse_unordered_selects", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return backwards;
}

/* Whether the host itself would read the feed by walking the table in the order of its rowids, and not an
 * index. */
static bool feed_walks_table(const Plan *plan, sqlite3 *db)
{
    int *index_of;
    char *feed = source_feed_sql(&plan->source, plan->inputs, plan->input_count, false, &index_of);
    char *sql = feed ? sqlite3_mprintf("EXPLAIN QUERY PLAN %s", feed) : NULL;
    sqlite3_stmt *statement = NULL;
    bool walks = false;
    if (sql && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(statement, 3);
        walks = detail && !strncmp(detail, "SCAN ", 5) && !strstr(detail, " USING ") &&
                !strstr(detail, "VIRTUAL");
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    sqlite3_free(feed);
    free(index_of);
    return walks;
}

/* Adds what to do to what SQLite says is wrong with a map. */
static int explain_failure(const Plan *plan, sqlite3 *host, int rc, const char *text, char **message)
{
    if (rc == SQLITE_NOMEM)
        return rc;
    sqlite3_str *whole = sqlite3_str_new(NULL);
    sqlite3_str_appendf(whole, "parallel_map: map: %s", text);
    if (!strncmp(text, "no such function: ", 18) && host_rules_defines(host, text + 18)) {
        sqlite3_str_appendall(whole, ": it was defined by this program, or loaded into this connection "
                                     "alone; put it into an extension and load that into workers with "
                                     "parallel_map_load(path)");
    } else if (!strncmp(text, "no such function", 16)) {
        sqlite3_str_appendall(whole, ": workers have SQLite's own functions and pricemap's; "
                                     "parallel_map_load(path) loads an extension into them");
    } else if (!strncmp(text, "no such collation sequence", 26)) {
        sqlite3_str_appendall(whole,
                              ": workers have SQLite's own collations; parallel_map_load(path) loads an "
                              "extension into them, and a source of (SELECT …) can leave a column out");
    } else if (!strncmp(text, "no such table", 13)) {
        sqlite3_str_appendall(whole, ": a map reads nothing but the columns of its source");
    } else if (!strncmp(text, "no such column", 14)) {
        sqlite3_str_appendall(whole, ": the source has ");
        for (int i = 0; i < plan->source.columns.count && i < 20; i++)
            sqlite3_str_appendf(whole, "%s%s", i ? ", " : "", plan->source.columns.items[i].name);
        if (plan->source.columns.count > 20)
            sqlite3_str_appendall(whole, ", …");
    }
    *message = sqlite3_str_finish(whole);
    return *message ? rc : SQLITE_NOMEM;
}

/* An aggregate over no rows gives a row, anything else none: so the map is tried on an empty chunk. */
static int check_aggregate(Plan *plan, const ConnectionState *state, Evaluator *evaluator, char **message)
{
    Buffer input, output;
    RowsetWriter writer;
    TaskControl control = {0};
    TaskReport report = {0};
    buffer_heap_init(&input);
    buffer_heap_init(&output);
    int rc = rowset_begin(&writer, &input, (uint32_t)plan->input_count, 0);
    if (rc == SQLITE_OK)
        rowset_finish(&writer);
    if (rc == SQLITE_OK)
        rc = evaluator_run(evaluator, &(TaskOrder){.position = 1}, input.data, input.size, &control, &output,
                           &report);
    buffer_heap_free(&input);
    buffer_heap_free(&output);
    if (rc != SQLITE_OK && rc != SQLITE_INTERRUPT && rc != SQLITE_NOMEM)
        rc = task_host_code(rc, false);
    plan->asks = report.asked;
    if (rc != SQLITE_OK)
        return explain_failure(plan, state->db, rc, report.message, message);
    if (report.rows_out && !plan->arguments.partial)
        return error_text(
            message, sqlite3_mprintf("parallel_map: map: an aggregate would be computed per chunk: use it in "
                                     "the query around the map, or say partial = 1 and combine the parts"));
    if (!report.rows_out && plan->arguments.partial && !plan->arguments.group_by)
        return error_text(
            message, sqlite3_mprintf("parallel_map: partial = 1 needs a map of aggregates, or a group_by"));
    return SQLITE_OK;
}

/* A worker cannot prepare the map: where that is for one of the host's limits, the host says so. */
static int judge_limits(const Plan *plan, sqlite3 *db, int failure, const char *text, char **message)
{
    PlainSelect plain;
    char *sql = plan_plain_select(plan, &plain);
    int rc = sql ? host_rules_check_limits(db, &plain, message) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return rc != SQLITE_OK ? rc : explain_failure(plan, db, failure, text, message);
}

/* What the feed has to read is what the worker's statement asks for. */
static int take_inputs(Plan *plan, const Evaluator *evaluator)
{
    const int *inputs;
    free(plan->inputs);
    plan->input_count = evaluator_inputs(evaluator, &inputs);
    plan->has_constants = evaluator_has_constants(evaluator);
    plan->inputs = malloc(((size_t)plan->input_count + 1) * sizeof *inputs);
    if (!plan->inputs)
        return SQLITE_NOMEM;
    memcpy(plan->inputs, inputs, (size_t)plan->input_count * sizeof *inputs);
    return SQLITE_OK;
}

/* Whether a subquery stands in the map: over a chunk one of the source would be refused, over the table it
   would see all of it. */
static bool has_subquery(const MapArguments *arguments)
{
    return sql_has_subquery(arguments->map) || sql_has_subquery(arguments->where) ||
           sql_has_subquery(arguments->group_by);
}

/* Prepares the map as a worker does, all columns of it, and sees whether it may run. */
static int prepare_map(Plan *plan, ConnectionState *state, MapForm form, char **message)
{
    char text[TASK_MESSAGE_SIZE];
    Evaluator *evaluator;
    int rc = chunk_runner_evaluator(state->runner, plan->recipe, &evaluator, text);
    if (rc != SQLITE_OK)
        return judge_limits(plan, state->db, rc, text, message);
    rc = has_subquery(&plan->arguments) ? map_tables_check(evaluator, text) : SQLITE_OK;
    if (rc != SQLITE_OK)
        return explain_failure(plan, state->db, rc, text, message);
    rc = take_inputs(plan, evaluator);
    if (rc != SQLITE_OK)
        return rc;
    plan->map_columns = evaluator_output_columns(evaluator) - plan->key_in_output;
    if (form == MAP_FUNCTION && plan->map_columns != 1)
        return error_text(
            message,
            sqlite3_mprintf("parallel_map: map is '%s': expected one expression; for several columns "
                            "use CREATE VIRTUAL TABLE temp.name USING parallel_map(…)",
                            plan->arguments.map));
    rc = check_aggregate(plan, state, evaluator, message);
    PlainSelect plain;
    char *sql = rc == SQLITE_OK ? plan_plain_select(plan, &plain) : NULL;
    if (rc == SQLITE_OK)
        rc = sql ? host_rules_check(state->db, evaluator, &plain, message) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (rc == SQLITE_OK && form == MAP_TABLE) {
        sqlite3 *worker = evaluator_connection(evaluator);
        char *from = sqlite3_mprintf("(%s\n)", recipe_text(plan->recipe, plan->recipe->select));
        rc = from ? columns_describe(worker, from, &plan->output) : SQLITE_NOMEM;
        sqlite3_free(from);
        if (rc != SQLITE_OK)
            rc = explain_failure(plan, state->db, rc, sqlite3_errmsg(worker), message);
    }
    return rc;
}

/* Leaves out the columns of the map that nobody reads, and the inputs that only they need. */
static int leave_out_unused(Plan *plan, ConnectionState *state, MapForm form, uint64_t used, char **message)
{
    char text[TASK_MESSAGE_SIZE];
    Evaluator *evaluator;
    if (plan->map_columns < 64)
        used |= UINT64_MAX << plan->map_columns;
    if (used == PLAN_ALL_COLUMNS)
        return SQLITE_OK;
    plan->used = used;
    int rc = build_recipe(plan, state, form);
    if (rc == SQLITE_OK) {
        rc = chunk_runner_evaluator(state->runner, plan->recipe, &evaluator, text);
        rc = rc == SQLITE_OK ? take_inputs(plan, evaluator)
                             : explain_failure(plan, state->db, rc, text, message);
    }
    return rc;
}

int plan_create(ConnectionState *state, const MapArguments *arguments, MapForm form, uint64_t used,
                Plan **out, char **message)
{
    *out = NULL;
    Plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return SQLITE_NOMEM;
    plan->used = PLAN_ALL_COLUMNS;
    int rc = copy_arguments(&plan->arguments, arguments);
    if (rc == SQLITE_OK)
        rc = source_resolve(state->db, arguments->source, &plan->source, message);
    if (rc == SQLITE_OK)
        rc = build_recipe(plan, state, form);
    if (rc == SQLITE_OK)
        rc = prepare_map(plan, state, form, message);
    if (rc == SQLITE_OK)
        rc = leave_out_unused(plan, state, form, used, message);
    if (rc != SQLITE_OK) {
        plan_free(plan);
        return rc;
    }
    plan->asked = used;
    rc = plan_start_feed(plan, state, message);
    plan->judged = state->maps_prepared;
    if (rc == SQLITE_OK)
        rc = plan_find_lost_subtypes(plan, state->db);
    if (rc == SQLITE_OK)
        rc = plan_read_programs(plan, state->db, &plan->whole_program, &plan->feed_program);
    if (rc != SQLITE_OK) {
        plan_free(plan);
        return rc;
    }
    SqliteLimits own;
    limits_lift(state->db, &own);
    plan->partitionable = plan->source.table && plan->source.rowid && !has_subquery(&plan->arguments) &&
                          feed_walks_table(plan, state->db) && feed_reads_inputs(plan, state->db) &&
                          !reads_backwards(state->db);
    limits_restore(state->db, &own);
    *out = plan;
    return SQLITE_OK;
}

void plan_free(Plan *plan)
{
    if (!plan)
        return;
    sqlite3_finalize(plan->feed);
    recipe_unref(plan->recipe);
    source_free(&plan->source);
    columns_free(&plan->output);
    map_arguments_free(&plan->arguments);
    free(plan->inputs);
    free(plan->index_of);
    free(plan->loses_subtype);
    free(plan);
}

/* Whether a statement of the connection that writes is in the middle of its work. */
static bool host_is_writing(sqlite3 *db)
{
    for (sqlite3_stmt *statement = sqlite3_next_stmt(db, NULL); statement;
         statement = sqlite3_next_stmt(db, statement))
        if (sqlite3_stmt_busy(statement) && !sqlite3_stmt_readonly(statement))
            return true;
    return false;
}

int plan_start_feed(Plan *plan, ConnectionState *state, char **message)
{
    sqlite3 *db = state->db;
    bool settled = host_is_writing(db);
    if (plan->feed && plan->settled == settled) {
        sqlite3_reset(plan->feed);
        return SQLITE_OK;
    }
    /* Whether the schema has changed since, only the old statement could tell, and stepping it would begin a
       read transaction that lasts as long as the host's statement: the plan is made anew. */
    if (plan->feed)
        return SQLITE_SCHEMA;
    char *sql = source_feed_sql(&plan->source, plan->inputs, plan->input_count, settled, &plan->index_of);
    unsigned maps_before = state->maps_prepared;
    SqliteLimits own;
    limits_lift(db, &own);
    int rc =
        sql ? sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &plan->feed, NULL) : SQLITE_NOMEM;
    limits_restore(db, &own);
    sqlite3_free(sql);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM)
        *message = sqlite3_mprintf("parallel_map: source: %s", sqlite3_errmsg(db));
    plan->reads_a_map = state->maps_prepared != maps_before;
    plan->settled = settled;
    plan->reprepared = 0;
    return rc;
}

int plan_prepare_range_feed(const Plan *plan, sqlite3 *db, sqlite3_stmt **statement)
{
    int *index_of;
    char *feed = source_feed_sql(&plan->source, plan->inputs, plan->input_count, false, &index_of);
    char *sql = feed ? sqlite3_mprintf("%s WHERE %s >= ?1 AND %s <= ?2 ORDER BY %s", feed, plan->source.rowid,
                                       plan->source.rowid, plan->source.rowid)
                     : NULL;
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, statement, NULL) : SQLITE_NOMEM;
    limits_restore(db, &own);
    sqlite3_free(sql);
    sqlite3_free(feed);
    free(index_of);
    return rc;
}
