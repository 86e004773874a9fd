#include "ext/plan/conditions.h"

#include <stdlib.h>
#include <string.h>

#include "ext/base/numbers.h"
#include "ext/data/values.h"

/* Bytes of the longest pattern that is left to workers: SQLite refuses very long ones. */
enum { PATTERN_BYTES = 1000 };

int condition_values(const Condition *condition)
{
    return condition->wide ? 2 * condition->count + 1 : condition->count;
}

/* A text that is a number becomes that, as it would beside a column of numeric affinity.
   sqlite3_value_numeric_type would change the value, and of a copy, which has no connection, it crashes in
   SQLite 3.53. */
static int read_text(sqlite3_value *value, ConditionNumber *number)
{
    sqlite3_value *copy = sqlite3_value_dup(value);
    const char *text = copy ? (const char *)sqlite3_value_text(copy) : NULL;
    if (!text) {
        sqlite3_value_free(copy);
        return SQLITE_NOMEM;
    }
    number->type = number_type_of_text(text, (size_t)sqlite3_value_bytes(copy), &number->integer);
    if (number->type == SQLITE_FLOAT)
        number->real = sqlite3_value_double(copy);
    sqlite3_value_free(copy);
    return SQLITE_OK;
}

int condition_number(sqlite3_value *value, ConditionNumber *number)
{
    *number = (ConditionNumber){.type = sqlite3_value_type(value)};
    if (number->type == SQLITE_TEXT)
        return read_text(value, number);
    if (number->type == SQLITE_INTEGER)
        number->integer = sqlite3_value_int64(value);
    else if (number->type == SQLITE_FLOAT)
        number->real = sqlite3_value_double(value);
    else
        number->type = SQLITE_NULL;
    return SQLITE_OK;
}

static bool is_equality(int op)
{
    return op == SQLITE_INDEX_CONSTRAINT_EQ || op == CONDITION_IN;
}

static bool is_inequality(int op)
{
    return op == SQLITE_INDEX_CONSTRAINT_NE || op == SQLITE_INDEX_CONSTRAINT_ISNOT;
}

bool condition_flag(const Condition *condition, sqlite3_value *value)
{
    ConditionNumber number;
    bool below = condition->op == SQLITE_INDEX_CONSTRAINT_LT || condition->op == SQLITE_INDEX_CONSTRAINT_LE;
    if (!below || sqlite3_value_type(value) != SQLITE_TEXT)
        return false;
    return condition_number(value, &number) != SQLITE_OK || number.type == SQLITE_NULL;
}

static ConditionUse judge_null(Condition *condition)
{
    condition->count = 0;
    if (condition->op == SQLITE_INDEX_CONSTRAINT_IS)
        condition->op = SQLITE_INDEX_CONSTRAINT_ISNULL;
    else if (condition->op == SQLITE_INDEX_CONSTRAINT_ISNOT)
        condition->op = SQLITE_INDEX_CONSTRAINT_ISNOTNULL;
    else
        return CONDITION_NEVER;
    return CONDITION_MADE;
}

/* A text beside a column that may have any affinity: equal texts are equal whatever is compared, unless both
   are taken for numbers, as beside a column of numeric affinity that has a text. */
static bool text_needs_wide(const Condition *condition, sqlite3_value *value, bool literal)
{
    ConditionNumber number;
    if (!is_equality(condition->op))
        return true;
    if (literal)
        return false;
    return condition_number(value, &number) != SQLITE_OK || number.type != SQLITE_NULL;
}

/* Whether a text has a NUL in it: newer versions of SQLite take what is before it for the number. */
static bool has_nul(sqlite3_value *value)
{
    sqlite3_value *copy = sqlite3_value_dup(value);
    const char *text = copy ? (const char *)sqlite3_value_text(copy) : NULL;
    bool has = !text || strlen(text) != (size_t)sqlite3_value_bytes(copy);
    sqlite3_value_free(copy);
    return has;
}

