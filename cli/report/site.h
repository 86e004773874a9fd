/* The site of `pricereport report --all`: an overview of all benchmarks, and a page for each of them and for
 * each run, in one folder. Every page is complete in itself and needs no network. */
#ifndef PRICEREPORT_SITE_H
#define PRICEREPORT_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"

typedef struct SiteWish {
    /* Folder of the site; it may hold an earlier one, and files of others. */
    const char *directory;
    /* Address of a commit with {commit} for its hash; NULL: commits have no links. */
    const char *commit_url;
    /* Run that has charts on its page besides the newest ones; 0: none. */
    int64_t run;
    /* Function that says whether the user wishes an end, called between pages, and its argument. */
    bool (*stopped)(void *context);
    void *context;
} SiteWish;

/* Writes the site, or, where the user wishes an end, leaves the earlier one as it was. Where charts cannot be
 * drawn, the pages are written without them and say why, and `missing` gets that reason; else it is "".
 * Returns 0 and the path of the overview, to be freed with sqlite3_free, or -1 with the failure set and NULL.
 */
int site_write(History *history, const SiteWish *wish, char **path, Failure *missing, Failure *failure);

#endif
