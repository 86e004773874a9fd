#include "ext/plan/map_tables.h"

#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/authorizer.h"
#include "ext/evaluate/chunk_table.h"

/* The columns of EXPLAIN. P4 of the instruction that opens a virtual table is the address of that table. */
enum { EXPLAIN_OPCODE = 1, EXPLAIN_P4 = 5 };

/* Decides whether the table that an instruction opens may be there. */
typedef bool Judge(void *arg, const char *opcode, const char *table);

static bool opens_table(const char *opcode)
{
    return !strcmp(opcode, "VOpen") || !strcmp(opcode, "OpenRead") || !strcmp(opcode, "OpenWrite") ||
           !strcmp(opcode, "ReopenIdx");
}

/* Calls the judge for each table that the program opens, until it returns false. SQLITE_OK, SQLITE_AUTH after
   false, or why the program could not be read. The host's limits hold for the map, and not for the words
   around it. */
static int read_program(sqlite3 *db, const char *sql, Judge *judge, void *arg)
{
    sqlite3_stmt *explained = NULL;
    char *text = sqlite3_mprintf("EXPLAIN %s", sql);
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = text ? sqlite3_prepare_v2(db, text, -1, &explained, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    while (rc == SQLITE_OK && (rc = sqlite3_step(explained)) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(explained, EXPLAIN_OPCODE);
        rc = opcode ? SQLITE_OK : SQLITE_NOMEM;
        if (opcode && opens_table(opcode)) {
            const char *table = (const char *)sqlite3_column_text(explained, EXPLAIN_P4);
            rc = judge(arg, opcode, table ? table : "") ? SQLITE_OK : SQLITE_AUTH;
        }
    }
    sqlite3_finalize(explained);
    limits_restore(db, &own);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* The tables that a map may open, each as EXPLAIN writes its address; "" where there is none. */
typedef struct KnownTables {
    char addresses[1 + AUTHORIZER_JSON_TABLES][32];
    int count;
} KnownTables;

static bool learn(void *arg, const char *opcode, const char *table)
{
    KnownTables *known = arg;
    (void)opcode;
    sqlite3_snprintf(sizeof known->addresses[0], known->addresses[known->count], "%s", table);
    return true;
}

static bool is_known(void *arg, const char *opcode, const char *table)
{
    const KnownTables *known = arg;
    bool found = false;
    for (int i = 0; !found && *table && i < known->count; i++)
        found = !strcmp(table, known->addresses[i]);
    return found && !strcmp(opcode, "VOpen");
}

/* A table that this SQLite does not have leaves an address "". */
static int learn_table(sqlite3 *db, const char *name, KnownTables *known)
{
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\"", name);
    int rc = sql ? read_program(db, sql, learn, known) : SQLITE_NOMEM;
    sqlite3_free(sql);
    known->count++;
    return rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT ? rc : SQLITE_OK;
}

int map_tables_check(const Evaluator *evaluator, char *message)
{
    sqlite3 *db = evaluator_connection(evaluator);
    const Recipe *recipe = evaluator_recipe(evaluator);
    KnownTables known = {0};
    int rc = learn_table(db, CHUNK_TABLE_NAME, &known);
    for (int i = 0; rc == SQLITE_OK && i < AUTHORIZER_JSON_TABLES; i++)
        rc = learn_table(db, authorizer_json_table(i), &known);
    if (rc == SQLITE_OK)
        rc = read_program(db, recipe_text(recipe, recipe->select), is_known, &known);
    if (rc == SQLITE_AUTH)
        sqlite3_snprintf(
            TASK_MESSAGE_SIZE, message,
            "a map reads nothing but the columns of its source: of all tables only json_each and "
            "json_tree may stand in a subquery");
    else if (rc != SQLITE_OK)
        sqlite3_snprintf(TASK_MESSAGE_SIZE, message, "%s",
                         rc == SQLITE_NOMEM ? sqlite3_errstr(rc) : sqlite3_errmsg(db));
    return rc;
}
