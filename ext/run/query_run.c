#include "ext/run/query_run.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/clock.h"
#include "ext/evaluate/made_tables.h"
#include "ext/plan/worker_settings.h"
#include "ext/run/combiner.h"
#include "ext/run/query_stage.h"

const char query_has_other_columns[] = "parallel_query: the query has other columns than this table by now: "
                                       "drop the table and create it again";

/* Rows for which a result has room at first. */
enum { FIRST_ROWS = 64 };

struct QueryRun {
    Query query;
    StageOutcome outcome;
    /* The combining query; where it may still fail at any row its rows are kept before the first is given. */
    Parts parts;
    Combiner combiner;
    /* Rows that are given out as they come: their stage, in the host's view, and the parts table's way to
       them; NULL: there are none. From the first row on the host itself reads the rest where workers cannot
       go on, for the reason `rest_why`. */
    StageRun *stage_run;
    Snapshot *snapshot;
    PartsStream stream;
    sqlite3_stmt *rest;
    char *rest_why;
    /* Whether these rows are the result, without a combining query; then the one that the run is at: in
       `streamed`, or of the statement. */
    bool is_direct;
    const RowsetView *streamed;
    uint32_t streamed_row;
    sqlite3_stmt *streamed_statement;
    /* Encoding of texts in rowsets. */
    int encoding;
    /* Experience of this run, which others of the query may go on beside, and that of the query. */
    MapExperience experience, *shared_experience;
    /* Results of the stages before the last; `made_count` of them in the query. */
    RecipeTableParts *made;
    Buffer kept;
    uint64_t kept_bytes;
    RowsetView rows;
    uint32_t row;
    bool keeps;
    /* The statement as the user wrote it, where it is run whole, and why it is; NULL: it is not. */
    sqlite3_stmt *whole;
    char *why;
    /* Whether the first step was made already, and what it gave. */
    bool stepped;
    int first_step;
    /* Whether `auto` compares the ways; whether workers are left out to see, or as is known, that this takes
       less time: the statement is run whole, or, for exact sums, its parts in place. Whether the run came to
       the end of its rows, and when, CLOCK_MONOTONIC. */
    bool compares, chose_whole, chose_in_place, ended;
    int64_t end_ns;
    /* Number of rows that were given out. */
    int64_t rows_out;
    /* Error of the run; NULL: none. */
    char *error;
};

/* Ends the run with an error, whose text goes to the caller and into the log. */
static int fail(QueryRun *run, int rc, const char *text, char **message)
{
    sqlite3_free(run->error);
    run->error = sqlite3_mprintf("%s", text);
    *message = sqlite3_mprintf("%s", text);
    return rc;
}

/* ---- whole ---- */

static int begin_whole(QueryRun *run, char **message)
{
    const Query *query = &run->query;
    sqlite3 *db = query->state->db;
    const Buffer *parameters = query->parameters;
    int rc = sqlite3_prepare_v2(db, query->plan->sql, -1, &run->whole, NULL);
    if (rc == SQLITE_OK && parameters->size)
        rc = made_tables_bind_row(run->whole, 1, parameters->data, parameters->size, query->encoding);
    return rc == SQLITE_OK ? rc : fail(run, rc, sqlite3_errmsg(db), message);
}

/* Another query may be what the statement reads. */
static int step_whole(QueryRun *run, char **message)
{
    ConnectionState *state = run->query.state;
    state->depth++;
    int rc = sqlite3_step(run->whole);
    state->depth--;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return fail(run, rc, sqlite3_errmsg(state->db), message);
    /* SQLite prepares the statement anew where another connection has changed the schema. */
    if (sqlite3_column_count(run->whole) == run->query.plan->columns.count)
        return rc;
    return fail(run, SQLITE_ERROR, query_has_other_columns, message);
}

/* ---- in parts ---- */

/* Turns the error of a combining query into the reason for which the query is run whole. */
static int combining_failed(QueryRun *run, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_INTERRUPT || rc == SQLITE_NOMEM)
        return rc;
    if (!run->why)
        run->why = sqlite3_mprintf("the parts cannot be combined: %s", sqlite3_errmsg(run->combiner.db));
    return run->why ? SQLITE_ABORT : SQLITE_NOMEM;
}

