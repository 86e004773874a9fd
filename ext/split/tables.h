/* Facts about the tables of a statement, as the file's schema has them. Everything lies in the arena of the
 * splitting. */
#ifndef PRICEMAP_SPLIT_TABLES_H
#define PRICEMAP_SPLIT_TABLES_H

#include "ext/split/splitting.h"

typedef struct KnownTable {
    struct KnownTable *next;
    /* Name as the schema has it; NULL: a subquery or a common table expression. */
    const char *name;
    /* Names of the columns, hidden ones left out. */
    NameList columns;
    /* Name of the rowid that no column hides; NULL: the table has none, or it cannot be named. */
    const char *rowid;
    /* Whether it is a table WITHOUT ROWID, whose rows lie in the order of its primary key. */
    bool without_rowid;
    /* Column that is the rowid, as an INTEGER PRIMARY KEY is; -1: none. */
    int key_column;
    /* SELECT whose result it is; NULL: a table. */
    Select *select;
    /* Table that a stage makes of the SELECT's rows; NULL: none does. */
    const char *stage;
    /* CREATE VIEW text; NULL: no view. */
    const char *view;
    /* View whose SELECT `select` is; NULL: none. Each FROM item of a view has a SELECT of its own. */
    const struct KnownTable *of_view;
    /* Whether a column of it is computed whenever it is read, by what the schema says. */
    bool computes;
    /* Rows by the statistics or by the rowids, once they were read; -1: not yet. */
    int64_t rows;
} KnownTable;

/*
 * Finds a table or view in the file's schema alone. NULL where it is not there, with no reason and no
 * error noted, or where it cannot be used, with one of them.
 */
KnownTable *tables_find(Splitting *splitting, const char *name);

/* A table with these columns that is none of the schema's. NULL with an error noted. */
KnownTable *tables_of_columns(Splitting *splitting, const NameList *columns);

/* About how many rows the table has, never less than there are but for statistics that are old; 0 where it
   has none or cannot be read. */
int64_t tables_rows(Splitting *splitting, KnownTable *table);

/* Rows up to which a table without statistics and without rowids is counted: tables_rows gives no more. */
enum { TABLES_ROWS_COUNTED = SPLIT_LEAST_ROWS };

/* The column of that name; -1: the rowid; -2: none. */
int tables_column(const KnownTable *table, const char *name);

#endif
