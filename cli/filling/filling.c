#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/clock.h"
#include "cli/base/query.h"
#include "cli/filling/filling.h"
#include "cli/filling/fingerprint.h"
#include "cli/filling/table_name.h"
#include "cli/sampling/map_bench.h"
#include "cli/sampling/progress.h"
#include "sql/sql.h"

/* A kill costs at most one batch. Batches grow from the first one, so that also a run that is killed soon
 * gets on, to one that takes so long that beginning and committing it is little beside. */
enum { FIRST_BATCH = 16, MOST_BATCH = 1 << 20 };
static const double batch_seconds = 4;

/* The statements of sql/filling/texts.sql, in its order. */
typedef enum Text {
    TEXT_CREATE,
    TEXT_SOURCE,
    TEXT_WALK,
    TEXT_WALK_MAPPED,
    TEXT_COUNT,
    TEXT_CHECK,
    TEXT_INSERT,
    TEXT_COUNT_ALL
} Text;

/* Progress of the table, as the file has it. */
typedef struct State {
    bool is_known;
    int64_t rows, last_key;
    uint64_t fingerprint;
} State;

typedef struct Filling {
    sqlite3 *db;
    const FillPlan *plan;
    Interruption *interruption;
    /* Names without quotes; owned. */
    char *source, *into;
    char *texts[TEXT_COUNT_ALL];
    State state;
    /* Rows that this run mapped, and those that were to be mapped at its begin, counted for a terminal. */
    int64_t mapped, wanted;
    /* Rows of the next batch. */
    int64_t batch;
    Progress progress;
} Filling;

typedef struct Batch {
    int64_t rows, first_key, last_key;
    uint64_t fingerprint;
} Batch;

static void free_filling(Filling *filling)
{
    free(filling->source);
    free(filling->into);
    for (size_t i = 0; i < TEXT_COUNT_ALL; i++)
        sqlite3_free(filling->texts[i]);
}

/* Checks that the source is a table with rowids. `name` receives the name of the rowid, to be freed with
 * sqlite3_free. */
static int check_source(const Filling *filling, char **name, Failure *failure)
{
    char *kind;
    *name = NULL;
    if (query_text(filling->db, &kind, failure, sql_filling_kind, "t", filling->source))
        return -1;
    int result = 0;
    if (!kind)
        result = failure_set(failure, "--source %s: there is no such table in the file", filling->source);
    else if (*kind)
        result =
            failure_set(failure,
                        "--source %s %s: --into needs rowids, to know which rows it has: make a table of "
                        "its rows, and map that",
                        filling->source, kind);
    sqlite3_free(kind);
    if (result || query_text(filling->db, name, failure, sql_filling_rowid, "t", filling->source))
        return -1;
    if (!*name)
        return failure_set(failure,
                           "--source %s has columns rowid, _rowid_ and oid, and its rowid has no name: "
                           "rename one of them",
                           filling->source);
    return 0;
}

static int write_texts(Filling *filling, const char *rowid, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(filling->db, &statement, failure, sql_filling_texts, "ttt", filling->source, rowid,
                      filling->into))
        return -1;
    int result = query_next(statement, failure) > 0 ? 0 : -1;
    for (int i = 0; i < TEXT_COUNT_ALL && result == 0; i++) {
        filling->texts[i] = sqlite3_mprintf("%s", sqlite3_column_text(statement, i));
        if (!filling->texts[i])
            result = failure_set(failure, "out of memory");
    }
    sqlite3_finalize(statement);
    return result;
}

static int name_tables(Filling *filling, Failure *failure)
{
    char *rowid;
    if (table_name_read("--source", filling->plan->source, &filling->source, failure) ||
        table_name_read("--into", filling->plan->into, &filling->into, failure) ||
        check_source(filling, &rowid, failure))
        return -1;
    int result = write_texts(filling, rowid, failure);
    sqlite3_free(rowid);
    return result;
}

static bool is_text(sqlite3_stmt *statement, int column, const char *expected)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text && strcmp(text, expected) == 0;
}

