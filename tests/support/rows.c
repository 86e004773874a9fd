#include "tests/support/rows.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_row(sqlite3_stmt *statement)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        int type = sqlite3_column_type(statement, i);
        sqlite3_int64 integer;
        double real;
        hash = add_bytes(hash, &type, sizeof type);
        if (type == SQLITE_INTEGER) {
            integer = sqlite3_column_int64(statement, i);
            hash = add_bytes(hash, &integer, sizeof integer);
        } else if (type == SQLITE_FLOAT) {
            real = sqlite3_column_double(statement, i);
            hash = add_bytes(hash, &real, sizeof real);
        } else if (type != SQLITE_NULL) {
            const void *bytes = type == SQLITE_TEXT ? (const void *)sqlite3_column_text(statement, i)
                                                    : sqlite3_column_blob(statement, i);
            int size = sqlite3_column_bytes(statement, i);
            hash = add_bytes(hash, &size, sizeof size);
            hash = add_bytes(hash, bytes, (size_t)size);
        }
    }
    return hash;
}

static bool add_row(Rows *rows, uint64_t hash)
{
    if (rows->count == rows->room) {
        int room = rows->room ? 2 * rows->room : 64;
        uint64_t *grown = realloc(rows->hashes, (size_t)room * sizeof *grown);
        if (!grown)
            return false;
        rows->hashes = grown;
        rows->room = room;
    }
    rows->hashes[rows->count++] = hash;
    return true;
}

static void bind_numbers(sqlite3_stmt *statement)
{
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        if (name && name[1] == 'r')
            sqlite3_bind_double(statement, i, atof(name + 2));
        else if (name)
            sqlite3_bind_int(statement, i, atoi(name + 2));
    }
}

void rows_read(sqlite3 *db, const char *sql, Rows *rows)
{
    sqlite3_stmt *statement = NULL;
    *rows = (Rows){0};
    rows->rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rows->rc == SQLITE_OK)
        bind_numbers(statement);
    if (rows->rc == SQLITE_OK)
        while ((rows->rc = sqlite3_step(statement)) == SQLITE_ROW)
            if (!add_row(rows, hash_row(statement)))
                abort();
    if (rows->rc != SQLITE_DONE)
        snprintf(rows->message, sizeof rows->message, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(statement);
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

static void sort(Rows *rows)
{
    if (rows->count)
        qsort(rows->hashes, (size_t)rows->count, sizeof *rows->hashes, compare_hashes);
}

int rows_difference(Rows *a, Rows *b, bool any_order)
{
    if (any_order) {
        sort(a);
        sort(b);
    }
    int count = a->count < b->count ? a->count : b->count;
    for (int i = 0; i < count; i++)
        if (a->hashes[i] != b->hashes[i])
            return i + 1;
    return a->count == b->count ? 0 : count + 1;
}

void rows_free(Rows *rows)
{
    free(rows->hashes);
    *rows = (Rows){0};
}
