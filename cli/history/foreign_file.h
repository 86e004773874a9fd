/* Files of other tools, read whole: packed by gzip, in UTF-16, or with a byte order mark, as some shells
 * write them. */
#ifndef PRICEREPORT_FOREIGN_FILE_H
#define PRICEREPORT_FOREIGN_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/base/failure.h"

typedef struct ForeignFile {
    /* Name for messages; borrowed from the caller of foreign_file_read. */
    const char *name;
    /* Text in UTF-8, NUL-terminated; freed with foreign_file_free. */
    char *text;
    /* Bytes of the text; more than strlen finds where the file has a NUL. */
    size_t size;
    /* Time of the last change, in seconds since 1970. */
    double modified;
} ForeignFile;

/* Reads a file; "-" is standard input, which counts as changed right now. Returns 0, or -1 with the failure
 * set; the file is to be freed also then. */
int foreign_file_read(ForeignFile *file, const char *name, Failure *failure);

void foreign_file_free(ForeignFile *file);

#endif
