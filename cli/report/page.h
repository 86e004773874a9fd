/* The page of `pricereport report`: one HTML file that needs nothing else. */
#ifndef PRICEREPORT_PAGE_H
#define PRICEREPORT_PAGE_H

#include <stdint.h>
#include <sqlite3.h>

#include "cli/report/chart.h"
#include "cli/base/failure.h"

/* Draws the charts of the wish in its folder and writes the page with them there, as report.html: what the
 * run found and measured, its charts, change points, machine, and the newest runs. Where charts cannot be
 * drawn, the page is written without them and says why, and `missing` gets that reason; else it is "".
 *
 * Returns 0 and the path of the page, to be freed with sqlite3_free, or -1 with the failure set and NULL. */
int page_write(sqlite3 *db, int64_t run, const ChartWish *wish, char **path, Failure *missing,
               Failure *failure);

#endif
