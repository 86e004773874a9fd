/* The state of the sources that are measured: the git work tree of the current folder, if it is in one. */
#ifndef PRICEREPORT_WORK_TREE_H
#define PRICEREPORT_WORK_TREE_H

#include <stdbool.h>

/* A commit of no length: no work tree, no git, or no commit yet. */
typedef struct WorkTree {
    char commit[65];
    /* Branch that is checked out; empty: none is. */
    char branch[256];
    /* Whether files that git knows have changes. */
    bool dirty;
} WorkTree;

void work_tree_read(WorkTree *tree);

/* Finds the commit that git knows by a name such as HEAD~1, main~5 or a tag. Returns false where there is
 * none. */
bool work_tree_resolve(const char *name, char commit[65]);

/* The newest commits that git reaches from a commit, or, where it is NULL, from HEAD and all that has a name:
 * each on a line, children before their parents, 50 000 at most; to be freed. NULL: no git, no such commit,
 * or out of memory.
 */
char *work_tree_commits(const char *commit);

/* Reads what `git status --porcelain=v2 --branch` printed. */
void work_tree_parse(const char *status, WorkTree *tree);

#endif
