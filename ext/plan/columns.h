/*
 * The columns of a query with what SQL knows of them beside their values: name, affinity and collation. A map
 * sees the columns of its source with them, and the query around a map sees the map's.
 */
#ifndef PRICEMAP_COLUMNS_H
#define PRICEMAP_COLUMNS_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

typedef struct Column {
    char *name;
    /* Shortest type name that gives the affinity: "", TEXT, NUM, INT or REAL. */
    const char *type;
    /* Collation; NULL: BINARY. */
    char *collation;
    /* True for an expression: it has no affinity, so comparisons use the other operand's. (A column declared
       without a type has BLOB affinity, which is different.) */
    bool no_affinity;
} Column;

typedef struct ColumnList {
    Column *items;
    int count;
} ColumnList;

/*
 * Describes the columns of `from`, what may stand in a FROM clause: a quoted name, or one valid SELECT in
 * brackets (a newline before the last one ends a comment). Names are those that a statement around it can
 * use, whatever the connection has set about names of columns; duplicate names are made different. SQLITE_OK;
 * else an error whose text is the connection's, and an empty list. The connection's limits do not hold for
 * it. Only prepares statements, on the connection's thread. Free with columns_free.
 */
int columns_describe(sqlite3 *db, const char *from, ColumnList *columns);

/* The two steps of columns_describe: names alone, as it gives them, and how the columns of a list that has
 * the names compare. Where the second fails the list is as it was, or complete in part. */
int columns_name(sqlite3 *db, const char *from, ColumnList *columns);
int columns_compare(sqlite3 *db, const char *from, ColumnList *columns);

/*
 * The same steps for a table or view of which the host's authorizer denies some columns: they are named as
 * well, and have no affinity. `schema` may be NULL. SQLITE_AUTH where the authorizer hides the names.
 */
int columns_list(sqlite3 *db, const char *schema, const char *table, ColumnList *columns);
int columns_compare_readable(sqlite3 *db, const char *from, ColumnList *columns);

/* Copies a list, to be freed with columns_free. SQLITE_OK, or SQLITE_NOMEM and an empty list. */
int columns_copy(ColumnList *to, const ColumnList *from);

void columns_free(ColumnList *columns);

/* Sets type and collation to those that a column was declared with, as sqlite3_table_column_metadata gives
 * them; NULL is none. SQLITE_OK or SQLITE_NOMEM. */
int column_declare(Column *column, const char *type, const char *collation);

/*
 * CREATE TABLE text for sqlite3_declare_vtab with these columns. Without rowid it has a hidden key, so that
 * SQL finds no `rowid` in it. NULL when out of memory; sqlite3_free it.
 */
char *columns_declare(const ColumnList *columns, bool rowid);

/* Whether a column has no affinity, which no declared one is without. */
bool columns_need_view(const ColumnList *columns);

/*
 * A view of the table that was declared so, as CREATE TEMP VIEW text, and a subquery for a FROM clause in
 * brackets; both take the affinities away. They are not the same: when SQLite takes the affinities of what is
 * nested in a map, it knows those of a view's columns, but not yet those of a subquery's. NULL when out of
 * memory; sqlite3_free it.
 */
char *columns_view(const ColumnList *columns, const char *view, const char *table);
char *columns_subquery(const ColumnList *columns, const char *table);

#endif
