#include "ext/run/task_source.h"

#include <stdlib.h>
#include <string.h>

#include "ext/evaluate/worker_vfs.h"

enum {
    /* Bytes after which a fed task's input is cut, whatever its units. */
    INPUT_BYTES = 1 << 20,
    /* Rows of a block of settled rows at the most. */
    SETTLED_BLOCK_ROWS = 8192,
    /* Rowids of the smallest table that workers read: opening the file of a smaller one costs more than that.
     */
    PARTITION_ROWIDS = 10000,
};

static void keep_error(TaskSource *source, int rc)
{
    source->ended = true;
    source->rc = rc;
    if (rc != SQLITE_NOMEM && !source->message)
        source->message = sqlite3_mprintf("%s", sqlite3_errmsg(source->state->db));
}

/* Tries in place what every worker does first: opening the file and preparing the map over its table. */
static bool can_read_file(const TaskSource *source)
{
    char message[TASK_MESSAGE_SIZE];
    Evaluator *evaluator;
    return chunk_runner_evaluator(source->state->runner, source->recipe, &evaluator, message) == SQLITE_OK;
}

/* Takes the bounds of the rowids from the snapshot, in the order of the scan. */
static void find_bounds(TaskSource *source)
{
    int64_t least, greatest;
    snapshot_bounds(source->snapshot, &least, &greatest);
    const bool backwards = source->plan->feed.order < 0;
    source->first_rowid = backwards ? ~greatest : least;
    source->last_rowid = backwards ? ~least : greatest;
}

static int try_partition(TaskSource *source, char **message)
{
    const Plan *plan = source->plan;
    sqlite3 *db = source->state->db;
    const SnapshotBounds bounds = {plan->rowid_bounds, &source->values->view, plan->encoding};
    source->whole_table = !bounds.condition;
    int rc = snapshot_pin(db, plan->source.schema, plan->source.table, plan->source.rowid, &bounds,
                          &source->snapshot, &source->why_feed);
    if (rc != SQLITE_OK) {
        if (rc != SQLITE_NOMEM)
            *message = sqlite3_mprintf("parallel_map: source: %s", sqlite3_errmsg(db));
        return rc;
    }
    if (!source->snapshot)
        return SQLITE_OK;
    find_bounds(source);
    source->next_rowid = source->first_rowid;
    if (!plan->reads_tables && (uint64_t)source->last_rowid - (uint64_t)source->next_rowid < PARTITION_ROWIDS)
        source->why_feed = source->whole_table ? "the table is small" : "few rows are requested";
    if (!source->why_feed) {
        source->recipe = plan_partition_recipe(plan, source->state, snapshot_schema(source->snapshot),
                                               snapshot_uri(source->snapshot), source->run);
        if (!source->recipe)
            return SQLITE_NOMEM;
        if (!can_read_file(source) || !snapshot_holds(source->snapshot))
            source->why_feed = "a worker could not read the file as the host does";
    }
    if (source->why_feed) {
        snapshot_release(source->snapshot);
        source->snapshot = NULL;
    }
    return SQLITE_OK;
}

int task_source_open(TaskSource *source, ConnectionState *state, Plan *plan, const RunValues *values,
                     const MapExperience *experience, bool remote, char **message)
{
    *source = (TaskSource){.state = state,
                           .plan = plan,
                           .values = values,
                           .experience = experience,
                           .keyed_by_position = plan->form == MAP_FUNCTION && !plan->source.rowid,
                           .now = worker_vfs_host_time(),
                           .run = ++state->last_scan};
    int rc = feed_start(&plan->feed, &plan->source, state, message);
    if (rc == SQLITE_OK && values->bytes)
        rc = values_bind(plan->feed.statement, &values->view, plan->encoding);
    if (rc != SQLITE_OK)
        return rc;
    if (plan->feed.host_writes) {
        source->feeding = FEED_IS_TO_SETTLE;
        source->why_feed = "the host is writing";
        return SQLITE_OK;
    }
    if (remote) {
        source->why_feed = "the workers are on other machines";
        return SQLITE_OK;
    }
    if (!plan->partitionable) {
        source->why_feed = plan->why_feed ? plan->why_feed : "the source is no plain walk over a rowid table";
        return SQLITE_OK;
    }
    /* A table that had few rows the last time is not pinned again: that would cost as much as mapping it.
     */
    if (!plan->reads_tables && !plan->rowid_bounds && experience->rows > 0 &&
        experience->rows < PARTITION_ROWIDS) {
        source->why_feed = "the table is small";
        return SQLITE_OK;
    }
    rc = try_partition(source, message);
    /* Only stepping a statement of SQLite shows whether a plan still fits the schema. A feed is stepped
       anyway; without one a step is made here, in the view that is held. */
    if (rc == SQLITE_OK && source->snapshot) {
        rc = feed_check_schema(&plan->feed, plan->tried);
        if (rc != SQLITE_OK && rc != SQLITE_SCHEMA && rc != SQLITE_NOMEM)
            *message = sqlite3_mprintf("parallel_map: source: %s", sqlite3_errmsg(state->db));
    }
    return rc;
}

