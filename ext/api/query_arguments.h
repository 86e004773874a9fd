/* The arguments of CREATE VIRTUAL TABLE … USING parallel_query(…), parsed and checked. */
#ifndef PRICEMAP_QUERY_ARGUMENTS_H
#define PRICEMAP_QUERY_ARGUMENTS_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"
#include "ext/plan/map_arguments.h"

typedef struct QueryArguments {
    /* The SELECT, without brackets around it. */
    char *query;
    /* Requested executor and workers, where has_… says so; executor NULL: `auto`. */
    const ExecutorKind *executor;
    int workers;
    bool has_executor, has_workers;
} QueryArguments;

/*
 * Parses the arguments as SQLite gives them: a SELECT, which SQLite has divided at its commas, or name =
 * value. SQLITE_OK; else an error with *message set (sqlite3_free it) and the arguments empty.
 */
int query_arguments_parse(QueryArguments *arguments, int argc, const char *const *argv, char **message);

/* Frees the text; may be called twice. */
void query_arguments_free(QueryArguments *arguments);

#endif
