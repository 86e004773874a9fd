#include "query_folder.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_query(FolderQuery *query, const char *path, Failure *failure)
{
    const char *slash = strrchr(path, '/');
    size_t capacity = 0;
    FILE *file = fopen(path, "r");
    /* A dot within the name, as that of 1.1.sql, stays. */
    const char *ending = strrchr(slash, '.');
    snprintf(query->name, sizeof query->name, "%.*s", (int)(ending - slash - 1), slash + 1);
    if (!file || getdelim(&query->text, &capacity, '\0', file) < 0) {
        failure_set(failure, "cannot read %s: %s", path, strerror(errno));
        if (file)
            fclose(file);
        return -1;
    }
    fclose(file);
    return 0;
}

int query_folder_read(QueryFolder *folder, const char *path, Failure *failure)
{
    char pattern[512];
    glob_t found = {0};
    int result = 0;
    *folder = (QueryFolder){0};
    snprintf(pattern, sizeof pattern, "%s/*.sql", path);
    if (glob(pattern, 0, NULL, &found) || found.gl_pathc > QUERIES_MAX)
        result = failure_set(failure, "cannot read the queries in %s", path);
    for (size_t i = 0; i < found.gl_pathc && result == 0; i++)
        result = read_query(&folder->queries[folder->count++], found.gl_pathv[i], failure);
    globfree(&found);
    return result;
}

void query_folder_free(QueryFolder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        free(folder->queries[i].text);
    *folder = (QueryFolder){0};
}
