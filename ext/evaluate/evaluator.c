#include "ext/evaluate/evaluator_internal.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/clock.h"
#include "ext/base/interrupt.h"
#include "ext/evaluate/connection.h"
#include "ext/evaluate/stand_ins.h"

/* Virtual-machine steps between two checks of the cancel flag: some microseconds. */
enum { CANCEL_STEPS = 1000 };

static void set_message(char *message, const char *text)
{
    sqlite3_snprintf(TASK_MESSAGE_SIZE, message, "%s", text);
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
    evaluator->stop_requested = evaluator->stop_requested || should_stop(evaluator);
    return evaluator->stop_requested;
}

/* The same for another thread than the evaluator's, which must not use the host's connection, except where
 * SQLite has a call that reads its interrupt. Clocks are checked between rows only. */
static int is_cancelled_apart(void *arg)
{
    const Evaluator *evaluator = arg;
    return atomic_load_explicit(&evaluator->scan.control->cancel, memory_order_relaxed) ||
           (evaluator->watch && evaluator->watch->db && interrupt_can_be_read() &&
            connection_is_interrupted(evaluator->watch->db));
}

bool evaluator_is_stopped(Evaluator *evaluator)
{
    return evaluator->stop_requested || (evaluator->checks_rows && is_cancelled(evaluator));
}

static void watch_progress(Evaluator *evaluator)
{
    if (!interrupter_is_needed()) {
        sqlite3_progress_handler(evaluator->db, CANCEL_STEPS, is_cancelled, evaluator);
        return;
    }
    evaluator->checks_rows = true;
    evaluator->scan.stop = is_cancelled;
    evaluator->scan.stop_arg = evaluator;
}

static void give_position(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    const Evaluator *evaluator = sqlite3_user_data(context);
    sqlite3_result_int64(context,
                         evaluator->order ? (int64_t)evaluator->order->position + evaluator->scan.row : 0);
}

static int register_chunk(Evaluator *evaluator)
{
    int rc = chunk_table_register(evaluator->db, &evaluator->scan);
    return rc == SQLITE_OK
               ? sqlite3_create_function_v2(evaluator->db, CHUNK_POSITION_FUNCTION, 0, SQLITE_UTF8, evaluator,
                                            give_position, NULL, NULL, NULL)
               : rc;
}

static int open_connection(Evaluator *evaluator, char *message)
{
    const Recipe *recipe = evaluator->recipe;
    int rc = worker_connection_open(recipe, &evaluator->vfs, &evaluator->db);
    if (rc != SQLITE_OK)
        return rc;
    if (recipe->extension_count)
        stand_ins_watch_collations(&evaluator->authorizer, evaluator->db);
    rc = worker_connection_load(recipe, evaluator->db, message);
    if (rc != SQLITE_OK)
        return rc;
    watch_progress(evaluator);
    authorizer_attach(&evaluator->authorizer, evaluator->db);
    rc = worker_connection_add_functions(evaluator->db, &evaluator->stop);
    if (rc == SQLITE_OK)
        rc = inner_statements_register(&evaluator->authorizer, evaluator->db);
    if (rc == SQLITE_OK)
        rc = stand_ins_register(&evaluator->authorizer, evaluator->db);
    if (rc == SQLITE_OK)
        rc = foreign_functions_bind(&evaluator->foreign, recipe, evaluator->db, &evaluator->stop, message);
    if (rc == SQLITE_OK)
        rc = evaluator_output_register(evaluator);
    if (rc == SQLITE_OK)
        rc = recipe->scan ? evaluator_range_begin(evaluator) : register_chunk(evaluator);
    if (rc == SQLITE_OK && recipe->flags & RECIPE_MORSELS)
        rc = evaluator_morsels_begin(evaluator);
    return rc;
}