/* A table that has rows of another map cannot be gone on with. Names of tables are the same in capitals. */
static int check_map(const Filling *filling, sqlite3_stmt *statement, Failure *failure)
{
    if (sqlite3_column_int64(statement, 2) == 0 ||
        (sqlite3_stricmp((const char *)sqlite3_column_text(statement, 0), filling->texts[TEXT_SOURCE]) == 0 &&
         is_text(statement, 1, filling->plan->map)))
        return 0;
    return failure_set(
        failure,
        "%s has values of the map %.300s over %.300s, and cannot go on with %.300s over %.300s: "
        "give that map, or another table",
        filling->into, sqlite3_column_text(statement, 1), sqlite3_column_text(statement, 0),
        filling->plan->map, filling->texts[TEXT_SOURCE]);
}

static int read_state(Filling *filling, Failure *failure)
{
    sqlite3_stmt *statement;
    filling->state = (State){0};
    if (query_prepare(filling->db, &statement, failure, sql_filling_state, "t", filling->into))
        return -1;
    int result = query_next(statement, failure);
    if (result > 0) {
        filling->state = (State){.is_known = true,
                                 .rows = sqlite3_column_int64(statement, 2),
                                 .last_key = sqlite3_column_int64(statement, 3),
                                 .fingerprint = (uint64_t)sqlite3_column_int64(statement, 4)};
        result = check_map(filling, statement, failure);
    }
    sqlite3_finalize(statement);
    return result;
}

/* Whether the file has an object of the filled table's name. */
static int find_table(const Filling *filling, bool *is_there, Failure *failure)
{
    char *kind;
    int result = query_text(filling->db, &kind, failure, sql_filling_kind, "t", filling->into);
    *is_there = kind;
    sqlite3_free(kind);
    return result;
}

/* A table whose rows another program changed has rows twice or too few. */
static int check_rows(const Filling *filling, Failure *failure)
{
    const State *state = &filling->state;
    sqlite3_stmt *statement;
    if (query_prepare(filling->db, &statement, failure, filling->texts[TEXT_CHECK], "i", state->rows))
        return -1;
    if (state->rows > 0)
        sqlite3_bind_int64(statement, 2, state->last_key);
    int result = query_next(statement, failure);
    bool as_left = result > 0 && sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    if (result < 0)
        return -1;
    return as_left
               ? 0
               : failure_set(failure,
                             "%s does not have the %" PRId64 " rows any more that were written into it: drop "
                             "it and begin anew, or give another table",
                             filling->into, state->rows);
}

/* Creates the table, or sees that it may be gone on with, in a transaction of the caller's. */
static int take_table(Filling *filling, Failure *failure)
{
    bool is_there;
    if (query_script(filling->db, sql_filling_setup, failure) || find_table(filling, &is_there, failure))
        return -1;
    if (is_there) {
        if (read_state(filling, failure))
            return -1;
        if (!filling->state.is_known)
            return failure_set(failure, "%s is there, and is no table that --into made: give another name",
                               filling->into);
        if (filling->state.rows > 0 && !filling->plan->resume)
            return failure_set(failure,
                               "%s has %" PRId64 " rows already: give --resume to go on after them, or "
                               "another name",
                               filling->into, filling->state.rows);
        if (check_rows(filling, failure))
            return -1;
    } else if (query_script(filling->db, filling->texts[TEXT_CREATE], failure))
        return -1;
    if (is_there && filling->state.rows > 0)
        return 0;
    return query_run(filling->db, NULL, failure, sql_filling_begin, "ttt", filling->into,
                     filling->texts[TEXT_SOURCE], filling->plan->map);
}

static int open_table(Filling *filling, Failure *failure)
{
    if (query_begin(filling->db, failure))
        return -1;
    return query_end(filling->db, take_table(filling, failure), failure);
}