Task *task_source_create_task(const TaskSource *source)
{
    return task_create(source->snapshot ? source->recipe : source->plan->recipe);
}

/* Steps a statement of the host, which may read another map, which may read another one. */
static int step_host(TaskSource *source, sqlite3_stmt *statement)
{
    source->state->depth++;
    int rc = sqlite3_step(statement);
    source->state->depth--;
    return rc;
}

/* Steps to the next row of the feed, which after a fall-back is one range after the other. */
static int step_feed(TaskSource *source, sqlite3_stmt **statement)
{
    if (!source->range_feed) {
        *statement = source->plan->feed.statement;
        return step_host(source, *statement);
    }
    *statement = source->range_feed;
    for (;;) {
        int rc = sqlite3_stmt_busy(source->range_feed) ? sqlite3_step(source->range_feed) : SQLITE_DONE;
        if (rc != SQLITE_DONE || source->range_next == source->range_count)
            return rc;
        RowidRange range = source->ranges[source->range_next++];
        sqlite3_reset(source->range_feed);
        const bool backwards = source->plan->feed.order < 0;
        sqlite3_bind_int64(source->range_feed, 1, backwards ? ~range.last : range.first);
        sqlite3_bind_int64(source->range_feed, 2, backwards ? ~range.first : range.last);
        rc = sqlite3_step(source->range_feed);
        if (rc != SQLITE_DONE)
            return rc;
    }
}

/* A map sees a subtype where it would see one as a query around the source. */
static int set_input(RowsetWriter *writer, const Plan *plan, int input, sqlite3_value *value)
{
    int rc = rowset_set_value(writer, (uint32_t)input, value, plan->encoding);
    unsigned subtype = sqlite3_value_subtype(value);
    if (rc == SQLITE_OK && subtype && !plan->feed.loses_subtype[input])
        rc = rowset_set_subtype(writer, (uint32_t)input, subtype);
    return rc;
}

/* Adds a row to a rowset: SQLITE_ROW; SQLITE_DONE: there is none; else an error. */
typedef int TakeRow(TaskSource *source, RowsetWriter *writer);

static int take_fed_row(TaskSource *source, RowsetWriter *writer)
{
    const Plan *plan = source->plan;
    sqlite3_stmt *statement;
    int rc = step_feed(source, &statement);
    if (rc != SQLITE_ROW)
        return rc;
    rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < plan->feed.input_count; i++)
        rc = set_input(writer, plan, i, sqlite3_column_value(statement, plan->feed.index_of[i]));
    if (rc == SQLITE_OK)
        rc = rowset_end_row(writer);
    return rc == SQLITE_OK ? SQLITE_ROW : rc;
}

static int take_settled_row(TaskSource *source, RowsetWriter *writer)
{
    const RowsetView *rows;
    uint32_t row;
    int rc = settled_rows_next(&source->settled, &rows, &row, &source->message);
    if (rc != SQLITE_ROW)
        return rc;
    rc = SQLITE_OK;
    for (uint32_t i = 0; rc == SQLITE_OK && i < writer->columns; i++) {
        RowsetValue value;
        rc = rowset_get(rows, row, i, &value) ? rowset_copy_value(writer, i, &value) : SQLITE_CORRUPT;
    }
    if (rc == SQLITE_OK)
        rc = rowset_end_row(writer);
    return rc == SQLITE_OK ? SQLITE_ROW : rc;
}

/* Makes a rowset of up to `rows` rows. SQLITE_OK; SQLITE_DONE: they are the last ones; or the error that came
   after them. */
