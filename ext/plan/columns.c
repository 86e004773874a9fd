/*
 * SQLite has no call that gives the affinity and collation of any query's columns. But it compiles them into
 * each comparison: the instruction for "column = ?" carries both. So the columns are compared with one
 * parameter each, and EXPLAIN shows the instructions. A comparison that is not found leaves no affinity and
 * BINARY.
 */
#include "ext/plan/columns.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/program.h"

/* The bits of a comparison's P5 that hold its affinity, and their values, as in SQLite's bytecode. */
enum {
    AFFINITY_MASK = 0x47,
    AFFINITY_NONE = 0x40,
    AFFINITY_TEXT = 0x42,
    AFFINITY_NUMERIC = 0x43,
    AFFINITY_INTEGER = 0x44,
    AFFINITY_REAL = 0x45,
    AFFINITY_FLEXIBLE = 0x46
};

void columns_free(ColumnList *columns)
{
    for (int i = 0; i < columns->count; i++) {
        sqlite3_free(columns->items[i].name);
        sqlite3_free(columns->items[i].collation);
    }
    free(columns->items);
    *columns = (ColumnList){0};
}

/* Whether it is known already how the column compares. */
static bool has_comparison(const Column *column)
{
    return (column->type && *column->type) || column->collation;
}

static const char *affinity_type(int p5)
{
    switch (p5 & AFFINITY_MASK) {
    case AFFINITY_TEXT:
        return "TEXT";
    case AFFINITY_NUMERIC:
    case AFFINITY_FLEXIBLE:
        return "NUM";
    case AFFINITY_INTEGER:
        return "INT";
    case AFFINITY_REAL:
        return "REAL";
    default:
        return "";
    }
}

#define FROM_ALIAS "pricemap source"

/* Takes the alias of the FROM clause off the names of the columns: a connection with full_column_names and
 * without short_column_names names each column of a `*` as alias.name. */
static void strip_alias(ColumnList *columns)
{
    static const size_t length = sizeof FROM_ALIAS "." - 1;
    for (int i = 0; i < columns->count; i++)
        if (!columns->items[i].name || strncmp(columns->items[i].name, FROM_ALIAS ".", length) != 0)
            return;
    for (int i = 0; i < columns->count; i++) {
        char *name = columns->items[i].name;
        memmove(name, name + length, strlen(name + length) + 1);
    }
}

int columns_name(sqlite3 *db, const char *from, ColumnList *columns)
{
    sqlite3_stmt *statement = NULL;
    SqliteLimits own;
    limits_lift(db, &own);
    char *sql = sqlite3_mprintf("SELECT * FROM %s AS \"" FROM_ALIAS "\"", from);
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    limits_restore(db, &own);
    int count = rc == SQLITE_OK ? sqlite3_column_count(statement) : 0;
    *columns = (ColumnList){0};
    if (rc == SQLITE_OK) {
        columns->items = calloc((size_t)count + 1, sizeof *columns->items);
        if (!columns->items)
            rc = SQLITE_NOMEM;
    }
    for (int i = 0; rc == SQLITE_OK && i < count; i++) {
        Column *column = &columns->items[columns->count++];
        column->type = "";
        column->name = sqlite3_mprintf("%s", sqlite3_column_name(statement, i));
        if (!column->name)
            rc = SQLITE_NOMEM;
    }
    sqlite3_finalize(statement);
    if (rc == SQLITE_OK)
        strip_alias(columns);
    else
        columns_free(columns);
    return rc;
}

/* SELECT "a" = ?1, "b" = ?2 … FROM from */
static char *comparing_sql(const char *from, const ColumnList *columns)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "SELECT ");
    for (int i = 0; i < columns->count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\" = ?%d", i ? ", " : "", columns->items[i].name, i + 1);
    sqlite3_str_appendf(sql, " FROM %s", from);
    return sqlite3_str_finish(sql);
}

/* EXPLAIN shows a collation as name-encoding: "NOCASE-8", "BINARY-16LE". */
static int set_collation(Column *column, const char *shown)
{
    const char *end = strrchr(shown, '-');
    int length = end ? (int)(end - shown) : (int)strlen(shown);
    if (!length || (length == 6 && !strncmp(shown, "BINARY", 6)))
        return SQLITE_OK;
    column->collation = sqlite3_mprintf("%.*s", length, shown);
    return column->collation ? SQLITE_OK : SQLITE_NOMEM;
}

static bool holds(const char *type, const char *word)
{
    size_t length = strlen(word);
    for (; *type; type++)
        if (!sqlite3_strnicmp(type, word, (int)length))
            return true;
    return false;
}

