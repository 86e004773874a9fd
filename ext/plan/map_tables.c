#include "ext/plan/map_tables.h"

#include <string.h>

#include "ext/evaluate/authorizer.h"
#include "ext/evaluate/chunk_table.h"
#include "ext/evaluate/program.h"

static bool opens_table(const Instruction *instruction)
{
    return instruction_is(instruction, "VOpen") || instruction_is(instruction, "OpenRead") ||
           instruction_is(instruction, "OpenWrite") || instruction_is(instruction, "ReopenIdx");
}

/* The tables that a map may open, each as EXPLAIN writes its address; "" where there is none. */
typedef struct KnownTables {
    char addresses[1 + AUTHORIZER_JSON_TABLES][32];
    int count;
} KnownTables;

/* P4 of the instruction that opens a virtual table is the address of that table. */
static int learn(void *arg, const Instruction *instruction)
{
    KnownTables *known = arg;
    if (opens_table(instruction))
        sqlite3_snprintf(sizeof known->addresses[0], known->addresses[known->count], "%s",
                         instruction_p4(instruction));
    return SQLITE_OK;
}

/* SQLITE_AUTH: the instruction opens a table that is none of the known ones. */
static int check_known(void *arg, const Instruction *instruction)
{
    const KnownTables *known = arg;
    if (!opens_table(instruction))
        return SQLITE_OK;
    const char *table = instruction_p4(instruction);
    bool found = false;
    for (int i = 0; !found && *table && i < known->count; i++)
        found = !strcmp(table, known->addresses[i]);
    return found && instruction_is(instruction, "VOpen") ? SQLITE_OK : SQLITE_AUTH;
}

/* A table that this SQLite does not have leaves an address "". */
static int learn_table(sqlite3 *db, const char *name, KnownTables *known)
{
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\"", name);
    int rc = sql ? program_each(db, sql, learn, known) : SQLITE_NOMEM;
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
        rc = program_each(db, recipe_text(recipe, recipe->select), check_known, &known);
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
