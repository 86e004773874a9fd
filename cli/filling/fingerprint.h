/* A number for the rows of a table, by which a later run sees that they changed. */
#ifndef PRICEREPORT_FINGERPRINT_H
#define PRICEREPORT_FINGERPRINT_H

#include <stdint.h>
#include <sqlite3.h>

/* The fingerprint of no rows: of the names of the statement's columns. */
uint64_t fingerprint_of_columns(sqlite3_stmt *statement);

/* The fingerprint with the row that the statement stands on: types and values of its columns, to the bit. The
 * order of rows counts. A change by chance alone passes once in 2⁶⁴; one that was made to pass can be. */
uint64_t fingerprint_add_row(uint64_t fingerprint, sqlite3_stmt *statement);

#endif