ConditionUse condition_judge(Condition *condition, ColumnCompares compares, sqlite3_value *value,
                             bool literal)
{
    condition->wide = false;
    if (condition->op == SQLITE_INDEX_CONSTRAINT_ISNULL ||
        condition->op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL) {
        condition->count = 0;
        return CONDITION_MADE;
    }
    condition->count = 1;
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL)
        return judge_null(condition);
    if (condition->op == SQLITE_INDEX_CONSTRAINT_IS)
        condition->op = SQLITE_INDEX_CONSTRAINT_EQ;
    if (condition->op == SQLITE_INDEX_CONSTRAINT_LIKE || condition->op == SQLITE_INDEX_CONSTRAINT_GLOB)
        return type == SQLITE_TEXT && sqlite3_value_bytes(value) <= PATTERN_BYTES ? CONDITION_MADE
                                                                                  : CONDITION_LEFT;
    bool number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    if (compares == COMPARES_NUMERIC || type == SQLITE_BLOB || is_inequality(condition->op))
        return compares == COMPARES_INTEGERS && !number ? CONDITION_LEFT : CONDITION_MADE;
    if (compares == COMPARES_INTEGERS)
        return number || is_equality(condition->op) ? CONDITION_MADE : CONDITION_LEFT;
    if (!number && has_nul(value))
        return CONDITION_LEFT;
    condition->wide = number || text_needs_wide(condition, value, literal);
    return CONDITION_MADE;
}

const char *condition_collation(const char *name)
{
    static const char *const known[] = {"BINARY", "NOCASE", "RTRIM"};
    for (size_t i = 0; name && i < sizeof known / sizeof *known; i++)
        if (!sqlite3_stricmp(name, known[i]))
            return known[i];
    return NULL;
}

static const char *operator_text(int op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return "=";
    case SQLITE_INDEX_CONSTRAINT_GT:
        return ">";
    case SQLITE_INDEX_CONSTRAINT_LE:
        return "<=";
    case SQLITE_INDEX_CONSTRAINT_LT:
        return "<";
    case SQLITE_INDEX_CONSTRAINT_GE:
        return ">=";
    case SQLITE_INDEX_CONSTRAINT_NE:
        return "<>";
    case SQLITE_INDEX_CONSTRAINT_ISNOT:
        return "IS NOT";
    case SQLITE_INDEX_CONSTRAINT_LIKE:
        return "LIKE";
    case SQLITE_INDEX_CONSTRAINT_GLOB:
        return "GLOB";
    case SQLITE_INDEX_CONSTRAINT_ISNULL:
        return "IS NULL";
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL:
        return "IS NOT NULL";
    default:
        return "IN";
    }
}

/* column IN (values), from `first` on. The plus before each parameter keeps SQLite from planning by its
   value: it would plan anew whenever a value changes. */
static void append_list(sqlite3_str *sql, const char *column, const char *collate, int first, int count)
{
    sqlite3_str_appendf(sql, "%s%s IN (", column, collate);
    for (int i = 0; i < count; i++)
        sqlite3_str_appendf(sql, "%s+" VALUE_PARAMETER "%d", i ? ", " : "", first + i);
    sqlite3_str_appendall(sql, ")");
}

