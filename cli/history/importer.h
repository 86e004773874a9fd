/* Takes the results of other tools into the history, recognised by what is in the file. Each file becomes one
 * run, as does a folder of criterion, and each file in a folder of asv; the same content twice is the same
 * run. A tool more is one file sql/import/NAME.sql, one line in recognise.sql and one in importer.c. */
#ifndef PRICEREPORT_IMPORTER_H
#define PRICEREPORT_IMPORTER_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"

typedef struct ImportWish {
    /* Names of files and folders; "-": standard input. */
    char *const *files;
    size_t count;
    /* Format that all files have; NULL: the one of each is recognised. */
    const char *format;
    /* Label of the new runs; NULL: none. */
    const char *label;
    /* Whether timings of commands that failed are imported, too. */
    bool ignore_failure;
    /* Machine on which the files were measured, for what they do not say of it; NULL: not known. */
    const Machine *machine;
} ImportWish;

/* The formats that importer_knows, for messages. */
#define IMPORTER_FORMATS "hyperfine, google-benchmark, pytest-benchmark, pyperf, asv, criterion, jmh or go"

/* Whether there is a format of that name. */
bool importer_knows(const char *format);

/* Imports all files in one transaction; entries of a file that are not as they should be are left out.
 * Returns 0, and what became of each file is in the temporary table `outcome` of the history's connection,
 * and what is to be said of it in `left_out`; or -1 with a failure that names the file and what was expected
 * in it, and nothing changed. */
int importer_import(History *history, const ImportWish *wish, Failure *failure);

#endif
