/* The source of a map's rows: a table, a view or a SELECT on the host's connection, and the statement that
 * reads it. */
#ifndef PRICEMAP_SOURCE_H
#define PRICEMAP_SOURCE_H

#include <stdbool.h>

#include "ext/plan/columns.h"

typedef struct Source {
    /* SELECT, where the source was given as one; else NULL. */
    char *select;
    /* Text that names the source in a FROM clause: a quoted name, or the SELECT in brackets. */
    char *from;
    /* Name by which a map may call the source. */
    char *alias;
    /* Schema of a table or view, where it was named; else NULL. */
    char *schema;
    /* Name of a table or view; NULL where the source was given as a SELECT. */
    char *table;
    /* Name of the rowid that no column hides; NULL where the source has no rowid. */
    const char *rowid;
    /* Whether it is a rowid table all the same, whose rowid the host's authorizer has read as NULL. */
    bool rowid_is_null;
    ColumnList columns;
} Source;

/*
 * Finds out what `text` names. SQLITE_OK; else an error, *message set (sqlite3_free it) and the source empty.
 * On the connection's thread; reads the schema only. Free with source_free.
 */
int source_resolve(sqlite3 *db, const char *text, Source *source, char **message);

/* Frees what the source owns, and zeroes it. */
void source_free(Source *source);

/*
 * The statement that reads the inputs (column numbers, -1 the rowid) in source order; *index_of, `count` ints
 * to be freed with free, is the column of the statement for each input. NULL when out of memory;
 * sqlite3_free it.
 */
char *source_feed_sql(const Source *source, const int *inputs, int count, int **index_of);

#endif
