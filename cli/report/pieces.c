#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/report/html.h"
#include "cli/report/pieces.h"

void pieces_free(Pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++)
        free(pieces->owned[i]);
    pieces->count = 0;
}

void pieces_add(Pieces *pieces, const char *name, const char *text)
{
    pieces->owned[pieces->count] = NULL;
    pieces->pieces[pieces->count++] = (TemplatePiece){name, text};
}

void pieces_take(Pieces *pieces, const char *name, char *text)
{
    pieces_add(pieces, name, text ? text : "");
    pieces->owned[pieces->count - 1] = text;
}

int pieces_query(Pieces *pieces, const char *name, PieceWriter *write, sqlite3 *db, const char *sql,
                 int64_t id, Failure *failure)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return failure_set(failure, "out of memory for the page");
    int result = write(db, sql, id, file, failure);
    if (fclose(file) && result == 0)
        result = failure_set(failure, "out of memory for the page");
    pieces_take(pieces, name, text);
    return result;
}

int pieces_text(sqlite3 *db, const char *sql, int64_t id, FILE *file, Failure *failure)
{
    char *text;
    if (query_text(db, &text, failure, sql, "i", id))
        return -1;
    html_text(text ? text : "", file);
    sqlite3_free(text);
    return 0;
}

int pieces_write(const Pieces *pieces, const char *template, const char *path, const char *advice,
                 Failure *failure)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return failure_set(failure, "cannot write %s: %s: %s", path, strerror(errno), advice);
    int result = template_expand(template, pieces->pieces, pieces->count, file, failure);
    int failed = ferror(file);
    if ((fclose(file) || failed) && result == 0)
        result = failure_set(failure, "cannot write %s: %s: make room, or %s", path, strerror(errno), advice);
    return result;
}
