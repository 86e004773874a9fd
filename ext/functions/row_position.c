#include "ext/functions/row_position.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes of a rowid: whether there is one, then its own, the highest first. */
enum { ROWID_BYTES = 9 };

static void write_rowid(unsigned char *to, sqlite3_value *value)
{
    to[0] = sqlite3_value_type(value) != SQLITE_NULL;
    /* The least rowid becomes 0. */
    uint64_t number = to[0] ? (uint64_t)sqlite3_value_int64(value) ^ UINT64_C(1) << 63 : 0;
    for (int i = ROWID_BYTES - 1; i > 0; i--, number >>= 8)
        to[i] = (unsigned char)number;
}

static void give_position(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    unsigned char *blob = sqlite3_malloc(argc * ROWID_BYTES + 1);
    if (!blob) {
        sqlite3_result_error_nomem(context);
        return;
    }
    for (int i = 0; i < argc; i++)
        write_rowid(blob + (size_t)i * ROWID_BYTES, argv[i]);
    sqlite3_result_blob(context, blob, argc * ROWID_BYTES, sqlite3_free);
}

int row_position_register(sqlite3 *db)
{
    return sqlite3_create_function_v2(db, ROW_POSITION_FUNCTION, -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                      give_position, NULL, NULL, NULL);
}

bool row_position_has(const char *name)
{
    return !sqlite3_stricmp(name, ROW_POSITION_FUNCTION);
}
