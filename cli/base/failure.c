#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/failure.h"
#include "cli/base/unicode.h"

void failure_write(Failure *failure, const char *format, ...)
{
    char text[sizeof failure->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(failure->text, text, sizeof text);
}

int failure_print(const Failure *failure)
{
    fputs("pricereport: ", stderr);
    unicode_print(failure->text, "\n\t", "", stderr);
    putc('\n', stderr);
    return EXIT_FAILED;
}
