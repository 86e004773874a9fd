/* A host that is put on trial.
 *
 *     trial_host VERB DATABASE EXTENSION EXECUTOR WORKERS TABLE [NUMBER]
 *
 * maps          maps again and again, until it is killed
 * cycles N      opens, maps and closes N times; prints how much more it has then than it had before:
 * descriptors, threads, processes, shared files, shared mappings, KiB of resident memory starts MIB    takes
 * so much memory and prints a line; then, for each line that it is given, opens, maps and closes, and prints
 * the nanoseconds that the map took, the workers' start included
 *
 * Whatever other values than the first time come out end it with status 1. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ext/base/clock.h"
#include "tests/support/leftovers.h"
#include "mapping.h"

enum { EXIT_WRONG = 1, WARMUP = 200, PAGE = 4096 };

typedef struct Host {
    MappingPlace place;
    MappingTask task;
    MappingWay way;
    MappingAnswer expected; /* what the first map gave */
    int64_t number;
    bool wrong;
} Host;

static int map(Host *host, Mapping *mapping, int64_t *ns, Failure *failure)
{
    MappingAnswer answer = {-1, 0};
    int64_t start = clock_ns();
    if (mapping_answer(mapping, &answer, failure))
        return -1;
    *ns = clock_ns() - start;
    if (!host->expected.rows)
        host->expected = answer;
    mapping->expected = host->expected;
    int result = mapping_check(mapping, &answer, failure);
    host->wrong |= mapping->wrong;
    return result;
}

static int cycle(Host *host, int64_t *ns, Failure *failure)
{
    Mapping mapping;
    if (mapping_open(&mapping, &host->place, &host->task, &host->way, failure))
        return -1;
    int result = map(host, &mapping, ns, failure);
    mapping_close(&mapping);
    return result;
}

/* ---- the verbs ---- */

static int map_for_ever(Host *host, Failure *failure)
{
    Mapping mapping;
    int64_t ns;
    int result = 0;
    host->way.chunk = 0;
    while (result == 0) {
        if (mapping_open(&mapping, &host->place, &host->task, &host->way, failure))
            return -1;
        for (int i = 0; i < 4 && result == 0; i++) {
            result = map(host, &mapping, &ns, failure);
            usleep(1000); /* an idle pool, for a while */
        }
        mapping_close(&mapping);
    }
    return result;
}

/* After the allocator has given back what it can. */
static int64_t resident_kib(void)
{
    long long total, resident = 0;
    malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%lld %lld", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int many_cycles(Host *host, Failure *failure)
{
    int64_t ns;
    int result = 0, processes;
    Leftovers before = {0}, after;
    int64_t kib = 0;
    leftovers_mark();
    for (int64_t i = -WARMUP; i < host->number && result == 0; i++) {
        if (i == 0) {
            before = leftovers_look();
            kib = resident_kib();
        }
        result = cycle(host, &ns, failure);
    }
    if (result)
        return result;
    leftovers_settle(&before, &after, &processes);
    printf("%d %d %d %d %d %" PRId64 "\n", after.descriptors - before.descriptors,
           after.threads - before.threads, processes, after.shared_files - before.shared_files,
           after.shared_mappings - before.shared_mappings, resident_kib() - kib);
    return 0;
}

/* Small pages, so that there is as many for the kernel to keep as there can be. */
static int take_memory(int64_t mib, Failure *failure)
{
    size_t size = (size_t)mib << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return failure_set(failure, "no %" PRId64 " MiB of memory", mib);
    madvise(memory, size, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < size; i += PAGE)
        memory[i] = 1;
    return 0;
}

static int start_when_told(Host *host, Failure *failure)
{
    char line[64];
    int64_t ns;
    if (take_memory(host->number, failure))
        return -1;
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (cycle(host, &ns, failure))
            return -1;
        printf("%" PRId64 "\n", ns);
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(Host *host, Failure *failure);
    } verbs[] = {{"maps", map_for_ever}, {"cycles", many_cycles}, {"starts", start_when_told}};
    if (argc < 7) {
        fputs("trial_host: give VERB DATABASE EXTENSION EXECUTOR WORKERS TABLE [NUMBER]\n", stderr);
        return EXIT_USAGE;
    }
    Host host = {.place = {argv[2], argv[3], atoi(argv[5])},
                 .task = {.source = argv[6], .map = "increase_price(p)"},
                 .way = {.executor = argv[4], .chunk = 4},
                 .number = argc > 7 ? atoll(argv[7]) : 0};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        Failure failure;
        if (strcmp(verbs[i].name, argv[1]) != 0)
            continue;
        if (verbs[i].run(&host, &failure) == 0)
            return EXIT_DONE;
        fprintf(stderr, "trial_host: %s\n", failure.text);
        return host.wrong ? EXIT_WRONG : EXIT_FAILED;
    }
    fprintf(stderr, "trial_host: %s: there is no such verb\n", argv[1]);
    return EXIT_USAGE;
}
