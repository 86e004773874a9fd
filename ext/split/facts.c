#include "ext/split/facts.h"

#include <string.h>

/* Columns of EXPLAIN. */
enum { OPCODE = 1, P1, P2, P3, P4 };

/* Aggregates that the steps of splitting know by name. Others stand in a tree as functions of single values.
 */
static bool is_known_aggregate(const char *function)
{
    static const char *const names[] = {"count",
                                        "sum",
                                        "total",
                                        "avg",
                                        "min",
                                        "max",
                                        "group_concat",
                                        "string_agg",
                                        "json_group_array",
                                        "json_group_object"};
    const char *bracket = strchr(function, '(');
    size_t length = bracket ? (size_t)(bracket - function) : strlen(function);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && !sqlite3_strnicmp(function, names[i], (int)length))
            return true;
    return false;
}

static bool read_instruction(Splitting *splitting, sqlite3_stmt *explained, int *database)
{
    const char *opcode = (const char *)sqlite3_column_text(explained, OPCODE);
    const char *p4 = (const char *)sqlite3_column_text(explained, P4);
    if (!opcode)
        return split_fail(splitting, SQLITE_NOMEM);
    if (!strcmp(opcode, "Count"))
        return split_refuse(splitting, "SQLite counts the rows without reading them%s", "");
    if (!strcmp(opcode, "Prev"))
        splitting->walks_backward = true;
    if (!strcmp(opcode, "VOpen"))
        return split_refuse(splitting, "it reads a virtual table%s", "");
    if (!strncmp(opcode, "AggStep", 7) && p4 && !is_known_aggregate(p4))
        return split_refuse(splitting, "the aggregate %s is not split", p4);
    if (!strcmp(opcode, "Transaction")) {
        int number = sqlite3_column_int(explained, P1);
        if (*database >= 0 && *database != number)
            return split_refuse(splitting, "its tables are in several databases%s", "");
        *database = number;
    }
    return true;
}

/* The name of a database by its number. NULL where the list of databases cannot be read. */
static char *name_of_database(sqlite3 *db, int number)
{
    enum { NUMBER, NAME };
    sqlite3_stmt *list = NULL;
    char *name = NULL;
    if (number == 0)
        return sqlite3_mprintf("main");
    if (sqlite3_prepare_v2(db, "PRAGMA database_list", -1, &list, NULL) != SQLITE_OK)
        return NULL;
    while (!name && sqlite3_step(list) == SQLITE_ROW)
        if (sqlite3_column_int(list, NUMBER) == number)
            name = sqlite3_mprintf("%s", sqlite3_column_text(list, NAME));
    sqlite3_finalize(list);
    return name;
}

static bool find_file(Splitting *splitting, int database, const char **path)
{
    enum { TEMP = 1 };
    if (database < 0)
        return split_refuse(splitting, "it reads no table%s", "");
    if (database == TEMP)
        return split_refuse(splitting, "workers cannot read temporary tables%s", "");
    sqlite3 *db = splitting->state->db;
    splitting->plan->schema = name_of_database(db, database);
    if (!splitting->plan->schema)
        return split_refuse(splitting, "its database cannot be told%s", "");
    const char *file = sqlite3_db_filename(db, splitting->plan->schema);
    if (!file || !*file)
        return split_refuse(splitting, "its database is in no file that workers can read%s", "");
    *path = arena_copy(&splitting->arena, file, strlen(file));
    return *path || split_fail(splitting, SQLITE_NOMEM);
}

bool facts_read(Splitting *splitting, const char **path)
{
    sqlite3 *db = splitting->state->db;
    sqlite3_stmt *explained = NULL;
    int database = -1;
    char *sql = sqlite3_mprintf("EXPLAIN %s", splitting->plan->sql);
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &explained, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    while (rc == SQLITE_OK && (rc = sqlite3_step(explained)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (!read_instruction(splitting, explained, &database))
            break;
    }
    sqlite3_finalize(explained);
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        return rc == SQLITE_NOMEM
                   ? split_fail(splitting, rc)
                   : split_refuse(splitting, "its program cannot be read: %s", sqlite3_errmsg(db));
    return split_goes_on(splitting) && find_file(splitting, database, path);
}

bool facts_walk_forward(Splitting *splitting, const char *sql)
{
    sqlite3_stmt *explained = NULL;
    bool backward = false;
    char *text = sqlite3_mprintf("EXPLAIN %s", sql);
    int rc = text ? sqlite3_prepare_v2(splitting->shadow.db, text, -1, &explained, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    while (rc == SQLITE_OK && !backward && sqlite3_step(explained) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(explained, OPCODE);
        backward = !opcode || !strcmp(opcode, "Prev");
    }
    sqlite3_finalize(explained);
    if (rc != SQLITE_OK)
        return split_refuse_unprepared(splitting, rc);
    return !backward || split_refuse(splitting, "its workers would come to the rows in another order%s", "");
}
