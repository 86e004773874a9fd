#include "executor_list.h"
#include "operations.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "tests/support/rows.h"
#include "question.h"

enum { LET_GO_SECONDS = 20 }; /* what "soon" may be on a busy machine, with workers that are stopped */

#define SUM_OF_ALL ((sqlite3_int64)ACTOR_ROWS * ACTOR_AMOUNT)

/* What comes after every operation: no transaction may stay open. */
static void roll_back(Actor *actor)
{
    if (actor->db && !sqlite3_get_autocommit(actor->db))
        actor_run(actor, "ROLLBACK");
}

static void show(Actor *actor, const char *sql)
{
    snprintf(actor->sql, sizeof actor->sql, "%s", sql);
}

/* ---- comparing ---- */

/* Reads the rows of a map, while others may disturb it. Whether it went well; if not, it has its excuse or is
 * a finding. */
static bool read_map(Actor *actor, const char *sql, Rows *rows)
{
    show(actor, sql);
    actor_begin_map(actor);
    rows_read(actor->db, sql, rows);
    actor_end_map(actor, rows->rc == SQLITE_DONE);
    return rows->rc == SQLITE_DONE || (actor_excuses(actor, rows->rc, rows->message), false);
}

/* Within one transaction, so that both see the same. */
static bool compare_in_transaction(Actor *actor, const Question *question)
{
    Rows map = {0}, plain = {0};
    bool plain_first = random_once_in(&actor->random, 3);
    if (plain_first)
        rows_read(actor->db, question->plain, &plain);
    bool well = read_map(actor, question->map, &map);
    if (well && !plain_first)
        rows_read(actor->db, question->plain, &plain);
    if (well && plain.rc != SQLITE_DONE)
        well = actor_excuses(actor, plain.rc, plain.message) && false;
    if (well) {
        int given = map.count, row = rows_difference(&plain, &map, question->any_order);
        if (row)
            actor_finding(actor, "row %d differs; %d rows, the plain SELECT gives %d: %s", row, given,
                          plain.count, question->plain);
    }
    rows_free(&map);
    rows_free(&plain);
    return well;
}

/* Returns 1, and so interrupts, after so many calls. */
typedef struct Countdown {
    Actor *actor;
    int calls;
} Countdown;

static int count_down(void *arg)
{
    Countdown *countdown = arg;
    if (countdown->calls-- > 0)
        return 0;
    atomic_fetch_add(&countdown->actor->interrupts, 1);
    return 1;
}

static bool compare_any(Actor *actor)
{
    Question question;
    bool well = question_make(&question, &actor->random) && actor_run(actor, "%s", question.setup) &&
                compare_in_transaction(actor, &question);
    question_free(&question);
    return well;
}

static void compare(Actor *actor)
{
    Countdown countdown = {actor, random_below(&actor->random, 400)};
    if (!actor_run(actor, "BEGIN"))
        return;
    bool ends_itself = random_once_in(&actor->random, 10);
    if (ends_itself)
        sqlite3_progress_handler(actor->db, 500, count_down, &countdown);
    compare_any(actor);
    sqlite3_progress_handler(actor->db, 0, NULL, NULL);
}

/* Amounts are moved, so that their sum stays. */
static bool move_amounts(Actor *actor)
{
    bool well = true;
    for (int i = 1 + random_below(&actor->random, 20); i > 0 && well; i--) {
        int amount = random_below(&actor->random, ACTOR_AMOUNT);
        well = actor_run(actor,
                         "UPDATE account SET amount = amount - %d WHERE id = %d;"
                         "UPDATE account SET amount = amount + %d WHERE id = %d",
                         amount, 1 + random_below(&actor->random, ACTOR_ROWS), amount,
                         1 + random_below(&actor->random, ACTOR_ROWS));
    }
    return well;
}

static void compare_over_own_changes(Actor *actor)
{
    if (!actor_run(actor, "BEGIN IMMEDIATE") || !move_amounts(actor))
        return;
    compare_any(actor);
    if (!sqlite3_get_autocommit(actor->db) && random_once_in(&actor->random, 2))
        actor_run(actor, "COMMIT");
}

/* ---- maps with one answer ---- */

/* The first two columns of the first row. */
static bool read_two(Actor *actor, const char *sql, sqlite3_int64 values[2])
{
    sqlite3_stmt *statement = NULL;
    show(actor, sql);
    actor_begin_map(actor);
    int rc = sqlite3_prepare_v2(actor->db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        values[0] = sqlite3_column_int64(statement, 0);
        values[1] = sqlite3_column_int64(statement, 1);
    }
    actor_end_map(actor, rc == SQLITE_ROW);
    if (rc != SQLITE_ROW)
        actor_excuses(actor, rc, sqlite3_errmsg(actor->db));
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW;
}

