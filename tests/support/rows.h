/* All rows that a statement gave, as hashes: to compare what two statements gave. On any thread. */
#ifndef SAMENESS_ROWS_H
#define SAMENESS_ROWS_H

#include <stdbool.h>
#include <stdint.h>
#include <sqlite3.h>

typedef struct Rows {
    uint64_t *hashes; /* one a row: of the types and bytes of its values */
    int count, room;
    int rc;             /* SQLITE_DONE, or why it ended early */
    char message[1024]; /* with an error */
} Rows;

/* Runs one statement to its end, with $i7 bound as the INTEGER 7 and $r7 as the REAL. Free with rows_free. */
void rows_read(sqlite3 *db, const char *sql, Rows *rows);
void rows_free(Rows *rows);

/* The first row, from 1, in which both differ, one row too many included; 0 where they do not. With
 * `any_order` both are sorted first. */
int rows_difference(Rows *a, Rows *b, bool any_order);

#endif
