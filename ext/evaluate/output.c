#include "ext/evaluate/output.h"

#include <strings.h>

#include "ext/evaluate/evaluator_internal.h"
#include "ext/base/clock.h"

/* Most rows between two checks of the clock. */
enum { CLOCK_ROWS_MOST = 1024 };

/* Whether the run has taken too long. The clock is checked after each of the first rows and then ever more
 * seldom: reading it costs as much as a cheap row. */
static bool is_overdue(EvaluatorOutput *output)
{
    uint32_t rows = output->writer.rows;
    output->clock_row = rows < CLOCK_ROWS_MOST ? 2 * rows : rows + CLOCK_ROWS_MOST;
    output->overdue = clock_ns() > output->give_up_ns && rows < output->rows_most;
    return output->overdue;
}

/* Whether the run should end after the row that was written last. */
static bool is_enough(EvaluatorOutput *output)
{
    const RowsetWriter *writer = &output->writer;
    if (writer->rows == writer->capacity || writer->bytes > output->full)
        return writer->rows < output->rows_most;
    return output->give_up_ns && writer->rows >= output->clock_row && is_overdue(output);
}

static void stop(Evaluator *evaluator)
{
    evaluator->output->stopped = true;
    evaluator->output->stopped_row = evaluator->scan.row;
}

/* The map is a subquery of the statement with the output's aggregate, as it would be one of the query around
   it: so what subtypes come here are those that SQLite lets out of a subquery. */
static int set_output(Evaluator *evaluator, uint32_t column, sqlite3_value *value)
{
    RowsetWriter *writer = &evaluator->output->writer;
    const int encoding = evaluator->scan.encoding;
    int rc;
    if (foreign_functions_place(&evaluator->foreign, value, writer->rows, column, &rc))
        return rc == SQLITE_OK ? rowset_set_null(writer, column) : rc;
    rc = rowset_set_value(writer, column, value, encoding);
    unsigned subtype = sqlite3_value_subtype(value);
    if (rc == SQLITE_OK && subtype)
        rc = rowset_set_subtype(writer, column, subtype);
    return rc;
}

static void output_row(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    Evaluator *evaluator = sqlite3_user_data(context);
    EvaluatorOutput *output = evaluator->output;
    RowsetWriter *writer = &output->writer;
    bool partial = evaluator->recipe->flags & RECIPE_PARTIAL;
    /* The value of a function that was refused a statement is not the right one. */
    int rc = evaluator->authorizer.refused                 ? SQLITE_ABORT
             : evaluator_is_stopped(evaluator)             ? SQLITE_INTERRUPT
             : partial && writer->rows == writer->capacity ? SQLITE_FULL
                                                           : SQLITE_OK;
    /* A partition's partial statement has a column more, the number of rows, which are traced here. */
    for (int i = 0; rc == SQLITE_OK && i < argc && i < (int)writer->columns; i++)
        rc = set_output(evaluator, (uint32_t)i, argv[i]);
    if (rc == SQLITE_OK)
        rc = rowset_end_row(writer);
    if (rc != SQLITE_OK) {
        sqlite3_result_error_code(context, rc);
        return;
    }
    if (partial || !is_enough(output))
        return;
    stop(evaluator);
    /* A chunk's scan gets an earlier end, and a statement that traces its rows lets no further one through;
     * any other walk over a table ends with an error. */
    if (evaluator->recipe->scan && !evaluator->lasting.statement)
        sqlite3_result_error_code(context, SQLITE_ABORT);
    else if (!evaluator->recipe->scan)
        evaluator->scan.end_row = evaluator->scan.row + 1;
}

static void output_end(sqlite3_context *context)
{
    sqlite3_result_null(context);
}

int evaluator_output_register(Evaluator *evaluator)
{
    return sqlite3_create_function_v2(evaluator->db, OUTPUT_FUNCTION, -1, SQLITE_UTF8 | SQLITE_SUBTYPE,
                                      evaluator, NULL, output_row, output_end, NULL);
}

#define TURNS "\"pricemap turns\""
#define TURN "\"pricemap turn\""
#define ROWS "\"pricemap rows\""

static void append_columns(sqlite3_str *sql, int columns)
{
    for (int i = 0; i < columns; i++)
        sqlite3_str_appendf(sql, "%sc%d", i ? ", " : "", i);
}

