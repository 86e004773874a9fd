#include <stdarg.h>
#include <stdint.h>
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
    for (const char *text = failure->text; *text;) {
        const char *start = text;
        uint32_t character = unicode_next(&text);
        if (unicode_is_control(character) && character != '\n' && character != '\t')
            putc('?', stderr);
        else
            fwrite(start, 1, (size_t)(text - start), stderr);
    }
    putc('\n', stderr);
    return EXIT_FAILED;
}
