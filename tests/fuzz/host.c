#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ext/base/sqlite_api.h"

/* The library's own functions, which sqlite3ext.h hides by macros. */
#undef sqlite3_auto_extension
#undef sqlite3_cancel_auto_extension
#undef sqlite3_open
#undef sqlite3_close

int sqlite3_pricemap_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);

enum {
    WATCH_MILLISECONDS = 20, /* between two checks of the watch */
    PATIENCE_LOOKS = 8,      /* before it interrupts, and from then on each check */
    HEAP_BYTES = 256 << 20,  /* of all SQLite, workers included */
    LENGTH_BYTES = 1 << 20,  /* of one value or statement */
    LEFTOVER_LOOKS = 2000,   /* a millisecond apart: an ended thread takes a moment to vanish */
    CHANGE_ROWS = 60,
    PATHS = 4,
    OUTCOMES = 4096,
};

typedef struct Watch {
    pthread_mutex_t mutex;
    sqlite3 *db; /* NULL: nothing runs */
    int looks;   /* since it began */
} Watch;

static Watch watch = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static char folder[64];
static int threads_before, descriptors_before;
static volatile unsigned char bytes_read;

/* libFuzzer takes this section for further counters. */
__attribute__((section("__libfuzzer_extra_counters"))) static volatile unsigned char outcomes[OUTCOMES];

void host_outcome(const char *words)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    bool quoted = false;
    for (; *words; words++) {
        quoted ^= *words == '\'' || *words == '"';
        if (!quoted && (*words < '0' || *words > '9'))
            hash = (hash ^ (unsigned char)*words) * 16777619u;
    }
    outcomes[hash % OUTCOMES] = 1;
}

void host_finding(const char *what, const char *detail)
{
    fprintf(stderr, "FINDING: %s: %s\n", what, detail);
    abort();
}

static void *keep_watch(void *unused)
{
    const struct timespec pause = {.tv_nsec = WATCH_MILLISECONDS * 1000000};
    (void)unused;
    for (;;) {
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&watch.mutex);
        if (watch.db && ++watch.looks > PATIENCE_LOOKS)
            sqlite3_interrupt(watch.db);
        pthread_mutex_unlock(&watch.mutex);
    }
    return NULL;
}

static void set_watch(sqlite3 *db)
{
    pthread_mutex_lock(&watch.mutex);
    watch.db = db;
    watch.looks = 0;
    pthread_mutex_unlock(&watch.mutex);
}

static int count_entries(const char *path)
{
    DIR *entries = opendir(path);
    int count = 0;
    while (entries && readdir(entries))
        count++;
    if (entries)
        closedir(entries);
    return count;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void host_start(const char *worker)
{
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    pthread_t thread;
    snprintf(folder, sizeof folder, "%s/pricemap-fuzz-XXXXXX", parent);
    if (!mkdtemp(folder))
        host_finding("mkdtemp", strerror(errno));
    atexit(remove_folder);
    setenv("PRICEMAP_WORKER", worker, 1);
    if (sqlite_api_attach(&(SqliteEntryPoints){sqlite3_auto_extension, sqlite3_cancel_auto_extension,
                                               sqlite3_open, sqlite3_close, sqlite3_initialize}) != SQLITE_OK)
        host_finding("sqlite_api_attach", "failed");
    sqlite3_hard_heap_limit64(HEAP_BYTES);
    if (pthread_create(&thread, NULL, keep_watch, NULL) != 0)
        host_finding("pthread_create", "failed");
    pthread_detach(thread);
    /* What SQLite opens once and keeps is no leftover. */
    sqlite3 *db = host_open_plain(host_file("first.db"));
    host_setup(db, "PRAGMA journal_mode = WAL; CREATE TABLE t(a); SELECT * FROM t");
    sqlite3_close(db);
}

const char *host_file(const char *name)
{
    static char paths[PATHS][128];
    static int next;
    char *path = paths[next++ % PATHS];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

sqlite3 *host_open_plain(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK) {
        sqlite3_close(db);
        return NULL;
    }
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LENGTH_BYTES);
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, LENGTH_BYTES);
    return db;
}

