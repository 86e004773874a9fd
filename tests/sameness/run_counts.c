#include "executor_list.h"
#include "run_counts.h"

#include <stdio.h>
#include <string.h>

static const char *const executors[RUN_EXECUTORS] = {EXECUTOR_STRINGS};
static const char *const accesses[RUN_ACCESSES] = {"feed", "partition"};

static int place_of(const char *const *words, int count, const char *word)
{
    for (int i = 0; i < count; i++)
        if (word && !strcmp(words[i], word))
            return i;
    return -1;
}

int run_counts_add(RunCounts *counts, sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT executor, access, count(*) FROM parallel_map_runs GROUP BY 1, 2",
                                -1, &statement, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        int executor = place_of(executors, RUN_EXECUTORS, (const char *)sqlite3_column_text(statement, 0));
        int access = place_of(accesses, RUN_ACCESSES, (const char *)sqlite3_column_text(statement, 1));
        if (executor >= 0 && access >= 0)
            counts->runs[executor][access] += (long)sqlite3_column_int64(statement, 2);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    if (rc == SQLITE_DONE)
        return 0;
    fprintf(stderr, "sameness: parallel_map_runs: %s\n", sqlite3_errmsg(db));
    return -1;
}

void run_counts_print(const RunCounts *counts)
{
    printf("maps:");
    for (int i = 0; i < RUN_EXECUTORS; i++)
        for (int j = 0; j < RUN_ACCESSES; j++)
            printf(" %s %s %ld%s", executors[i], accesses[j], counts->runs[i][j],
                   i == RUN_EXECUTORS - 1 && j == RUN_ACCESSES - 1 ? "\n" : ",");
}

int run_counts_missing(const RunCounts *counts)
{
    int missing = 0;
    for (int i = 0; i < RUN_EXECUTORS; i++)
        for (int j = 0; j < RUN_ACCESSES; j++)
            if (!counts->runs[i][j]) {
                printf("-- no case ran by %s with %s access\n", executors[i], accesses[j]);
                missing++;
            }
    return missing;
}
