#include "ext/api/query_columns.h"

#include <string.h>

/* The affinity that SQLite gives a column of a declared type, by its rules in their order. */
static char affinity_of(const char *type)
{
    static const struct {
        const char *word;
        char affinity;
    } rules[] = {{"INT", 'I'},  {"CHAR", 'T'}, {"CLOB", 'T'}, {"TEXT", 'T'},
                 {"BLOB", 'B'}, {"REAL", 'R'}, {"FLOA", 'R'}, {"DOUB", 'R'}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcasestr(type, rules[i].word))
            return rules[i].affinity;
    return *type ? 'N' : 'B';
}

/* Type to declare a column with: its declared type, unless that means something else here. */
static const char *type_of(const SplitPlan *plan, int i, bool declared)
{
    const Column *column = &plan->columns.items[i];
    const char *type = declared && plan->declared_types ? plan->declared_types[i] : NULL;
    return type && affinity_of(type) == affinity_of(column->type) && !strcasestr(type, "hidden")
               ? type
               : column->type;
}

char *query_parameter_name(const SplitPlan *plan, int i)
{
    return plan->parameters[i] ? sqlite3_mprintf("%s", plan->parameters[i]) : sqlite3_mprintf("?%d", i + 1);
}

static bool is_taken(const SplitPlan *plan, int parameter, const char *name)
{
    for (int i = 0; i < plan->columns.count; i++)
        if (!sqlite3_stricmp(plan->columns.items[i].name, name))
            return true;
    for (int i = 0; i < parameter; i++)
        if (plan->parameters[i] && !sqlite3_stricmp(plan->parameters[i] + 1, name))
            return true;
    return false;
}

static bool append_parameter(sqlite3_str *sql, const SplitPlan *plan, int i, bool first)
{
    char *name = query_parameter_name(plan, i);
    if (!name)
        return false;
    const char *bare = plan->parameters[i] && !is_taken(plan, i, name + 1) ? name + 1 : name;
    sqlite3_str_appendf(sql, "%s\"%w\" HIDDEN", first ? "" : ", ", bare);
    sqlite3_free(name);
    return true;
}

char *query_columns_declare(const SplitPlan *plan, bool declared)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    bool made = true;
    sqlite3_str_appendall(sql, "CREATE TABLE x(");
    for (int i = 0; i < plan->columns.count; i++) {
        const Column *column = &plan->columns.items[i];
        sqlite3_str_appendf(sql, "%s\"%w\" %s", i ? ", " : "", column->name, type_of(plan, i, declared));
        if (column->collation)
            sqlite3_str_appendf(sql, " COLLATE \"%w\"", column->collation);
    }
    for (int i = 0; made && i < plan->parameter_count; i++)
        made = append_parameter(sql, plan, i, !plan->columns.count && !i);
    sqlite3_str_appendall(sql, ")");
    char *text = sqlite3_str_finish(sql);
    if (made)
        return text;
    sqlite3_free(text);
    return NULL;
}

char *query_columns_schemas(sqlite3 *db, const char *query)
{
    enum { OPCODE = 1, DATABASE = 2, VERSION = 4 }; /* of EXPLAIN */
    sqlite3_stmt *explained = NULL;
    char *sql = sqlite3_mprintf("EXPLAIN %s", query);
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &explained, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    sqlite3_str *text = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(text, 1, ' ');
    while (rc == SQLITE_OK && sqlite3_step(explained) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(explained, OPCODE);
        if (opcode && !strcmp(opcode, "Transaction"))
            sqlite3_str_appendf(text, "%lld:%lld ", sqlite3_column_int64(explained, DATABASE),
                                sqlite3_column_int64(explained, VERSION));
    }
    sqlite3_finalize(explained);
    char *schemas = sqlite3_str_finish(text);
    if (rc == SQLITE_OK)
        return schemas;
    sqlite3_free(schemas);
    return NULL;
}
