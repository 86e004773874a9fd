/* Texts of users in formats of lines, which have to be UTF-8 and must not end a line, a word or a quotation.
 */
#ifndef PRICEREPORT_LINE_TEXT_H
#define PRICEREPORT_LINE_TEXT_H

#include <sqlite3.h>

/* Gives the connection three SQL functions of one text: one_line(), in which each control character is a
 * space; one_word(), in which white space is _ as well, and an empty text is _; and label_value(), a value of
 * OpenMetrics, with \, " and the end of a line escaped. What is no UTF-8 is U+FFFD in each. Returns an SQLite
 * result code. */
int line_text_register(sqlite3 *db);

#endif
