#include "actor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ext/base/clock.h"
#include "operations.h"

/* Zygotes that may fail in a row before a map does; and of those, ones that never answered. */
enum { ZYGOTES_MAX = 4, SILENT_MAX = 2 };

void actor_finding(Actor *actor, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    soak_finding(actor->soak, actor->number, atomic_load(&actor->operation), "%s: %s\n  %s",
                 soak_count_names[atomic_load(&actor->kind)], text ? text : "out of memory", actor->sql);
    sqlite3_free(text);
}

static long killed_since(const Actor *actor, SoakCount count, long before)
{
    return atomic_load(&actor->soak->counts[count]) - before;
}

/* An error that says that processes died, while so many were killed that it may. */
static bool is_from_kills(const Actor *actor, const char *message)
{
    long workers = killed_since(actor, SOAK_WORKERS_KILLED, actor->workers_killed_before);
    long zygotes = killed_since(actor, SOAK_ZYGOTES_KILLED, actor->zygotes_killed_before);
    if (strstr(message, "a worker process was killed by signal 9"))
        return workers > actor->retries;
    if (strstr(message, "worker processes end as soon as they start: killed by signal 9"))
        return workers > 1;
    if (strstr(message, "the process that starts the worker processes"))
        return zygotes >= ZYGOTES_MAX;
    /* Before it has its own name a zygote has that of its program. */
    if (strstr(message, "ended before it answered"))
        return workers + zygotes >= SILENT_MAX;
    return false;
}

/* Where the first use of one of our tables is interrupted while it is prepared, some versions of SQLite pass
 * on the text and not the code. */
static bool is_interrupt(int rc, const char *message)
{
    static const char *const told[] = {"parallel_map: interrupted", "parallel_map_runs: interrupted",
                                       "parallel_map_tasks: interrupted"};
    bool found = (rc & 0xff) == SQLITE_INTERRUPT;
    for (size_t i = 0; rc == SQLITE_ERROR && i < sizeof told / sizeof *told; i++)
        found |= strcmp(message, told[i]) == 0;
    return found;
}

bool actor_excuses(Actor *actor, int rc, const char *message)
{
    static const SoakCount ends[] = {SOAK_ENDED_BY_INTERRUPT, SOAK_ENDED_BY_TIMEOUT, SOAK_ENDED_BY_KILLS,
                                     SOAK_ENDED_BY_LOCK};
    const bool excuses[] = {
        is_interrupt(rc, message) && atomic_load(&actor->interrupts) > actor->interrupts_before,
        /* A worker that was stopped, and so does not begin with a task in time, is killed for it. */
        actor->timeout > 0 && (strstr(message, "timeout_seconds") || strstr(message, "timed out after") ||
                               strstr(message, "killed by signal 9")),
        is_from_kills(actor, message),
        (rc & 0xff) == SQLITE_BUSY && clock_ns() - actor->began_ns > (int64_t)ACTOR_BUSY_MS * 900000,
    };
    for (size_t i = 0; i < sizeof excuses / sizeof *excuses; i++)
        if (excuses[i]) {
            soak_count(actor->soak, ends[i]);
            return true;
        }
    actor_finding(actor, "error %d: %s", rc, message);
    return false;
}

bool actor_run(Actor *actor, const char *format, ...)
{
    char *message = NULL;
    va_list arguments;
    va_start(arguments, format);
    char *sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    int rc = sql ? sqlite3_exec(actor->db, sql, NULL, NULL, &message) : SQLITE_NOMEM;
    if (rc != SQLITE_OK) {
        snprintf(actor->sql, sizeof actor->sql, "%s", sql ? sql : "");
        actor_excuses(actor, rc, message ? message : "no message");
    }
    sqlite3_free(message);
    sqlite3_free(sql);
    return rc == SQLITE_OK;
}

void actor_begin_map(Actor *actor)
{
    pthread_mutex_lock(&actor->mutex);
    actor->interruptible = true;
    pthread_mutex_unlock(&actor->mutex);
}

void actor_end_map(Actor *actor, bool well)
{
    pthread_mutex_lock(&actor->mutex);
    actor->interruptible = false;
    pthread_mutex_unlock(&actor->mutex);
    if (!well)
        return;
    actor->workers_killed_before = killed_since(actor, SOAK_WORKERS_KILLED, 0);
    actor->zygotes_killed_before = killed_since(actor, SOAK_ZYGOTES_KILLED, 0);
}