static void expect_sum(Actor *actor, const sqlite3_int64 values[2])
{
    if (values[0] != SUM_OF_ALL || values[1] != ACTOR_ROWS)
        actor_finding(actor, "sum %lld of %lld rows; it is %lld of %d", values[0], values[1], SUM_OF_ALL,
                      ACTOR_ROWS);
}

static void sum(Actor *actor)
{
    sqlite3_int64 values[2];
    char *arguments = question_arguments(&actor->random);
    char *sql =
        sqlite3_mprintf("SELECT sum(value), count(*) FROM parallel_map('account', 'amount'%s)", arguments);
    if (random_once_in(&actor->random, 2) && read_two(actor, sql, values))
        expect_sum(actor, values);
    sqlite3_free(sql);
    sqlite3_free(arguments);
    if (!actor_run(
            actor,
            "DROP TABLE IF EXISTS temp.p; CREATE VIRTUAL TABLE temp.p USING parallel_map(source = account,"
            " map = (sum(amount) AS s, count(*) AS n), partial = 1)"))
        return;
    if (read_two(actor, "SELECT sum(s), sum(n) FROM temp.p", values))
        expect_sum(actor, values);
}

/* ---- maps that are not read to their end ---- */

static void close_early(Actor *actor)
{
    Question question;
    sqlite3_stmt *statement = NULL;
    if (question_make(&question, &actor->random) && actor_run(actor, "%s", question.setup)) {
        show(actor, question.map);
        actor_begin_map(actor);
        int rc = sqlite3_prepare_v2(actor->db, question.map, -1, &statement, NULL);
        int steps = random_below(&actor->random, random_once_in(&actor->random, 2) ? 5 : 3000);
        if (!statement)
            actor_excuses(actor, rc, sqlite3_errmsg(actor->db));
        for (bool again = statement; again; again = rc == SQLITE_OK && random_once_in(&actor->random, 3)) {
            for (int i = 0; i < steps && (rc == SQLITE_OK || rc == SQLITE_ROW); i++)
                rc = sqlite3_step(statement);
            if (rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE)
                actor_excuses(actor, rc, sqlite3_errmsg(actor->db));
            rc = sqlite3_reset(statement);
        }
        sqlite3_finalize(statement);
        actor_end_map(actor, rc == SQLITE_OK);
    }
    question_free(&question);
}

/* Two maps of one connection, a row of the one and some of the other. */
static void step_in_turn(Actor *actor)
{
    sqlite3_stmt *statements[2] = {NULL, NULL};
    sqlite3_int64 values[2][2] = {{0, 0}, {0, 0}};
    int open = 0, rc = SQLITE_OK;
    actor_begin_map(actor);
    for (int i = 0; i < 2 && rc == SQLITE_OK; i++) {
        char *arguments = question_arguments(&actor->random);
        char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('account', 'amount'%s)", arguments);
        show(actor, sql);
        rc = sqlite3_prepare_v2(actor->db, sql, -1, &statements[i], NULL);
        open += rc == SQLITE_OK;
        sqlite3_free(sql);
        sqlite3_free(arguments);
    }
    bool running[2] = {rc == SQLITE_OK, rc == SQLITE_OK};
    if (rc == SQLITE_OK)
        rc = SQLITE_ROW;
    while ((running[0] || running[1]) && (rc == SQLITE_ROW || rc == SQLITE_DONE)) {
        int i = random_below(&actor->random, 2);
        for (int steps = 1 + random_below(&actor->random, 300); running[i] && steps > 0; steps--) {
            rc = sqlite3_step(statements[i]);
            running[i] = rc == SQLITE_ROW;
            values[i][0] += running[i] ? sqlite3_column_int64(statements[i], 0) : 0;
            values[i][1] += running[i];
        }
    }
    bool well = open == 2 && !running[0] && !running[1] && rc == SQLITE_DONE;
    actor_end_map(actor, well);
    if (!well)
        actor_excuses(actor, rc, sqlite3_errmsg(actor->db));
    for (int i = 0; i < 2; i++) {
        if (well)
            expect_sum(actor, values[i]);
        sqlite3_finalize(statements[i]);
    }
}

/* ---- maps that fail ---- */

