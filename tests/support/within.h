/* A bound on both sides, in the same words for every version of cmocka: its own is deprecated from 2.0 on. */
#ifndef WITHIN_H
#define WITHIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Fails the running test unless least <= value <= most. */
#define assert_within(value, least, most) assert_within_at(value, least, most, #value, __FILE__, __LINE__)

static inline void assert_within_at(long long value, long long least, long long most, const char *text,
                                    const char *file, int line)
{
    if (value >= least && value <= most)
        return;
    print_error("%s is %lld: expected %lld to %lld\n", text, value, least, most);
    _fail(file, line);
}

#endif
