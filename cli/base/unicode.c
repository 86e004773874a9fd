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

typedef struct Range {
    uint32_t first;
    uint32_t last;
} Range;

static bool is_in(uint32_t character, const Range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

int unicode_columns(uint32_t character)
{
    static const Range without_width[] = {
        {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},     {0x610, 0x61a},     {0x64b, 0x65f},
        {0x93c, 0x93c},   {0x941, 0x948},   {0x94d, 0x94d},     {0xe31, 0xe31},     {0xe34, 0xe3a},
        {0xe47, 0xe4e},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},   {0x200b, 0x200f},   {0x202a, 0x202e},
        {0x2060, 0x2064}, {0x20d0, 0x20ff}, {0x302a, 0x302f},   {0x3099, 0x309a},   {0xfe00, 0xfe0f},
        {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef},
    };
    static const Range wide[] = {
        {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x2614, 0x2615},
        {0x26a1, 0x26a1},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274c},
        {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},
        {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
        {0x16fe0, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    if (is_in(character, without_width, sizeof without_width / sizeof *without_width))
        return 0;
    return is_in(character, wide, sizeof wide / sizeof *wide) ? 2 : 1;
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