/* Says on standard error where the rows that were mapped before are not the same any more. */
static int tell_changes(const Filling *filling, Failure *failure)
{
    const State *state = &filling->state;
    sqlite3_stmt *statement;
    if (state->rows == 0)
        return 0;
    if (query_prepare(filling->db, &statement, failure, filling->texts[TEXT_WALK_MAPPED], "i",
                      state->last_key))
        return -1;
    uint64_t fingerprint = fingerprint_of_columns(statement);
    int result;
    while ((result = query_next(statement, failure)) > 0)
        fingerprint = fingerprint_add_row(fingerprint, statement);
    sqlite3_finalize(statement);
    if (result == 0 && fingerprint != state->fingerprint)
        fprintf(stderr,
                "pricereport: %s was changed up to the key %" PRId64
                " since its rows were mapped, and %s has "
                "the values of before; to map all rows as they are now, drop %s and begin anew\n",
                filling->source, state->last_key, filling->into, filling->into);
    return result;
}

/* Rows after the greatest key there is do not exist. */
static bool is_at_end(const State *state)
{
    return state->rows > 0 && state->last_key == INT64_MAX;
}

static int64_t next_key(const State *state)
{
    return state->rows > 0 ? state->last_key + 1 : INT64_MIN;
}

/* Finds the keys of the next batch, which has no rows at the end. */
static int walk_batch(const Filling *filling, Batch *batch, Failure *failure)
{
    const State *state = &filling->state;
    sqlite3_stmt *statement;
    *batch = (Batch){0};
    if (query_prepare(filling->db, &statement, failure, filling->texts[TEXT_WALK], "ii", next_key(state),
                      filling->batch))
        return -1;
    batch->fingerprint = state->rows > 0 ? state->fingerprint : fingerprint_of_columns(statement);
    int result;
    while ((result = query_next(statement, failure)) > 0) {
        batch->fingerprint = fingerprint_add_row(batch->fingerprint, statement);
        batch->last_key = sqlite3_column_int64(statement, 0);
        if (batch->rows++ == 0)
            batch->first_key = batch->last_key;
    }
    sqlite3_finalize(statement);
    return result;
}

/* The failure of a map: with the options of this program in place of SQL, where the map itself failed; the
 * position of a row that it names is counted from the batch's first one. */
static int fail_map(const Filling *filling, const Batch *batch, Failure *failure)
{
    const MapJob job = {
        .map = filling->plan->map, .source = filling->source, .executor = filling->plan->executor};
    if (sqlite3_errcode(filling->db) != SQLITE_ERROR)
        return query_fail(filling->db, failure);
    map_bench_fail(filling->db, &job, failure);
    return failure_set(failure, "%s, of the rows with keys %" PRId64 " to %" PRId64, failure->text,
                       batch->first_key, batch->last_key);
}

static int map_batch(const Filling *filling, const Batch *batch, Failure *failure)
{
    const FillPlan *plan = filling->plan;
    sqlite3_stmt *statement;
    if (query_prepare(filling->db, &statement, failure, sql_filling_map_batch, "ttt",
                      filling->texts[TEXT_SOURCE], plan->map, plan->executor))
        return fail_map(filling, batch, failure);
    if (plan->workers > 0)
        sqlite3_bind_int64(statement, 4, plan->workers);
    if (plan->chunk > 0)
        sqlite3_bind_int64(statement, 5, plan->chunk);
    sqlite3_bind_int64(statement, 6, batch->first_key);
    sqlite3_bind_int64(statement, 7, batch->last_key);
    int result = sqlite3_step(statement) == SQLITE_DONE ? 0 : fail_map(filling, batch, failure);
    sqlite3_finalize(statement);
    if (result == 0 && sqlite3_changes(filling->db) != batch->rows)
        return failure_set(failure, "the map gave %d rows for %" PRId64 " of %s: nothing of them is written",
                           sqlite3_changes(filling->db), batch->rows, filling->source);
    return result;
}

/* Keys and values are of one snapshot, in a transaction that only reads the file: others may write it
 * meanwhile where its journal mode lets them, and workers may read it. */
static int prepare_batch(const Filling *filling, Batch *batch, Failure *failure)
{
    if (query_script(filling->db, "BEGIN; DELETE FROM temp.batch", failure))
        return -1;
    int result = walk_batch(filling, batch, failure);
    if (result == 0 && batch->rows > 0)
        result = map_batch(filling, batch, failure);
    return query_end(filling->db, result, failure);
}

