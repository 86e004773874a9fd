#include "ext/evaluate/evaluator_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ext/base/interrupt.h"
#include "ext/base/clock.h"
#include "ext/base/sqlite_limits.h"
#include "ext/functions/price_functions.h"
#include "ext/functions/version_function.h"

/* Virtual-machine steps between two looks at the cancel flag: some microseconds. */
enum { CANCEL_STEPS = 1000 };

static void say(char *message, const char *text)
{
    sqlite3_snprintf(TASK_MESSAGE_SIZE, message, "%s", text);
}

static int names_add(Names *names, const char *name)
{
    for (int i = 0; i < names->count; i++)
        if (!strcasecmp(names->items[i], name))
            return SQLITE_OK;
    char **items = realloc(names->items, (size_t)(names->count + 1) * sizeof *items);
    if (!items)
        return SQLITE_NOMEM;
    names->items = items;
    items[names->count] = strdup(name);
    if (!items[names->count])
        return SQLITE_NOMEM;
    names->count++;
    return SQLITE_OK;
}

/* Functions that are about a connection, a file or the process, and not about the values they are given. */
static const char *const refused_functions[] = {
    "changes",
    "total_changes",
    "last_insert_rowid",
    "load_extension",
    "parallel_map_config",
    "parallel_map_load",
    "sqlite_offset",
    "sqlite_log",
    "rtreecheck",
    "fts3_tokenizer",
    "readfile",
    "writefile",
    "edit",
};

static int deny(Evaluator *evaluator, const char *format, const char *name)
{
    sqlite3_snprintf(sizeof evaluator->denial, evaluator->denial, format, name);
    return SQLITE_DENY;
}

/* Tables that SQLite makes of a JSON text, the later two from 3.51 on. */
static const char *const json_tables[EVALUATOR_JSON_TABLES] = {"json_each", "json_tree", "jsonb_each",
                                                               "jsonb_tree"};

const char *evaluator_json_table(int i)
{
    return json_tables[i];
}

/* SQLite asks without a column about whatever stands in a FROM clause and has none of its columns read, a
   common table expression too. Where the connection holds no data that reveals nothing, except of these. */
static bool is_internal_table(const char *table)
{
    return !strncasecmp(table, "sqlite_", 7) || !strncasecmp(table, "pragma_", 7) ||
           !strcasecmp(table, "dbstat");
}

static int authorize_read(Evaluator *evaluator, const char *table, const char *column)
{
    bool range = evaluator->recipe->scan != 0;
    for (int i = 0; i < EVALUATOR_JSON_TABLES; i++)
        if (!strcasecmp(table, json_tables[i]))
            return SQLITE_OK;
    const char *source = range ? recipe_text(evaluator->recipe, evaluator->recipe->table) : CHUNK_TABLE_NAME;
    bool is_source = !strcasecmp(table, source);
    /* The table is asked about as well, where SQLite puts it in the view's place. */
    if (!range && !strcasecmp(table, CHUNK_VIEW_NAME))
        return SQLITE_OK;
    if (!is_source && !range && !*column && !is_internal_table(table))
        return SQLITE_OK;
    if (!is_source)
        return deny(evaluator, "a map reads nothing but the columns of its source, not '%s'", table);
    if (!strcmp(column, "ROWID"))
        evaluator->rowid_used = 1;
    for (int i = 0; i < evaluator->columns; i++)
        if (!strcasecmp(evaluator->names[i], column))
            evaluator->used[i] = 1;
    return SQLITE_OK;
}

