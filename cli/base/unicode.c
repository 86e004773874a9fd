#include "cli/base/unicode.h"

enum { REPLACEMENT = 0xfffd };

/* The length that the first byte promises, and the bits it has of the character; 0 for none. */
static int read_first(unsigned char byte, uint32_t *character)
{
    if (byte < 0x80) {
        *character = byte;
        return 1;
    }
    if (byte >= 0xc2 && byte < 0xe0) {
        *character = byte & 0x1f;
        return 2;
    }
    if (byte >= 0xe0 && byte < 0xf0) {
        *character = byte & 0x0f;
        return 3;
    }
    if (byte >= 0xf0 && byte < 0xf5) {
        *character = byte & 0x07;
        return 4;
    }
    return 0;
}

/* Overlong forms are not valid, nor is what UTF-16 cannot have. */
static int is_valid(uint32_t character, int length)
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
    uint32_t character = 0;
    int length = read_first(bytes[0], &character), i = 1;
    for (; i < length && (bytes[i] & 0xc0) == 0x80; i++)
        character = character << 6 | (bytes[i] & 0x3f);
    int complete = length > 0 && i == length;
    int valid = complete && is_valid(character, length);
    *text += complete ? length : 1;
    return valid ? character : REPLACEMENT;
}

int unicode_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 ||
           character == 0x2029;
}
