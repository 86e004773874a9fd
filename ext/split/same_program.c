#include "ext/split/same_program.h"

#include <string.h>

/* Columns of EXPLAIN. */
enum { OPCODE = 1, P1, P2, P3, P4, P5 };

static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **statement)
{
    char *text = sqlite3_mprintf("EXPLAIN %s", sql);
    int rc = text ? sqlite3_prepare_v2(db, text, -1, statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    return rc;
}

static bool same_column(sqlite3_stmt *one, sqlite3_stmt *other, int column)
{
    const char *a = (const char *)sqlite3_column_text(one, column);
    const char *b = (const char *)sqlite3_column_text(other, column);
    return a == b || (a && b && !strcmp(a, b));
}

static bool is_opcode(sqlite3_stmt *explained, const char *opcode)
{
    const char *text = (const char *)sqlite3_column_text(explained, OPCODE);
    return text && !strcmp(text, opcode);
}

/* Two connections of one file may have it under other numbers, and know of other changes of its schema. */
static bool same_instruction(sqlite3_stmt *one, sqlite3_stmt *other, bool one_connection)
{
    bool transaction = !one_connection && is_opcode(one, "Transaction");
    bool open = !one_connection && is_opcode(one, "OpenRead");
    bool lock = !one_connection && is_opcode(one, "TableLock");
    bool same = same_column(one, other, OPCODE);
    same = same && (transaction || lock || same_column(one, other, P1));
    same = same && same_column(one, other, P2);
    same = same && (transaction || open || same_column(one, other, P3));
    /* Older versions of SQLite have the name of a parameter there, and the count of schema changes. */
    same = same && (is_opcode(one, "Variable") || transaction || same_column(one, other, P4));
    return same && same_column(one, other, P5);
}

static int compare(sqlite3_stmt *one, sqlite3_stmt *other, bool one_connection, bool *same)
{
    int first = SQLITE_ROW, second = SQLITE_ROW;
    *same = true;
    while (*same && first == SQLITE_ROW) {
        first = sqlite3_step(one);
        second = sqlite3_step(other);
        *same = first == second && (first != SQLITE_ROW || same_instruction(one, other, one_connection));
    }
    if (first != SQLITE_ROW && first != SQLITE_DONE)
        return first;
    return second == SQLITE_ROW || second == SQLITE_DONE ? SQLITE_OK : second;
}

int same_program(sqlite3 *one, const char *a, sqlite3 *other, const char *b, bool *same)
{
    sqlite3_stmt *first = NULL, *second = NULL;
    *same = false;
    int rc = prepare(one, a, &first);
    if (rc == SQLITE_OK)
        rc = prepare(other, b, &second);
    if (rc == SQLITE_OK)
        rc = compare(first, second, one == other, same);
    sqlite3_finalize(first);
    sqlite3_finalize(second);
    return rc;
}
