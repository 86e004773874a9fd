/* Random SELECTs over the tables of query_sameness: joins, groups, orders, subqueries. One thread. */
#ifndef SAMENESS_SELECT_TEXT_H
#define SAMENESS_SELECT_TEXT_H

#include <stdbool.h>

#include "tests/support/random.h"

typedef struct SelectText {
    /* The SELECT; for sqlite3_free. */
    char *sql;
    /* Whether the order of its rows says which comes first, but for equal rows. */
    bool ordered;
} SelectText;

/* CREATE and INSERT statements of tables a, b and c, with indexes, statistics and a view; for sqlite3_free.
 */
char *select_text_world(Random *random);

/* A SELECT over them. */
SelectText select_text_make(Random *random);

#endif