/* Reads the chunk table's columns, hidden ones left out, as SQLite makes them of the declaration. */
static int read_columns(Evaluator *evaluator)
{
    sqlite3_stmt *all;
    int rc = sqlite3_prepare_v2(evaluator->db, "SELECT * FROM " CHUNK_TABLE_NAME, -1, &all, NULL);
    if (rc != SQLITE_OK)
        return rc;
    Authorizer *authorizer = &evaluator->authorizer;
    int columns = sqlite3_column_count(all);
    /* Room for the hidden key of a source without rowids, too. */
    authorizer->names = calloc((size_t)columns + 1, sizeof *authorizer->names);
    authorizer->named = calloc((size_t)columns + 1, sizeof *authorizer->named);
    evaluator->input_of = malloc(((size_t)columns + 1) * sizeof *evaluator->input_of);
    evaluator->inputs = malloc(((size_t)columns + 1) * sizeof *evaluator->inputs);
    if (!authorizer->names || !authorizer->named || !evaluator->input_of || !evaluator->inputs)
        rc = SQLITE_NOMEM;
    for (int i = 0; rc == SQLITE_OK && i < columns; i++) {
        const char *name = sqlite3_column_name(all, i);
        authorizer->names[i] = name ? strdup(name) : NULL;
        if (!authorizer->names[i])
            rc = SQLITE_NOMEM;
        else
            authorizer->columns = i + 1;
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

/* The chunk's inputs: the columns that the map reads, and its rowid. */
static void choose_inputs(Evaluator *evaluator)
{
    const Authorizer *authorizer = &evaluator->authorizer;
    for (int i = 0; i <= authorizer->columns; i++)
        evaluator->input_of[i] = -1;
    /* The authorizer sees every column named in the text, even unused ones. Which columns are really read is
       known from colUsed in chunk_table's xBestIndex. */
    for (int i = 0; i < authorizer->columns; i++)
        if (authorizer->named[i] && evaluator->scan.reads >> (i < 63 ? i : 63) & 1) {
            evaluator->input_of[i] = evaluator->input_count;
            evaluator->inputs[evaluator->input_count++] = i;
        }
    evaluator->scan.rowid_input = -1;
    if (authorizer->rowid_named && (evaluator->recipe->flags & RECIPE_ROWID)) {
        evaluator->scan.rowid_input = evaluator->input_count;
        evaluator->inputs[evaluator->input_count++] = -1;
    }
}

/* SQLite takes the chunk table into its schema when it first meets it, which the authorizer would refuse
   within a map. */
static int meet_chunk_table(Evaluator *evaluator)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(evaluator->db, "SELECT 1 FROM " CHUNK_TABLE_NAME, -1, &statement, NULL);
    sqlite3_finalize(statement);
    return rc;
}

/* Takes the inputs of a map that was judged already. */
static int take_inputs(Evaluator *evaluator)
{
    const Recipe *recipe = evaluator->recipe;
    const int columns = (int)recipe->chunk_columns;
    char *end;
    evaluator->input_of = malloc(((size_t)columns + 1) * sizeof *evaluator->input_of);
    evaluator->inputs = malloc(((size_t)columns + 1) * sizeof *evaluator->inputs);
    if (!evaluator->input_of || !evaluator->inputs)
        return SQLITE_NOMEM;
    for (int i = 0; i <= columns; i++)
        evaluator->input_of[i] = -1;
    evaluator->scan.rowid_input = -1;
    for (const char *text = recipe_text(recipe, recipe->inputs); *text; text = *end ? end + 1 : end) {
        int column = (int)strtol(text, &end, 10);
        if (end == text || column < -1 || column >= columns || evaluator->input_count > columns)
            return SQLITE_CORRUPT;
        if (column < 0)
            evaluator->scan.rowid_input = evaluator->input_count;
        else
            evaluator->input_of[column] = evaluator->input_count;
        evaluator->inputs[evaluator->input_count++] = column;
    }
    return meet_chunk_table(evaluator);
}

/* Prepares what runs the map, once. */
static int prepare_to_run(Evaluator *evaluator)
{
    if (evaluator->prepared)
        return SQLITE_OK;
    int rc = evaluator_prepare_statements(evaluator);
    evaluator->prepared = rc == SQLITE_OK;
    return rc;
}

/* An evaluator of a worker is about to run the map. */
static int prepare(Evaluator *evaluator, char *message)
{
    const Recipe *recipe = evaluator->recipe;
    authorizer_meet_json_tables(evaluator->db, recipe_text(recipe, recipe->select));
    int rc = evaluator_judge(evaluator);
    if (rc == SQLITE_OK && (recipe->columns || recipe->scan))
        rc = prepare_to_run(evaluator);
    if (rc == SQLITE_OK && recipe->scan && !(recipe->flags & RECIPE_MORSELS))
        rc = evaluator_range_prepare(evaluator);
    if (rc != SQLITE_OK && evaluator->authorizer.denial[0])
        set_message(message, evaluator->authorizer.denial);
    if (rc == SQLITE_OK && !recipe->scan && !recipe->chunk_columns)
        choose_inputs(evaluator);
    return rc;
}

int evaluator_open(const Recipe *recipe, const EvaluatorWatch *watch, Evaluator **out, char *message)
{
    *out = NULL;
    message[0] = 0;
    Evaluator *evaluator = calloc(1, sizeof *evaluator);
    if (!evaluator) {
        set_message(message, sqlite3_errstr(SQLITE_NOMEM));
        return SQLITE_NOMEM;
    }
    evaluator->recipe = recipe_ref(recipe);
    evaluator->authorizer.recipe = evaluator->recipe;
    evaluator->watch = watch;
    evaluator->stop = (PriceStop){is_cancelled, evaluator};
    evaluator->scan = (ChunkScan){.declaration = recipe_text(recipe, recipe->declaration),
                                  .encoding = recipe->encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16,
                                  .rowid_input = -1,
                                  .control = &evaluator->idle};
    int rc = foreign_functions_open(&evaluator->foreign, recipe, watch && watch->own_thread, message);
    foreign_functions_hold(&evaluator->foreign);
    if (rc == SQLITE_OK)
        rc = open_connection(evaluator, message);
    if (rc == SQLITE_OK && !recipe->scan)
        rc = recipe->chunk_columns ? take_inputs(evaluator) : read_columns(evaluator);
    if (rc == SQLITE_OK)
        rc = make_view(evaluator);
    if (rc == SQLITE_OK) {
        evaluator->scan.input = evaluator->input_of;
        worker_connection_limit(evaluator->db, recipe);
        /* A long map takes long to prepare. */
        Interrupter interrupter;
        interrupter_begin(&interrupter, evaluator->db, is_cancelled_apart, evaluator);
        rc = prepare(evaluator, message);
        interrupter_end(&interrupter);
    }
    foreign_functions_let_go(&evaluator->foreign);
    if (rc != SQLITE_OK) {
        if (!message[0])
            set_message(message, evaluator->db && rc != SQLITE_NOMEM && rc != SQLITE_MISMATCH
                                     ? sqlite3_errmsg(evaluator->db)
                                     : sqlite3_errstr(rc));
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
    foreign_functions_hold(&evaluator->foreign);
    sqlite3_finalize(evaluator->statement);
    sqlite3_finalize(evaluator->wrapped);
    sqlite3_finalize(evaluator->uncounted);
    sqlite3_finalize(evaluator->lasting.statement);
    sqlite3_finalize(evaluator->rowids);
    sqlite3_close(evaluator->db);
    foreign_functions_let_go(&evaluator->foreign);
    foreign_functions_close(&evaluator->foreign);
    worker_vfs_free(&evaluator->vfs);
    authorizer_free(&evaluator->authorizer);
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

const ForeignFunctions *evaluator_foreign(const Evaluator *evaluator)
{
    return &evaluator->foreign;
}

bool evaluator_has_constants(const Evaluator *evaluator)
{
    return evaluator->has_constants;
}

bool evaluator_may_aggregate(const Evaluator *evaluator)
{
    return evaluator->may_aggregate;
}

sqlite3 *evaluator_connection(const Evaluator *evaluator)
{
    return evaluator->db;
}

int evaluator_functions(const Evaluator *evaluator, int (*visit)(void *arg, const char *name), void *arg)
{
    int result = 0;
    for (int i = 0; !result && i < evaluator->authorizer.functions.count; i++)
        result = visit(arg, evaluator->authorizer.functions.items[i]);
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
            set_message(report->message, text);
        return;
    }
    if (order->end_row == order->first_row) {
        set_message(report->message, text);
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

void evaluator_bind_values(const Evaluator *evaluator, sqlite3_stmt *statement)
{
    if (evaluator->values.columns)
        values_bind(statement, &evaluator->values, evaluator->scan.encoding);
}

/* Finds the values in the input; *size becomes the bytes of the rows before them. */
static int open_values(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t *size)
{
    evaluator->values = (RowsetView){0};
    if (!order->values_bytes)
        return SQLITE_OK;
    if (order->values_at > *size || order->values_bytes > *size - order->values_at ||
        !rowset_open(&evaluator->values, (const unsigned char *)input + order->values_at,
                     order->values_bytes))
        return SQLITE_CORRUPT;
    *size = order->values_at;
    return SQLITE_OK;
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
    if (evaluator->lasting.statement) {
        bool read;
        rc = evaluator_output_turn(evaluator, &read);
        if (rc == SQLITE_OK && !read) {
            rc = evaluator_drop_lasting(evaluator);
            return rc == SQLITE_OK ? run_chunk(evaluator, order, input, input_size, buffer, report) : rc;
        }
    } else {
        evaluator_bind_values(evaluator, evaluator->wrapped ? evaluator->wrapped : evaluator->statement);
        rc = evaluator_output_run(evaluator, evaluator->statement, evaluator->wrapped);
    }
    if (rc == SQLITE_OK)
        report->next_row = output->stopped ? output->stopped_row + 1 : order->end_row;
    report->rows_in = report->next_row - order->first_row;
    return rc;
}

/* Has whole-chunk functions compute what the rows lack, if the run went well. Such a function fails for the
   chunk, and not for one of its rows; a range without any is read by the host, which can count its rows. */
static int complete_calls(Evaluator *evaluator, const TaskOrder *order, int rc, TaskReport *report)
{
    char text[TASK_MESSAGE_SIZE];
    RowsetWriter *writer = &evaluator->output->writer;
    int completed = foreign_functions_complete(&evaluator->foreign, writer, evaluator->scan.encoding,
                                               rc != SQLITE_OK, text);
    if (rc != SQLITE_OK || completed == SQLITE_OK)
        return rc;
    long long position = (long long)order->position;
    writer->rows = 0;
    report->rc = completed;
    report->rows_in = 0;
    report->next_row = order->first_row;
    if (evaluator->recipe->scan || completed == SQLITE_INTERRUPT)
        set_message(report->message, text);
    else
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "%s (rows %lld to %lld)", text,
                         position + order->first_row, position + order->end_row - 1);
    return completed;
}

/* The time that constants took in the task that was evaluated: the time by which its first row took longer
 * than the others. Where that is not known, the whole time of the task. */
static int64_t constants_time(const Evaluator *evaluator, const TaskReport *report)
{
    if (!evaluator->lasting.statement || !evaluator->lasting.begins)
        return 0;
    int64_t left_first_ns = evaluator->scan.left_first_ns;
    if (!left_first_ns || report->rows_in < 2 || evaluator->recipe->flags & RECIPE_PARTIAL)
        return report->end_ns - report->start_ns;
    int64_t first = left_first_ns - report->start_ns;
    int64_t others = (report->end_ns - left_first_ns) / (report->rows_in - 1);
    return first > others ? first - others : 0;
}

void evaluator_end_lasting(Evaluator *evaluator)
{
    if (evaluator->lasting.statement)
        sqlite3_reset(evaluator->lasting.statement);
    evaluator->lasting.run = 0;
}

static int run_rows(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t input_size,
                    Buffer *buffer, TaskReport *report)
{
    const Recipe *recipe = evaluator->recipe;
    if (recipe->flags & RECIPE_MORSELS)
        return evaluator_morsels_run(evaluator, order, input, input_size, buffer, report);
    return recipe->scan ? evaluator_range_run(evaluator, order, buffer, report)
                        : run_chunk(evaluator, order, input, input_size, buffer, report);
}

int evaluator_run(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t input_size,
                  TaskControl *control, Buffer *buffer, TaskReport *report)
{
    EvaluatorOutput output = {0};
    *report = (TaskReport){.worker = -1, .next_row = order->first_row, .start_ns = clock_ns()};
    evaluator->scan.control = control;
    evaluator->output = &output;
    evaluator->order = order;
    evaluator->vfs.now = order->now;
    evaluator->lasting.begins = !evaluator->lasting.run || evaluator->lasting.run != order->run;
    evaluator->authorizer.refused = 0;
    evaluator->authorizer.lacking[0] = 0;
    evaluator->stop_requested = false;
    Interrupter interrupter;
    foreign_functions_hold(&evaluator->foreign);
    interrupter_begin(&interrupter, evaluator->db, is_cancelled_apart, evaluator);
    int rc = open_values(evaluator, order, input, &input_size);
    if (rc == SQLITE_OK && !evaluator->prepared) {
        rc = prepare_to_run(evaluator);
        report->start_ns = clock_ns();
    }
    if (rc == SQLITE_OK)
        rc = run_rows(evaluator, order, input, input_size, buffer, report);
    if (interrupter_end(&interrupter) || evaluator->stop_requested) {
        rc = SQLITE_INTERRUPT;
        evaluator_end_lasting(evaluator);
    }
    /* Without rows there is no value that could be wrong. */
    if (evaluator->authorizer.refused && order->end_row > order->first_row)
        rc = SQLITE_ERROR;
    if (rc != SQLITE_OK)
        report_failure(evaluator, order, rc, buffer, report);
    rc = complete_calls(evaluator, order, rc, report);
    if (evaluator->authorizer.refused) {
        inner_statement_report(&evaluator->authorizer, evaluator->db, report);
        /* Among the constants that a lasting statement keeps may be what was refused. */
        evaluator->lasting.run = 0;
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
    foreign_functions_let_go(&evaluator->foreign);
    return rc;
}