static void fail_in_a_row(Actor *actor)
{
    Rows rows;
    int row = 1 + random_below(&actor->random, ACTOR_ROWS);
    char *arguments = question_arguments(&actor->random);
    char *sql = sqlite3_mprintf(
        "SELECT value FROM parallel_map('account', 'iif(id = %d, increase_price(note), id)'%s)", row,
        arguments);
    show(actor, sql);
    actor_begin_map(actor);
    rows_read(actor->db, sql, &rows);
    bool expected = rows.rc == SQLITE_ERROR && strstr(rows.message, "increase_price");
    actor_end_map(actor, expected);
    if (rows.rc == SQLITE_DONE)
        actor_finding(actor, "no error");
    else if (!expected)
        actor_excuses(actor, rows.rc, rows.message);
    else if (rows.count != row - 1)
        actor_finding(actor, "%d rows before the error: %s", rows.count, rows.message);
    rows_free(&rows);
    sqlite3_free(sql);
    sqlite3_free(arguments);
}

/* One row takes far longer than it may; in place it is not stopped, and takes its time. */
static void run_out_of_time(Actor *actor)
{
    static const char *const executors[] = {"threads", "processes", "auto"};
    Rows rows = {0};
    double seconds = 0.01 + random_below(&actor->random, 100) / 1000.0;
    if (!actor_run(actor, "SELECT parallel_map_config('timeout_seconds', %.3f)", seconds))
        return;
    actor->timeout = seconds;
    char *sql = sqlite3_mprintf("SELECT value FROM parallel_map('account', 'increase_price_crazy(amount, 10, "
                                "iif(id = %d, 200000000, 5))',"
                                " '%s', %d)",
                                1 + random_below(&actor->random, ACTOR_ROWS),
                                random_pick(&actor->random, executors), 1 + random_below(&actor->random, 3));
    if (read_map(actor, sql, &rows) && rows.count != ACTOR_ROWS)
        actor_finding(actor, "%d rows", rows.count);
    rows_free(&rows);
    sqlite3_free(sql);
    actor->timeout = 0;
    actor_run(actor, "SELECT parallel_map_config('timeout_seconds', 0)");
}

/* ---- maps that are written ---- */

static void copy(Actor *actor)
{
    Rows copied = {0}, plain = {0};
    char *arguments = question_arguments(&actor->random);
    bool kept = random_once_in(&actor->random, 3);
    if (!actor_run(actor, "BEGIN IMMEDIATE")) {
        sqlite3_free(arguments);
        return;
    }
    actor_begin_map(actor);
    bool well = actor_run(actor,
                          "DROP TABLE IF EXISTS copy_%d; CREATE TABLE copy_%d AS SELECT key, value FROM "
                          "parallel_map('account', 'increase_price(amount) || note'%s)",
                          actor->number, actor->number, arguments);
    actor_end_map(actor, well);
    sqlite3_free(arguments);
    if (!well)
        return;
    char *sql = sqlite3_mprintf("SELECT key, value FROM copy_%d", actor->number);
    show(actor, sql);
    rows_read(actor->db, sql, &copied);
    rows_read(actor->db, "SELECT id, increase_price(amount) || note FROM account", &plain);
    if (copied.rc != SQLITE_DONE || plain.rc != SQLITE_DONE || rows_difference(&copied, &plain, false))
        actor_finding(actor, "the copy differs: %d rows of %d; %s", copied.count, plain.count,
                      copied.message);
    sqlite3_free(sql);
    rows_free(&copied);
    rows_free(&plain);
    if (kept && actor_run(actor, "COMMIT"))
        actor_run(actor, "DROP TABLE copy_%d", actor->number);
}

/* A map of a table is written into that table; nothing changes. */
static void update(Actor *actor)
{
    Rows before = {0}, after = {0};
    char *arguments = question_arguments(&actor->random);
    if (!actor_run(actor, "BEGIN IMMEDIATE")) {
        sqlite3_free(arguments);
        return;
    }
    rows_read(actor->db, "SELECT * FROM account", &before);
    actor_begin_map(actor);
    bool well =
        actor_run(actor,
                  "UPDATE account SET amount = m.value FROM parallel_map('account', 'amount + 0'%s) AS m "
                  "WHERE m.key = account.id",
                  arguments);
    actor_end_map(actor, well);
    sqlite3_free(arguments);
    if (well) {
        rows_read(actor->db, "SELECT * FROM account", &after);
        if (rows_difference(&before, &after, false))
            actor_finding(actor, "the update changed something");
        if (random_once_in(&actor->random, 2))
            actor_run(actor, "COMMIT");
    }
    rows_free(&before);
    rows_free(&after);
}

/* ---- around the maps ---- */

