/*
 * A host of the extension for fuzz targets: real connections, with limits that keep one input from taking
 * long, and closing checks that nothing was left. Only one connection is watched at a time.
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
/* Runs all statements of the text, however long they take; one that fails is a finding: for what is not the
 * input's. */
void host_setup(sqlite3 *db, const char *sql);
/* As host_run, for one statement that is bound already; finalizes it. */
void host_step(sqlite3 *db, sqlite3_stmt *statement, int rows);

/*
 * Changes a database, or makes it, by the SQL of an input: without the extension, with a writable schema, and
 * so that no other file is touched. `begin` runs first.
 */
void host_change_database(const char *path, const char *begin, const char *sql);
/* Removes it, and the files beside it. */
void host_remove_database(const char *path);

/* Closes; a connection that does not close, a thread or descriptor that is left, is a finding. */
void host_close(sqlite3 *db);

/* Reports to libFuzzer what came of the input, in words: what was not said before makes the input worth
 * keeping. So it learns of what goes on inside SQLite, which is not instrumented. Digits and what is in
 * quotes do not count. */
void host_outcome(const char *words);

/* Says what is wrong and aborts. */
_Noreturn void host_finding(const char *what, const char *detail);

#endif
