/* The queries of a benchmark: the files of a folder of SQL, a SELECT each, in the order of their names. */
#ifndef BENCH_QUERY_FOLDER_H
#define BENCH_QUERY_FOLDER_H

#include <stddef.h>

#include "cli/base/failure.h"

enum { QUERIES_MAX = 64, QUERY_NAME_SIZE = 32 };

typedef struct FolderQuery {
    char name[QUERY_NAME_SIZE];
    char *text;
} FolderQuery;

typedef struct QueryFolder {
    FolderQuery queries[QUERIES_MAX];
    size_t count;
} QueryFolder;

/* Reads the folder; to be freed also after -1. */
int query_folder_read(QueryFolder *folder, const char *path, Failure *failure);
void query_folder_free(QueryFolder *folder);

#endif