static int read_rows(TaskSource *source, TakeRow *take, Buffer *buffer, uint32_t rows, RowsetWriter *writer)
{
    const int inputs = source->plan->feed.input_count;
    const uint32_t most = INPUT_BYTES * 8u / (uint32_t)(9 * inputs + 1);
    *writer = (RowsetWriter){0};
    int rc = rowset_begin(writer, buffer, (uint32_t)inputs, rows < most ? rows : most);
    if (rc != SQLITE_OK)
        return rc;
    const uint64_t full = writer->heap + INPUT_BYTES;
    rc = SQLITE_ROW;
    while (rc == SQLITE_ROW && writer->rows < writer->capacity && writer->bytes < full)
        rc = take(source, writer);
    rowset_finish(writer);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* Reads the feed to its end, and keeps its rows. */
static int settle(TaskSource *source)
{
    RowsetWriter writer;
    Buffer block;
    int rc = SQLITE_OK;
    buffer_heap_init(&block);
    while (rc == SQLITE_OK) {
        rc = read_rows(source, take_fed_row, &block, SETTLED_BLOCK_ROWS, &writer);
        int added = (rc == SQLITE_OK || rc == SQLITE_DONE) && writer.rows
                        ? settled_rows_add(&source->settled, &block, &source->message)
                        : SQLITE_OK;
        rc = added == SQLITE_OK ? rc : added;
    }
    buffer_heap_free(&block);
    source->feeding = FEED_IS_SETTLED;
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Steps over the rows before the first one that is requested by its position. Returns as read_rows. */
static int skip_rows(TaskSource *source)
{
    int rc = SQLITE_ROW;
    while (rc == SQLITE_ROW && source->units + 1 < source->values->first_position) {
        sqlite3_stmt *statement;
        const RowsetView *view;
        uint32_t row;
        rc = source->feeding == FEED_IS_SETTLED
                 ? settled_rows_next(&source->settled, &view, &row, &source->message)
                 : step_feed(source, &statement);
        source->units += rc == SQLITE_ROW;
    }
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* The number of rows that are requested still, where their positions show it. */
static int64_t positions_left(const TaskSource *source)
{
    return source->keyed_by_position ? source->values->last_position - source->units : INT64_MAX;
}

/* Copies the next rows, `rows` of them at the most, into the task's input. Returns as read_rows. */
static int fill_input(TaskSource *source, Task *task, uint32_t rows)
{
    RowsetWriter writer = {0};
    int rc = source->feeding == FEED_IS_TO_SETTLE ? settle(source) : SQLITE_OK;
    if (rc == SQLITE_OK && source->keyed_by_position)
        rc = skip_rows(source);
    if (positions_left(source) < (int64_t)rows)
        rows = positions_left(source) > 0 ? (uint32_t)positions_left(source) : 0;
    if (rc == SQLITE_OK && !rows)
        rc = SQLITE_DONE;
    if (rc == SQLITE_OK)
        rc = read_rows(source, source->feeding == FEED_IS_SETTLED ? take_settled_row : take_fed_row,
                       &task->input, rows, &writer);
    task->order = (TaskOrder){.now = source->now,
                              .run = source->run,
                              .position = (uint64_t)source->units + 1,
                              .first_row = 0,
                              .end_row = writer.rows};
    if ((source->plan->conditions || source->plan->request.parameters) &&
        task_set_values(task, writer.bytes, source->values->data, source->values->bytes) != SQLITE_OK)
        return SQLITE_NOMEM;
    return rc;
}

static bool fill_range(TaskSource *source, Task *task, int64_t units, uint32_t row_limit, bool may_give_up)
{
    if (source->ended)
        return false;
    int64_t first = source->next_rowid;
    int64_t last = source->last_rowid;
    if ((uint64_t)last - (uint64_t)first >= (uint64_t)units)
        last = first + units - 1;
    task->order = (TaskOrder){.now = source->now,
                              .run = source->run,
                              .end_row = 1,
                              .first_rowid = first,
                              .last_rowid = last,
                              .row_limit = row_limit,
                              .begins_table = source->whole_table && first == source->first_rowid,
                              .ends_table = source->whole_table && last == source->last_rowid,
                              .may_give_up = may_give_up};
    if (source->plan->conditions || source->plan->range_conditions || source->plan->request.parameters) {
        int rc = task_set_values(task, 0, source->values->data, source->values->bytes);
        if (rc != SQLITE_OK) {
            keep_error(source, rc);
            return false;
        }
    }
    source->ended = last == source->last_rowid;
    if (!source->ended)
        source->next_rowid = last + 1;
    return true;
}

/*
 * Whether the task, which has no row, is evaluated all the same: SQLite computes what a WHERE has of
 * constants before it reads a row, and fails where one of them fails. So a source without rows gives one
 * task, of none.
 */
static bool is_for_constants(const TaskSource *source, const Task *task)
{
    const Plan *plan = source->plan;
    return !source->units && !source->range_feed && !source->keyed_by_position && task->input.size &&
           (plan->arguments.where || plan->has_constants);
}

bool task_source_fill(TaskSource *source, Task *task, int64_t units, uint32_t row_limit, bool may_give_up)
{
    if (source->snapshot)
        return fill_range(source, task, units, row_limit, may_give_up);
    if (source->ended)
        return false;
    int rc = fill_input(source, task, units > UINT32_MAX ? UINT32_MAX : (uint32_t)units);
    /* The end of the source, and an error in it, come after the rows that were read before. */
    if (rc == SQLITE_DONE || (rc == SQLITE_OK && source->plan->one_row))
        source->ended = true;
    else if (rc != SQLITE_OK)
        keep_error(source, rc);
    source->units += task->order.end_row;
    source->ended = source->ended || positions_left(source) <= 0;
    return task->order.end_row > 0 || (rc == SQLITE_DONE && is_for_constants(source, task));
}

/* Returns the number of units that are known to be left; 0: not known. */
static int64_t units_left(const TaskSource *source)
{
    if (source->snapshot) {
        uint64_t more = source->ended ? 0 : (uint64_t)source->last_rowid - (uint64_t)source->next_rowid;
        return source->ended ? 0 : more < INT64_MAX ? (int64_t)more + 1 : INT64_MAX;
    }
    return source->experience->rows > source->units ? source->experience->rows - source->units : 0;
}

SourceRest task_source_rest(const TaskSource *source)
{
    return (SourceRest){
        .ranged = source->snapshot != NULL, .units = (double)units_left(source), .more = !source->ended};
}

double task_source_share_done(const TaskSource *source, int64_t rows)
{
    double left = (double)units_left(source);
    if (source->snapshot) {
        int64_t least, greatest;
        snapshot_bounds(source->snapshot, &least, &greatest);
        double all = (double)greatest - (double)least + 1;
        return (all - left) / all;
    }
    return left > 0 ? (double)rows / ((double)rows + left) : -1;
}

bool task_source_confirm(TaskSource *source, const TaskReport *report)
{
    if (!source->snapshot)
        return true;
    /* Rollback journal: each check must find the file unchanged. WAL: a worker's view, once proven, stays. */
    for (int i = 0; i < source->proven_count; i++)
        if (source->proven[i].worker == report->worker && source->proven[i].pid == report->pid &&
            source->proven[i].view == report->view)
            return true;
    if (!snapshot_holds(source->snapshot))
        return false;
    if (!snapshot_proof_lasts(source->snapshot))
        return true;
    ProvenView *grown = realloc(source->proven, (size_t)(source->proven_count + 1) * sizeof *grown);
    if (grown) {
        source->proven = grown;
        grown[source->proven_count++] = (ProvenView){report->worker, report->pid, report->view};
    }
    return true;
}

/* Joins ranges that follow each other, so that the host walks over the seam between them. */
static int join_ranges(RowidRange *ranges, int count)
{
    int joined = 0;
    for (int i = 0; i < count; i++)
        if (joined && ranges[joined - 1].last < INT64_MAX && ranges[joined - 1].last + 1 == ranges[i].first)
            ranges[joined - 1].last = ranges[i].last;
        else
            ranges[joined++] = ranges[i];
    return joined;
}

const char task_source_changed[] = "the file was written to meanwhile";

const char *task_source_failure(const TaskSource *source, const Task *task)
{
    /* A change of the file may be why a worker could not read. */
    if (!snapshot_holds(source->snapshot))
        return task_source_changed;
    return task->retries ? "a worker process ended while it read a range" : "a worker failed to read a range";
}

int task_source_fall_back(TaskSource *source, RowidRange *ranges, int count, const char *why)
{
    RowidRange *all = realloc(ranges, (size_t)(count + 1) * sizeof *all);
    if (!all) {
        free(ranges);
        keep_error(source, SQLITE_NOMEM);
        return SQLITE_NOMEM;
    }
    if (!source->ended)
        all[count++] = (RowidRange){source->next_rowid, source->last_rowid};
    source->ranges = all;
    source->range_count = join_ranges(all, count);
    source->ended = false;
    snapshot_release(source->snapshot);
    source->snapshot = NULL;
    source->why_feed = why;
    int rc = feed_prepare_range(&source->plan->feed, &source->plan->source, source->state->db,
                                &source->range_feed);
    if (rc == SQLITE_OK && source->values->bytes)
        rc = values_bind(source->range_feed, &source->values->view, source->plan->encoding);
    if (rc != SQLITE_OK)
        keep_error(source, rc);
    return rc;
}

void task_source_close(TaskSource *source)
{
    if (source->recipe)
        chunk_runner_end_scan(source->state->runner, source->recipe->scan);
    sqlite3_finalize(source->range_feed);
    settled_rows_free(&source->settled);
    snapshot_release(source->snapshot);
    recipe_unref(source->recipe);
    free(source->proven);
    free(source->ranges);
    sqlite3_free(source->message);
    if (source->plan && source->plan->feed.statement)
        sqlite3_reset(source->plan->feed.statement);
    *source = (TaskSource){0};
}
