/*
 * Partition access: the worker reads a range of rowids of the real table, on its own connection to the file.
 *
 * Per row this costs what a plain SELECT costs. So rows are not counted and not followed while all is well: a
 * scalar turn that ends early finds the rowid of its last row by the number of rows that it gave; a partial
 * statement's rows are counted by SQLite's count of instructions, or else by count(*) as its last column.
 * Only when a row fails, and where a WHERE drops rows that would not be counted, the tracing statement is
 * used, which is the same with a function called for each row before the map sees it.
 */
#include "ext/evaluate/evaluator_internal.h"
#include "ext/base/clock.h"

/* A turn over a range that takes this long is ended, so that the rest can be shared out: rowids say little
   about rows. A scalar one is resumed after its last row. A partial statement cannot be resumed: a
   turn over more than one rowid is given up, and its range comes back in parts. */
static const int64_t give_up_after_ns = 20000000;

static bool is_partial(const Evaluator *evaluator)
{
    return evaluator->recipe->flags & RECIPE_PARTIAL;
}

static void start_clock(Evaluator *evaluator, int64_t from_ns)
{
    *(is_partial(evaluator) ? &evaluator->give_up_ns : &evaluator->output->give_up_ns) =
        from_ns + give_up_after_ns;
}

static void trace_row(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    Evaluator *evaluator = sqlite3_user_data(context);
    ChunkScan *scan = &evaluator->scan;
    if (evaluator->output->stopped) {
        sqlite3_result_int(context, 0);
        return;
    }
    if (scan->timed && evaluator->traced_rows == 1) {
        scan->timed = false;
        scan->left_first_ns = clock_ns();
        if (evaluator->gives_up)
            start_clock(evaluator, scan->left_first_ns);
    }
    evaluator->traced_rows++;
    evaluator->traced_rowid = recipe_rowid(evaluator->recipe, sqlite3_value_int64(argv[0]));
    if (evaluator_is_stopped(evaluator))
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
    else
        sqlite3_result_int(context, 1);
}

/* Rows that the conditions on the source drop are no rows of the map. */
static void count_row(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    Evaluator *evaluator = sqlite3_user_data(context);
    evaluator->counted_rows++;
    sqlite3_result_int(context, 1);
}

/* The number of rows of the range that the map was computed for, where they were traced. */
static uint32_t rows_met(const Evaluator *evaluator)
{
    return evaluator->recipe->flags & RECIPE_COUNTS ? evaluator->counted_rows : evaluator->traced_rows;
}

/* The table's first and last range take in whatever a walk over all of it would: the least and the greatest
   rowid are claims of the file. */
static int64_t walk_first(const TaskOrder *order)
{
    return order->begins_table ? INT64_MIN : order->first_rowid;
}

static int64_t walk_last(const TaskOrder *order)
{
    return order->ends_table ? INT64_MAX : order->last_rowid;
}

/* The least and the greatest rowid of an order's range. */
static void find_bounds(const Evaluator *evaluator, const TaskOrder *order, int64_t bounds[2])
{
    const bool backwards = evaluator->recipe->flags & RECIPE_BACKWARDS;
    bounds[backwards] = recipe_rowid(evaluator->recipe, walk_first(order));
    bounds[!backwards] = recipe_rowid(evaluator->recipe, walk_last(order));
}

static void range_bound(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    Evaluator *evaluator = sqlite3_user_data(context);
    int64_t bounds[2];
    find_bounds(evaluator, evaluator->order, bounds);
    evaluator->scan.read = true;
    sqlite3_result_int64(context, bounds[sqlite3_value_int(argv[0]) != 0]);
}

