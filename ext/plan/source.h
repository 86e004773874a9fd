/* Where the rows come from: a table, a view or a SELECT on the host's connection, and the statement that
 * reads it. */
#ifndef PRICEMAP_SOURCE_H
#define PRICEMAP_SOURCE_H

#include <stdbool.h>

#include "ext/plan/columns.h"

typedef struct Source {
    char *select;      /* when it was given as a SELECT, that; else NULL */
    char *from;        /* what names it in a FROM clause: a quoted name, or the SELECT in brackets */
    char *alias;       /* what a map may call it */
    char *schema;      /* of a table or view, when it was named; else NULL */
    char *table;       /* of a table or view; NULL when it was given as a SELECT */
    const char *rowid; /* a name of its rowid that no column hides; NULL when it has none */
    ColumnList columns;
} Source;

/*
 * Finds out what `text` names. SQLITE_OK; else an error, *message set (sqlite3_free it) and the source empty.
 * On the connection's thread; reads the schema only. Free with source_free.
 */
int source_resolve(sqlite3 *db, const char *text, Source *source, char **message);

void source_free(Source *source);

/*
 * The statement that reads the inputs (column numbers, -1 the rowid) in source order; *index_of, `count` ints
 * to be freed with free, says at which of its columns each input is. `settled`: the statement reads the whole
 * source before it gives its first row, because what is done with the rows may change the source. NULL when
 * out of memory.
 */
char *source_feed_sql(const Source *source, const int *inputs, int count, bool settled, int **index_of);

#endif
