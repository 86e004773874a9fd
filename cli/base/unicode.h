/* Text of users, which may be no UTF-8 at all, on its way into formats that insist on it. */
#ifndef PRICEREPORT_UNICODE_H
#define PRICEREPORT_UNICODE_H

#include <stdint.h>

/* Reads one character of a NUL-terminated text and moves `text` past it. Returns its code point; 0 at the
 * end, where `text` stays. What is no UTF-8, and what neither XML nor HTML may contain (surrogates,
 * noncharacters), gives U+FFFD, byte by byte. */
uint32_t unicode_next(const char **text);

/* Whether a character has no place in one line of text: control characters (C0, DEL, C1), and those that
 * separate lines. */
int unicode_is_control(uint32_t character);

#endif
