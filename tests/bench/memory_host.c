/* A host of one map, in a process of its own, because the peak of a process's memory never goes down again.
 *
 *     memory_host DATABASE EXTENSION EXECUTOR WORKERS TABLE
 *
 * Maps upper(name) over the table once, then prints the number of rows, the sum of their lengths, and the
 * peak KiB of this process, its worker processes and their parent, all together. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench_sql.h"
#include "mapping.h"
#include "cli/base/query.h"

/* The number after `name` in /proc/PID/status; -1 where there is none. */
static int64_t read_status(int64_t pid, const char *name)
{
    char path[64], line[256];
    int64_t number = -1;
    snprintf(path, sizeof path, "/proc/%" PRId64 "/status", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    while (number < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            number = strtoll(line + strlen(name), NULL, 10);
    fclose(file);
    return number;
}

static int add_peak(int64_t pid, int64_t *kib, Failure *failure)
{
    int64_t peak = read_status(pid, "VmHWM:");
    if (peak < 0)
        return failure_set(failure, "cannot read the peak memory of process %" PRId64, pid);
    *kib += peak;
    return 0;
}

/* The pool is idle, so that the workers are still there. */
static int sum_peaks(sqlite3 *db, int64_t *kib, Failure *failure)
{
    sqlite3_stmt *statement;
    int64_t parent = 0;
    *kib = 0;
    if (add_peak(getpid(), kib, failure) || query_prepare(db, &statement, failure, bench_sql_pids, ""))
        return -1;
    int result = 0;
    while (result == 0 && sqlite3_step(statement) == SQLITE_ROW) {
        int64_t pid = sqlite3_column_int64(statement, 0);
        if (pid == getpid())
            continue;
        parent = read_status(pid, "PPid:");
        result = add_peak(pid, kib, failure);
    }
    if (sqlite3_finalize(statement) != SQLITE_OK && result == 0)
        result = query_fail(db, failure);
    /* Where the workers' parent has gone, init is. */
    if (result == 0 && parent > 1)
        result = add_peak(parent, kib, failure);
    return result;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("memory_host: give DATABASE EXTENSION EXECUTOR WORKERS TABLE\n", stderr);
        return EXIT_USAGE;
    }
    Failure failure;
    Mapping mapping;
    MappingAnswer answer = {-1, 0};
    int64_t kib;
    const MappingPlace place = {argv[1], argv[2], atoi(argv[4])};
    const MappingTask task = {.source = argv[5], .map = "upper(name)", .text = true};
    const MappingWay way = {.executor = argv[3]};
    int result = mapping_open(&mapping, &place, &task, &way, &failure);
    if (result == 0) {
        result = mapping_answer(&mapping, &answer, &failure);
        if (result == 0)
            result = sum_peaks(mapping.db, &kib, &failure);
        mapping_close(&mapping);
    }
    if (result) {
        fprintf(stderr, "memory_host: %s\n", failure.text);
        return EXIT_FAILED;
    }
    printf("%" PRId64 " %.17g %" PRId64 "\n", answer.rows, answer.sum, kib);
    return EXIT_DONE;
}
