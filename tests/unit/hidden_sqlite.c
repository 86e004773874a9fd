/*
 * A library that has an SQLite in it but shows none of its functions, as the plug-ins of some hosts do: it
 * can only be reached through its API table. (What the table leads to is the real SQLite, but for its name.)
 */
#include <sqlite3ext.h>
#undef sqlite3_aggregate_context
#undef sqlite3_open
#undef sqlite3_close

static void *hidden_aggregate_context(sqlite3_context *context, int size)
{
    return sqlite3_aggregate_context(context, size);
}

static int hidden_open(const char *path, sqlite3 **db)
{
    return sqlite3_open(path, db);
}

static int hidden_close(sqlite3 *db)
{
    return sqlite3_close(db);
}

static const char *hidden_sourceid(void)
{
    return "a hidden SQLite";
}

static sqlite3_api_routines table = {.aggregate_context = hidden_aggregate_context,
                                     .open = hidden_open,
                                     .close = hidden_close,
                                     .sourceid = hidden_sourceid};

/* The table's address; the routines that it lacks are taken from `real`. */
const sqlite3_api_routines *hidden_table(const sqlite3_api_routines *real);

__attribute__((visibility("default"))) const sqlite3_api_routines *
hidden_table(const sqlite3_api_routines *real)
{
    sqlite3_api_routines whole = *real;
    whole.aggregate_context = hidden_aggregate_context;
    whole.open = hidden_open;
    whole.close = hidden_close;
    whole.sourceid = hidden_sourceid;
    table = whole;
    return &table;
}