static int write_batch(Filling *filling, const Batch *batch, Failure *failure)
{
    const State before = filling->state;
    int result = read_state(filling, failure);
    const State now = filling->state;
    filling->state = before;
    if (result)
        return -1;
    if (!now.is_known || now.rows != before.rows || now.last_key != before.last_key)
        return failure_set(failure, "another program fills %s at the same time: leave that to one",
                           filling->into);
    if (query_script(filling->db, filling->texts[TEXT_INSERT], failure))
        return -1;
    if (sqlite3_changes(filling->db) != batch->rows)
        return failure_set(failure,
                           "%s took %d of %" PRId64 " rows with keys %" PRId64 " to %" PRId64
                           ", and none of them is written: a trigger on it leaves rows out: drop that",
                           filling->into, sqlite3_changes(filling->db), batch->rows, batch->first_key,
                           batch->last_key);
    return query_run(filling->db, NULL, failure, sql_filling_advance, "tiii", filling->into, batch->rows,
                     batch->last_key, (int64_t)batch->fingerprint);
}

static int commit_batch(Filling *filling, const Batch *batch, Failure *failure)
{
    if (query_begin(filling->db, failure))
        return -1;
    int result = query_end(filling->db, write_batch(filling, batch, failure), failure);
    if (result == 0)
        filling->state = (State){.is_known = true,
                                 .rows = filling->state.rows + batch->rows,
                                 .last_key = batch->last_key,
                                 .fingerprint = batch->fingerprint};
    return result;
}

static void choose_batch(Filling *filling, double seconds)
{
    double rows = (double)filling->batch * batch_seconds / (seconds > 0 ? seconds : 1e-9);
    int64_t most = 2 * filling->batch;
    filling->batch = rows < 1 ? 1 : rows > (double)most ? most : (int64_t)rows;
    if (filling->batch > MOST_BATCH)
        filling->batch = MOST_BATCH;
}

/* Returns 1 where there were rows, 0 at the end, -1 with the failure set. */
static int fill_batch(Filling *filling, Failure *failure)
{
    Batch batch;
    int64_t begin = clock_ns();
    if (is_at_end(&filling->state))
        return 0;
    if (prepare_batch(filling, &batch, failure))
        return -1;
    if (batch.rows == 0)
        return 0;
    if (commit_batch(filling, &batch, failure))
        return -1;
    double seconds = (double)(clock_ns() - begin) * 1e-9;
    filling->mapped += batch.rows;
    progress_show_rows(&filling->progress, filling->into, filling->mapped, filling->wanted,
                       (double)batch.rows / (seconds > 0 ? seconds : 1e-9));
    choose_batch(filling, seconds);
    return 1;
}

static int fill_batches(Filling *filling, Failure *failure)
{
    if (tell_changes(filling, failure))
        return -1;
    progress_begin(&filling->progress);
    int more = 1;
    if (filling->progress.shown && !is_at_end(&filling->state) &&
        query_run(filling->db, &filling->wanted, failure, filling->texts[TEXT_COUNT], "i",
                  next_key(&filling->state)))
        more = -1;
    while (more > 0 && !interruption_requested(filling->interruption))
        more = fill_batch(filling, failure);
    progress_end(&filling->progress);
    return more > 0 ? failure_set(failure, "interrupted") : more;
}

static void stop(void *db)
{
    sqlite3_interrupt(db);
}

int fill(sqlite3 *db, const FillPlan *plan, Interruption *interruption, Failure *failure)
{
    Filling filling = {.db = db, .plan = plan, .interruption = interruption, .batch = FIRST_BATCH};
    interruption_set_stop(interruption, stop, db);
    int result = name_tables(&filling, failure);
    if (result == 0)
        result = open_table(&filling, failure);
    if (result == 0 && (result = fill_batches(&filling, failure)) && filling.state.rows > 0)
        failure_set(failure,
                    "%s; %s has %" PRId64 " rows, and the same command with --resume goes on after them",
                    interruption_requested(interruption) ? "interrupted" : failure->text, filling.into,
                    filling.state.rows);
    interruption_set_stop(interruption, NULL, NULL);
    if (result == 0)
        result = query_run(db, NULL, failure, sql_filling_note, "ti", filling.into, filling.mapped);
    free_filling(&filling);
    return result;
}
