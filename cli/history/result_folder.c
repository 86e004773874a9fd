#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/history/foreign_file.h"
#include "cli/history/foreign_text.h"
#include "cli/history/result_folder.h"
#include "cli/base/query.h"
#include "sql/sql.h"

bool result_folder_is(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Keeps the text of a file as one of that folder and name. */
static int keep(sqlite3 *db, const char *path, const char *folder, const char *name, Failure *failure)
{
    ForeignFile file;
    int result = foreign_file_read(&file, path, failure);
    if (result == 0 && !(file.text = foreign_text_null_numbers(file.text)))
        result = failure_set(failure, "out of memory for %s", path);
    if (result == 0)
        result = query_run(db, NULL, failure, sql_import_fill_part, "ttdt", folder, name, file.modified,
                           file.text);
    foreign_file_free(&file);
    return result;
}

/* Whether there is a file of that name in the folder that the first `length` bytes of `path` name. */
static bool is_beside(const char *path, size_t length, const char *name)
{
    char beside[4096];
    return snprintf(beside, sizeof beside, "%.*s%s", (int)length, path, name) < (int)sizeof beside &&
           access(beside, F_OK) == 0;
}

static bool is_any_of(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

/* Whether an importer reads the file: those of criterion are in folders `new`, those of asv beside a
 * machine.json. */
static bool is_result(const char *path, const char *name)
{
    static const char *const criterion[] = {"benchmark.json", "sample.json", "estimates.json", NULL};
    static const char *const asv[] = {"machine.json", "benchmarks.json", NULL};
    size_t length = strlen(path) - strlen(name), ending = strlen(".json");
    if (strlen(name) <= ending || strcmp(name + strlen(name) - ending, ".json") != 0)
        return false;
    if (length >= 4 && strncmp(path + length - 4, "new/", 4) == 0 && (length == 4 || path[length - 5] == '/'))
        return is_any_of(name, criterion);
    return is_any_of(name, asv) || is_beside(path, length, "machine.json");
}

/* Keeps a file that was found below the folder whose name has `root` bytes. */
static int keep_found(sqlite3 *db, const FTSENT *found, size_t root, Failure *failure)
{
    const char *inside = found->fts_path + root;
    while (*inside == '/')
        inside++;
    size_t length = strlen(inside) - found->fts_namelen;
    char *folder = strndup(inside, length > 0 ? length - 1 : 0);
    if (!folder)
        return failure_set(failure, "out of memory for %s", found->fts_path);
    int result = keep(db, found->fts_path, folder, found->fts_name, failure);
    free(folder);
    return result;
}

/* Keeps asv's list of benchmarks, which is one folder above that of the machine. */
static int keep_above(sqlite3 *db, const char *folder, size_t length, Failure *failure)
{
    char above[4096];
    if (snprintf(above, sizeof above, "%.*s../benchmarks.json", (int)length, folder) >= (int)sizeof above ||
        access(above, F_OK) != 0)
        return 0;
    return keep(db, above, "..", "benchmarks.json", failure);
}

static int walk(sqlite3 *db, FTS *tree, size_t root, Failure *failure)
{
    int result = 0;
    FTSENT *found = NULL;
    while (result == 0 && (errno = 0, found = fts_read(tree)) != NULL) {
        if (found->fts_info == FTS_F && is_result(found->fts_path, found->fts_name))
            result = keep_found(db, found, root, failure);
        else if (found->fts_info == FTS_DNR || found->fts_info == FTS_ERR || found->fts_info == FTS_NS)
            result = failure_set(failure, "cannot read %s: %s", found->fts_path, strerror(found->fts_errno));
    }
    return result || errno == 0 ? result
                                : failure_set(failure, "cannot read the folder: %s", strerror(errno));
}

int result_folder_read(sqlite3 *db, const char *path, Failure *failure)
{
    char *copy = NULL, *inside = NULL;
    if ((copy = strdup(path)) == NULL || asprintf(&inside, "%s/", path) < 0) {
        free(copy);
        return failure_set(failure, "out of memory for %s", path);
    }
    char *const roots[] = {copy, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    int result = tree ? walk(db, tree, strlen(path), failure)
                      : failure_set(failure, "cannot read %s: %s", path, strerror(errno));
    if (tree)
        fts_close(tree);
    if (result == 0 && is_beside(inside, strlen(inside), "machine.json"))
        result = keep_above(db, inside, strlen(inside), failure);
    free(inside);
    free(copy);
    return result;
}

int result_folder_read_around(sqlite3 *db, const char *file, Failure *failure)
{
    const char *slash = strrchr(file, '/');
    size_t length = slash ? (size_t)(slash - file) + 1 : 0;
    if (keep(db, file, "", file + length, failure))
        return -1;
    if (is_beside(file, length, "machine.json")) {
        char machine[4096];
        snprintf(machine, sizeof machine, "%.*smachine.json", (int)length, file);
        if (keep(db, machine, "", "machine.json", failure))
            return -1;
    }
    return keep_above(db, file, length, failure);
}
