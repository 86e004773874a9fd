#include "ext/base/numbers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool number_parse(const char *text, int64_t least, int64_t most, int64_t *number)
{
    char *end;
    if (!(*text >= '0' && *text <= '9') && *text != '-')
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most)
        return false;
    *number = value;
    return true;
}

bool number_read(sqlite3_value *value, int64_t least, int64_t most, int64_t *number)
{
    if (sqlite3_value_type(value) != SQLITE_FLOAT) {
        const char *text = (const char *)sqlite3_value_text(value);
        return text && number_parse(text, least, most, number);
    }
    double real = sqlite3_value_double(value);
    if (!(real >= (double)least && real <= (double)most) || real != trunc(real))
        return false;
    *number = (int64_t)real;
    return true;
}

static const char digits[] = "0123456789", space[] = " \t\n\v\f\r";

int number_type_of_text(const char *text, size_t bytes, int64_t *integer)
{
    const char *start = text + strspn(text, space), *at = start;
    at += *at == '-' || *at == '+';
    size_t whole = strspn(at, digits), fraction = 0;
    at += whole;
    bool is_real = *at == '.';
    if (is_real) {
        fraction = strspn(++at, digits);
        at += fraction;
    }
    if (!whole && !fraction)
        return SQLITE_NULL;
    if (*at == 'e' || *at == 'E') {
        const char *exponent = at + 1;
        exponent += *exponent == '-' || *exponent == '+';
        is_real = true;
        at = exponent + strspn(exponent, digits);
        if (at == exponent)
            return SQLITE_NULL;
    }
    at += strspn(at, space);
    if ((size_t)(at - text) != bytes)
        return SQLITE_NULL;
    errno = 0;
    *integer = strtoll(start, NULL, 10);
    return is_real || errno ? SQLITE_FLOAT : SQLITE_INTEGER;
}
