/* Rows of a query as a table of an HTML page. */
#ifndef PRICEREPORT_HTML_TABLE_H
#define PRICEREPORT_HTML_TABLE_H

#include <stdint.h>
#include <stdio.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* The rows of a query (?1 is `id`) as a table; without rows, writes nothing. Columns of figures are aligned
 * to the right, and columns that are empty in every row are left out. Columns of these names are no cells of
 * their own. They belong to the column before them, and NULL is none:
 *
 *   href     address to which the cell leads
 *   key      number by which the column is sorted
 *   points   corners "x,y x,y ..." of a line in a box of 120 by 30, drawn in place of the cell's text, which
 *            describes that line
 *   marks    marks on the line, "x,y,class x,y,class ..."
 *   figures  text of each corner, separated by |
 *   class    class of the whole row
 */
int html_table(sqlite3 *db, const char *sql, int64_t id, FILE *file, Failure *failure);

#endif