void actor_interrupt(Actor *actor)
{
    pthread_mutex_lock(&actor->mutex);
    if (actor->interruptible && actor->db) {
        atomic_fetch_add(&actor->interrupts, 1);
        soak_count(actor->soak, SOAK_INTERRUPTED);
        sqlite3_interrupt(actor->db);
    }
    pthread_mutex_unlock(&actor->mutex);
}

/* ---- the connection ---- */

void actor_close(Actor *actor)
{
    sqlite3 *db = actor->db;
    pthread_mutex_lock(&actor->mutex);
    actor->db = NULL;
    pthread_mutex_unlock(&actor->mutex);
    int rc = sqlite3_close(db);
    if (rc != SQLITE_OK) {
        actor_finding(actor, "sqlite3_close gives %d", rc);
        sqlite3_close_v2(db);
    }
}

/* The table that is mapped, where the database is this actor's only. */
static bool fill(Actor *actor)
{
    return actor_run(actor,
                     "CREATE TABLE IF NOT EXISTS account(id INTEGER PRIMARY KEY, amount INTEGER, note TEXT);"
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                     "INSERT OR IGNORE INTO account SELECT i, %d, 'note ' || i FROM n",
                     ACTOR_ROWS, ACTOR_AMOUNT);
}

/* A table that stays, with its plan and what was learnt about it. */
static bool keep_map(Actor *actor)
{
    static const char *const executors[] = {"threads", "processes", "auto"};
    return actor_run(actor,
                     "CREATE VIRTUAL TABLE temp.kept USING parallel_map(source = account, executor = %s,"
                     " map = (id, increase_price(amount) AS raised, note))",
                     random_pick(&actor->random, executors));
}

bool actor_open(Actor *actor)
{
    char path[SOAK_FOLDER_SIZE + 32];
    int choice = random_below(&actor->random, 5);
    if (choice == 4)
        snprintf(path, sizeof path, ":memory:");
    else if (choice == 3)
        snprintf(path, sizeof path, "%s/own-%d.db", actor->soak->folder, actor->number);
    else
        snprintf(path, sizeof path, "%s/%s.db", actor->soak->folder, choice ? "wal" : "rollback");
    actor->shared = choice < 3;
    actor->retries = 2;
    actor->timeout = 0;
    sqlite3 *db = NULL;
    char *message = NULL;
    int rc = sqlite3_open(path, &db);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(db, ACTOR_BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_load_extension(db, actor->soak->extension, NULL, &message);
    pthread_mutex_lock(&actor->mutex);
    actor->db = db;
    pthread_mutex_unlock(&actor->mutex);
    if (rc != SQLITE_OK)
        actor_finding(actor, "cannot open %s: %s", path, message ? message : sqlite3_errmsg(db));
    sqlite3_free(message);
    return rc == SQLITE_OK && actor_run(actor, "PRAGMA synchronous = OFF") &&
           (actor->shared || fill(actor)) && keep_map(actor);
}

/* ---- the thread ---- */

static void *act(void *arg)
{
    Actor *actor = arg;
    bool open = actor_open(actor);
    while (open && !atomic_load(&actor->soak->ending)) {
        SoakCount kind = operations_choose(&actor->random);
        actor->sql[0] = 0;
        actor->interrupts_before = atomic_load(&actor->interrupts);
        actor->began_ns = clock_ns();
        atomic_fetch_add(&actor->operation, 1);
        atomic_store(&actor->kind, (int)kind);
        atomic_store(&actor->since_ns, actor->began_ns);
        operations_run(actor, kind);
        soak_count(actor->soak, kind);
        open = actor->db != NULL;
    }
    atomic_store(&actor->kind, SOAK_REOPEN);
    atomic_store(&actor->since_ns, clock_ns());
    actor_close(actor);
    atomic_store(&actor->since_ns, 0);
    return NULL;
}

bool actor_start(Actor *actor, Soak *soak, int number)
{
    *actor = (Actor){.soak = soak, .number = number, .mutex = PTHREAD_MUTEX_INITIALIZER};
    actor->random.state = soak->seed + (uint64_t)soak->era * 1000 + (uint64_t)number;
    actor->workers_killed_before = killed_since(actor, SOAK_WORKERS_KILLED, 0);
    actor->zygotes_killed_before = killed_since(actor, SOAK_ZYGOTES_KILLED, 0);
    return pthread_create(&actor->thread, NULL, act, actor) == 0;
}

void actor_join(Actor *actor)
{
    pthread_join(actor->thread, NULL);
    pthread_mutex_destroy(&actor->mutex);
}