/* Frees what a run in parts has made. */
static void end_parts(QueryRun *run)
{
    combiner_end(&run->combiner);
    sqlite3_finalize(run->rest);
    run->rest = NULL;
    query_stream_close(run->stage_run);
    run->stage_run = NULL;
    snapshot_release(run->snapshot);
    run->snapshot = NULL;
    query_parts_free(&run->parts);
    buffer_heap_free(&run->kept);
    for (int i = 0; run->made && i < run->query.made_count; i++) {
        sqlite3_free((char *)(uintptr_t)run->made[i].declaration);
        free((void *)(uintptr_t)run->made[i].rows);
    }
    free(run->made);
    run->made = NULL;
    run->query.made_count = 0;
    run->keeps = run->stepped = run->is_direct = false;
}

/* ---- rows as they come ---- */

/* Has the host read what no range gave out so far. */
static int begin_rest(QueryRun *run, char *why)
{
    const Query *query = &run->query;
    const SplitPlan *plan = query->plan;
    run->rest_why = why;
    int rc = why ? sqlite3_prepare_v2(query->state->db, plan->stages[plan->stage_count - 1].host_sql, -1,
                                      &run->rest, NULL)
                 : SQLITE_NOMEM;
    if (rc == SQLITE_OK && query->parameters->size)
        rc = made_tables_bind_row(run->rest, SPLIT_FIRST_PARAMETER, query->parameters->data,
                                  query->parameters->size, query->encoding);
    return rc == SQLITE_OK ? query_stream_give_up(run->stage_run, run->rest) : rc;
}

static int step_rest(QueryRun *run, sqlite3_stmt **row, char **message)
{
    ConnectionState *state = run->query.state;
    state->depth++;
    int rc = sqlite3_step(run->rest);
    state->depth--;
    *row = run->rest;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        *message = sqlite3_mprintf("%s", sqlite3_errmsg(state->db));
    return rc;
}

/* PartsStream.next. Before a first row was given out an error leads to the plain statement. */
static int next_parts(void *arg, const RowsetView **rows, sqlite3_stmt **row, char **message)
{
    QueryRun *run = arg;
    char *why = NULL;
    if (run->rest)
        return step_rest(run, row, message);
    int rc = query_stream_next(run->stage_run, &run->parts, &why);
    if (rc == SQLITE_ROW)
        *rows = &run->parts.blocks[0].rows;
    if (rc == SQLITE_ABORT && run->rows_out) {
        rc = begin_rest(run, why);
        if (rc == SQLITE_OK)
            return step_rest(run, row, message);
        *message = sqlite3_mprintf("%s", sqlite3_errmsg(run->query.state->db));
        return rc;
    }
    if (why && !run->why)
        run->why = sqlite3_mprintf("%s", why);
    *message = why;
    return rc == SQLITE_ABORT ? SQLITE_ERROR : rc;
}

/* Goes to the next row of a stream that is the result. */
static int step_direct(QueryRun *run, char **message)
{
    if (run->streamed && ++run->streamed_row < run->streamed->rows)
        return SQLITE_ROW;
    run->streamed = NULL;
    run->streamed_statement = NULL;
    run->streamed_row = 0;
    return next_parts(run, &run->streamed, &run->streamed_statement, message);
}

static int begin_direct(QueryRun *run)
{
    char *message = NULL;
    WorkerSettings settings;
    int rc = worker_settings_read(run->query.state, NULL, 0, &settings);
    if (rc != SQLITE_OK)
        return rc;
    run->encoding = settings.encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16;
    run->is_direct = run->stepped = true;
    run->first_step = step_direct(run, &message);
    sqlite3_free(message);
    return run->first_step == SQLITE_ROW || run->first_step == SQLITE_DONE ? SQLITE_OK : run->first_step;
}

/* ---- the combining query ---- */

/* Has the query run whole. */
static int too_many_rows(QueryRun *run)
{
    sqlite3_free(run->why);
    run->why = sqlite3_mprintf("the rows of a stage take more than %d MB", PARTS_BYTES >> 20);
    return run->why ? SQLITE_ABORT : SQLITE_NOMEM;
}

/* Copies all rows of the combining query, which have the bound of the parts. */
static int keep_rows(QueryRun *run)
{
    Combiner *combiner = &run->combiner;
    RowsetWriter writer;
    buffer_heap_init(&run->kept);
    uint32_t columns = (uint32_t)sqlite3_column_count(combiner->statement);
    int rc = rowset_begin(&writer, &run->kept, columns, FIRST_ROWS);
    while (rc == SQLITE_OK && (rc = combiner_step(combiner)) == SQLITE_ROW) {
        rc = writer.rows < writer.capacity ? SQLITE_OK : rowset_grow(&writer, 2 * writer.capacity);
        for (uint32_t i = 0; rc == SQLITE_OK && i < columns; i++)
            rc = rowset_set_value(&writer, i, sqlite3_column_value(combiner->statement, (int)i),
                                  combiner->source.encoding);
        if (rc == SQLITE_OK)
            rc = rowset_end_row(&writer);
        if (rc == SQLITE_OK && writer.bytes > PARTS_BYTES)
            rc = too_many_rows(run);
    }
    if (rc != SQLITE_DONE)
        return rc;
    rowset_finish(&writer);
    run->kept_bytes = writer.bytes;
    run->keeps = true;
    return rowset_open(&run->rows, run->kept.data, run->kept_bytes) ? SQLITE_OK : SQLITE_CORRUPT;
}

