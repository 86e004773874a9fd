/* What was found, kept in a database in memory until it is printed. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "bench.h"
#include "measurement.h"

typedef enum Unit { UNIT_TIMES, UNIT_SECONDS, UNIT_FRACTION, UNIT_COUNT } Unit;

/* What a figure is to reach, which its median is held against. */
typedef struct Bar {
    enum { BAR_NONE, BAR_AT_LEAST, BAR_AT_MOST, BAR_JUDGED } kind;
    double limit;     /* in the figure's unit */
    const char *text; /* BAR_JUDGED: in words, and whether the caller found it reached */
    bool reached;
} Bar;

/* `cost`, then medians in seconds; NAN where a cell was not measured. */
typedef struct Cell {
    const char *cost;
    int64_t rows_wanted, rows; /* rows < 0: not measured */
    double plain, serial, threads, processes, automatic;
    const char *chosen; /* by `auto`; NULL as the next where there is nothing to say */
    double regret, over_serial;
    const char *note;
} Cell;

enum { MODEL_POINTS = 7 }; /* 2, 4 … 128 processors */

typedef struct ModelLine {
    const char *access, *cost;
    double row_seconds, chunk, measured, limit_processors;
    double predicted[MODEL_POINTS];
} ModelLine;

int report_open(Bench *bench, Failure *failure);
void report_close(Bench *bench);

/* All return 0, or -1 with the failure set. Texts are copied. */
int report_fact(Bench *bench, const char *name, const char *value, Failure *failure);

/* A row of the main table, of the work that is measured now. `remark` is added to the figure; may be NULL. */
int report_result(Bench *bench, const char *what, Estimate figure, Unit unit, Bar bar, const char *remark,
                  Failure *failure);

/* The same for something that was counted, and that may be `most` at most. */
int report_count(Bench *bench, const char *what, int64_t count, int64_t most, const char *remark,
                 Failure *failure);

/* A row that could not be measured, and what to do about it. */
int report_skip(Bench *bench, const char *what, const char *why, Failure *failure);

/* The same for one where measuring failed. */
int report_failed(Bench *bench, const char *what, const char *why, Failure *failure);

int report_timing(Bench *bench, const char *subject, Estimate seconds, Failure *failure);
int report_cell(Bench *bench, const Cell *cell, Failure *failure);
int report_model(Bench *bench, const ModelLine *line, Failure *failure);

/* The fact `name`: the machine's load now. On a busy machine all figures are worse than they should be. */
int report_load(Bench *bench, const char *name, Failure *failure);

/* Machine, processors, load, SQLite, commit. */
int report_disturbances(Bench *bench, Failure *failure);

/* Prints what there is: as tables, or as one JSON object. */
int report_print(Bench *bench, bool json, FILE *file, Failure *failure);

#endif
