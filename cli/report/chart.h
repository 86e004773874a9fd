/* Charts of what is recorded, drawn by gnuplot. */
#ifndef PRICEREPORT_CHART_H
#define PRICEREPORT_CHART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* A set of formats. */
typedef unsigned ChartFormats;
enum { CHART_SVG = 1, CHART_PNG = 2, CHART_PDF = 4, CHART_TXT = 8 };

/* The format of that name; 0 for none. */
ChartFormats chart_format(const char *name);

/* A set of charts; chart number i is 1 << i. */
typedef unsigned ChartKinds;
enum { CHART_COUNT = 6 };

/* The chart of that name; 0 for none. */
ChartKinds chart_kind(const char *name);

/* The name of chart number `index` below CHART_COUNT, and what it shows. Static. */
const char *chart_name(size_t index);
const char *chart_title(size_t index);

/* Data that chart number `index` needs, in words for a message. Static. */
const char *chart_needs(size_t index);

/* Whether chart number `index` is about maps alone, so that a command has no such chart. */
bool chart_is_of_maps(size_t index);

/* Room for the name of a chart's part. */
enum { CHART_NAME_SIZE = 32 };

/* The name of the files of a part, from 1, of chart number `index`: "samples", "samples-2" and so on. */
void chart_part_name(size_t index, int part, char name[CHART_NAME_SIZE]);

typedef struct ChartWish {
    /* Charts to draw; 0: those that the recorded data supports. */
    ChartKinds kinds;
    ChartFormats formats;
    const char *directory;
    /* Whether a chart for which the run lacks data may show an earlier run of the same machine. */
    bool any_run;
    /* Greatest number of parts to draw of a chart; 0: all. */
    int most_parts;
} ChartWish;

/* The charts that are there. */
typedef struct ChartsDrawn {
    /* Number of parts of each chart; 0: the chart is not there. */
    int parts[CHART_COUNT];
    /* Charts that have further parts, which the wish left out. */
    ChartKinds unfinished;
} ChartsDrawn;

/* Makes the folder and those above it, as mkdir -p, and makes sure that files can be written there. `option`
 * names the folder on the command line. */
int charts_make_directory(const char *directory, const char *option, Failure *failure);

/* Draws charts of a run.
 *
 * For each writes NAME.dat and NAME.gp into the folder of the wish, which is made where it is not there, and
 * from them with gnuplot NAME.svg and so on. What has no room in one chart is in further parts, NAME-2.dat
 * and NAME-2.svg and so on, by the same script; further parts of an older chart of that name are removed.
 * With `paths`, prints there the path of each chart, and the txt charts themselves. All text that comes from
 * the user reaches gnuplot in the .dat file as quoted data; the script is always the same.
 *
 * Returns 0 and with `drawn` the charts that are there, or -1 with the failure set, as where a chart of the
 * wish is not supported, or none is. Without gnuplot, .dat and .gp are written nevertheless. */
int charts_draw(sqlite3 *db, int64_t run, const ChartWish *wish, FILE *paths, ChartsDrawn *drawn,
                Failure *failure);

#endif
