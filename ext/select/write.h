/*
 * Writes a tree as SQL, with brackets around every operator: nothing depends on how operators bind. Names are
 * quoted. Columns that are known to be those of a FROM item are written with its name, FromItem.written_as.
 */
#ifndef PRICEMAP_SELECT_WRITE_H
#define PRICEMAP_SELECT_WRITE_H

#include "ext/base/sqlite_api.h"
#include "ext/select/tree.h"

typedef struct Writer {
    /* Text so far; the writer's user makes and finishes it. */
    sqlite3_str *sql;
    /* Number that is added to that of each parameter. */
    int parameter_shift;
    /* Whether the text is for people: columns without their tables, names without quotes where they can be.
     */
    bool brief;
    /* Name that is written for the schema main; NULL: its own. */
    const char *main_as;
} Writer;

/* An expression as it may stand in a list, or as an operand. */
void write_expression(Writer *writer, const Expr *expr);

/* A whole SELECT, without brackets around it. */
void write_select(Writer *writer, const Select *select);

/* The text of a SELECT, to be sqlite3_free'd; NULL where memory is short. */
char *select_text(const Select *select, int parameter_shift);

#endif
