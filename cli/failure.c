#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"

int failure_set(Failure *failure, const char *format, ...)
{
    char text[sizeof failure->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(failure->text, text, sizeof text);
    return -1;
}

int failure_print(const Failure *failure)
{
    fprintf(stderr, "pricereport: %s\n", failure->text);
    return EXIT_FAILED;
}