/* Whether a row of the result may be an error: a sum of integers beyond their range. */
static bool may_fail(const SplitStage *stage)
{
    return strstr(stage->combine_sql, SPLIT_SUM "(") || strstr(stage->combine_sql, SPLIT_SUM_OF_VALUES "(");
}

/* Gets as far as the first row: from then on the query cannot be run whole any more. */
static int begin_combining(QueryRun *run, const SplitStage *stage)
{
    Combiner *combiner = &run->combiner;
    if (run->stage_run && stage->parts_are_result)
        return combining_failed(run, begin_direct(run));
    int rc = combiner_begin(combiner, &run->query, stage, &run->parts, run->stage_run ? &run->stream : NULL,
                            run->outcome.now, &run->why);
    if (rc == SQLITE_OK && may_fail(stage)) {
        rc = keep_rows(run);
    } else if (rc == SQLITE_OK) {
        run->first_step = combiner_step(combiner);
        run->stepped = true;
        rc = run->first_step == SQLITE_ROW || run->first_step == SQLITE_DONE ? SQLITE_OK : run->first_step;
    }
    return combining_failed(run, rc);
}

/* Makes a table of the rows that a stage gave, which the table owns from then on: those that were kept, or
   those of the one task of a stage that is run whole. */
static int add_result(QueryRun *run, const SplitStage *stage)
{
    RecipeTableParts *table = &run->made[run->query.made_count];
    bool whole = stage->form == SPLIT_WHOLE;
    PartBlock *block = whole && run->parts.count ? &run->parts.blocks[0] : NULL;
    uint64_t bytes = whole ? run->parts.bytes : run->kept_bytes, all = bytes;
    for (int i = 0; i < run->query.made_count; i++)
        all += run->made[i].rows_size;
    if (all > PARTS_BYTES)
        return too_many_rows(run);
    *table = (RecipeTableParts){.name = stage->name,
                                .declaration = split_stage_declaration(stage),
                                .rows = block   ? block->copy
                                        : whole ? NULL
                                                : run->kept.data,
                                .rows_size = (uint32_t)bytes};
    run->query.made_count++;
    run->query.made = run->made;
    if (block)
        block->copy = NULL;
    else if (!whole)
        buffer_heap_init(&run->kept);
    return table->declaration ? SQLITE_OK : SQLITE_NOMEM;
}

/* Runs a stage whose rows later ones read. Returns as begin_parts. */
static int run_earlier_stage(QueryRun *run, const SplitStage *stage, Snapshot *snapshot)
{
    MapExperience own = {.many_parts = run->query.experience->many_parts};
    Query query = run->query;
    query.experience = &own;
    int rc = stage->form == SPLIT_COMBINED
                 ? SQLITE_OK
                 : query_stage_run(&query, stage, snapshot, &run->parts, &run->outcome, &run->why);
    run->query.experience->many_parts = own.many_parts;
    if (rc == SQLITE_OK && stage->form != SPLIT_WHOLE) {
        rc = combiner_begin(&run->combiner, &run->query, stage, &run->parts, NULL, run->outcome.now,
                            &run->why);
        if (rc == SQLITE_OK)
            rc = keep_rows(run);
        rc = combining_failed(run, rc);
        run->keeps = false;
    }
    if (rc == SQLITE_OK)
        rc = add_result(run, stage);
    combiner_end(&run->combiner);
    query_parts_free(&run->parts);
    return rc;
}

static int run_stages(QueryRun *run, Snapshot *snapshot)
{
    const SplitPlan *plan = run->query.plan;
    const SplitStage *last = &plan->stages[plan->stage_count - 1];
    int rc = SQLITE_OK;
    run->made = calloc((size_t)plan->stage_count, sizeof *run->made);
    if (!run->made)
        return SQLITE_NOMEM;
    for (int i = 0; rc == SQLITE_OK && i < plan->stage_count - 1; i++)
        rc = run_earlier_stage(run, &plan->stages[i], snapshot);
    if (rc != SQLITE_OK || last->form == SPLIT_COMBINED)
        return rc;
    if (!last->host_sql)
        return query_stage_run(&run->query, last, snapshot, &run->parts, &run->outcome, &run->why);
    run->stream = (PartsStream){.next = next_parts, .arg = run};
    return query_stream_open(&run->query, last, snapshot, &run->outcome, &run->stage_run, &run->why);
}

