/* The line that a long map draws on standard error, where that is a terminal: rows, rate, time left. */
#ifndef PRICEMAP_PROGRESS_LINE_H
#define PRICEMAP_PROGRESS_LINE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ProgressLine {
    /* Whether the line is drawn: the user wants it, and standard error is a terminal. */
    bool wanted;
    /* Whether a line stands on the terminal, to be wiped. */
    bool drawn;
    /* Earliest time of the next drawing, and the start of the map, CLOCK_MONOTONIC. */
    int64_t next_ns, start_ns;
} ProgressLine;

/* Begins a line; nothing is drawn in the first half second. */
void progress_line_begin(ProgressLine *line, bool wanted, int64_t start_ns);

/* Draws the line, five times a second at the most. `share` of the work is done, 0 … 1; negative: the share is
 * not known. */
void progress_line_draw(ProgressLine *line, int64_t rows, double share);

/* Wipes the line. */
void progress_line_end(ProgressLine *line);

#endif
