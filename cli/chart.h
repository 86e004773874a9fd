/* Charts of what is recorded, drawn by gnuplot. */
#ifndef PRICEREPORT_CHART_H
#define PRICEREPORT_CHART_H

#include <stdint.h>
#include <stdio.h>
#include <sqlite3.h>

#include "failure.h"

/* A set of formats. */
typedef unsigned ChartFormats;
enum { CHART_SVG = 1, CHART_PNG = 2, CHART_PDF = 4, CHART_TXT = 8 };

/* The format of that name; 0 for none. */
ChartFormats chart_format(const char *name);

/* Draws every chart of a run: its executors, and the history of its benchmarks on its machine.
 *
 * For each writes NAME.dat and NAME.gp into the folder `directory`, which is made where it is not there, and
 * from them with gnuplot NAME.svg and so on. With `paths`, prints there the path of each chart, and the txt
 * charts themselves. All text that comes from the user reaches gnuplot in the .dat file as quoted data; the
 * script is always the same.
 *
 * Returns 0, or -1 with the failure set. Without gnuplot, .dat and .gp are written nevertheless. */
int charts_draw(sqlite3 *db, int64_t run, const char *directory, ChartFormats formats, FILE *paths,
                Failure *failure);

#endif
