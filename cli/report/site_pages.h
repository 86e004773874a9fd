/* The single pages of a site (site.h). */
#ifndef PRICEREPORT_SITE_PAGES_H
#define PRICEREPORT_SITE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/base/failure.h"
#include "cli/history/history.h"
#include "cli/report/site_folder.h"

/* The parts that the pages of one site share. */
typedef struct Site {
    History *history;
    SiteFolder folder;
    /* Style sheet of the pages, freed by the owner of the site. */
    char *style;
    /* Why there are no charts; "" where there are. */
    const char *missing;
} Site;

/* A run that has a page. */
typedef struct SiteRun {
    int64_t run;
    /* Whether it is tested against its baseline, and whether it has charts. */
    bool detailed, drawn;
} SiteRun;

/* Each writes pages into the part of the folder that is not published yet, from the temporary tables of
 * sql/site/setup.sql, and returns 0, or -1 with the failure set. site_write_run fills temporary tables of the
 * connection anew (chart_data_prepare, comparison_make). */
int site_write_overview(const Site *site, Failure *failure);
int site_write_runs(const Site *site, Failure *failure);
int site_write_benchmark(const Site *site, int64_t benchmark, Failure *failure);
int site_write_run(const Site *site, const SiteRun *run, Failure *failure);

#endif
