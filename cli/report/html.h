/* Texts, lists and pictures as parts of an HTML page. */
#ifndef PRICEREPORT_HTML_H
#define PRICEREPORT_HTML_H

#include <stdint.h>
#include <stdio.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

/* Writes text so that it is only text, between tags and in quoted attributes. Control characters become
 * spaces, and what is no UTF-8 becomes U+FFFD. */
void html_text(const char *text, FILE *file);

/* The rows of a query with one column as items of a list; without rows, writes nothing. */
int html_list(sqlite3 *db, const char *sql, int64_t run, FILE *file, Failure *failure);

/* An SVG file of gnuplot's as an element of the page, which scales with it. `name` makes its identifiers
 * unique there, `title` says what it shows. Each colour #rrggbb becomes the CSS variable --crrggbb, so that
 * the page can have other colours in the dark; where it has none, it stays. */
void html_svg(const char *svg, const char *name, const char *title, FILE *file);

#endif
