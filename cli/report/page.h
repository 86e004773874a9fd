/* The page of a run: the one HTML file of `pricereport report`, and the run's page in a site. */
#ifndef PRICEREPORT_PAGE_H
#define PRICEREPORT_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/report/chart.h"
#include "cli/base/failure.h"
#include "cli/report/pieces.h"

/* A page shows so many parts of each chart; those of a run with thousands of measurements would be too many
 * for a browser. */
enum { PAGE_MOST_PARTS = 12 };

/* Charts that were drawn, as SVG, and their folder. */
typedef struct PageCharts {
    ChartsDrawn drawn;
    const char *directory;
} PageCharts;

/* Draws the charts of the wish in its folder and writes the page with them there, as report.html: what the
 * run found and measured, its charts, change points, machine, and the newest runs. Where charts cannot be
 * drawn, the page is written without them and says why, and `missing` gets that reason; else it is "".
 *
 * Returns 0 and the path of the page, to be freed with sqlite3_free, or -1 with the failure set and NULL. */
int page_write(sqlite3 *db, int64_t run, const ChartWish *wish, char **path, Failure *missing,
               Failure *failure);

/* Adds the pieces of reports/page.html that are about the run, after chart_data_prepare. A page that is not
 * `alone` leaves to others what they say: the change points and the list of runs. Returns 0, or -1 with the
 * failure set. */
int page_add_run(Pieces *pieces, sqlite3 *db, int64_t run, const PageCharts *charts, bool alone,
                 Failure *failure);

/* Adds the piece that says why there are no charts; "" for none. Returns as above. */
int page_add_problem(Pieces *pieces, const char *problem, Failure *failure);

#endif
