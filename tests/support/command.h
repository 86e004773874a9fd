/* Runs pricereport for tests, as a user would, in a folder of its own.
 *
 * The program is what the environment variable PRICEREPORT names; meson sets it, and where the extension is.
 * Everything here fails the running cmocka test when it cannot do its work. Include the cmocka headers before
 * this one. */
#ifndef COMMAND_H
#define COMMAND_H

#include <sqlite3.h>
#include <sys/types.h>

/* What a command left: its exit status (1000 + the signal that ended it), and what it wrote; `out` and `err`
 * are to be freed with command_free. */
typedef struct Outcome {
    int status;
    char *out;
    char *err;
} Outcome;

/* cmocka setup and teardown: a new empty folder becomes the current one, and is removed with all that is in
 * it. The variables that change what pricereport does are unset. */
int command_setup(void **state);
int command_teardown(void **state);

/* What the processes of all commands do from here on, to the end of the test, before they become pricereport;
 * NULL: nothing. */
void command_prepare(void (*function)(void));

/* Runs pricereport with these arguments (the last one NULL) to its end. */
Outcome command_run(const char *first, ...) __attribute__((sentinel));
Outcome command_run_list(const char *const *arguments);
void command_free(Outcome *outcome);

/* Starts it and returns at once; what it writes goes to NAME.out and NAME.err in the current folder. */
pid_t command_start(const char *name, const char *first, ...) __attribute__((sentinel));

/* Runs it to its end, which has to be a success, with a terminal as standard error. Returns what that got, to
 * be freed. */
char *command_on_terminal(const char *first, ...) __attribute__((sentinel));

/* Waits for the end of a started one. The status is as in Outcome. */
int command_wait(pid_t pid);

/* The content of a file, NUL-terminated, to be freed. */
char *command_read_file(const char *path);
void command_write_file(const char *path, const char *text);

/* The first value of a query on a database file, as an integer or as text (to be freed with sqlite3_free). */
sqlite3_int64 command_integer(const char *file, const char *sql);
char *command_text(const char *file, const char *sql);

/* Fails the test unless the first value of a query on a database file is that. */
void command_expect_integer(const char *file, const char *sql, sqlite3_int64 expected);
void command_expect_text(const char *file, const char *sql, const char *expected);

/* Executes statements on a database file. */
void command_execute(const char *file, const char *sql);

/* prices.db with a table prices(id, p) of 20 rows. */
void command_make_prices(void);

/* Expects wrong usage (2) or failure (3): nothing on standard output, and on standard error a text that
 * begins with "pricereport: " and contains `part`. Frees the outcome. */
void command_expect_error(Outcome outcome, int status, const char *part);

/* Expects exit status 0 and nothing on standard error. */
void command_expect_success(const Outcome *outcome);

/* The same, where the output is no matter. Frees the outcome. */
void command_succeed(Outcome outcome);

/* Expects this exit status, and each part (the last one NULL) in the output. Frees the outcome. */
void command_expect_output(Outcome outcome, int status, const char *first, ...) __attribute__((sentinel));

#endif