/* The subquery names the turn, so that SQLite runs it for each one. */
int evaluator_output_sql(Evaluator *evaluator, const char *select, int columns, bool lasting, char **sql)
{
    *sql = NULL;
    if (columns > sqlite3_limit(evaluator->db, SQLITE_LIMIT_FUNCTION_ARG, -1))
        return SQLITE_OK;
    sqlite3_str *text = sqlite3_str_new(NULL);
    if (lasting)
        sqlite3_str_appendall(text, "WITH RECURSIVE " TURNS "(" TURN ") AS (SELECT 1 UNION ALL SELECT " TURN
                                    " + 1 FROM " TURNS ") SELECT (");
    sqlite3_str_appendall(text, "WITH " ROWS "(");
    append_columns(text, columns);
    sqlite3_str_appendf(text, ") AS (%s\n) SELECT " OUTPUT_FUNCTION "(", select);
    append_columns(text, columns);
    sqlite3_str_appendall(text, lasting ? ") + " TURN " FROM " ROWS ") FROM " TURNS : ") FROM " ROWS);
    *sql = sqlite3_str_finish(text);
    return *sql ? SQLITE_OK : SQLITE_NOMEM;
}

int evaluator_output_begin(EvaluatorOutput *output, Buffer *buffer, uint32_t columns, uint32_t capacity)
{
    *output = (EvaluatorOutput){0};
    int rc = rowset_begin(&output->writer, buffer, columns, capacity);
    output->full = rowset_size(columns, capacity) + TASK_OUTPUT_BYTES;
    return rc;
}

/* Rows of aggregates are as many as there are groups in the chunk: it cannot end before the last of them. */
static int step_rows(Evaluator *evaluator, sqlite3_stmt *statement)
{
    EvaluatorOutput *output = evaluator->output;
    RowsetWriter *writer = &output->writer;
    bool partial = evaluator->recipe->flags & RECIPE_PARTIAL;
    bool counted = partial && evaluator->recipe->scan && statement != evaluator->uncounted;
    int rc;
    while ((rc = authorizer_step(&evaluator->authorizer, statement)) == SQLITE_ROW) {
        if (evaluator->authorizer.refused)
            return SQLITE_ABORT;
        if (partial && writer->rows == writer->capacity)
            return SQLITE_FULL;
        if (evaluator_is_stopped(evaluator))
            return SQLITE_INTERRUPT;
        for (uint32_t i = 0; i < writer->columns; i++) {
            sqlite3_value *value = sqlite3_column_value(statement, (int)i);
            if (foreign_functions_place(&evaluator->foreign, value, writer->rows, i, &rc))
                rc = rc == SQLITE_OK ? rowset_set_null(writer, i) : rc;
            else
                rc = rowset_set_value(writer, i, value, evaluator->scan.encoding);
            if (rc != SQLITE_OK)
                return rc;
        }
        rc = rowset_end_row(writer);
        if (rc != SQLITE_OK)
            return rc;
        if (counted)
            output->rows_counted += sqlite3_column_int64(statement, (int)writer->columns);
        if (!partial && is_enough(output)) {
            stop(evaluator);
            return SQLITE_OK;
        }
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int evaluator_output_run(Evaluator *evaluator, sqlite3_stmt *plain, sqlite3_stmt *wrapped)
{
    sqlite3_stmt *statement = wrapped ? wrapped : plain;
    int rc = wrapped ? authorizer_step(&evaluator->authorizer, wrapped) : step_rows(evaluator, plain);
    if (wrapped && (rc == SQLITE_ROW || rc == SQLITE_DONE || evaluator->output->stopped))
        rc = SQLITE_OK;
    sqlite3_reset(statement);
    return rc;
}

int evaluator_output_turn(Evaluator *evaluator, bool *read)
{
    LastingStatement *lasting = &evaluator->lasting;
    ChunkScan *scan = &evaluator->scan;
    if (lasting->begins) {
        sqlite3_reset(lasting->statement);
        evaluator_bind_values(evaluator, lasting->statement);
    }
    scan->read = false;
    scan->timed = lasting->begins;
    scan->left_first_ns = 0;
    int rc = authorizer_step(&evaluator->authorizer, lasting->statement);
    scan->timed = false;
    lasting->run = rc == SQLITE_ROW ? evaluator->order->run : 0;
    if (rc != SQLITE_ROW)
        sqlite3_reset(lasting->statement);
    *read = rc == SQLITE_ROW && scan->read;
    /* Without a read the rows were those of an earlier chunk, which SQLite had kept, and there may be more of
     * them than the output has room for. */
    return rc == SQLITE_ROW || rc == SQLITE_DONE || !scan->read ? SQLITE_OK : rc;
}
