/* Texts as other tools write them: numbers that JSON does not have, and names that hold addresses. */
#ifndef PRICEREPORT_FOREIGN_TEXT_H
#define PRICEREPORT_FOREIGN_TEXT_H

#include <sqlite3.h>

/* Replaces NaN and Infinity by null in a text that is JSON but for them, in every spelling that C, Python and
 * Microsoft's library have for them; what is within strings stays. Returns the text itself where it has none,
 * else a new one, with `text` freed; NULL where memory is short, with `text` freed. The text is one of
 * malloc. */
char *foreign_text_null_numbers(char *text);

/* Gives the connection the SQL function without_addresses(text), which leaves out " at 0x7f..." as Python
 * writes it of an object. Returns an SQLite result code. */
int foreign_text_register(sqlite3 *db);

#endif
