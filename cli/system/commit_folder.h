/* A temporary folder in which one commit after the other is checked out, as a work tree of git's own. The
 * path is the same for every commit, so that its length changes no figure.
 *
 * A folder that a killed process left is removed when the next one opens its own: with a work tree in it, in
 * the same repository; an empty one, in the same folder for temporary files. */
#ifndef PRICEREPORT_COMMIT_FOLDER_H
#define PRICEREPORT_COMMIT_FOLDER_H

#include "cli/base/failure.h"

typedef struct CommitFolder CommitFolder;

/* Makes the folder, for the repository of the current folder; nothing is checked out yet. Returns 0, or -1
 * with the failure set and NULL. */
int commit_folder_open(CommitFolder **folder, Failure *failure);

/* The path of what corresponds to the current folder there; valid until the folder is closed. */
const char *commit_folder_path(const CommitFolder *folder);

/* Checks a commit out, which is a whole name, in place of what was there. Returns 0, or -1 with the failure
 * set. */
int commit_folder_check_out(CommitFolder *folder, const char *commit, Failure *failure);

/* Removes what is checked out, with all that was built in it. Returns 0, or -1 with the failure set; nothing
 * is no failure. */
int commit_folder_clear(CommitFolder *folder, Failure *failure);

/* Clears and removes the folder. What cannot be removed is named on standard error. Sets the pointer to NULL;
 * NULL is allowed. */
void commit_folder_close(CommitFolder **folder);

#endif
