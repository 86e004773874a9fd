#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/system/extension.h"

/* The folder that this program is in. */
static int own_folder(char *folder, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", folder, size - 1);
    if (length <= 0)
        return -1;
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    if (!slash)
        return -1;
    *slash = '\0';
    return 0;
}

/* A file beside this program in the build folder, or in one installation, wherever that was moved to. */
static int find_near(const char *const *ways, size_t count, char *path, size_t size)
{
    char folder[PATH_MAX];
    if (own_folder(folder, sizeof folder) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int needed = snprintf(path, size, "%s/%s", folder, ways[i]);
        if (needed > 0 && (size_t)needed < size && access(path, R_OK) == 0)
            return 0;
    }
    return -1;
}

int extension_find_published(char *path, size_t size, Failure *failure)
{
    static const char *const ways[] = {"../python/pricemap/published.py", PRICEREPORT_WAY_TO_PYTHON};
    if (!PRICEREPORT_HAS_PYTHON)
        return failure_set(failure, "this build has no functions of Python: install the headers of Python "
                                    "(Debian package libpython3-dev) and build it again");
    return find_near(ways, sizeof ways / sizeof *ways, path, size) == 0
               ? 0
               : failure_set(failure, "the package pricemap of Python is not beside this program: build or "
                                      "install it again");
}

int extension_find(char *path, size_t size, Failure *failure)
{
    static const char *const ways[] = {"../ext/pricemap.so", PRICEREPORT_WAY_TO_EXTENSION};
    const char *named = getenv("PRICEMAP_EXTENSION");
    if (named && *named) {
        snprintf(path, size, "%s", named);
        if (access(path, R_OK) != 0)
            return failure_set(
                failure, "PRICEMAP_EXTENSION names %s, which cannot be read: correct or unset it", named);
        return 0;
    }
    if (find_near(ways, sizeof ways / sizeof *ways, path, size) == 0)
        return 0;
    snprintf(path, size, "%s", PRICEREPORT_INSTALLED_EXTENSION);
    if (access(path, R_OK) == 0)
        return 0;
    return failure_set(failure,
                       "pricemap.so is neither in the build folder nor at %s: build it, or set "
                       "PRICEMAP_EXTENSION to its path",
                       PRICEREPORT_INSTALLED_EXTENSION);
}
