#include "ext/split/facts.h"

#include <string.h>

#include "ext/evaluate/program.h"

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

/* The host's program that is read. */
typedef struct Reading {
    Splitting *splitting;
    /* Number of the only database that is read so far; -1: none. */
    int database;
} Reading;

/* Whether an instruction is one of a statement that may be split. */
static bool check_instruction(Reading *reading, const Instruction *instruction)
{
    Splitting *splitting = reading->splitting;
    const char *opcode = instruction->opcode;
    if (!strcmp(opcode, "Count"))
        return split_refuse(splitting, "SQLite counts the rows without reading them%s", "");
    if (!strcmp(opcode, "Prev"))
        splitting->walks_backward = true;
    if (!strcmp(opcode, "VOpen"))
        return split_refuse(splitting, "it reads a virtual table%s", "");
    if (!strncmp(opcode, "AggStep", 7) && !is_known_aggregate(instruction_p4(instruction)))
        return split_refuse(splitting, "the aggregate %s is not split", instruction_p4(instruction));
    if (!strcmp(opcode, "Transaction")) {
        int number = instruction_number(instruction, INSTRUCTION_P1);
        if (reading->database >= 0 && reading->database != number)
            return split_refuse(splitting, "its tables are in several databases%s", "");
        reading->database = number;
    }
    return true;
}

static int read_instruction(void *arg, const Instruction *instruction)
{
    Reading *reading = arg;
    return check_instruction(reading, instruction)
               ? program_copy_add(&reading->splitting->program, instruction)
               : SQLITE_DONE;
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
    SplitPlan *plan = splitting->plan;
    Reading reading = {splitting, -1};
    const PlainSelect plain = {.sql = plan->sql};
    int rc = host_view_read_whole_with(&plan->view, db, &plain, read_instruction, &reading);
    if (rc != SQLITE_OK)
        return rc == SQLITE_NOMEM
                   ? split_fail(splitting, rc)
                   : split_refuse(splitting, "its program cannot be read: %s", sqlite3_errmsg(db));
    return split_goes_on(splitting) && find_file(splitting, reading.database, path);
}

static int find_backward(void *arg, const Instruction *instruction)
{
    bool *backward = arg;
    *backward = instruction_is(instruction, "Prev");
    return *backward ? SQLITE_DONE : SQLITE_OK;
}

bool facts_walk_forward(Splitting *splitting, const char *sql)
{
    bool backward = false;
    int rc = program_each(splitting->shadow.db, sql, find_backward, &backward);
    if (rc != SQLITE_OK)
        return split_refuse_unprepared(splitting, rc);
    return !backward || split_refuse(splitting, "its workers would come to the rows in another order%s", "");
}
