#include "record.h"

#include <stdio.h>

#include "peers.h"
#include "price_lists.h"

static int record(Bench *bench, const char *history, const char *name, const char *table, const char *map,
                  Failure *failure)
{
    char texts[24][PATH_SIZE], samples[16], workers[16], charts[PATH_SIZE];
    char *argv[25] = {NULL};
    char output[8192];
    snprintf(samples, sizeof samples, "%lld",
             (long long)(bench->settings.rounds  ? bench->settings.rounds
                         : bench->settings.quick ? 6
                                                 : 15));
    snprintf(workers, sizeof workers, "%d", bench->settings.workers);
    snprintf(charts, sizeof charts, "%s-charts", history);
    const char *const arguments[] = {BENCH_PRICEREPORT,
                                     "run",
                                     "--db",
                                     history,
                                     "--in",
                                     bench->database,
                                     "--source",
                                     table,
                                     "--map",
                                     map,
                                     "--name",
                                     name,
                                     "--executor",
                                     "serial,threads,processes,auto",
                                     "--workers",
                                     workers,
                                     "--samples",
                                     samples,
                                     "--label",
                                     "bench",
                                     "--plot",
                                     "--out",
                                     charts,
                                     "--verify"};
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        snprintf(texts[i], PATH_SIZE, "%s", arguments[i]);
        argv[i] = texts[i];
    }
    return peer_run(argv, NULL, output, sizeof output, failure);
}

int record_maps(Bench *bench, const char *history, Failure *failure)
{
    const struct {
        const char *name;
        int64_t rows;
        const char *map;
    } maps[] = {
        {"bench: crazy", bench->settings.quick ? 200 : 2000, "increase_price_crazy(p)"},
        {"bench: text-heavy", bench->settings.quick ? 100000 : 1000000, TEXT_MAP},
        {"bench: cheap", 20, "increase_price(p)"},
    };
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        char table[TABLE_NAME_SIZE];
        if (price_list(bench, maps[i].rows, table, failure) ||
            record(bench, history, maps[i].name, table, maps[i].map, failure))
            return -1;
    }
    return 0;
}
