/* The meaning of the experiment's figures, in one sentence. */
#ifndef PRICEREPORT_FINDINGS_TEXT_H
#define PRICEREPORT_FINDINGS_TEXT_H

#include <stddef.h>

/* Speed-ups over serial; NAN where not measured. */
typedef struct Speedups {
    double threads;
    double processes;
} Speedups;

/* Writes the sentence, which follows from the figures alone: a speed-up within 5 % of 1 is no difference. */
void findings_text_write(const Speedups *cheap, const Speedups *expensive, char *text, size_t size);

#endif
