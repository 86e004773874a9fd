#include "ext/base/float_mode.h"

#if defined(__SSE2__)

/* The bits of MXCSR: rounding control, flush to zero, subnormal operands are zero. */
enum { ROUNDING = 0x6000, FLUSH = 0x8000, ZERO_OPERANDS = 0x0040 };
enum { MODE = ROUNDING | FLUSH | ZERO_OPERANDS };

uint32_t float_mode_read(void)
{
    return __builtin_ia32_stmxcsr() & MODE;
}

/* The x87 unit, in which long doubles are computed, has a rounding control of its own: fesetround sets both.
 */
void float_mode_set(uint32_t mode)
{
    const uint32_t control = __builtin_ia32_stmxcsr();
    if ((control & MODE) == (mode & MODE))
        return;
    __builtin_ia32_ldmxcsr((control & ~(uint32_t)MODE) | (mode & MODE));
    uint16_t word;
    __asm__ volatile("fnstcw %0" : "=m"(word));
    word = (uint16_t)((word & ~0x0c00u) | (mode & ROUNDING) >> 3);
    __asm__ volatile("fldcw %0" : : "m"(word));
}

#elif defined(__aarch64__)

/* The bits of FPCR: rounding mode, flush to zero, the same for halves, default NaN. */
static const uint64_t mode_bits = 3u << 22 | 1u << 24 | 1u << 19 | 1u << 25;

uint32_t float_mode_read(void)
{
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return (uint32_t)(control & mode_bits);
}

void float_mode_set(uint32_t mode)
{
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    if ((control & mode_bits) != (mode & mode_bits))
        __asm__ volatile("msr fpcr, %0" : : "r"((control & ~mode_bits) | (mode & mode_bits)));
}

#else

#include <fenv.h>

/* The difference from rounding to the nearest, so that 0 is the usual. */
uint32_t float_mode_read(void)
{
    return (uint32_t)(fegetround() ^ FE_TONEAREST);
}

void float_mode_set(uint32_t mode)
{
    fesetround((int)mode ^ FE_TONEAREST);
}

#endif
