/* PostgreSQL with the same C function, in one process and in a parallel query. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "peers.h"
#include "postgres_server.h"
#include "price_lists.h"
#include "figures.h"

static const char what[] = "PostgreSQL, the same C function";

#ifdef BENCH_POSTGRES_MODULE

enum { PRICES = 2000, OUTPUT_SIZE = 8192 };

typedef struct Postgres {
    PostgresServer server;
    /* Path of the module without its ending. */
    char library[PATH_SIZE];
    MappingAnswer expected;
} Postgres;

/* The module has to be where the server's user can read it. */
static int copy_module(Postgres *postgres, Failure *failure)
{
    char path[PATH_SIZE + 8], block[65536];
    snprintf(postgres->library, sizeof postgres->library, "%.*s/postgres/price", FOLDER_SIZE,
             postgres->server.bench->folder);
    snprintf(path, sizeof path, "%s.so", postgres->library);
    FILE *from = fopen(BENCH_POSTGRES_MODULE, "rbe"), *to = fopen(path, "wbe");
    size_t size;
    int result = from && to ? 0 : -1;
    while (result == 0 && (size = fread(block, 1, sizeof block, from)) > 0)
        result = fwrite(block, 1, size, to) == size ? 0 : -1;
    if (from && (ferror(from) || fclose(from)))
        result = -1;
    if (to && fclose(to))
        result = -1;
    if (result)
        return failure_set(failure, "cannot copy " BENCH_POSTGRES_MODULE " to %s: %s", path, strerror(errno));
    return 0;
}

/* Runs one of our files with its variables. */
static int run_sql(const Postgres *postgres, const char *path, int helpers, char *output, Failure *failure)
{
    char helper_count[32], prices[32], library[PATH_SIZE + 16];
    const char *const variables[] = {helper_count, prices, library, NULL};
    snprintf(helper_count, sizeof helper_count, "helpers=%d", helpers);
    snprintf(prices, sizeof prices, "prices=%d", PRICES);
    snprintf(library, sizeof library, "library=%s", postgres->library);
    return postgres_run_file(&postgres->server, path, variables, output, OUTPUT_SIZE, failure);
}

static int start(Postgres *postgres, Failure *failure)
{
    char output[OUTPUT_SIZE];
    return postgres_start(&postgres->server, failure) || copy_module(postgres, failure) ||
                   run_sql(postgres, BENCH_PEERS "/postgres_setup.sql",
                           postgres->server.bench->settings.workers - 1, output, failure)
               ? -1
               : 0;
}

typedef struct PostgresRun {
    Postgres *postgres;
    int helpers;
} PostgresRun;

/* The time is the one that psql shows of the query, on a new connection that called the function once
 * before. */
static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    const PostgresRun *of = context;
    sample->wall_ns = 0;
    for (int64_t i = 0; i < loops; i++) {
        char output[OUTPUT_SIZE];
        double sum = 0, milliseconds = 0;
        if (run_sql(of->postgres, BENCH_PEERS "/postgres_round.sql", of->helpers, output, failure))
            return -1;
        const char *line = strstr(output, "sum|");
        if (!line || sscanf(line, "sum|%lf Time: %lf", &sum, &milliseconds) != 2)
            return failure_set(failure, "psql printed '%.200s'", output);
        sample->wall_ns += (int64_t)(milliseconds * 1e6);
        if (peer_check(of->postgres->server.bench, "PostgreSQL", sum, of->postgres->expected.sum, failure))
            return -1;
    }
    return 0;
}

int work_postgres(Bench *bench, Failure *failure)
{
    static const Effort effort = {.rounds = 7, .quick_rounds = 3, .warm = true};
    char table[TABLE_NAME_SIZE], label[LABEL_SIZE];
    if (!postgres_installed())
        return report_skip(bench, what,
                           "no server in " BENCH_POSTGRES_PROGRAMS " (Debian package postgresql)", failure);
    Postgres postgres = {.server = {.bench = bench}};
    PostgresRun one = {&postgres, 0}, all = {&postgres, bench->settings.workers - 1};
    snprintf(label, sizeof label, "PostgreSQL, same C function, parallel query, %d processes",
             bench->settings.workers);
    const PeerSubject peers[] = {
        {.label = "PostgreSQL, same C function, 1 process", .sampled = {take, &one}, .ours = 0},
        {.label = label, .sampled = {take, &all}, .ours = 2},
    };
    int result = price_list(bench, PRICES, table, failure);
    if (result == 0)
        result = start(&postgres, failure);
    if (result == 0)
        result = peers_measure(bench, table, peers, sizeof peers / sizeof *peers, &effort, &postgres.expected,
                               failure);
    postgres_stop(&postgres.server);
    return result;
}

#else

int work_postgres(Bench *bench, Failure *failure)
{
    return report_skip(
        bench, what,
        "its server's headers were not there at build time (Debian package postgresql-server-dev-all)",
        failure);
}

#endif
