#include <string.h>
#include <wchar.h>

#include "cli/base/unicode.h"

enum { REPLACEMENT = 0xfffd };

/* The number of bytes that the first byte of a character promises; 0: no character begins so. */
static int promised_length(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/* Overlong forms are not valid, nor is what UTF-16 cannot have. */
static bool is_valid(uint32_t character, int length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    return character >= least[length] && character <= 0x10ffff &&
           !(character >= 0xd800 && character < 0xe000) && (character & 0xfffe) != 0xfffe &&
           !(character >= 0xfdd0 && character < 0xfdf0);
}

uint32_t unicode_next(const char **text)
{
    const unsigned char *bytes = (const unsigned char *)*text;
    if (!*bytes)
        return 0;
    int length = promised_length(*bytes), i = 1;
    uint32_t character = length == 1 ? *bytes : *bytes & (0x7fu >> length);
    for (; i < length && (bytes[i] & 0xc0) == 0x80; i++)
        character = character << 6 | (bytes[i] & 0x3f);
    bool complete = i == length;
    *text += complete ? length : 1;
    return complete && is_valid(character, length) ? character : REPLACEMENT;
}

bool unicode_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 ||
           character == 0x2029;
}

size_t unicode_fitting(const char *text, size_t columns, size_t *width)
{
    const char *end = text, *next = text;
    *width = 0;
    for (uint32_t character; (character = unicode_next(&next)) != 0; end = next) {
        int wide = wcwidth((wchar_t)character);
        size_t needed = wide < 0 ? 1 : (size_t)wide;
        if (*width + needed > columns)
            break;
        *width += needed;
    }
    return (size_t)(end - text);
}

size_t unicode_width(const char *text)
{
    size_t width;
    unicode_fitting(text, SIZE_MAX, &width);
    return width;
}

void unicode_print(const char *text, const char *kept, const char *escaped, FILE *file)
{
    while (*text) {
        const char *start = text;
        uint32_t character = unicode_next(&text);
        bool ascii = character < 0x80;
        if (unicode_is_control(character) && !(ascii && strchr(kept, (int)character))) {
            putc('?', file);
            continue;
        }
        if (ascii && strchr(escaped, (int)character))
            putc('\\', file);
        fwrite(start, 1, (size_t)(text - start), file);
    }
}