int evaluator_range_begin(Evaluator *evaluator)
{
    int rc = sqlite3_create_function_v2(evaluator->db, RANGE_TRACE_FUNCTION, 1, SQLITE_UTF8, evaluator,
                                        trace_row, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(evaluator->db, RANGE_BOUND_FUNCTION, 1, SQLITE_UTF8, evaluator,
                                        range_bound, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(evaluator->db, RANGE_COUNT_FUNCTION, 1, SQLITE_UTF8, evaluator,
                                        count_row, NULL, NULL, NULL);
    /* Identifies this read transaction: the clock differs between any two evaluators of a worker. */
    evaluator->view = clock_ns();
    /* A scan comes by each page once: a cache would only grow with the table. Pages that were mapped would
       not be read through the trail. */
    return rc == SQLITE_OK
               ? sqlite3_exec(evaluator->db, "PRAGMA cache_size = 16; PRAGMA mmap_size = 0; BEGIN", NULL,
                              NULL, NULL)
               : rc;
}

int evaluator_range_prepare(Evaluator *evaluator)
{
    const Recipe *recipe = evaluator->recipe;
    return sqlite3_prepare_v3(evaluator->db, recipe_text(recipe, recipe->rowids_select), -1,
                              SQLITE_PREPARE_PERSISTENT, &evaluator->rowids, NULL);
}

/* Finds the row that failed, by running the range again with the tracing statement. The rows before it are in
   `writer` already; a map that does not fail a second time leaves the row unknown. */
static void find_failure(Evaluator *evaluator, TaskReport *report)
{
    sqlite3_stmt *tracing = NULL;
    int rc = evaluator_prepare(evaluator, recipe_text(evaluator->recipe, evaluator->recipe->tracing_select),
                               &tracing);
    if (rc != SQLITE_OK)
        return;
    evaluator->traced_rows = evaluator->counted_rows = 0;
    evaluator_bind_values(evaluator, tracing);
    while ((rc = authorizer_step(&evaluator->authorizer, tracing)) == SQLITE_ROW)
        continue;
    sqlite3_finalize(tracing);
    if (rc != SQLITE_DONE) {
        report->rows_in = rows_met(evaluator);
        report->next_rowid = evaluator->traced_rowid;
    }
}

/* The figures of a walk that is over. */
static RangeWalk walk_of(const Evaluator *evaluator, const TaskOrder *order, bool traced)
{
    return (RangeWalk){.first_rowid = walk_first(order),
                       .last_rowid = walk_last(order),
                       .rows = traced ? evaluator->traced_rows : evaluator->output->writer.rows,
                       .traced = traced,
                       .rowid = evaluator->traced_rowid};
}

/* A scalar turn that stopped: where the rest of its range begins, if there is any. */
static int leave_rest(Evaluator *evaluator, const TaskOrder *order, bool traced, TaskReport *report)
{
    RangeWalk walk = walk_of(evaluator, order, traced);
    int rc = range_seam_check_stop(evaluator, &walk, report->message);
    if (rc != SQLITE_OK)
        return rc;
    if (walk.rowid < order->first_rowid || walk.rowid > order->last_rowid)
        return SQLITE_CORRUPT;
    if (walk.rowid == order->last_rowid)
        return SQLITE_OK;
    report->next_row = order->first_row;
    report->next_rowid = walk.rowid + 1;
    report->gave_up = evaluator->output->overdue;
    return SQLITE_OK;
}

/* Has the counter learn, by a run over no rows. That calls functions of the map: so a worker does it, at its
   first range, where it can be stopped, and no evaluator that only sees whether it can be prepared. The clock
   is not for it. Where it fails, rows are counted. */
static int learn_rows(Evaluator *evaluator)
{
    int rc;
    bool timed = evaluator->give_up_ns;
    evaluator->give_up_ns = 0;
    row_counter_empty(evaluator->uncounted);
    evaluator_bind_values(evaluator, evaluator->uncounted);
    while ((rc = authorizer_step(&evaluator->authorizer, evaluator->uncounted)) == SQLITE_ROW)
        continue;
    bool stopped = evaluator->stop_requested || rc == SQLITE_INTERRUPT || rc == SQLITE_NOMEM;
    if (rc == SQLITE_DONE && !stopped)
        row_counter_learn(&evaluator->row_counter, evaluator->uncounted);
    else
        sqlite3_reset(evaluator->uncounted);
    if (timed)
        start_clock(evaluator, clock_ns());
    if (stopped)
        return rc == SQLITE_NOMEM ? rc : SQLITE_INTERRUPT;
    return rc == SQLITE_DONE ? SQLITE_OK : evaluator_drop_uncounted(evaluator);
}

/* Runs the statement over the range, up to a row that `report` names. */
static int run_range(Evaluator *evaluator, const TaskOrder *order, TaskReport *report)
{
    bool traced = evaluator->recipe->flags & RECIPE_WHERE;
    int rc = evaluator->uncounted && !evaluator->row_counter.none ? learn_rows(evaluator) : SQLITE_OK;
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_stmt *uncounted = evaluator->uncounted;
    sqlite3_stmt *plain = uncounted ? uncounted : evaluator->statement;
    sqlite3_stmt *wrapped = uncounted ? NULL : evaluator->wrapped;
    sqlite3_stmt *statement = wrapped ? wrapped : plain;
    EvaluatorOutput *output = evaluator->output;
    evaluator->traced_rows = evaluator->counted_rows = 0;
    if (!traced) {
        int64_t bounds[2];
        find_bounds(evaluator, order, bounds);
        sqlite3_bind_int64(statement, 1, bounds[0]);
        sqlite3_bind_int64(statement, 2, bounds[1]);
    }
    evaluator_bind_values(evaluator, statement);
    range_seam_begin(evaluator);
    worker_vfs_begin_range(&evaluator->vfs);
    rc = evaluator_output_run(evaluator, plain, wrapped);
    worker_vfs_end_range(&evaluator->vfs);
    if (rc != SQLITE_OK)
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "%s", sqlite3_errmsg(evaluator->db));
    if (uncounted)
        output->rows_counted = row_counter_rows(&evaluator->row_counter, uncounted);
    if (rc == SQLITE_OK && output->rows_counted < 0) {
        /* Then they are counted from now on. */
        output->writer.rows = 0;
        output->rows_counted = 0;
        rc = evaluator_drop_uncounted(evaluator);
        return rc == SQLITE_OK ? run_range(evaluator, order, report) : rc;
    }
    report->rows_in = traced                  ? rows_met(evaluator)
                      : is_partial(evaluator) ? (uint32_t)output->rows_counted
                                              : output->writer.rows;
    if (rc != SQLITE_OK)
        return rc;
    report->next_row = order->end_row;
    RangeWalk walk = walk_of(evaluator, order, traced);
    return output->stopped ? leave_rest(evaluator, order, traced, report)
                           : range_seam_check_end(evaluator, &walk, report->message);
}

/* The same by the lasting statement, which traces its rows. */
static int run_turn(Evaluator *evaluator, const TaskOrder *order, TaskReport *report)
{
    bool read;
    evaluator->traced_rows = evaluator->counted_rows = 0;
    range_seam_begin(evaluator);
    worker_vfs_begin_range(&evaluator->vfs);
    int rc = evaluator_output_turn(evaluator, &read);
    worker_vfs_end_range(&evaluator->vfs);
    if (rc == SQLITE_OK && !read) {
        evaluator->output->writer.rows = 0;
        rc = evaluator_drop_lasting(evaluator);
        return rc == SQLITE_OK ? run_range(evaluator, order, report) : rc;
    }
    report->rows_in = rows_met(evaluator);
    if (rc != SQLITE_OK) {
        sqlite3_snprintf(TASK_MESSAGE_SIZE, report->message, "%s", sqlite3_errmsg(evaluator->db));
        report->next_rowid = evaluator->traced_rows ? evaluator->traced_rowid : order->first_rowid;
        return rc;
    }
    report->next_row = order->end_row;
    RangeWalk walk = walk_of(evaluator, order, true);
    return evaluator->output->stopped ? leave_rest(evaluator, order, true, report)
                                      : range_seam_check_turn(evaluator, &walk, report->message);
}

int evaluator_range_run(Evaluator *evaluator, const TaskOrder *order, Buffer *buffer, TaskReport *report)
{
    EvaluatorOutput *output = evaluator->output;
    bool partial = is_partial(evaluator), lasting = evaluator->lasting.statement != NULL;
    int rc = evaluator_output_begin(output, buffer, evaluator->output_columns, order->row_limit);
    if (rc != SQLITE_OK)
        return rc;
    uint64_t width = (uint64_t)order->last_rowid - (uint64_t)order->first_rowid;
    output->rows_most = width < INT64_MAX ? (int64_t)width + 1 : INT64_MAX;
    report->next_rowid = order->first_rowid;
    report->view = evaluator->view;
    /* Constants are computed once, however the range is cut: the clock is not for them. */
    evaluator->gives_up = order->may_give_up && width > 0;
    if (evaluator->gives_up && !(lasting && evaluator->lasting.begins))
        start_clock(evaluator, report->start_ns);
    rc = lasting ? run_turn(evaluator, order, report) : run_range(evaluator, order, report);
    bool overdue = evaluator->give_up_ns && clock_ns() > evaluator->give_up_ns;
    evaluator->give_up_ns = 0;
    if (evaluator->stop_requested)
        rc = SQLITE_INTERRUPT;
    /* Groups are no more than rows, and rows no more than rowids. */
    if (partial && rc == SQLITE_FULL && order->row_limit > width)
        rc = SQLITE_CORRUPT;
    if (partial && width > 0 && (rc == SQLITE_FULL || (rc == SQLITE_INTERRUPT && overdue))) {
        output->writer.rows = 0;
        report->rows_in = 0;
        report->next_row = order->first_row;
        report->next_rowid = order->first_rowid;
        report->gave_up = true;
        report->message[0] = 0;
        if (evaluator->stop_requested)
            evaluator_end_lasting(evaluator);
        evaluator->stop_requested = false;
        return SQLITE_OK;
    }
    if (rc != SQLITE_OK && rc != SQLITE_INTERRUPT && rc != SQLITE_NOMEM && !evaluator->lasting.statement &&
        !evaluator->authorizer.refused)
        find_failure(evaluator, report);
    return rc;
}
