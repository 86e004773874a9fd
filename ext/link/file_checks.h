/*
 * The comparison of the files that workers load, which every machine has to have at the same path with the
 * same content. The host writes a list of a recipe's files and their digests; each rank checks its own files
 * against the list before its workers load any. Used by one thread.
 */
#ifndef PRICEMAP_FILE_CHECKS_H
#define PRICEMAP_FILE_CHECKS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "ext/base/sha256.h"
#include "ext/data/recipe.h"

/* Number of files whose digests are kept. */
enum { FILE_DIGESTS_KEPT = 16 };

/* The digests of files that were read last, so that each map need not read them again. Zeros: none. */
typedef struct FileDigests {
    struct {
        /* Status of the file when it was read, which changes with its content. */
        struct stat status;
        char digest[SHA256_TEXT_BYTES];
    } kept[FILE_DIGESTS_KEPT];
    /* Number of digests that were kept so far; the oldest makes room. */
    unsigned count;
} FileDigests;

/* Digits of a digest that messages show. */
enum { FILE_DIGITS_SHOWN = 12 };

/*
 * The list of the files that a recipe's extensions are in, texts with a NUL each: path, digest, path, … To be
 * freed with free; *size: its bytes. NULL when out of memory. A file that cannot be read has the reason,
 * after an exclamation mark, in place of a digest.
 */
char *file_checks_list(FileDigests *digests, const Recipe *recipe, size_t *size);

/* Whether this machine has the files of a list, of `size` bytes; if not, `error`, of `room` bytes, says which
   one differs. */
bool file_checks_hold(FileDigests *digests, const char *list, size_t size, char *error, size_t room);

#endif
