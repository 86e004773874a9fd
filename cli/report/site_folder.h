/* The folder of a site: its pages are written beside those that are there, and renamed when all are complete.
 */
#ifndef PRICEREPORT_SITE_FOLDER_H
#define PRICEREPORT_SITE_FOLDER_H

#include "cli/base/failure.h"

typedef struct SiteFolder {
    /* Name as the caller gave it, borrowed. */
    const char *directory;
    /* Path of the folder in which pages are written, within `directory`. */
    char *staging;
    /* Descriptor that holds the lock: a second writer of the folder waits. */
    int lock;
} SiteFolder;

/* Makes the folder where it is not there, locks it, and empties the part of it in which pages are written.
 * Returns 0, or -1 with the failure set; site_folder_close is to be called in either case. */
int site_folder_open(SiteFolder *folder, const char *directory, Failure *failure);

/* The path at which the page `name` is to be written, to be freed with sqlite3_free; NULL: out of memory. */
char *site_folder_path(const SiteFolder *folder, const char *name);

/* Moves every page that was written into the folder, index.html last, and removes the pages of an earlier
 * site that were not written again. Files that are no page of a site are never replaced or removed: where one
 * has the name of a page, nothing is renamed at all. Returns 0, or -1 with the failure set. */
int site_folder_publish(SiteFolder *folder, Failure *failure);

/* Removes what was written and not published, and unlocks the folder. */
void site_folder_close(SiteFolder *folder);

#endif
