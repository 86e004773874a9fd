#include "ext/evaluate/program.h"

#include <limits.h>

#include "ext/base/sqlite_build.h"
#include "ext/base/sqlite_limits.h"

static const char explain[] = "EXPLAIN ";

/* The words of EXPLAIN may be longer than the values that the limits allow. */
static int visit_rows(sqlite3_stmt *explained, ProgramVisitor *visit, void *arg)
{
    enum { OPCODE = 1 };
    int rc;
    while ((rc = sqlite3_step(explained)) == SQLITE_ROW) {
        Instruction instruction = {explained, (const char *)sqlite3_column_text(explained, OPCODE)};
        rc = instruction.opcode ? visit(arg, &instruction) : SQLITE_NOMEM;
        if (rc != SQLITE_OK)
            break;
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* With this option EXPLAIN takes functions that the connection has not: the statement itself shows them. */
static int check_functions(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (!sqlite_build_has("ENABLE_UNKNOWN_SQL_FUNCTION"))
        return SQLITE_OK;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    sqlite3_finalize(statement);
    return rc;
}

static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **explained)
{
    int rc = check_functions(db, sql);
    if (rc != SQLITE_OK)
        return rc;
    char *text = sqlite3_mprintf("%s%s", explain, sql);
    rc = text ? sqlite3_prepare_v2(db, text, -1, explained, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    return rc;
}

int program_each(sqlite3 *db, const char *sql, ProgramVisitor *visit, void *arg)
{
    sqlite3_stmt *explained = NULL;
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = prepare(db, sql, &explained);
    if (rc == SQLITE_OK)
        rc = visit_rows(explained, visit, arg);
    sqlite3_finalize(explained);
    limits_restore(db, &own);
    return rc;
}

int program_each_limited(sqlite3 *db, const char *sql, int added, ProgramVisitor *visit, void *arg)
{
    sqlite3_stmt *explained = NULL;
    int most = sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, -1), longer = added + (int)sizeof explain - 1;
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, most < INT_MAX - longer ? most + longer : INT_MAX);
    int rc = prepare(db, sql, &explained);
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, most);
    if (rc == SQLITE_OK) {
        SqliteLimits own;
        limits_lift(db, &own);
        rc = visit_rows(explained, visit, arg);
        limits_restore(db, &own);
    }
    sqlite3_finalize(explained);
    return rc;
}

static int read_facts(void *arg, const Instruction *instruction)
{
    ProgramFacts *facts = arg;
    const char *opcode = instruction->opcode;
    if (instruction_is(instruction, "Once"))
        facts->has_constants = true;
    else if (!strncmp(opcode, "Agg", 3) || !strncmp(opcode, "OpenE", 5) ||
             instruction_is(instruction, "Count"))
        /* A window's rows are kept in a table of their own, whatever its function: OpenEphemeral. */
        facts->may_aggregate = true;
    else if (instruction_is(instruction, "ResultRow"))
        facts->columns = instruction_number(instruction, INSTRUCTION_P2);
    /* Nothing else is wanted of a program that may be long. */
    return facts->has_constants && facts->columns && facts->may_aggregate ? SQLITE_DONE : SQLITE_OK;
}

int program_read(sqlite3 *db, const char *sql, ProgramFacts *facts)
{
    *facts = (ProgramFacts){0};
    return program_each_limited(db, sql, 0, read_facts, facts);
}
