#include "disturber.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/leftovers.h"

/* More than an era, so that a child lives on; not for ever, should the soak be ended. */
enum { CHILD_SECONDS = 120 };

static const char *const shared_databases[] = {"wal", "rollback"};

/* Sleeps for up to so many milliseconds, or to the era's end. */
static void pause_at_most(Disturber *disturber, int milliseconds)
{
    for (int left = random_below(&disturber->random, milliseconds * 10); left > 0; left -= 100) {
        if (atomic_load(&disturber->soak->ending))
            return;
        usleep((useconds_t)(left < 100 ? left : 100) * 100);
    }
}

/* ---- death ---- */

/* Stops one for a while. A process that was stopped goes on, the others do not mind. */
static void stop_one(Disturber *disturber, const char *name)
{
    if (!leftovers_signal(name, (unsigned)random_next(&disturber->random.state), SIGSTOP))
        return;
    soak_count(disturber->soak, SOAK_STOPPED);
    pause_at_most(disturber, 300);
    for (unsigned i = 0; i < 64; i++)
        leftovers_signal(name, i, SIGCONT);
}

/* Counted first, so that a map that notices does not find the count too low. */
static void kill_one(Disturber *disturber, const char *name, SoakCount count)
{
    atomic_long *counter = &disturber->soak->counts[count];
    atomic_fetch_add(counter, 1);
    if (!leftovers_signal(name, (unsigned)random_next(&disturber->random.state), SIGKILL))
        atomic_fetch_sub(counter, 1);
}

static void *kill_processes(void *arg)
{
    Disturber *disturber = arg;
    while (!atomic_load(&disturber->soak->ending)) {
        int choice = random_below(&disturber->random, 20);
        if (choice < 2) {
            kill_one(disturber, "pricemap-zygote", SOAK_ZYGOTES_KILLED);
        } else if (choice < 3) {
            stop_one(disturber, "pricemap-worker");
        } else if (choice < 4) {
            stop_one(disturber, "pricemap-zygote");
        } else {
            kill_one(disturber, "pricemap-worker", SOAK_WORKERS_KILLED);
        }
        pause_at_most(disturber, random_once_in(&disturber->random, 4) ? 5 : 150);
    }
    return NULL;
}

/* ---- interrupts and forks ---- */

/* A child that has copies of all that the host has, and does nothing with them. */
static void fork_host(Disturber *disturber)
{
    pid_t *child = &disturber->children[random_below(&disturber->random, CHILDREN_MAX)];
    if (*child) {
        kill(*child, SIGKILL);
        waitpid(*child, NULL, 0);
    }
    *child = fork();
    if (*child == 0) {
        const struct timespec life = {.tv_sec = CHILD_SECONDS};
        prctl(PR_SET_NAME, "soak-child");
        nanosleep(&life, NULL);
        _exit(0);
    }
    if (*child > 0)
        soak_count(disturber->soak, SOAK_FORKED);
    else
        *child = 0;
}

static void *interrupt_and_fork(void *arg)
{
    Disturber *disturber = arg;
    while (!atomic_load(&disturber->soak->ending)) {
        actor_interrupt(&disturber->actors[random_below(&disturber->random, disturber->actor_count)]);
        pause_at_most(disturber, 300);
        if (random_once_in(&disturber->random, 20))
            fork_host(disturber);
    }
    return NULL;
}

/* ---- commits ---- */

static void *commit_changes(void *arg)
{
    Disturber *disturber = arg;
    char path[SOAK_FOLDER_SIZE + 32];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/%s.db", disturber->soak->folder, disturber->database);
    sqlite3_open(path, &db);
    sqlite3_busy_timeout(db, ACTOR_BUSY_MS);
    sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    while (!atomic_load(&disturber->soak->ending)) {
        int amount = 1 + random_below(&disturber->random, ACTOR_AMOUNT);
        char *sql = sqlite3_mprintf("BEGIN IMMEDIATE; UPDATE account SET amount = amount - %d WHERE id = %d;"
                                    "UPDATE account SET amount = amount + %d WHERE id = %d; COMMIT",
                                    amount, 1 + random_below(&disturber->random, ACTOR_ROWS), amount,
                                    1 + random_below(&disturber->random, ACTOR_ROWS));
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
            soak_count(disturber->soak, SOAK_COMMITTED);
        else
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        sqlite3_free(sql);
        pause_at_most(disturber, random_once_in(&disturber->random, 10) ? 100 : 3);
    }
    int rc = sqlite3_close(db);
    if (rc != SQLITE_OK)
        soak_finding(disturber->soak, -1, -1, "sqlite3_close of a connection without the extension gives %d",
                     rc);
    return NULL;
}

int disturbers_make_databases(const Soak *soak)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof shared_databases / sizeof *shared_databases && rc == SQLITE_OK; i++) {
        sqlite3 *db = NULL;
        char *path = sqlite3_mprintf("%s/%s.db", soak->folder, shared_databases[i]);
        char *sql =
            sqlite3_mprintf("PRAGMA journal_mode = %s; PRAGMA synchronous = OFF;"
                            "CREATE TABLE account(id INTEGER PRIMARY KEY, amount INTEGER, note TEXT);"
                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                            "INSERT INTO account SELECT i, %d, 'note ' || i FROM n",
                            i ? "DELETE" : "WAL", ACTOR_ROWS, ACTOR_AMOUNT);
        rc = path && sql ? sqlite3_open(path, &db) : SQLITE_NOMEM;
        if (rc == SQLITE_OK)
            rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
        if (rc != SQLITE_OK)
            fprintf(stderr, "soak: cannot make %s: %s\n", path, sqlite3_errmsg(db));
        sqlite3_close(db);
        sqlite3_free(path);
        sqlite3_free(sql);
    }
    return rc == SQLITE_OK ? 0 : -1;
}

bool disturbers_start(Disturber *disturbers, Soak *soak, Actor *actors, int actor_count)
{
    void *(*const bodies[DISTURBERS])(void *) = {kill_processes, interrupt_and_fork, commit_changes,
                                                 commit_changes};
    for (int i = 0; i < DISTURBERS; i++) {
        disturbers[i] = (Disturber){.soak = soak, .actors = actors, .actor_count = actor_count};
        disturbers[i].random.state = soak->seed + (uint64_t)soak->era * 1000 + 500 + (uint64_t)i;
        disturbers[i].database = i >= 2 ? shared_databases[i - 2] : NULL;
        if (pthread_create(&disturbers[i].thread, NULL, bodies[i], &disturbers[i]) != 0)
            return false;
    }
    return true;
}

void disturbers_join(Disturber *disturbers)
{
    for (int i = 0; i < DISTURBERS; i++)
        pthread_join(disturbers[i].thread, NULL);
}

void disturbers_end_children(Disturber *disturbers)
{
    for (int i = 0; i < DISTURBERS; i++)
        for (int j = 0; j < CHILDREN_MAX; j++) {
            pid_t *child = &disturbers[i].children[j];
            if (*child) {
                kill(*child, SIGKILL);
                waitpid(*child, NULL, 0);
            }
            *child = 0;
        }
}
