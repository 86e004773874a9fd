/* Shortens texts that are too long for a chart. */
#ifndef PRICEREPORT_SHORTENED_H
#define PRICEREPORT_SHORTENED_H

#include <sqlite3.h>

/* Gives a connection the SQL function shortened(text, most, before, after): `text` in at most `most`
 * columns, with "…" for whatever was cut. `before` and `after` are its neighbours among the texts that it
 * is shown with, in their order by text (lag and lead, of distinct ones); NULL where there is none. The part
 * that the text has in common with them is cut first, so that the part in which it differs is kept. NULL
 * gives NULL. Returns an SQLite result code. */
int shortened_register(sqlite3 *db);

#endif