/* SQLITE_OK; SQLITE_ABORT: run->why says why the query has to be run whole; SQLITE_INTERRUPT or SQLITE_NOMEM.
 */
static int begin_parts(QueryRun *run)
{
    const Query *query = &run->query;
    const SplitPlan *plan = query->plan;
    const SplitStage *stage = &plan->stages[plan->stage_count - 1], *cut = split_plan_cut(plan);
    const char *why = NULL;
    Snapshot *snapshot;
    const SnapshotBounds all = {0};
    int rc =
        snapshot_pin(query->state->db, plan->schema, cut->cut_table, cut->cut_rowid, &all, &snapshot, &why);
    if (rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT)
        return rc;
    if (rc != SQLITE_OK || !snapshot) {
        run->why = sqlite3_mprintf("%s", why ? why : sqlite3_errmsg(query->state->db));
        return run->why ? SQLITE_ABORT : SQLITE_NOMEM;
    }
    rc = run_stages(run, snapshot);
    if (run->stage_run)
        run->snapshot = snapshot;
    else
        snapshot_release(snapshot);
    return rc == SQLITE_OK ? begin_combining(run, stage) : rc;
}

/* ---- begin, rows, end ---- */

static void begin_log(QueryRun *run)
{
    const Query *query = &run->query;
    const SplitPlan *plan = query->plan;
    const ExecutorKind *requested = query->has_executor ? query->executor : query->state->settings.executor;
    const char *partial = plan->plain ? plan->sql : split_plan_cut(plan)->worker_sql;
    RunRecord *record = run_log_add(&query->state->log, plan->sql, partial, executor_kind_name(requested));
    run->outcome.figures = (RunFigures){.number = record ? record->run : 0, .start_ns = clock_ns()};
}

/* Whether the parts have sums whose last bits those of the plain statement may not have. */
static bool has_exact_sums(const SplitPlan *plan)
{
    bool exact = false;
    for (int i = 0; !exact && i < plan->stage_count; i++) {
        const SplitStage *stage = &plan->stages[i];
        exact = (stage->worker_sql && strstr(stage->worker_sql, SPLIT_SUM_PART "(")) ||
                (stage->combine_sql && (strstr(stage->combine_sql, SPLIT_SUM_OF_VALUES "(") ||
                                        strstr(stage->combine_sql, SPLIT_TOTAL_OF_VALUES "(") ||
                                        strstr(stage->combine_sql, SPLIT_AVG_OF_VALUES "(")));
    }
    return exact;
}

/* Settles whether workers are left out. Exact sums are to have the same bits in all runs: the host runs the
   parts in place then, in one range, which a limit on the time of a part could end. */
static void choose_way(QueryRun *run)
{
    Query *query = &run->query;
    const Settings *settings = &query->state->settings;
    const bool requested = query->has_executor ? query->executor : settings->executor;
    const bool in_place = has_exact_sums(query->plan);
    run->compares = !query->plan->plain && !requested && !run->experience.many_parts &&
                    !(in_place && settings->timeout_seconds > 0);
    if (!run->compares || !whole_runs_choose(&run->experience.whole_runs))
        return;
    run->chose_in_place = in_place;
    run->chose_whole = !in_place;
    if (in_place) {
        query->executor = &executor_serial;
        query->has_executor = true;
        query->workers = 1;
    }
}

/* Takes in the time of a run that came to the end of its rows in the way in which it began. */
static void learn_time(QueryRun *run)
{
    if (run->compares && run->ended && !run->rest_why && (run->chose_whole || !run->why))
        whole_runs_add(&run->experience.whole_runs, run->chose_whole || run->chose_in_place,
                       (double)(run->end_ns - run->outcome.figures.start_ns));
}

static int begin(QueryRun *run, char **message)
{
    const char *plain = run->query.plan->plain;
    int rc = SQLITE_ABORT;
    choose_way(run);
    if (plain || run->chose_whole)
        run->why = sqlite3_mprintf("%s", plain ? plain : "as it stands it may take less time");
    else
        rc = begin_parts(run);
    if (rc == SQLITE_ABORT) {
        end_parts(run);
        rc = run->why ? begin_whole(run, message) : SQLITE_NOMEM;
    }
    if (rc == SQLITE_ERROR && !run->error && run->why)
        rc = fail(run, rc, run->why, message);
    return rc == SQLITE_INTERRUPT ? fail(run, rc, "interrupted", message) : rc;
}