sqlite3 *host_open(const char *path)
{
    /* Only now: libFuzzer starts threads of its own before the first input. */
    if (!threads_before) {
        threads_before = count_entries("/proc/self/task");
        descriptors_before = count_entries("/proc/self/fd");
    }
    sqlite3 *db = host_open_plain(path);
    char *message = NULL;
    if (db && sqlite3_pricemap_init(db, &message, sqlite3_api) != SQLITE_OK)
        host_finding("sqlite3_pricemap_init", message ? message : "no message");
    return db;
}

static void check_error(sqlite3 *db, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
        return;
    const char *message = sqlite3_errmsg(db);
    if (!message || !*message || strcmp(message, "not an error") == 0)
        host_finding("an error without a message", sqlite3_errstr(rc));
    /* What follows repeats the input. */
    char beginning[32];
    snprintf(beginning, sizeof beginning, "%s", message);
    host_outcome(beginning);
}

static void read_row(sqlite3_stmt *statement)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        /* Read byte by byte, so that a byte that may not be read is found out. */
        const unsigned char *bytes = sqlite3_column_blob(statement, i);
        int size = sqlite3_column_bytes(statement, i);
        for (int j = 0; bytes && j < size; j++)
            bytes_read = bytes[j];
        sqlite3_column_double(statement, i);
        sqlite3_column_text(statement, i);
    }
}

void host_step(sqlite3 *db, sqlite3_stmt *statement, int rows)
{
    int rc = SQLITE_ROW;
    set_watch(db);
    for (int i = 0; i < rows && (rc = sqlite3_step(statement)) == SQLITE_ROW; i++)
        read_row(statement);
    check_error(db, rc);
    sqlite3_finalize(statement);
    set_watch(NULL);
}

void host_run(sqlite3 *db, const char *sql, int rows)
{
    while (*sql) {
        sqlite3_stmt *statement = NULL;
        const char *rest = sql;
        set_watch(db);
        int rc = sqlite3_prepare_v2(db, sql, -1, &statement, &rest);
        check_error(db, rc);
        set_watch(NULL);
        if (statement)
            host_step(db, statement, rows);
        /* After an error the rest cannot be found. */
        if (rc != SQLITE_OK || rest == sql)
            return;
        sql = rest;
    }
}

void host_setup(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        host_finding(sql, sqlite3_errmsg(db));
}

void host_close(sqlite3 *db)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    if (sqlite3_close(db) != SQLITE_OK)
        host_finding("the connection does not close", sqlite3_errmsg(db));
    for (int i = 0; i < LEFTOVER_LOOKS; i++) {
        if (count_entries("/proc/self/task") <= threads_before &&
            count_entries("/proc/self/fd") <= descriptors_before)
            return;
        nanosleep(&pause, NULL);
    }
    char left[128];
    snprintf(left, sizeof left, "%d threads and %d descriptors too many are left",
             count_entries("/proc/self/task") - threads_before,
             count_entries("/proc/self/fd") - descriptors_before);
    host_finding("after the close", left);
}

static int no_other_files(void *context, int action, const char *a, const char *b, const char *c,
                          const char *d)
{
    (void)context;
    (void)b;
    (void)c;
    (void)d;
    bool stays_small = action != SQLITE_PRAGMA ||
                       (a && strcmp(a, "page_size") != 0 && strcmp(a, "temp_store_directory") != 0);
    return action == SQLITE_ATTACH || !stays_small ? SQLITE_DENY : SQLITE_OK;
}

void host_change_database(const char *path, const char *begin, const char *sql)
{
    sqlite3 *db = host_open_plain(path);
    if (!db)
        return;
    host_setup(db, begin);
    host_setup(db, "PRAGMA writable_schema = ON; PRAGMA synchronous = OFF");
    sqlite3_set_authorizer(db, no_other_files, NULL);
    host_run(db, sql, CHANGE_ROWS);
    if (!sqlite3_get_autocommit(db))
        host_run(db, "COMMIT", 1);
    sqlite3_close(db);
}

void host_remove_database(const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
}