static void change_settings(Actor *actor)
{
    static const char *const executors[] = {EXECUTOR_STRINGS, "auto", "auto"};
    static const char *const chunks[] = {"NULL", "NULL", "1", "7", "100", "1000"};
    static const char *const idle[] = {"0", "0.001", "0.02", "0.2", "60"};
    switch (random_below(&actor->random, 6)) {
    case 0:
        actor_run(actor, "SELECT parallel_map_config('executor', '%s')",
                  random_pick(&actor->random, executors));
        break;
    case 1:
        actor_run(actor, "SELECT parallel_map_config('workers', %d)", 1 + random_below(&actor->random, 5));
        break;
    case 2:
        actor_run(actor, "SELECT parallel_map_config('chunk', %s)", random_pick(&actor->random, chunks));
        break;
    case 3:
        actor->retries = random_below(&actor->random, 5);
        actor_run(actor, "SELECT parallel_map_config('retries', %d)", actor->retries);
        break;
    case 4:
        actor->timeout = random_once_in(&actor->random, 2) ? 0 : 60;
        actor_run(actor, "SELECT parallel_map_config('timeout_seconds', %g)", actor->timeout);
        break;
    default:
        actor_run(actor, "SELECT parallel_map_config('idle_seconds', %s)", random_pick(&actor->random, idle));
    }
}

static void read_log(Actor *actor)
{
    sqlite3_int64 values[2];
    if (read_two(actor,
                 "SELECT count(*), count(*) FILTER (WHERE wall_seconds < 0 OR tasks < 0 OR rows_out < 0 OR "
                 "retries < 0)"
                 " FROM parallel_map_runs",
                 values) &&
        (values[0] > 200 || values[1]))
        actor_finding(actor, "%lld runs, %lld of them make no sense", values[0], values[1]);
    if (read_two(actor,
                 "SELECT count(*), count(*) FILTER (WHERE end_seconds < start_seconds OR rows_out < 0 OR run "
                 "NOT IN"
                 " (SELECT run FROM parallel_map_runs)) FROM parallel_map_tasks",
                 values) &&
        values[1])
        actor_finding(actor, "%lld tasks of %lld make no sense", values[1], values[0]);
}

/* Leaving WAL needs the file for itself, and SQLite does not wait for that. Workers that have read it let go
 * of it soon, but not at once. */
static void change_journal(Actor *actor)
{
    static const char *const modes[] = {"DELETE", "WAL", "TRUNCATE", "PERSIST", "MEMORY"};
    char sql[64];
    if (actor->shared)
        return;
    snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s", random_pick(&actor->random, modes));
    int64_t end = clock_ns() + (int64_t)LET_GO_SECONDS * 1000000000;
    while (sqlite3_exec(actor->db, sql, NULL, NULL, NULL) == SQLITE_BUSY && clock_ns() < end)
        usleep(1000);
    actor_run(actor, "%s", sql);
}

/* An index that no full scan uses: plans made before are stale. */
static void change_schema(Actor *actor)
{
    if (random_once_in(&actor->random, 2))
        actor_run(actor, "CREATE INDEX IF NOT EXISTS few ON account(note) WHERE id < 100");
    else
        actor_run(actor, "DROP INDEX IF EXISTS few");
}

/* Long enough for pools to be let go of, or nearly. */
static void rest(Actor *actor)
{
    usleep((useconds_t)random_below(&actor->random, 60000));
}

static void reopen(Actor *actor)
{
    actor_close(actor);
    if (!actor_open(actor))
        actor_finding(actor, "cannot open a connection again");
}

static const struct {
    void (*run)(Actor *actor);
    int frequency;
} operations[SOAK_OPERATIONS] = {
    [SOAK_COMPARE] = {compare, 12},
    [SOAK_SUM] = {sum, 8},
    [SOAK_EARLY_CLOSE] = {close_early, 8},
    [SOAK_IN_TURN] = {step_in_turn, 4},
    [SOAK_ERROR] = {fail_in_a_row, 4},
    [SOAK_TIMEOUT] = {run_out_of_time, 1},
    [SOAK_OWN_CHANGES] = {compare_over_own_changes, 4},
    [SOAK_COPY] = {copy, 2},
    [SOAK_UPDATE] = {update, 2},
    [SOAK_SETTINGS] = {change_settings, 12},
    [SOAK_LOG] = {read_log, 2},
    [SOAK_JOURNAL] = {change_journal, 1},
    [SOAK_SCHEMA] = {change_schema, 1},
    [SOAK_REST] = {rest, 4},
    [SOAK_REOPEN] = {reopen, 4},
};

void operations_run(Actor *actor, SoakCount kind)
{
    operations[kind].run(actor);
    roll_back(actor);
}

SoakCount operations_choose(Random *random)
{
    int all = 0, kind = 0;
    for (int i = 0; i < SOAK_OPERATIONS; i++)
        all += operations[i].frequency;
    for (int left = random_below(random, all); left >= operations[kind].frequency; kind++)
        left -= operations[kind].frequency;
    return (SoakCount)kind;
}
