/* A server of PostgreSQL for one measurement, in the bench's folder, reached through a socket there. */
#ifndef BENCH_POSTGRES_SERVER_H
#define BENCH_POSTGRES_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "bench.h"

enum { POSTGRES_VARIABLES_MAX = 4 };

/* Zeros with a bench: not started. */
typedef struct PostgresServer {
    Bench *bench;
    char folder[PATH_SIZE], data[PATH_SIZE];
    /* Name of the user that the server runs as, because it refuses root; empty: the bench's own. */
    char user[64];
    bool running;
} PostgresServer;

/* Whether the programs of a server are there. */
bool postgres_installed(void);

/* Makes the folder, a cluster in it, and starts the server. Returns 0, or -1 with the failure set; to be
 * stopped also after -1. */
int postgres_start(PostgresServer *server, Failure *failure);

/* Ends the server at once; its files stay in the bench's folder, which is removed at the end. */
void postgres_stop(PostgresServer *server);

/* Runs a file of SQL in psql on a new connection, with variables of psql ("name=value", up to
 * POSTGRES_VARIABLES_MAX, ended by NULL). What it prints comes into `output`. An error of a statement is
 * one of the run. Returns 0, or -1 with the failure set. */
int postgres_run_file(const PostgresServer *server, const char *path, const char *const *variables,
                      char *output, size_t size, Failure *failure);

#endif
