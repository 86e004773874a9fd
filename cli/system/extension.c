#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/system/extension.h"

/* pricereport in build/cli and pricemap.so in build/ext. */
static int find_in_build(char *path, size_t size)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return -1;
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash)
        return -1;
    *slash = '\0';
    int needed = snprintf(path, size, "%s/../ext/pricemap.so", self);
    return needed > 0 && (size_t)needed < size && access(path, R_OK) == 0 ? 0 : -1;
}

int extension_find(char *path, size_t size, Failure *failure)
{
    const char *named = getenv("PRICEMAP_EXTENSION");
    if (named && *named) {
        snprintf(path, size, "%s", named);
        if (access(path, R_OK) != 0)
            return failure_set(
                failure, "PRICEMAP_EXTENSION names %s, which cannot be read: correct or unset it", named);
        return 0;
    }
    if (find_in_build(path, size) == 0)
        return 0;
    snprintf(path, size, "%s", PRICEREPORT_INSTALLED_EXTENSION);
    if (access(path, R_OK) == 0)
        return 0;
    return failure_set(failure,
                       "pricemap.so is neither in the build folder nor at %s: build it, or set "
                       "PRICEMAP_EXTENSION to its path",
                       PRICEREPORT_INSTALLED_EXTENSION);
}
