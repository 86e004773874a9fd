/*
 * A host of the extension for fuzz targets: real connections, with limits that keep one input from taking
 * long, and closing checks that nothing was left behind. Only one connection is watched at a time.
 */
#ifndef PRICEMAP_FUZZ_HOST_H
#define PRICEMAP_FUZZ_HOST_H

#include <stdbool.h>
#include <sqlite3.h>

/*
 * Makes SQLite known to the extension, starts the watch, makes a folder for files that is removed when the
 * process ends. `worker` is the program of worker processes. Call it once.
 */
void host_start(const char *worker);

/* The path of a file in that folder; valid until the next call but three. */
const char *host_file(const char *name);

/* A connection to the file, with the extension and low limits; NULL where the file cannot be opened. */
sqlite3 *host_open(const char *path);
/* The same without the extension. */
sqlite3 *host_open_plain(const char *path);

/*
 * Runs all statements of the text and reads every value of at most `rows` rows of each; what is wrong with
 * the SQL is no finding, an error without a message is. A statement that takes longer than some tenths of a
 * second is interrupted.
 */
void host_run(sqlite3 *db, const char *sql, int rows);
/* The same for one statement that is bound already; finalizes it. */
void host_step(sqlite3 *db, sqlite3_stmt *statement, int rows);

/* Closes; a connection that does not close, a thread or descriptor that is left, is a finding. */
void host_close(sqlite3 *db);

/* Says what is wrong and aborts. */
_Noreturn void host_finding(const char *what, const char *detail);

#endif
