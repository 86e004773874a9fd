/* Text of users, which may be no UTF-8 at all, on its way into formats that insist on it. */
#ifndef PRICEREPORT_UNICODE_H
#define PRICEREPORT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Reads one character of a NUL-terminated text and moves `text` past it. Returns its code point; 0 at the
 * end, where `text` stays. Bytes that are no UTF-8, and characters that neither XML nor HTML may contain
 * (surrogates, noncharacters), give U+FFFD, byte by byte. */
uint32_t unicode_next(const char **text);

/* Whether a character must not be in a line of text: control characters (C0, DEL, C1), and those that
 * separate lines. */
bool unicode_is_control(uint32_t character);

/* The columns that a character fills, in charts, which are the same in every locale: 0 for combining
 * characters and those without width, 2 for those of East Asian scripts and pictures, else 1. */
int unicode_columns(uint32_t character);

/* The number of bytes at the beginning of the text that fill at most so many columns of a terminal, ending
 * between characters; *width: the columns that they fill. Wide and combining characters count as the locale
 * has them; without one of UTF-8 each character counts as one column. */
size_t unicode_fitting(const char *text, size_t columns, size_t *width);

/* The number of columns of a terminal that the text fills. */
size_t unicode_width(const char *text);

/* Writes text in which nothing can move the cursor or change colours: each control character that is not in
 * `kept` becomes '?'. A character that is in `escaped` gets a backslash before it; both are ASCII. */
void unicode_print(const char *text, const char *kept, const char *escaped, FILE *file);

#endif
