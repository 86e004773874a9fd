/* The commits of a range one after the other, along first parents, as they became those of a branch. */
#ifndef PRICEREPORT_COMMIT_LINE_H
#define PRICEREPORT_COMMIT_LINE_H

#include <stddef.h>

#include "cli/base/failure.h"
#include "cli/system/commit_range.h"

/* Most commits of a line. */
enum { COMMIT_LINE_MAX = 2000 };

typedef struct LineCommit {
    char id[65];
    /* First line of its message; borrowed from the line. */
    const char *subject;
} LineCommit;

/* Oldest first; freed with commit_line_free. */
typedef struct CommitLine {
    LineCommit *commits;
    size_t count;
    /* Text of git's that the subjects are in. */
    char *text;
} CommitLine;

/* Reads the commits of the range, and before them the one that the oldest of them changed. Of a range that is
 * a single commit, that one alone. Returns 0, or -1 with the failure set: git failed, there are none, or too
 * many. */
int commit_line_read(CommitLine *line, const CommitRange *range, Failure *failure);

void commit_line_free(CommitLine *line);

#endif
