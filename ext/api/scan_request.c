#include "ext/api/scan_request.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ext/plan/host_rules.h"

enum {
    /* Number of constraints whose conditions are taken: of no more SQLite says whether they are an IN. */
    CONSTRAINTS_MAX = 32,
    /* Values of the longest IN that is taken. */
    IN_VALUES = 1024,
    FLAG_LITERAL = 1,
    FLAG_IN = 2,
    /* Stands for a column, of LIMIT and OFFSET. */
    COLUMN_NONE = -2,
};

/* Nanoseconds, as costs: of a row of a map, of one of the source that is passed by, and of finding one. */
static const double row_cost = 10, pass_cost = 1, find_cost = 50;

static const char *const collations[] = {NULL, "BINARY", "NOCASE", "RTRIM"};

/* ---- what is taken ---- */

static bool is_comparison(int op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
    case SQLITE_INDEX_CONSTRAINT_GT:
    case SQLITE_INDEX_CONSTRAINT_LE:
    case SQLITE_INDEX_CONSTRAINT_LT:
    case SQLITE_INDEX_CONSTRAINT_GE:
    case SQLITE_INDEX_CONSTRAINT_NE:
    case SQLITE_INDEX_CONSTRAINT_IS:
    case SQLITE_INDEX_CONSTRAINT_ISNOT:
        return true;
    default:
        return false;
    }
}

/* Whether the operator of a constraint can be left to workers: LIKE and GLOB where they are SQLite's own. */
static bool is_taken(sqlite3 *db, int op)
{
    if (op == SQLITE_INDEX_CONSTRAINT_LIKE || op == SQLITE_INDEX_CONSTRAINT_GLOB)
        return !host_rules_defines(db, op == SQLITE_INDEX_CONSTRAINT_LIKE ? "like" : "glob");
    return is_comparison(op) || op == SQLITE_INDEX_CONSTRAINT_ISNULL ||
           op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL;
}

/* The map's column of a constraint; false: it is about something else. */
static bool find_column(const RequestColumns *columns, int offered, int *column)
{
    *column = columns->key ? offered - 1 : offered;
    return offered >= 0 && *column < columns->count;
}

static const ColumnFacts *facts_of(const RequestColumns *columns, int column)
{
    return column == CONDITION_KEY ? columns->key : &columns->facts[column];
}

/* The index of a constraint's collation in the list; 0: workers may not have it. */
static int find_collation(sqlite3_index_info *info, int constraint)
{
    const char *name = condition_collation(sqlite3_vtab_collation(info, constraint));
    int found = 0;
    for (int i = 1; name && i < (int)(sizeof collations / sizeof *collations); i++)
        if (name == collations[i] || !strcmp(name, collations[i]))
            found = i;
    return found;
}

/* Shares of the rows that the taken conditions leave: of the source's rows, which are read, and of the map's,
 * which are computed. */
typedef struct Estimate {
    double read, computed, given;
    bool found, one;
} Estimate;

static void add_estimate(Estimate *estimate, const ColumnFacts *facts, int op, const RequestColumns *columns)
{
    bool equal = op == SQLITE_INDEX_CONSTRAINT_EQ || op == SQLITE_INDEX_CONSTRAINT_IS;
    double share = equal                                                                     ? 0.1
                   : op == SQLITE_INDEX_CONSTRAINT_NE || op == SQLITE_INDEX_CONSTRAINT_ISNOT ? 0.9
                                                                                             : 0.25;
    if (facts->search == SEARCH_ROWID && equal) {
        estimate->found = true;
        estimate->one = estimate->one || columns->scalar;
        share = 1 / columns->rows;
    } else if (facts->search == SEARCH_INDEX && equal) {
        estimate->found = true;
        share = 10 / columns->rows;
    } else if (facts->search == SEARCH_ROWID) {
        estimate->read *= share;
    }
    if (facts->bare)
        estimate->computed *= share;
    estimate->given *= share;
}

static void set_cost(sqlite3_index_info *info, const RequestColumns *columns, const Estimate *estimate,
                     bool in)
{
    double computed = columns->rows * estimate->computed, rows = columns->rows * estimate->given;
    double read = estimate->found ? find_cost : columns->rows * estimate->read * pass_cost;
    info->estimatedCost = read + computed * row_cost + 1;
    info->estimatedRows = rows < 1 ? 1 : (sqlite3_int64)rows;
    if (estimate->one && !in) {
        info->estimatedRows = 1;
        info->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
    }
}

/* Whether the rows can come in the order that SQLite wants: no two rows have the first column alike. */
static int find_order(const sqlite3_index_info *info, const RequestColumns *columns)
{
    int column;
    if (!info->nOrderBy || !find_column(columns, info->aOrderBy[0].iColumn, &column))
        return 0;
    bool descends = info->aOrderBy[0].desc;
    return facts_of(columns, column)->orders & (descends ? 2 : 1) ? descends ? -1 : 1 : 0;
}

