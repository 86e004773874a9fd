/* Other programs that do the same work. Each is started with an argument vector, never through a shell. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include <stdbool.h>

#include "bench.h"
#include "measurement.h"
#include "cli/sampling/sampling.h"

enum { PEERS_MAX = 3 };

/* Whether `program --version` can be started. */
bool peer_installed(const char *program);

/* Runs argv[0] in `directory` (NULL: here) and takes what it prints. Fails unless it ends with status 0. */
int peer_run(char *const argv[], const char *directory, char *output, size_t size, Failure *failure);

/* Fails, and says so in the bench, unless the peer computed the same. Peers add in another order than SQLite
 * and print decimals, so that a difference of 1e-12 is none. */
int peer_check(Bench *bench, const char *peer, double sum, double expected, Failure *failure);

/* Measures the peers, and beside them, in the same rounds, executor serial, threads and processes over
 * `table` with the crazy map; then reports each peer's time over that of the way of ours that `ours` names: 0
 * serial, 1 threads, 2 processes. `expected` gets the plain SELECT's answer before the first sample. */
typedef struct PeerSubject {
    const char *label; /* "PostgreSQL, 2 processes" */
    SamplingSubject sampled;
    size_t ours;
    double bar; /* at least so many times as slow as ours; 0: none */
} PeerSubject;

int peers_measure(Bench *bench, const char *table, const PeerSubject *peers, size_t count,
                  const Effort *effort, MappingAnswer *expected, Failure *failure);

#endif