int column_declare(Column *column, const char *type, const char *collation)
{
    /* Words in the order in which SQLite searches for them. */
    static const char *const words[][2] = {{"INT", "INT"},   {"CHAR", "TEXT"}, {"CLOB", "TEXT"},
                                           {"TEXT", "TEXT"}, {"BLOB", ""},     {"REAL", "REAL"},
                                           {"FLOA", "REAL"}, {"DOUB", "REAL"}};
    column->no_affinity = false;
    column->type = type && *type ? "NUM" : "";
    for (size_t i = 0; type && i < sizeof words / sizeof *words; i++)
        if (holds(type, words[i][0])) {
            column->type = words[i][1];
            break;
        }
    sqlite3_free(column->collation);
    column->collation = NULL;
    if (!collation || !sqlite3_stricmp(collation, "BINARY"))
        return SQLITE_OK;
    column->collation = sqlite3_mprintf("%s", collation);
    return column->collation ? SQLITE_OK : SQLITE_NOMEM;
}

/* A comparison of the program: its two registers, and what it compares by. */
typedef struct Comparison {
    int left, right, p5;
    char *collation;
} Comparison;

typedef struct Comparisons {
    /* Register of each parameter; 0: not met. */
    int *registers;
    int parameters;
    Comparison *items;
    int count, room;
} Comparisons;

static int add_comparison(Comparisons *comparisons, const Instruction *instruction)
{
    if (comparisons->count == comparisons->room) {
        int room = 2 * comparisons->room + 16;
        Comparison *grown = realloc(comparisons->items, (size_t)room * sizeof *grown);
        if (!grown)
            return SQLITE_NOMEM;
        comparisons->items = grown;
        comparisons->room = room;
    }
    char *collation = sqlite3_mprintf("%s", instruction_p4(instruction));
    if (!collation)
        return SQLITE_NOMEM;
    comparisons->items[comparisons->count++] =
        (Comparison){.left = instruction_number(instruction, INSTRUCTION_P1),
                     .right = instruction_number(instruction, INSTRUCTION_P3),
                     .p5 = instruction_number(instruction, INSTRUCTION_P5),
                     .collation = collation};
    return SQLITE_OK;
}

static int read_comparison(void *arg, const Instruction *instruction)
{
    Comparisons *comparisons = arg;
    if (instruction_is(instruction, "Eq") || instruction_is(instruction, "Ne"))
        return add_comparison(comparisons, instruction);
    int parameter = instruction_number(instruction, INSTRUCTION_P1);
    if (instruction_is(instruction, "Variable") && parameter >= 1 && parameter <= comparisons->parameters)
        comparisons->registers[parameter - 1] = instruction_number(instruction, INSTRUCTION_P2);
    return SQLITE_OK;
}

/* The column whose parameter is in register `p`; -1: none. */
static int column_of(const Comparisons *comparisons, int p)
{
    for (int i = 0; i < comparisons->parameters; i++)
        if (comparisons->registers[i] && comparisons->registers[i] == p)
            return i;
    return -1;
}

/* Parameters may be loaded after the loop that compares them: so this comes when all is read. */
static int take_comparisons(const Comparisons *comparisons, ColumnList *columns)
{
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < comparisons->count; i++) {
        const Comparison *comparison = &comparisons->items[i];
        int index = column_of(comparisons, comparison->left);
        if (index < 0)
            index = column_of(comparisons, comparison->right);
        if (index < 0 || has_comparison(&columns->items[index]))
            continue;
        columns->items[index].type = affinity_type(comparison->p5);
        columns->items[index].no_affinity = (comparison->p5 & AFFINITY_MASK) == AFFINITY_NONE;
        rc = set_collation(&columns->items[index], comparison->collation);
    }
    return rc;
}

int columns_compare(sqlite3 *db, const char *from, ColumnList *columns)
{
    Comparisons comparisons = {.registers = calloc((size_t)columns->count + 1, sizeof(int)),
                               .parameters = columns->count};
    char *sql = comparing_sql(from, columns);
    int rc =
        sql && comparisons.registers ? program_each(db, sql, read_comparison, &comparisons) : SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = take_comparisons(&comparisons, columns);
    for (int i = 0; i < comparisons.count; i++)
        sqlite3_free(comparisons.items[i].collation);
    free(comparisons.items);
    free(comparisons.registers);
    sqlite3_free(sql);
    return rc;
}

int columns_describe(sqlite3 *db, const char *from, ColumnList *columns)
{
    int rc = columns_name(db, from, columns);
    if (rc == SQLITE_OK)
        rc = columns_compare(db, from, columns);
    if (rc != SQLITE_OK)
        columns_free(columns);
    return rc;
}