int evaluator_authorize(void *arg, int action, const char *first, const char *second, const char *schema,
                        const char *trigger)
{
    Evaluator *evaluator = arg;
    (void)schema;
    (void)trigger;
    if (evaluator->stage == PREPARING_OURS)
        return SQLITE_OK;
    /* A statement that SQLite prepares anew before it runs is not what runs yet, and is judged again. */
    if (evaluator->stage == RUNNING_MAP && sqlite3_stmt_busy(evaluator->running))
        return inner_statement_authorize(evaluator, action, first);
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        return authorize_read(evaluator, first ? first : "", second ? second : "");
    case SQLITE_FUNCTION:
        if (!strcasecmp(second, OUTPUT_FUNCTION) || !strcasecmp(second, RANGE_TRACE_FUNCTION) ||
            !strcasecmp(second, RANGE_BOUND_FUNCTION))
            return evaluator->preparing_own
                       ? SQLITE_OK
                       : deny(evaluator, "%s() has no place in a map: it is for workers", second);
        for (size_t i = 0; i < sizeof refused_functions / sizeof *refused_functions; i++)
            if (!strcasecmp(second, refused_functions[i]))
                return deny(evaluator,
                            "%s() has no place in a map: it is about a connection, not about values", second);
        return names_add(&evaluator->functions, second) == SQLITE_OK ? SQLITE_OK : SQLITE_DENY;
    default:
        return deny(evaluator, "a map only computes%s", "");
    }
}

int evaluator_step(Evaluator *evaluator, sqlite3_stmt *statement)
{
    evaluator->running = statement;
    evaluator->stage = RUNNING_MAP;
    int rc = sqlite3_step(statement);
    evaluator->stage = PREPARING_OURS;
    return rc;
}

static bool should_stop(const Evaluator *evaluator)
{
    return atomic_load_explicit(&evaluator->scan.control->cancel, memory_order_relaxed) ||
           (evaluator->give_up_ns && clock_ns() > evaluator->give_up_ns) ||
           (evaluator->watch && evaluator->watch->stop && evaluator->watch->stop(evaluator->watch->arg));
}

/* SQLite stops the statement that is under way on the connection, which may be a function's own, and the
   function may make a value of that: the evaluator remembers it. */
static int is_cancelled(void *arg)
{
    Evaluator *evaluator = arg;
    evaluator->told_to_stop = evaluator->told_to_stop || should_stop(evaluator);
    return evaluator->told_to_stop;
}

/* The same for another thread than the evaluator's, which must not use the host's connection: that can be
   asked where its SQLite has a call for it. Clocks are looked at by rows alone. */
static int is_cancelled_apart(void *arg)
{
    const Evaluator *evaluator = arg;
    return atomic_load_explicit(&evaluator->scan.control->cancel, memory_order_relaxed) ||
           (evaluator->watch && evaluator->watch->db && interrupted_can_be_asked() &&
            connection_is_interrupted(evaluator->watch->db));
}

bool evaluator_is_stopped(Evaluator *evaluator)
{
    return evaluator->told_to_stop || (evaluator->looks_at_rows && is_cancelled(evaluator));
}

static void watch_progress(Evaluator *evaluator)
{
    if (!interrupter_is_needed()) {
        sqlite3_progress_handler(evaluator->db, CANCEL_STEPS, is_cancelled, evaluator);
        return;
    }
    evaluator->looks_at_rows = true;
    evaluator->scan.stop = is_cancelled;
    evaluator->scan.stop_arg = evaluator;
}