static void append_wide(sqlite3_str *sql, const Condition *condition, const char *column, const char *collate,
                        int first)
{
    const char *op = operator_text(condition->op);
    int number = first + condition->count, flag = number + condition->count;
    if (condition->op == CONDITION_IN) {
        char *bare = sqlite3_mprintf("(+%s)", column), *cast = sqlite3_mprintf("CAST(%s AS NUMERIC)", column);
        append_list(sql, column, collate, first, condition->count);
        sqlite3_str_appendall(sql, " OR ");
        append_list(sql, bare ? bare : "NULL", collate, first, condition->count);
        sqlite3_str_appendall(sql, " OR ");
        append_list(sql, cast ? cast : "NULL", "", number, condition->count);
        sqlite3_free(bare);
        sqlite3_free(cast);
        return;
    }
    sqlite3_str_appendf(sql, "%s%s %s +" VALUE_PARAMETER "%d", column, collate, op, first);
    sqlite3_str_appendf(sql, " OR (+%s)%s %s +" VALUE_PARAMETER "%d", column, collate, op, first);
    sqlite3_str_appendf(sql, " OR (+%s)%s %s CAST(+" VALUE_PARAMETER "%d AS NUMERIC)", column, collate, op,
                        number);
    if (condition->op == SQLITE_INDEX_CONSTRAINT_LT || condition->op == SQLITE_INDEX_CONSTRAINT_LE)
        sqlite3_str_appendf(sql, " OR (+" VALUE_PARAMETER "%d AND (+%s) = CAST(%s AS NUMERIC))", flag, column,
                            column);
}

void condition_append(sqlite3_str *sql, const Condition *condition, const char *column, int first)
{
    char collate[40] = "";
    if (condition->collation && condition->op != SQLITE_INDEX_CONSTRAINT_LIKE &&
        condition->op != SQLITE_INDEX_CONSTRAINT_GLOB)
        sqlite3_snprintf(sizeof collate, collate, " COLLATE %s", condition->collation);
    sqlite3_str_appendall(sql, "(");
    if (condition->wide)
        append_wide(sql, condition, column, collate, first);
    else if (!condition->count)
        sqlite3_str_appendf(sql, "%s %s", column, operator_text(condition->op));
    else if (condition->op == CONDITION_IN)
        append_list(sql, column, collate, first, condition->count);
    else if (is_inequality(condition->op)) /* values of different types are never equal */
        sqlite3_str_appendf(sql, "(+%s)%s %s +" VALUE_PARAMETER "%d", column, collate,
                            operator_text(condition->op), first);
    else
        sqlite3_str_appendf(sql, "%s%s %s +" VALUE_PARAMETER "%d", column, collate,
                            operator_text(condition->op), first);
    sqlite3_str_appendall(sql, ")");
}

void condition_tell(sqlite3_str *text, int op, const char *name)
{
    bool is_null = op == SQLITE_INDEX_CONSTRAINT_ISNULL || op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL;
    sqlite3_str_appendf(text, "%s%s %s%s", sqlite3_str_length(text) ? " AND " : "", name,
                        op == SQLITE_INDEX_CONSTRAINT_IS ? "IS" : operator_text(op),
                        is_null              ? ""
                        : op == CONDITION_IN ? " (?)"
                                             : " ?");
}

bool condition_is_bound(const Condition *condition)
{
    switch (condition->op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
    case SQLITE_INDEX_CONSTRAINT_GT:
    case SQLITE_INDEX_CONSTRAINT_LE:
    case SQLITE_INDEX_CONSTRAINT_LT:
    case SQLITE_INDEX_CONSTRAINT_GE:
        return !condition->wide;
    default:
        return false;
    }
}

int conditions_copy(Conditions *to, const Conditions *from)
{
    *to = (Conditions){.items = malloc(((size_t)from->count + 1) * sizeof *to->items)};
    if (!to->items)
        return SQLITE_NOMEM;
    if (from->count)
        memcpy(to->items, from->items, (size_t)from->count * sizeof *to->items);
    to->count = from->count;
    return SQLITE_OK;
}

void conditions_free(Conditions *conditions)
{
    free(conditions->items);
    *conditions = (Conditions){0};
}

bool conditions_equal(const Conditions *a, const Conditions *b)
{
    bool equal = a->count == b->count;
    for (int i = 0; equal && i < a->count; i++) {
        const Condition *one = &a->items[i], *other = &b->items[i];
        equal = one->column == other->column && one->op == other->op && one->wide == other->wide &&
                one->count == other->count && one->collation == other->collation;
    }
    return equal;
}