int columns_copy(ColumnList *to, const ColumnList *from)
{
    *to = (ColumnList){.items = calloc((size_t)from->count + 1, sizeof *to->items)};
    bool whole = to->items;
    for (int i = 0; whole && i < from->count; i++) {
        Column *column = &to->items[to->count++];
        *column = from->items[i];
        column->name = sqlite3_mprintf("%s", from->items[i].name);
        column->collation = column->collation ? sqlite3_mprintf("%s", column->collation) : NULL;
        whole = column->name && (column->collation || !from->items[i].collation);
    }
    if (!whole)
        columns_free(to);
    return whole ? SQLITE_OK : SQLITE_NOMEM;
}

int columns_list(sqlite3 *db, const char *schema, const char *table, ColumnList *columns)
{
    enum { NAME = 1, HIDDEN = 6, HIDDEN_ALWAYS = 1 }; /* of PRAGMA table_xinfo */
    sqlite3_stmt *statement = NULL;
    SqliteLimits own;
    *columns = (ColumnList){0};
    limits_lift(db, &own);
    char *sql = schema ? sqlite3_mprintf("PRAGMA \"%w\".table_xinfo(\"%w\")", schema, table)
                       : sqlite3_mprintf("PRAGMA table_xinfo(\"%w\")", table);
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (sqlite3_column_int(statement, HIDDEN) == HIDDEN_ALWAYS)
            continue;
        Column *grown = realloc(columns->items, (size_t)(columns->count + 1) * sizeof *grown);
        char *name = sqlite3_mprintf("%s", (const char *)sqlite3_column_text(statement, NAME));
        columns->items = grown ? grown : columns->items;
        if (grown && name)
            grown[columns->count++] = (Column){.name = name, .type = ""};
        else
            rc = SQLITE_NOMEM;
        if (rc != SQLITE_OK)
            sqlite3_free(name);
    }
    sqlite3_finalize(statement);
    limits_restore(db, &own);
    if (rc == SQLITE_DONE)
        rc = columns->count ? SQLITE_OK : SQLITE_AUTH;
    if (rc != SQLITE_OK)
        columns_free(columns);
    return rc;
}

int columns_compare_readable(sqlite3 *db, const char *from, ColumnList *columns)
{
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < columns->count; i++) {
        ColumnList one = {.items = columns->items + i, .count = 1};
        rc = columns_compare(db, from, &one);
        if (rc == SQLITE_AUTH) {
            one.items->no_affinity = true;
            rc = SQLITE_OK;
        }
    }
    return rc;
}

char *columns_declare(const ColumnList *columns, bool rowid)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "CREATE TABLE x(");
    for (int i = 0; i < columns->count; i++) {
        const Column *column = &columns->items[i];
        sqlite3_str_appendf(sql, "%s\"%w\" %s", i ? ", " : "", column->name, column->type);
        if (column->collation)
            sqlite3_str_appendf(sql, " COLLATE \"%w\"", column->collation);
    }
    sqlite3_str_appendall(sql, rowid ? ")"
                                     : ", \"pricemap position\" HIDDEN, PRIMARY KEY(\"pricemap position\")) "
                                       "WITHOUT ROWID");
    return sqlite3_str_finish(sql);
}

bool columns_need_view(const ColumnList *columns)
{
    bool needed = false;
    for (int i = 0; i < columns->count; i++)
        needed = needed || columns->items[i].no_affinity;
    return needed;
}

/* A unary plus keeps value and collation, and has no affinity. */
static void append_selection(sqlite3_str *sql, const ColumnList *columns, const char *table)
{
    sqlite3_str_appendall(sql, "SELECT ");
    for (int i = 0; i < columns->count; i++)
        sqlite3_str_appendf(sql, columns->items[i].no_affinity ? "%s+\"%w\" AS \"%w\"" : "%s\"%w\"",
                            i ? ", " : "", columns->items[i].name, columns->items[i].name);
    sqlite3_str_appendf(sql, " FROM \"%w\"", table);
}

char *columns_view(const ColumnList *columns, const char *view, const char *table)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "CREATE TEMP VIEW \"%w\"(", view);
    for (int i = 0; i < columns->count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", columns->items[i].name);
    sqlite3_str_appendall(sql, ") AS ");
    append_selection(sql, columns, table);
    return sqlite3_str_finish(sql);
}

char *columns_subquery(const ColumnList *columns, const char *table)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "(");
    append_selection(sql, columns, table);
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}
