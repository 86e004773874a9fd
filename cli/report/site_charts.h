/* The charts of a site's benchmarks: the medians of a series over the runs, with the figures of each point.
 */
#ifndef PRICEREPORT_SITE_CHARTS_H
#define PRICEREPORT_SITE_CHARTS_H

#include <stdint.h>
#include <stdio.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* Draws the chart of every series (sql/site/setup.sql) into the folder, by one gnuplot. Returns 0, or -1 with
 * the failure set, as where there is no gnuplot. */
int site_charts_draw(sqlite3 *db, const char *directory, Failure *failure);

/* Writes the chart of a series, which was drawn into the folder, as an element of a page. Over it lies a mark
 * for each point, which leads to the point's run, and whose title has its figures. Returns 0, or -1 with the
 * failure set. */
int site_charts_write(sqlite3 *db, const char *directory, int64_t series, FILE *file, Failure *failure);

#endif
