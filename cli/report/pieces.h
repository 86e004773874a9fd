/* The pieces of a page, which its template puts together. */
#ifndef PRICEREPORT_PIECES_H
#define PRICEREPORT_PIECES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sqlite3.h>

#include "cli/base/failure.h"
#include "cli/report/template.h"

enum { PIECES_MAX = 48 };

typedef struct Pieces {
    TemplatePiece pieces[PIECES_MAX];
    /* Texts that pieces_free frees; NULL for a piece that is static. */
    char *owned[PIECES_MAX];
    size_t count;
} Pieces;

/* Writes what a query gives; ?1 is `id`. Returns 0, or -1 with the failure set. */
typedef int PieceWriter(sqlite3 *db, const char *sql, int64_t id, FILE *file, Failure *failure);

/* Frees the texts, not the struct. */
void pieces_free(Pieces *pieces);

/* Adds a piece whose text, HTML already, is borrowed until the pieces are expanded. */
void pieces_add(Pieces *pieces, const char *name, const char *text);

/* Adds a piece that takes the ownership of `text`; NULL for an empty piece. The name is borrowed. */
void pieces_take(Pieces *pieces, const char *name, char *text);

/* Adds a piece that `write` makes of a query. Returns 0, or -1 with the failure set. */
int pieces_query(Pieces *pieces, const char *name, PieceWriter *write, sqlite3 *db, const char *sql,
                 int64_t id, Failure *failure);

/* A PieceWriter: the first column of the first row as text; nothing without a row. */
int pieces_text(sqlite3 *db, const char *sql, int64_t id, FILE *file, Failure *failure);

/* Writes the file of that path from a template. `advice` says what to do where it cannot be written. Returns
 * 0, or -1 with the failure set. */
int pieces_write(const Pieces *pieces, const char *template, const char *path, const char *advice,
                 Failure *failure);

#endif
