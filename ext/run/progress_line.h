/* The line that a long map draws on standard error, where that is a terminal: rows, rate, time left. */
#ifndef PRICEMAP_PROGRESS_LINE_H
#define PRICEMAP_PROGRESS_LINE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ProgressLine {
    bool wanted;     /* and standard error is a terminal */
    bool drawn;      /* something stands there that must be wiped */
    int64_t next_ns; /* CLOCK_MONOTONIC: not before */
    int64_t start_ns;
} ProgressLine;

/* Begins; nothing is drawn in the first half second. */
void progress_line_begin(ProgressLine *line, bool wanted, int64_t start_ns);

/* Draws, five times a second at the most. `share` is how much of the work is done, 0 … 1; negative: not
 * known. */
void progress_line_draw(ProgressLine *line, int64_t rows, double share);

/* Wipes what was drawn. */
void progress_line_end(ProgressLine *line);

#endif
