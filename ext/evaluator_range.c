/*
 * Partition access: the worker reads a range of rowids of the real table, on its own connection to the file.
 *
 * Per row this costs what a plain SELECT costs. So rows are not counted and not followed while all is well:
 * column 0 of a scalar statement is the rowid, which tells where the turn stopped when its output is full;
 * the last column of a partial one is count(*). Only when a row fails, and where a WHERE drops rows that
 * nobody would count, the tracing statement is used, which is the same with a function called for each row
 * before the map sees it.
 */
#include "evaluator_internal.h"
#include "monotonic.h"

/* A turn over a range that takes this long is ended, so that the rest can be shared out: rowids say little
   about rows. A scalar one is taken up again behind its last row. A partial statement cannot be resumed: a
   turn over more than one rowid is given up, and its range comes back in parts. */
static const int64_t give_up_after_ns = 20000000;

/* Rows between two looks at the clock. */
enum { CLOCK_ROWS = 16 };

static void trace_row(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    Evaluator *evaluator = sqlite3_user_data(context);
    evaluator->traced_rows++;
    evaluator->traced_rowid = sqlite3_value_int64(argv[0]);
    sqlite3_result_int(context, 1);
}

int evaluator_range_begin(Evaluator *evaluator)
{
    int rc = sqlite3_create_function_v2(evaluator->db, RANGE_TRACE_FUNCTION, 1, SQLITE_UTF8, evaluator,
                                        trace_row, NULL, NULL, NULL);
    /* An evaluator is opened at a time of its own, and no second one of a worker at the same. */
    evaluator->view = monotonic_ns();
    /* A scan comes by each page once: a cache would only grow with the table. */
    return rc == SQLITE_OK ? sqlite3_exec(evaluator->db, "PRAGMA cache_size = 16; BEGIN", NULL, NULL, NULL)
                           : rc;
}

static bool is_partial(const Evaluator *evaluator)
{
    return evaluator->recipe->flags & RECIPE_PARTIAL;
}

static bool is_overdue(const TaskReport *report)
{
    return monotonic_ns() > report->start_ns + give_up_after_ns;
}

/* Steps over the rows of the range; `first` is the statement's first column that is wanted. */
static int collect_range(Evaluator *evaluator, sqlite3_stmt *statement, const TaskOrder *order, int first,
                         RowsetWriter *writer, TaskReport *report)
{
    bool partial = is_partial(evaluator);
    uint64_t full = rowset_size(writer->columns, writer->capacity) + TASK_OUTPUT_BYTES;
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        if (writer->rows == writer->capacity)
            return SQLITE_FULL; /* more groups than there is room for */
        for (uint32_t column = 0; column < writer->columns; column++) {
            rc = rowset_set_column(writer, column, statement, first + (int)column, evaluator->scan.encoding);
            if (rc != SQLITE_OK)
                return rc;
        }
        rowset_end_row(writer);
        if (partial) {
            report->rows_in += (uint32_t)sqlite3_column_int64(statement, first + (int)writer->columns);
        } else if (writer->rows == writer->capacity || writer->bytes > full) {
            int64_t rowid = sqlite3_column_int64(statement, 0);
            if (rowid < order->last_rowid) {
                report->next_rowid = rowid + 1;
                return SQLITE_OK;
            }
        } else if (order->may_give_up && writer->rows % CLOCK_ROWS == 0 && is_overdue(report)) {
            int64_t rowid = sqlite3_column_int64(statement, 0);
            if (rowid < order->last_rowid) {
                report->next_rowid = rowid + 1;
                report->too_long = true;
                return SQLITE_OK;
            }
        }
    }
    if (rc != SQLITE_DONE)
        return rc;
    report->next_row = order->end_row;
    return SQLITE_OK;
}

/* Finds the row that failed, by running the range again and telling each row. The rows before it are in
   `writer` already; a map that does not fail a second time leaves the row unknown. */
static void find_failure(Evaluator *evaluator, const TaskOrder *order, TaskReport *report)
{
    sqlite3_stmt *tracing = evaluator->tracing;
    int rc;
    evaluator->traced_rows = 0;
    sqlite3_bind_int64(tracing, 1, order->first_rowid);
    sqlite3_bind_int64(tracing, 2, order->last_rowid);
    while ((rc = sqlite3_step(tracing)) == SQLITE_ROW)
        continue;
    sqlite3_reset(tracing);
    if (rc != SQLITE_DONE) {
        report->rows_in = evaluator->traced_rows;
        report->next_rowid = evaluator->traced_rowid;
    }
}

int evaluator_range_run(Evaluator *evaluator, const TaskOrder *order, RowsetWriter *writer, Buffer *output,
                        TaskReport *report)
{
    const Recipe *recipe = evaluator->recipe;
    bool partial = is_partial(evaluator);
    bool traced = recipe->flags & RECIPE_WHERE;
    sqlite3_stmt *statement = traced ? evaluator->tracing : evaluator->statement;
    int first = partial || (recipe->flags & RECIPE_KEY) ? 0 : 1;
    uint32_t columns = (uint32_t)(sqlite3_column_count(statement) - first - (partial ? 1 : 0));
    int rc = rowset_begin(writer, output, columns, order->row_limit);
    if (rc != SQLITE_OK)
        return rc;
    report->next_rowid = order->first_rowid;
    report->view = evaluator->view;
    evaluator->traced_rows = 0;
    bool divisible = partial && order->last_rowid > order->first_rowid;
    if (divisible && order->may_give_up)
        evaluator->give_up_ns = report->start_ns + give_up_after_ns;
    sqlite3_bind_int64(statement, 1, order->first_rowid);
    sqlite3_bind_int64(statement, 2, order->last_rowid);
    rc = collect_range(evaluator, statement, order, first, writer, report);
    if (rc != SQLITE_OK)
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "%s", sqlite3_errmsg(evaluator->db));
    bool overdue = evaluator->give_up_ns && monotonic_ns() > evaluator->give_up_ns;
    evaluator->give_up_ns = 0;
    sqlite3_reset(statement);
    if (divisible && (rc == SQLITE_FULL || (rc == SQLITE_INTERRUPT && overdue))) {
        writer->rows = 0;
        report->rows_in = 0;
        report->too_long = true;
        report->message[0] = 0;
        return SQLITE_OK;
    }
    if (traced)
        report->rows_in = evaluator->traced_rows;
    else if (!partial)
        report->rows_in = writer->rows;
    if (rc != SQLITE_OK && rc != SQLITE_INTERRUPT && rc != SQLITE_NOMEM)
        find_failure(evaluator, order, report);
    return rc;
}
