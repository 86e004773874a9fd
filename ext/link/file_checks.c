#include "ext/link/file_checks.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- digests ---- */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool read_digest(int file, char *digest)
{
    unsigned char bytes[1 << 15];
    ssize_t size;
    Sha256 sum;
    sha256_begin(&sum);
    while ((size = read(file, bytes, sizeof bytes)) != 0) {
        if (size < 0 && errno != EINTR)
            return false;
        if (size > 0)
            sha256_add(&sum, bytes, (size_t)size);
    }
    sha256_end(&sum, digest);
    return true;
}

/* The digest of a file, into SHA256_TEXT_BYTES bytes. False, with errno: the file cannot be read. */
static bool file_digest(FileDigests *digests, const char *path, char *digest)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_read = false, is_kept = false;
    if (file < 0)
        return false;
    if (fstat(file, &status) == 0) {
        for (unsigned i = 0; !is_kept && i < FILE_DIGESTS_KEPT && i < digests->count; i++) {
            is_kept = is_same_file(&digests->kept[i].status, &status);
            if (is_kept)
                memcpy(digest, digests->kept[i].digest, SHA256_TEXT_BYTES);
        }
        is_read = is_kept || read_digest(file, digest);
    }
    if (is_read && !is_kept) {
        unsigned place = digests->count++ % FILE_DIGESTS_KEPT;
        digests->kept[place].status = status;
        memcpy(digests->kept[place].digest, digest, SHA256_TEXT_BYTES);
    }
    int failure = errno;
    close(file);
    errno = failure;
    return is_read;
}

/* ---- the host's list ---- */

/* The file of an extension, to be freed, as SQLite finds it: at the path, or with ".so" after it; a name
   without a slash is one that the linker finds, which has loaded it before. NULL when out of memory. */
static char *extension_file(const char *path)
{
    char *file = NULL;
    if (access(path, F_OK) != 0 && asprintf(&file, "%s.so", path) < 0)
        return NULL;
    if (strchr(path, '/')) {
        if (file && access(file, F_OK) == 0)
            return file;
        free(file);
        return strdup(path);
    }
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!library && file)
        library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
    free(file);
    struct link_map *map = NULL;
    file = strdup(library && dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 ? map->l_name : path);
    if (library)
        dlclose(library);
    return file;
}

/* Appends a file and its digest to a list. False when out of memory. */
static bool add_file(FileDigests *digests, const char *path, char **list, size_t *size)
{
    char digest[SHA256_TEXT_BYTES + 128];
    char *file = extension_file(path);
    if (!file)
        return false;
    if (!file_digest(digests, file, digest))
        snprintf(digest, sizeof digest, "!%s", strerror(errno));
    size_t name = strlen(file) + 1, sum = strlen(digest) + 1;
    char *grown = realloc(*list, *size + name + sum);
    if (grown) {
        memcpy(grown + *size, file, name);
        memcpy(grown + *size + name, digest, sum);
        *list = grown;
        *size += name + sum;
    }
    free(file);
    return grown != NULL;
}

char *file_checks_list(FileDigests *digests, const Recipe *recipe, size_t *size)
{
    char *list = malloc(1);
    const char *path = recipe_text(recipe, recipe->extensions);
    bool complete = list != NULL;
    *size = 0;
    for (uint32_t i = 0; complete && i < recipe->extension_count; i++) {
        complete = add_file(digests, path, &list, size);
        path = recipe_text_after(recipe_text_after(path));
    }
    if (complete)
        return list;
    free(list);
    return NULL;
}

/* ---- a rank's checks ---- */

static bool holds(FileDigests *digests, const char *path, const char *expected, char *error, size_t room)
{
    char digest[SHA256_TEXT_BYTES];
    if (*expected == '!') {
        snprintf(error, room,
                 "its file %s cannot be compared with the host's, which the host cannot read (%s)", path,
                 expected + 1);
        return false;
    }
    if (!file_digest(digests, path, digest)) {
        snprintf(error, room, "it cannot read the file %s (%s): put the host's file there, on every machine",
                 path, strerror(errno));
        return false;
    }
    if (!strcmp(digest, expected))
        return true;
    snprintf(
        error, room,
        "its file %s (SHA-256 %.*s…) is another one than the host's (%.*s…): put the host's file there, on "
        "every machine",
        path, FILE_DIGITS_SHOWN, digest, FILE_DIGITS_SHOWN, expected);
    return false;
}

bool file_checks_hold(FileDigests *digests, const char *list, size_t size, char *error, size_t room)
{
    const char *end = list + size;
    if (size && end[-1]) {
        snprintf(error, room, "it was sent a list of files without an end");
        return false;
    }
    while (list < end) {
        const char *digest = list + strlen(list) + 1;
        if (digest >= end) {
            snprintf(error, room, "it was sent a list of files without an end");
            return false;
        }
        if (!holds(digests, list, digest, error, room))
            return false;
        list = digest + strlen(digest) + 1;
    }
    return true;
}
