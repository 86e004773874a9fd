#include <string.h>

#include "cli/filling/fingerprint.h"

/* FNV-1a with 64 bits. */
static const uint64_t basis = 14695981039346656037u, prime = 1099511628211u;

static uint64_t add(uint64_t fingerprint, const void *bytes, size_t count)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++)
        fingerprint = (fingerprint ^ byte[i]) * prime;
    return fingerprint;
}

uint64_t fingerprint_of_columns(sqlite3_stmt *statement)
{
    uint64_t fingerprint = basis;
    int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns; i++) {
        const char *name = sqlite3_column_name(statement, i);
        fingerprint = add(fingerprint, name ? name : "", name ? strlen(name) + 1 : 1);
    }
    return fingerprint;
}

uint64_t fingerprint_add_row(uint64_t fingerprint, sqlite3_stmt *statement)
{
    int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns; i++) {
        int type = sqlite3_column_type(statement, i);
        fingerprint = add(fingerprint, &type, sizeof type);
        if (type == SQLITE_INTEGER) {
            int64_t number = sqlite3_column_int64(statement, i);
            fingerprint = add(fingerprint, &number, sizeof number);
        } else if (type == SQLITE_FLOAT) {
            double number = sqlite3_column_double(statement, i);
            fingerprint = add(fingerprint, &number, sizeof number);
        } else if (type != SQLITE_NULL) {
            const void *bytes = sqlite3_column_blob(statement, i);
            int count = sqlite3_column_bytes(statement, i);
            fingerprint = add(add(fingerprint, &count, sizeof count), bytes, (size_t)count);
        }
    }
    return fingerprint;
}
