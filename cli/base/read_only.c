#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/base/read_only.h"

static bool has_content(const char *file, const char *ending)
{
    char name[PATH_MAX];
    struct stat status;
    int length = snprintf(name, sizeof name, "%s%s", file, ending);
    return length < 0 || (size_t)length >= sizeof name || (stat(name, &status) == 0 && status.st_size > 0);
}

static bool folder_may_be_written(const char *file)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(file, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - file) + 1, file);
    return access(folder, W_OK) == 0;
}

bool read_only_applies(const char *file, int code)
{
    code &= 0xff;
    return (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) && access(file, R_OK) == 0 &&
           !folder_may_be_written(file) && !has_content(file, "-wal") && !has_content(file, "-journal");
}

int read_only_open(const char *file, sqlite3 **db)
{
    sqlite3_str *uri = sqlite3_str_new(NULL);
    sqlite3_str_appendall(uri, "file:");
    for (const unsigned char *byte = (const unsigned char *)file; *byte; byte++)
        if (*byte == '%' || *byte == '?' || *byte == '#')
            sqlite3_str_appendf(uri, "%%%02x", *byte);
        else
            sqlite3_str_appendchar(uri, 1, (char)*byte);
    sqlite3_str_appendall(uri, "?immutable=1");
    char *name = sqlite3_str_finish(uri);
    *db = NULL;
    int rc = name ? sqlite3_open_v2(name, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) : SQLITE_NOMEM;
    sqlite3_free(name);
    return rc;
}
