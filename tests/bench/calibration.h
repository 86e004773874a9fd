/* Maps of a wanted price per row, on this machine. */
#ifndef BENCH_CALIBRATION_H
#define BENCH_CALIBRATION_H

#include <stdint.h>

enum { CALIBRATED_MAP_SIZE = 64 };

/* Seconds that one round of the crazy kernel takes, the median of a few calls. About 5 ms of work. */
double calibration_round_seconds(void);

/* The crazy map whose rows take `row_seconds` each. */
void calibration_map(double round_seconds, double row_seconds, char map[CALIBRATED_MAP_SIZE]);

#endif