int query_run_open(const Query *query, QueryRun **out, char **message)
{
    *out = NULL;
    QueryRun *run = calloc(1, sizeof *run);
    if (!run)
        return SQLITE_NOMEM;
    run->query = *query;
    run->shared_experience = query->experience;
    run->experience = *query->experience;
    run->query.experience = &run->experience;
    begin_log(run);
    int rc = begin(run, message);
    if (rc == SQLITE_OK)
        *out = run;
    else
        query_run_close(run);
    return rc;
}

static int step_combiner(QueryRun *run, char **message)
{
    if (run->keeps)
        return run->row++ < run->rows.rows ? SQLITE_ROW : SQLITE_DONE;
    int rc = run->stepped ? run->first_step : combiner_step(&run->combiner);
    run->stepped = false;
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return rc;
    return fail(run, rc, rc == SQLITE_INTERRUPT ? "interrupted" : sqlite3_errmsg(run->combiner.db), message);
}

static int step_result(QueryRun *run, char **message)
{
    char *text = NULL;
    int rc = run->stepped ? run->first_step : step_direct(run, &text);
    run->stepped = false;
    if (rc == SQLITE_INTERRUPT)
        rc = fail(run, rc, "interrupted", message);
    else if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        rc = fail(run, rc, text ? text : sqlite3_errstr(rc), message);
    sqlite3_free(text);
    return rc;
}

int query_run_next(QueryRun *run, char **message)
{
    int rc = run->whole       ? step_whole(run, message)
             : run->is_direct ? step_result(run, message)
                              : step_combiner(run, message);
    run->rows_out += rc == SQLITE_ROW;
    if (rc == SQLITE_DONE && !run->ended) {
        run->ended = true;
        run->end_ns = clock_ns();
    }
    return rc;
}

static int direct_column(const QueryRun *run, sqlite3_context *context, int column)
{
    RowsetValue value;
    if (run->streamed_statement) {
        sqlite3_result_value(context, sqlite3_column_value(run->streamed_statement, column));
        return SQLITE_OK;
    }
    if (!rowset_get(run->streamed, run->streamed_row, (uint32_t)column, &value))
        return SQLITE_CORRUPT_VTAB;
    rowset_result(context, &value, run->encoding, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

int query_run_column(const QueryRun *run, sqlite3_context *context, int column)
{
    if (run->is_direct)
        return direct_column(run, context, column);
    if (!run->keeps) {
        sqlite3_stmt *statement = run->whole ? run->whole : run->combiner.statement;
        sqlite3_result_value(context, sqlite3_column_value(statement, column));
        return SQLITE_OK;
    }
    RowsetValue value;
    if (!rowset_get(&run->rows, run->row - 1, (uint32_t)column, &value))
        return SQLITE_CORRUPT_VTAB;
    rowset_result(context, &value, run->combiner.source.encoding, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

static void write_log(const QueryRun *run)
{
    const StageOutcome *outcome = &run->outcome;
    RunRecord *record = run_log_find(&run->query.state->log, outcome->figures.number);
    if (!record)
        return;
    figures_write(&outcome->figures, record);
    record->rows_out = run->rows_out;
    record->retries = outcome->retries;
    record->startup_seconds = (double)outcome->startup_ns / 1e9;
    record->workers = run->why || !outcome->workers ? 1 : outcome->workers;
    run_log_set(&record->executor, run->why || !outcome->executor ? "serial" : outcome->executor->name);
    run_log_set(&record->access, run->why ? "whole" : "partition");
    const char *outcome_reason =
        run->chose_in_place ? "serial: in place it may take less time" : outcome->reason;
    char reason[1400];
    sqlite3_snprintf(sizeof reason, reason, "%s%s%s%s", run->why ? "run whole: " : "",
                     run->why ? run->why : outcome_reason, run->rest_why ? "; the host read the rest: " : "",
                     run->rest_why ? run->rest_why : "");
    run_log_set(&record->reason, reason);
    if (run->error)
        run_log_set(&record->error, run->error);
}

void query_run_close(QueryRun *run)
{
    if (!run)
        return;
    learn_time(run);
    end_parts(run);
    write_log(run);
    *run->shared_experience = run->experience;
    sqlite3_finalize(run->whole);
    sqlite3_free(run->rest_why);
    sqlite3_free(run->why);
    sqlite3_free(run->error);
    free(run);
}
