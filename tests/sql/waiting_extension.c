/* A loadable extension with functions that wait, as those that call a service do.
 *
 *   sleep_ms(x)     sleeps that many milliseconds, which may be a part of one, and gives x
 *   meet(path, n)   waits until n calls with this path have begun, in whatever threads and processes, and
 *                   gives n; an error after a minute */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

int sqlite3_waitingextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);

static void sleep_for(double milliseconds)
{
    long long nanoseconds = milliseconds > 0 ? (long long)(milliseconds * 1e6) : 0;
    struct timespec left = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static void sleep_ms(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sleep_for(sqlite3_value_double(argv[0]));
    sqlite3_result_value(context, argv[0]);
}

/* Each call that begins adds a byte to the file. */
static void meet(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    const char *path = (const char *)sqlite3_value_text(argv[0]);
    sqlite3_int64 calls = sqlite3_value_int64(argv[1]);
    int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    struct stat met = {0};
    if (file < 0 || write(file, ".", 1) != 1) {
        sqlite3_result_error(context, "meet: the file cannot be written", -1);
        if (file >= 0)
            close(file);
        return;
    }
    for (int waited = 0; waited < 60000 && fstat(file, &met) == 0 && met.st_size < calls; waited++)
        sleep_for(1);
    close(file);
    if (met.st_size < calls)
        sqlite3_result_error(context, "meet: the others did not come", -1);
    else
        sqlite3_result_int64(context, calls);
}

int sqlite3_waitingextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    (void)message;
    SQLITE_EXTENSION_INIT2(routines);
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    int rc = sqlite3_create_function(db, "sleep_ms", 1, flags, NULL, sleep_ms, NULL, NULL);
    return rc != SQLITE_OK ? rc : sqlite3_create_function(db, "meet", 2, flags, NULL, meet, NULL, NULL);
}
