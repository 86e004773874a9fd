#include "ext/base/numbers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

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