static int load_extensions(Evaluator *evaluator, char *message)
{
    const Recipe *recipe = evaluator->recipe;
    if (!recipe->extension_count)
        return SQLITE_OK;
    int rc = sqlite3_db_config(evaluator->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    const char *text = recipe_text(recipe, recipe->extensions);
    for (uint32_t i = 0; rc == SQLITE_OK && i < recipe->extension_count; i++) {
        const char *path = text;
        const char *entry = path + strlen(path) + 1;
        char *error = NULL;
        rc = sqlite3_load_extension(evaluator->db, path, *entry ? entry : NULL, &error);
        if (rc != SQLITE_OK)
            sqlite3_snprintf(TASK_MESSAGE_SIZE, message, "parallel_map_load: %s: %s", path,
                             error ? error : sqlite3_errstr(rc));
        sqlite3_free(error);
        text = entry + strlen(entry) + 1;
    }
    sqlite3_db_config(evaluator->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    return rc;
}

/* LIKE compares as on the host's connection, whatever an extension has in its place. */
static int apply_like_setting(const Evaluator *evaluator)
{
    uint32_t flags = evaluator->recipe->flags;
    return like_setting_apply(evaluator->db, flags & RECIPE_LIKE_BINARY   ? LIKE_BINARY
                                             : flags & RECIPE_LIKE_NOCASE ? LIKE_NOCASE
                                                                          : LIKE_UNKNOWN);
}

static int open_connection(Evaluator *evaluator, char *message)
{
    const Recipe *recipe = evaluator->recipe;
    bool range = recipe->scan != 0;
    int rc = instant_vfs_open(&evaluator->instant, range ? recipe_text(recipe, recipe->uri) : ":memory:",
                              range ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                                    : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                              &evaluator->db);
    if (rc != SQLITE_OK)
        return rc;
    if (recipe->encoding != SQLITE_UTF8 && !range)
        rc = sqlite3_exec(evaluator->db,
                          recipe->encoding == SQLITE_UTF16LE ? "PRAGMA encoding = 'UTF-16le'"
                                                             : "PRAGMA encoding = 'UTF-16be'",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = load_extensions(evaluator, message);
    if (rc == SQLITE_OK)
        rc = apply_like_setting(evaluator);
    sqlite3_db_config(evaluator->db, SQLITE_DBCONFIG_DQS_DML, !!(recipe->flags & RECIPE_DQS), NULL);
    sqlite3_db_config(evaluator->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(evaluator->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    watch_progress(evaluator);
    /* Set once: each setting makes SQLite prepare anew what was prepared before. */
    sqlite3_set_authorizer(evaluator->db, evaluator_authorize, evaluator);
    if (rc == SQLITE_OK)
        rc = price_functions_register_stoppable(evaluator->db, &evaluator->stop);
    if (rc == SQLITE_OK)
        rc = version_function_register(evaluator->db);
    if (rc == SQLITE_OK)
        rc = evaluator_output_register(evaluator);
    if (rc == SQLITE_OK)
        rc = range ? evaluator_range_begin(evaluator) : chunk_table_register(evaluator->db, &evaluator->scan);
    return rc;
}

/* The chunk table's columns are what SQLite makes of the declaration: ask it, hidden ones left out. */
static int read_columns(Evaluator *evaluator)
{
    sqlite3_stmt *all;
    int rc = sqlite3_prepare_v2(evaluator->db, "SELECT * FROM " CHUNK_TABLE_NAME, -1, &all, NULL);
    if (rc != SQLITE_OK)
        return rc;
    int columns = sqlite3_column_count(all);
    /* One more for the hidden key of a source without rowids. */
    evaluator->names = calloc((size_t)columns + 1, sizeof *evaluator->names);
    evaluator->used = calloc((size_t)columns + 1, 1);
    evaluator->input_of = malloc(((size_t)columns + 1) * sizeof *evaluator->input_of);
    evaluator->inputs = malloc(((size_t)columns + 1) * sizeof *evaluator->inputs);
    if (!evaluator->names || !evaluator->used || !evaluator->input_of || !evaluator->inputs)
        rc = SQLITE_NOMEM;
    for (int i = 0; rc == SQLITE_OK && i < columns; i++) {
        const char *name = sqlite3_column_name(all, i);
        evaluator->names[i] = name ? strdup(name) : NULL;
        if (!evaluator->names[i])
            rc = SQLITE_NOMEM;
        else
            evaluator->columns = i + 1;
    }
    sqlite3_finalize(all);
    evaluator->scan.reads = 0;
    return rc;
}

static int make_view(const Evaluator *evaluator)
{
    const char *view = recipe_text(evaluator->recipe, evaluator->recipe->view);
    return *view ? sqlite3_exec(evaluator->db, view, NULL, NULL, NULL) : SQLITE_OK;
}

static void apply_limits(const Evaluator *evaluator)
{
    for (int i = 0; i < RECIPE_LIMITS; i++)
        sqlite3_limit(evaluator->db, i, limit_raised(i, evaluator->recipe->limits[i]));
}

/* The JSON tables may stand in a map, but SQLite writes a table into its schema when it first meets one, and
   the authorizer would refuse that. So it meets them before. A build of SQLite without JSON has none. */
static void meet_json_tables(const Evaluator *evaluator)
{
    if (!strcasestr(recipe_text(evaluator->recipe, evaluator->recipe->select), "json"))
        return;
    for (int i = 0; i < EVALUATOR_JSON_TABLES; i++) {
        sqlite3_stmt *statement = NULL;
        char sql[64];
        sqlite3_snprintf(sizeof sql, sql, "SELECT 1 FROM %s", json_tables[i]);
        sqlite3_prepare_v2(evaluator->db, sql, -1, &statement, NULL);
        sqlite3_finalize(statement);
    }
}

static int prepare(Evaluator *evaluator, char *message)
{
    const Recipe *recipe = evaluator->recipe;
    meet_json_tables(evaluator);
    int rc = evaluator_prepare_statements(evaluator);
    if (rc != SQLITE_OK) {
        if (evaluator->denial[0])
            say(message, evaluator->denial);
        return rc;
    }
    if (recipe->scan)
        return SQLITE_OK;
    for (int i = 0; i <= evaluator->columns; i++)
        evaluator->input_of[i] = -1;
    /* A name in the text is judged, but may be of a column that nobody reads; which ones are, the planner of
       SQLite tells the table. */
    for (int i = 0; i < evaluator->columns; i++)
        if (evaluator->used[i] && evaluator->scan.reads >> (i < 63 ? i : 63) & 1) {
            evaluator->input_of[i] = evaluator->input_count;
            evaluator->inputs[evaluator->input_count++] = i;
        }
    evaluator->scan.rowid_input = -1;
    if (evaluator->rowid_used && (evaluator->recipe->flags & RECIPE_ROWID)) {
        evaluator->scan.rowid_input = evaluator->input_count;
        evaluator->inputs[evaluator->input_count++] = -1;
    }
    return SQLITE_OK;
}

int evaluator_open(const Recipe *recipe, const EvaluatorWatch *watch, Evaluator **out, char *message)
{
    *out = NULL;
    message[0] = 0;
    Evaluator *evaluator = calloc(1, sizeof *evaluator);
    if (!evaluator) {
        say(message, sqlite3_errstr(SQLITE_NOMEM));
        return SQLITE_NOMEM;
    }
    evaluator->recipe = recipe_ref(recipe);
    evaluator->watch = watch;
    evaluator->stop = (PriceStop){is_cancelled, evaluator};
    evaluator->scan = (ChunkScan){.declaration = recipe_text(recipe, recipe->declaration),
                                  .encoding = recipe->encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16,
                                  .rowid_input = -1,
                                  .control = &evaluator->idle};
    int rc = open_connection(evaluator, message);
    if (rc == SQLITE_OK && !recipe->scan)
        rc = read_columns(evaluator);
    if (rc == SQLITE_OK)
        rc = make_view(evaluator);
    if (rc == SQLITE_OK) {
        evaluator->scan.input = evaluator->input_of;
        apply_limits(evaluator);
        /* Constants of the map may be computed. */
        Interrupter interrupter;
        interrupter_begin(&interrupter, evaluator->db, is_cancelled_apart, evaluator);
        rc = prepare(evaluator, message);
        interrupter_end(&interrupter);
    }
    if (rc != SQLITE_OK) {
        if (!message[0])
            say(message,
                evaluator->db && rc != SQLITE_NOMEM ? sqlite3_errmsg(evaluator->db) : sqlite3_errstr(rc));
        evaluator_close(evaluator);
        return rc;
    }
    *out = evaluator;
    return SQLITE_OK;
}

void evaluator_close(Evaluator *evaluator)
{
    if (!evaluator)
        return;
    sqlite3_finalize(evaluator->statement);
    sqlite3_finalize(evaluator->wrapped);
    sqlite3_finalize(evaluator->uncounted);
    sqlite3_finalize(evaluator->turns.statement);
    sqlite3_close(evaluator->db);
    read_ahead_free(&evaluator->ahead);
    for (int i = 0; i < evaluator->columns; i++)
        free(evaluator->names[i]);
    for (int i = 0; i < evaluator->functions.count; i++)
        free(evaluator->functions.items[i]);
    free(evaluator->functions.items);
    free(evaluator->names);
    free(evaluator->used);
    free(evaluator->input_of);
    free(evaluator->inputs);
    recipe_unref(evaluator->recipe);
    free(evaluator);
}

const Recipe *evaluator_recipe(const Evaluator *evaluator)
{
    return evaluator->recipe;
}

int evaluator_inputs(const Evaluator *evaluator, const int **columns)
{
    *columns = evaluator->inputs;
    return evaluator->input_count;
}

int evaluator_output_columns(const Evaluator *evaluator)
{
    return (int)evaluator->output_columns;
}

bool evaluator_has_constants(const Evaluator *evaluator)
{
    return evaluator->has_constants;
}

sqlite3 *evaluator_connection(const Evaluator *evaluator)
{
    return evaluator->db;
}

int evaluator_functions(const Evaluator *evaluator, int (*visit)(void *arg, const char *name), void *arg)
{
    int result = 0;
    for (int i = 0; !result && i < evaluator->functions.count; i++)
        result = visit(arg, evaluator->functions.items[i]);
    return result;
}

static void report_failure(Evaluator *evaluator, const TaskOrder *order, int rc, const Buffer *buffer,
                           TaskReport *report)
{
    char no_memory[160];
    /* Out of memory, and a buffer that could not grow, are not in the connection's error. */
    const char *text =
        sqlite3_errcode(evaluator->db) == (rc & 0xff) || sqlite3_extended_errcode(evaluator->db) == rc
            ? sqlite3_errmsg(evaluator->db)
            : sqlite3_errstr(rc);
    report->rc = rc;
    if (buffer->failure) {
        sqlite3_snprintf(sizeof no_memory, no_memory,
                         "parallel_map: no shared memory for the rows of a map: %s",
                         strerror(buffer->failure));
        text = no_memory;
    }
    if (evaluator->recipe->scan) {
        if (!report->message[0] || buffer->failure)
            say(report->message, text);
        return;
    }
    report->next_row = evaluator->scan.row;
    report->rows_in = evaluator->scan.row - order->first_row + 1;
    long long position = (long long)order->position;
    /* An aggregate fails when all rows are in, or at one of them: it is the chunk's. */
    if (evaluator->recipe->flags & RECIPE_PARTIAL)
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "%s (rows %lld to %lld)", text,
                         position + order->first_row, position + order->end_row - 1);
    else
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "%s (row %lld)", text,
                         position + evaluator->scan.row);
}

/* The rows of the input rowset. */
static int run_chunk(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t input_size,
                     Buffer *buffer, TaskReport *report)
{
    ChunkScan *scan = &evaluator->scan;
    EvaluatorOutput *output = evaluator->output;
    scan->row = order->first_row;
    scan->end_row = order->end_row;
    if (!rowset_open(&scan->rows, input, input_size) ||
        scan->rows.columns != (uint32_t)evaluator->input_count || order->first_row > order->end_row ||
        order->end_row > scan->rows.rows)
        return SQLITE_CORRUPT;
    uint32_t rows = order->end_row - order->first_row;
    int rc = evaluator_output_begin(output, buffer, evaluator->output_columns, rows ? rows : 1);
    if (rc != SQLITE_OK)
        return rc;
    output->rows_most = rows;
    atomic_store_explicit(&scan->control->current_row, scan->row, memory_order_relaxed);
    if (evaluator->turns.statement) {
        bool read;
        rc = evaluator_output_turn(evaluator, &read);
        if (rc == SQLITE_OK && !read) {
            rc = evaluator_drop_turns(evaluator);
            return rc == SQLITE_OK ? run_chunk(evaluator, order, input, input_size, buffer, report) : rc;
        }
    } else {
        rc = evaluator_output_run(evaluator, evaluator->statement, evaluator->wrapped);
    }
    if (rc == SQLITE_OK)
        report->next_row = output->stopped ? output->stopped_row + 1 : order->end_row;
    report->rows_in = report->next_row - order->first_row;
    return rc;
}

/* What constants took of the time of the task that was evaluated: what its first row took more than the
   others. Where that is not known all of it is taken for theirs. */
static int64_t constants_time(const Evaluator *evaluator, const TaskReport *report)
{
    if (!evaluator->turns.statement || !evaluator->turns.begins)
        return 0;
    int64_t left_first_ns = evaluator->scan.left_first_ns;
    if (!left_first_ns || report->rows_in < 2 || evaluator->recipe->flags & RECIPE_PARTIAL)
        return report->end_ns - report->start_ns;
    int64_t first = left_first_ns - report->start_ns;
    int64_t others = (report->end_ns - left_first_ns) / (report->rows_in - 1);
    return first > others ? first - others : 0;
}

void evaluator_end_turns(Evaluator *evaluator)
{
    if (evaluator->turns.statement)
        sqlite3_reset(evaluator->turns.statement);
    evaluator->turns.run = 0;
}

int evaluator_run(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t input_size,
                  TaskControl *control, Buffer *buffer, TaskReport *report)
{
    EvaluatorOutput output = {0};
    *report = (TaskReport){.worker = -1, .next_row = order->first_row, .start_ns = clock_ns()};
    evaluator->scan.control = control;
    evaluator->output = &output;
    evaluator->order = order;
    evaluator->instant.now = order->now;
    evaluator->turns.begins = !evaluator->turns.run || evaluator->turns.run != order->run;
    evaluator->asked = 0;
    evaluator->told_to_stop = false;
    Interrupter interrupter;
    interrupter_begin(&interrupter, evaluator->db, is_cancelled_apart, evaluator);
    int rc = evaluator->recipe->scan ? evaluator_range_run(evaluator, order, buffer, report)
                                     : run_chunk(evaluator, order, input, input_size, buffer, report);
    if (interrupter_end(&interrupter) || evaluator->told_to_stop) {
        rc = SQLITE_INTERRUPT;
        evaluator_end_turns(evaluator);
    }
    /* Without rows there is no value that could be wrong. */
    if (evaluator->asked && order->end_row > order->first_row)
        rc = SQLITE_ERROR;
    if (rc != SQLITE_OK)
        report_failure(evaluator, order, rc, buffer, report);
    if (evaluator->asked) {
        inner_statement_report(evaluator, report);
        /* Among the constants that a lasting statement keeps may be what was refused. */
        evaluator->turns.run = 0;
    }
    if (rc != SQLITE_OK) {
        if (evaluator->recipe->flags & RECIPE_PARTIAL)
            output.writer.rows = 0;
    }
    evaluator->scan.control = &evaluator->idle;
    evaluator->output = NULL;
    evaluator->order = NULL;
    if (output.writer.buffer)
        rowset_finish(&output.writer);
    report->rows_out = output.writer.rows;
    report->output_bytes = output.writer.bytes;
    report->end_ns = clock_ns();
    report->constants_ns = constants_time(evaluator, report);
    return rc;
}