/* Takes a LIMIT and its OFFSET where the rows come in the order in which they are counted. SQLite counts them
   itself: that only ends the work. */
static void offer_limit(sqlite3_index_info *info, int order, sqlite3_str *text, sqlite3_str *told, int *next)
{
    if (info->nOrderBy && !order)
        return;
    for (int i = 0; i < info->nConstraint; i++) {
        int op = info->aConstraint[i].op;
        if (!info->aConstraint[i].usable ||
            (op != SQLITE_INDEX_CONSTRAINT_LIMIT && op != SQLITE_INDEX_CONSTRAINT_OFFSET))
            continue;
        info->aConstraintUsage[i].argvIndex = (*next)++;
        sqlite3_str_appendf(text, ";%d,%d,0,0", COLUMN_NONE, op);
        sqlite3_str_appendall(told, op == SQLITE_INDEX_CONSTRAINT_LIMIT ? " LIMIT ?" : " OFFSET ?");
    }
}

int scan_request_offer(sqlite3 *db, sqlite3_index_info *info, const RequestColumns *columns, uint64_t used,
                       int *next)
{
    sqlite3_str *text = sqlite3_str_new(NULL), *told = sqlite3_str_new(NULL);
    Estimate estimate = {.read = 1, .computed = 1, .given = 1};
    bool any_in = false;
    const int order = find_order(info, columns);
    sqlite3_str_appendf(text, "%llx,%d", used, order);
    info->orderByConsumed = order != 0;
    for (int i = 0; i < info->nConstraint && i < CONSTRAINTS_MAX; i++) {
        int op = info->aConstraint[i].op, column, collation = 0;
        if (!info->aConstraint[i].usable || op == SQLITE_INDEX_CONSTRAINT_LIMIT ||
            op == SQLITE_INDEX_CONSTRAINT_OFFSET ||
            !find_column(columns, info->aConstraint[i].iColumn, &column) || !is_taken(db, op) ||
            (is_comparison(op) && !(collation = find_collation(info, i))))
            continue;
        sqlite3_value *value;
        bool in = op == SQLITE_INDEX_CONSTRAINT_EQ && sqlite3_vtab_in(info, i, -1);
        int flags = in ? FLAG_IN : sqlite3_vtab_rhs_value(info, i, &value) == SQLITE_OK ? FLAG_LITERAL : 0;
        if (in)
            sqlite3_vtab_in(info, i, 1);
        any_in = any_in || in;
        info->aConstraintUsage[i].argvIndex = (*next)++;
        sqlite3_str_appendf(text, ";%d,%d,%d,%d", column, op, collation, flags);
        condition_tell(told, in ? CONDITION_IN : op, facts_of(columns, column)->name);
        add_estimate(&estimate, facts_of(columns, column), op, columns);
    }
    if (order)
        sqlite3_str_appendall(told, order < 0 ? " ORDER BY rowid DESC" : " ORDER BY rowid");
    offer_limit(info, order, text, told, next);
    char *words = sqlite3_str_finish(told);
    sqlite3_str_appendf(text, words ? " %s" : "", words);
    sqlite3_free(words);
    set_cost(info, columns, &estimate, any_in);
    info->idxStr = sqlite3_str_finish(text);
    info->needToFreeIdxStr = 1;
    return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- columns and conditions ---- */

static int add_value(ScanRequest *request, sqlite3_value *value, bool copy)
{
    if (request->value_count == request->value_room) {
        int room = request->value_room ? 2 * request->value_room : 8;
        sqlite3_value **values = realloc(request->values, (size_t)room * sizeof *values);
        if (!values)
            return SQLITE_NOMEM;
        request->values = values;
        bool *copied = realloc(request->copied, (size_t)room * sizeof *copied);
        if (!copied)
            return SQLITE_NOMEM;
        request->copied = copied;
        request->value_room = room;
    }
    sqlite3_value *own = copy ? sqlite3_value_dup(value) : value;
    if (!own)
        return SQLITE_NOMEM;
    request->copied[request->value_count] = copy;
    request->values[request->value_count++] = own;
    return SQLITE_OK;
}

static void drop_values(ScanRequest *request, int first)
{
    while (request->value_count > first)
        if (request->copied[--request->value_count])
            sqlite3_value_free(request->values[request->value_count]);
}

/* Takes the list of an IN, its last value again until they are a power of two, so that few plans do for all.
   A NULL equals nothing. */
static int read_list(ScanRequest *request, Condition *condition, ColumnCompares compares, sqlite3_value *list,
                     ConditionUse *use)
{
    sqlite3_value *value;
    int first = request->value_count, rc;
    bool wide = false;
    *use = CONDITION_MADE;
    for (rc = sqlite3_vtab_in_first(list, &value); rc == SQLITE_OK; rc = sqlite3_vtab_in_next(list, &value)) {
        Condition one = {.column = condition->column, .op = SQLITE_INDEX_CONSTRAINT_EQ};
        ConditionUse of_one = condition_judge(&one, compares, value, false);
        if (of_one == CONDITION_NEVER)
            continue;
        wide = wide || one.wide;
        if (of_one == CONDITION_LEFT || request->value_count - first == IN_VALUES) {
            *use = CONDITION_LEFT;
            rc = SQLITE_DONE;
            break;
        }
        int added = add_value(request, value, true);
        if (added != SQLITE_OK)
            return added;
    }
    if (rc != SQLITE_DONE)
        return rc;
    int count = request->value_count - first;
    if (*use == CONDITION_LEFT || !count) {
        *use = count ? CONDITION_LEFT : *use == CONDITION_LEFT ? CONDITION_LEFT : CONDITION_NEVER;
        drop_values(request, first);
        return SQLITE_OK;
    }
    for (rc = SQLITE_OK; rc == SQLITE_OK && count & (count - 1); count++)
        rc = add_value(request, request->values[request->value_count - 1], true);
    condition->op = CONDITION_IN;
    condition->count = count;
    condition->wide = wide;
    return rc;
}

static int read_condition(ScanRequest *request, const Condition *written, int flags, ColumnCompares compares,
                          sqlite3_value *value)
{
    Condition condition = *written;
    ConditionUse use;
    int rc = SQLITE_OK;
    if (flags & FLAG_IN) {
        rc = read_list(request, &condition, compares, value, &use);
    } else {
        use = condition_judge(&condition, compares, value, flags & FLAG_LITERAL);
        if (use == CONDITION_MADE && condition.count)
            rc = add_value(request, value, false);
    }
    if (rc != SQLITE_OK)
        return rc;
    request->never = request->never || use == CONDITION_NEVER;
    if (use != CONDITION_MADE)
        return rc;
    Conditions *conditions = &request->plan.conditions;
    Condition *grown = realloc(conditions->items, (size_t)(conditions->count + 1) * sizeof *grown);
    if (!grown)
        return SQLITE_NOMEM;
    conditions->items = grown;
    grown[conditions->count++] = condition;
    return SQLITE_OK;
}

int scan_request_read(ScanRequest *request, const char *text, const RequestColumns *columns,
                      sqlite3_value **argv)
{
    char *end;
    int rc = SQLITE_OK;
    *request = (ScanRequest){.plan.used = strtoull(text, &end, 16), .limit = -1};
    request->plan.order = (int)strtol(end + 1, &end, 10);
    while (rc == SQLITE_OK && *end == ';') {
        Condition condition = {.column = (int)strtol(end + 1, &end, 10)};
        condition.op = (int)strtol(end + 1, &end, 10);
        condition.collation = collations[strtol(end + 1, &end, 10) & 3];
        int flags = (int)strtol(end + 1, &end, 10);
        if (condition.column == COLUMN_NONE) {
            *(condition.op == SQLITE_INDEX_CONSTRAINT_LIMIT ? &request->limit : &request->offset) =
                sqlite3_value_int64(*argv++);
            continue;
        }
        rc = read_condition(request, &condition, flags, facts_of(columns, condition.column)->compares,
                            *argv++);
    }
    return rc;
}

int scan_request_find_equality(const ScanRequest *request, sqlite3_value **value)
{
    const Conditions *conditions = &request->plan.conditions;
    int next = 0;
    for (int i = 0; i < conditions->count; next += conditions->items[i++].count)
        if (conditions->items[i].op == SQLITE_INDEX_CONSTRAINT_EQ) {
            *value = request->values[next];
            return i;
        }
    return -1;
}

/* Narrows the positions of the requested rows, where positions are the keys, as far as values that are
 * numbers do so. */
static void bound_positions(RunValues *run, const Condition *condition, sqlite3_value **values)
{
    double least = 9e18, most = -9e18;
    for (int i = 0; i < condition->count; i++) {
        int type = sqlite3_value_type(values[i]);
        double value = sqlite3_value_double(values[i]);
        if (type != SQLITE_INTEGER && type != SQLITE_FLOAT)
            return;
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    bool from = condition->op == SQLITE_INDEX_CONSTRAINT_EQ || condition->op == CONDITION_IN ||
                condition->op == SQLITE_INDEX_CONSTRAINT_GE || condition->op == SQLITE_INDEX_CONSTRAINT_GT;
    bool to = condition->op == SQLITE_INDEX_CONSTRAINT_EQ || condition->op == CONDITION_IN ||
              condition->op == SQLITE_INDEX_CONSTRAINT_LE || condition->op == SQLITE_INDEX_CONSTRAINT_LT;
    /* Beyond these a double is no exact position, and no source has so many rows. */
    if (from && least > 4e15)
        run->last_position = 0;
    else if (from && least > (double)run->first_position)
        run->first_position = (int64_t)least;
    if (to && most < 4e15 && most < (double)run->last_position)
        run->last_position = most < 0 ? 0 : (int64_t)ceil(most);
}

static int set_number(RowsetWriter *writer, uint32_t column, const ConditionNumber *number)
{
    if (number->type == SQLITE_INTEGER)
        return rowset_set_integer(writer, column, number->integer);
    return number->type == SQLITE_FLOAT ? rowset_set_real(writer, column, number->real)
                                        : rowset_set_null(writer, column);
}

static int set_values(RowsetWriter *writer, uint32_t first, const Condition *condition,
                      sqlite3_value **values, int encoding)
{
    int rc = SQLITE_OK;
    uint32_t count = (uint32_t)condition->count;
    for (uint32_t i = 0; rc == SQLITE_OK && i < count; i++)
        rc = rowset_set_value(writer, first + i, values[i], encoding);
    for (uint32_t i = 0; rc == SQLITE_OK && condition->wide && i < count; i++) {
        ConditionNumber number;
        rc = condition_number(values[i], &number);
        if (rc == SQLITE_OK)
            rc = set_number(writer, first + count + i, &number);
    }
    if (rc == SQLITE_OK && condition->wide)
        rc = rowset_set_integer(writer, first + 2 * count, condition_flag(condition, values[0]));
    return rc;
}

/* Sets the values of the parameters, or their names, in the first columns of a row, and leaves the others
 * NULL. */
static int set_parameters(RowsetWriter *writer, const ScanRequest *request, bool names, int encoding)
{
    int rc = SQLITE_OK;
    for (uint32_t i = 0; rc == SQLITE_OK && i < writer->columns; i++) {
        bool is_parameter = i < (uint32_t)request->plan.parameters;
        const char *name = is_parameter ? request->parameter_names[i] : "";
        rc = !is_parameter ? rowset_set_null(writer, i)
             : names       ? rowset_set_bytes(writer, i, SQLITE_BLOB, name, (uint32_t)strlen(name))
                           : rowset_set_value(writer, i, request->parameters[i], encoding);
    }
    return rc;
}

int scan_request_make_values(const ScanRequest *request, int encoding, Buffer *buffer, RunValues *values)
{
    const Conditions *conditions = &request->plan.conditions;
    const bool named = request->plan.parameters > 0;
    uint32_t columns = (uint32_t)request->plan.parameters;
    *values = RUN_WITHOUT_VALUES;
    /* A map of more rows than this comes to no end. */
    const int64_t most = INT64_MAX / 4;
    if (request->limit > 0 && request->limit < most && request->offset < most)
        values->wanted_rows = request->limit + (request->offset > 0 ? request->offset : 0);
    for (int i = 0; i < conditions->count; i++)
        columns += (uint32_t)condition_values(&conditions->items[i]);
    RowsetWriter writer;
    int rc = rowset_begin(&writer, buffer, columns, named ? 2 : 1);
    uint32_t first = (uint32_t)request->plan.parameters;
    int next = 0;
    if (rc == SQLITE_OK && named)
        rc = set_parameters(&writer, request, false, encoding);
    for (int i = 0; rc == SQLITE_OK && i < conditions->count; i++) {
        const Condition *condition = &conditions->items[i];
        rc = set_values(&writer, first, condition, request->values + next, encoding);
        if (condition->column == CONDITION_KEY)
            bound_positions(values, condition, request->values + next);
        first += (uint32_t)condition_values(condition);
        next += condition->count;
    }
    if (rc == SQLITE_OK)
        rc = rowset_end_row(&writer);
    if (rc == SQLITE_OK && named)
        rc = set_parameters(&writer, request, true, encoding);
    if (rc == SQLITE_OK && named)
        rc = rowset_end_row(&writer);
    if (rc != SQLITE_OK)
        return rc;
    rowset_finish(&writer);
    values->data = buffer->data;
    values->bytes = columns ? (uint32_t)writer.bytes : 0;
    rowset_open(&values->view, buffer->data, writer.bytes);
    return SQLITE_OK;
}

void scan_request_forget_conditions(ScanRequest *request)
{
    drop_values(request, 0);
    request->plan.conditions.count = 0;
    request->limit = -1;
}

void scan_request_free(ScanRequest *request)
{
    drop_values(request, 0);
    free(request->values);
    free(request->copied);
    conditions_free(&request->plan.conditions);
    *request = (ScanRequest){0};
}
