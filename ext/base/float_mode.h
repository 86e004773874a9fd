/* How the calling thread's processor rounds floating-point numbers. */
#ifndef PRICEMAP_FLOAT_MODE_H
#define PRICEMAP_FLOAT_MODE_H

#include <stdint.h>

/* The rounding mode, and whether subnormal numbers count as zero; 0: the usual. */
uint32_t float_mode_read(void);

/* Sets what float_mode_read gave on another thread; traps stay as they are. */
void float_mode_set(uint32_t mode);

#endif
