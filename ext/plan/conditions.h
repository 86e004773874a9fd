/*
 * Conditions of the query around a map on its columns: `column operator value`, all of which hold for a row
 * that the query needs. A condition drops no row that SQLite would keep, and SQLite checks each row again.
 *
 * SQLite does not say which affinity the value's side has. Where that could make a difference a condition is
 * wide: it holds where the comparison holds with any affinity.
 */
#ifndef PRICEMAP_CONDITIONS_H
#define PRICEMAP_CONDITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"

/* Beside SQLite's SQLITE_INDEX_CONSTRAINT_ operators: IN a list of values. */
enum { CONDITION_IN = 1000 };

/* The column of a condition on the key of the function's form. */
enum { CONDITION_KEY = -1 };

/* Affinity with which SQLite compares a column. */
typedef enum ColumnCompares {
    /* No affinity, or one that is not known. */
    COMPARES_ANY,
    COMPARES_NUMERIC,
    /* All of its values are integers, and it has no affinity. */
    COMPARES_INTEGERS,
} ColumnCompares;

typedef struct Condition {
    /* Column of the map, from 0, or CONDITION_KEY. */
    int column;
    int op;
    bool wide;
    /* Number of values that the column is compared with. */
    int count;
    /* Collation of the comparison, a constant; NULL: none matters. */
    const char *collation;
} Condition;

typedef struct Conditions {
    Condition *items;
    int count;
} Conditions;

typedef enum ConditionUse {
    /* The condition is to be made as it was set. */
    CONDITION_MADE,
    /* No condition can be made: the host has to check each row. */
    CONDITION_LEFT,
    /* No row fulfils it. */
    CONDITION_NEVER,
} ConditionUse;

/*
 * Judges `column op value` and sets what `condition` needs for it: op may become another one that means the
 * same for this value. `literal`: the value is written in the query as it is. The value is not changed.
 */
ConditionUse condition_judge(Condition *condition, ColumnCompares compares, sqlite3_value *value,
                             bool literal);

/* Number of the values of its parameters: those that it compares with, and as many numbers and a flag where
   it is wide. */
int condition_values(const Condition *condition);

/* Number as which a value is compared where numbers are. */
typedef struct ConditionNumber {
    /* SQLITE_INTEGER or SQLITE_FLOAT; SQLITE_NULL: the value is none. */
    int type;
    int64_t integer;
    double real;
} ConditionNumber;

/* Reads that number, for a wide condition. SQLITE_OK or SQLITE_NOMEM. The value is not changed. */
int condition_number(sqlite3_value *value, ConditionNumber *number);

/* Whether a wide condition on this value lets each number in a text through: its flag. */
bool condition_flag(const Condition *condition, sqlite3_value *value);

/* The name of a collation that workers have, as a constant; NULL: they may not have it. */
const char *condition_collation(const char *name);

/* Appends the condition on `column`, an expression, whose values are numbered from `first`. */
void condition_append(sqlite3_str *sql, const Condition *condition, const char *column, int first);

/* Appends what a condition says to people: `name operator ?`, after an AND where there is text already. */
void condition_tell(sqlite3_str *text, int op, const char *name);

/* Whether the condition is one that bounds an integer from below, from above or both. */
bool condition_is_bound(const Condition *condition);

/* A copy of `from`; SQLITE_OK or SQLITE_NOMEM. Free with conditions_free. */
int conditions_copy(Conditions *to, const Conditions *from);
void conditions_free(Conditions *conditions);

bool conditions_equal(const Conditions *a, const Conditions *b);

#endif
