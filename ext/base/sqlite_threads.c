#include "ext/base/sqlite_threads.h"

#include <pthread.h>
#include <stdbool.h>

#include "ext/base/sqlite_api.h"
#include "ext/base/sqlite_build.h"

/* Mutex that a thread tries to enter, and the result. */
typedef struct Trial {
    sqlite3_mutex *mutex;
    int rc;
} Trial;

static void *try_mutex(void *arg)
{
    Trial *trial = arg;
    trial->rc = sqlite3_mutex_try(trial->mutex);
    if (trial->rc == SQLITE_OK)
        sqlite3_mutex_leave(trial->mutex);
    return NULL;
}

/* Whether a mutex that this thread has entered keeps another thread out; SQLITE_NOMEM where there can be no
 * other thread. */
static int keeps_thread_out(sqlite3_mutex *mutex)
{
    Trial trial = {.mutex = mutex};
    pthread_t thread;
    if (pthread_create(&thread, NULL, try_mutex, &trial) != 0)
        return SQLITE_NOMEM;
    pthread_join(thread, NULL);
    return trial.rc == SQLITE_BUSY ? SQLITE_OK : SQLITE_ERROR;
}

/* SQLite's own assertions forbid a thread to try a mutex again that it has entered, of a kind that would keep
 * it out. Without assertions the attempt shows whether the mutex is a real one, at no cost. */
int sqlite_allows_threads(void)
{
    if (!sqlite3_threadsafe() || !sqlite3_api->mutex_alloc)
        return SQLITE_ERROR;
    bool asserts = sqlite_build_has("DEBUG");
    sqlite3_mutex *mutex = sqlite3_mutex_alloc(asserts ? SQLITE_MUTEX_RECURSIVE : SQLITE_MUTEX_FAST);
    if (!mutex)
        return SQLITE_NOMEM;
    sqlite3_mutex_enter(mutex);
    int rc = SQLITE_OK;
    if (asserts)
        rc = keeps_thread_out(mutex);
    else if (sqlite3_mutex_try(mutex) != SQLITE_BUSY)
        rc = SQLITE_ERROR;
    sqlite3_mutex_leave(mutex);
    sqlite3_mutex_free(mutex);
    return rc;
}
