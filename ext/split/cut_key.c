#include "ext/split/cut_key.h"

#include <string.h>
#include <strings.h>

#include "ext/select/write.h"
#include "ext/split/resolve.h"

/* ---- indexes ---- */

/* Columns of PRAGMA index_list and index_xinfo. */
enum { LIST_NAME = 1, LIST_ORIGIN = 3, LIST_PARTIAL = 4 };
enum { INFO_COLUMN = 1, INFO_NAME = 2, INFO_DESCENDING = 3, INFO_COLLATION = 4, INFO_KEY = 5 };

typedef struct IndexColumn {
    /* Number of the column in the table; below 0: an expression, or the rowid. */
    int column;
    const char *name, *collation;
    bool descending;
} IndexColumn;

typedef struct Index {
    const char *name;
    IndexColumn *columns;
    int count;
} Index;

static const char *keep(Splitting *splitting, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? arena_copy(&splitting->arena, text, strlen(text)) : NULL;
}

static sqlite3_stmt *prepare(Splitting *splitting, char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (!sql || sqlite3_prepare_v2(splitting->shadow.db, sql, -1, &statement, NULL) == SQLITE_NOMEM)
        split_fail(splitting, SQLITE_NOMEM);
    sqlite3_free(sql);
    return statement;
}

/* Whether a loop's access is one by the index, which `before` says in words; *rest is what follows the name.
 */
static bool is_access(const char *access, const char *before, const char *name, const char **rest)
{
    size_t length = strlen(before), name_length = strlen(name);
    if (strncmp(access, before, length) != 0 || strncmp(access + length, name, name_length) != 0)
        return false;
    *rest = access + length + name_length;
    return !**rest || !strncmp(*rest, " (", 2);
}

/* Finds the index of the access; the primary key of a table WITHOUT ROWID has an index too, whose name no
   plan has. *rest: the terms in brackets, or "". */
static bool find_index(Splitting *splitting, const KnownTable *table, const char *access, const char **name,
                       const char **rest)
{
    bool found = false, partial = false;
    bool primary = table->without_rowid && (!*access || is_access(access, "USING PRIMARY KEY", "", rest));
    if (primary && !*access)
        *rest = access;
    sqlite3_stmt *list = prepare(splitting, sqlite3_mprintf("PRAGMA main.index_list(\"%w\")", table->name));
    while (list && !found && sqlite3_step(list) == SQLITE_ROW) {
        *name = keep(splitting, list, LIST_NAME);
        const char *origin = (const char *)sqlite3_column_text(list, LIST_ORIGIN);
        partial = sqlite3_column_int(list, LIST_PARTIAL);
        if (!*name || !origin)
            break;
        found = primary ? !strcmp(origin, "pk")
                        : is_access(access, "USING INDEX ", *name, rest) ||
                              is_access(access, "USING COVERING INDEX ", *name, rest);
    }
    sqlite3_finalize(list);
    return found && !partial && split_goes_on(splitting);
}

static bool read_index(Splitting *splitting, const char *name, Index *index)
{
    *index = (Index){.name = name};
    sqlite3_stmt *info = prepare(splitting, sqlite3_mprintf("PRAGMA main.index_xinfo(\"%w\")", name));
    while (info && sqlite3_step(info) == SQLITE_ROW) {
        if (!sqlite3_column_int(info, INFO_KEY))
            continue;
        IndexColumn *grown =
            arena_grow(&splitting->arena, index->columns, index->count, sizeof *index->columns);
        if (!grown)
            break;
        index->columns = grown;
        grown[index->count++] = (IndexColumn){.column = sqlite3_column_int(info, INFO_COLUMN),
                                              .name = keep(splitting, info, INFO_NAME),
                                              .collation = keep(splitting, info, INFO_COLLATION),
                                              .descending = sqlite3_column_int(info, INFO_DESCENDING)};
    }
    sqlite3_finalize(info);
    return split_goes_on(splitting);
}

/* ---- the terms of the plain loop ---- */

static bool take(const char **text, const char *name, const char *rest)
{
    size_t length = strlen(name), more = strlen(rest);
    if (strncmp(*text, name, length) != 0 || strncmp(*text + length, rest, more) != 0)
        return false;
    *text += length + more;
    return true;
}

/* Reads the terms, which stand in brackets: *equal columns are known, and *ranged: the next one has a bound.
   False where there is anything else, as in a search without terms, which is for the least or the greatest
   key. */
static bool read_terms(const Index *index, const char *terms, bool search, int *equal, bool *ranged)
{
    *equal = 0;
    *ranged = false;
    if (!*terms)
        return !search;
    const char *at = terms + strlen(" (");
    for (bool first = true;; first = false) {
        if (!first && !take(&at, " AND ", ""))
            break;
        const char *name = *equal < index->count ? index->columns[*equal].name : NULL;
        if (!name)
            return false;
        if (!*ranged && take(&at, name, "=?"))
            ++*equal;
        else if (take(&at, name, ">?") || take(&at, name, "<?"))
            *ranged = true;
        else
            return false;
    }
    return !strcmp(at, ")");
}

/* ---- the conditions of the terms ---- */

static bool find_column(void *arg, Expr *expr)
{
    bool *found = arg;
    if (expr->kind == EXPR_COLUMN || expr->select || (expr->kind == EXPR_IN && expr->text))
        *found = true;
    else
        expr_each_part(expr, find_column, found);
    return !*found;
}

static bool is_constant(Expr *expr)
{
    bool found = false;
    find_column(&found, expr);
    return !found;
}

static bool is_column(const Expr *expr, const FromItem *item, int column)
{
    while (expr->kind == EXPR_COLLATE)
        expr = expr->left;
    return expr->kind == EXPR_COLUMN && expr->from == item && expr->column == column;
}

typedef struct Search {
    Splitting *splitting;
    const FromItem *item;
    int column;
    /* Whether conditions are wanted that make the column equal to something; else those that bound it. */
    bool equal;
    /* Conditions that were found, and whether one is of another form. */
    Expr *found;
    bool other;
} Search;

static bool is_one_of(const char *text, const char *const *list)
{
    while (*list && strcasecmp(text, *list) != 0)
        list++;
    return *list != NULL;
}

static void look_at(Search *search, Expr *term)
{
    static const char *const equals[] = {"=", "==", "IS", NULL}, *const bounds[] = {"<", "<=", ">",
                                                                                    ">=", NULL};
    bool left = term->left && is_column(term->left, search->item, search->column);
    bool right = term->kind == EXPR_BINARY && is_column(term->right, search->item, search->column);
    bool fits = false;
    if (!left && !right)
        return;
    Expr *other = left ? term->right : term->left;
    if (term->kind == EXPR_BINARY && other && is_one_of(term->text, search->equal ? equals : bounds))
        fits = is_constant(other);
    else if (term->kind == EXPR_BETWEEN && !term->negated && !search->equal)
        fits = is_constant(term->right) && is_constant(term->third);
    /* SQLite may search by these too, or by what follows from them. */
    else if (term->kind == EXPR_NULL_TEST || term->kind == EXPR_LIKE || term->kind == EXPR_IN ||
             (term->kind == EXPR_BINARY && (is_one_of(term->text, bounds) || is_one_of(term->text, equals))))
        fits = false;
    else
        return;
    if (fits)
        search->found = expr_both(&search->splitting->arena, search->found, term);
    else
        search->other = true;
}

static bool is_and(const Expr *expr)
{
    return expr->kind == EXPR_BINARY && !strcasecmp(expr->text, "AND");
}

static void look_through(Search *search, Expr *where)
{
    if (where && is_and(where)) {
        look_through(search, where->left);
        look_through(search, where->right);
    } else if (where) {
        look_at(search, where);
    }
}

/* The conditions on a column of an index; NULL: none, or others as well. */
static Expr *find_conditions(Splitting *splitting, const FromItem *item, int column, bool equal, Expr *where)
{
    Search search = {.splitting = splitting, .item = item, .column = column, .equal = equal};
    look_through(&search, where);
    return search.other ? NULL : search.found;
}

Expr *cut_key_rowid_bounds(Splitting *splitting, const FromItem *item, Expr *where)
{
    return find_conditions(splitting, item, -1, false, where);
}

Expr *cut_key_unbound(Splitting *splitting, Expr *where, Expr *bounded)
{
    if (!where || !bounded)
        return where;
    if (is_and(bounded))
        return cut_key_unbound(splitting, cut_key_unbound(splitting, where, bounded->left), bounded->right);
    Expr *copy = arena_take(&splitting->arena, sizeof *copy);
    Expr *truth = arena_take(&splitting->arena, sizeof *truth);
    if (!copy || !truth)
        return NULL;
    if (where == bounded) {
        *truth = (Expr){.kind = EXPR_LITERAL, .text = "TRUE"};
        *copy = (Expr){.kind = EXPR_BINARY, .text = "IS", .left = where, .right = truth};
        return copy;
    }
    if (!is_and(where))
        return where;
    *copy = *where;
    copy->left = cut_key_unbound(splitting, where->left, bounded);
    copy->right = cut_key_unbound(splitting, where->right, bounded);
    return copy->left && copy->right ? copy : NULL;
}

/* ---- the key ---- */

static const char *access_of(Splitting *splitting, const Loop *loop, const KnownTable *table,
                             const Index *index, int equal)
{
    const char *name = index->columns[equal].name, *terms = strstr(loop->access, " (");
    sqlite3_str *text = sqlite3_str_new(NULL);
    if (!*loop->access || (table->without_rowid && !strncmp(loop->access, "USING PRIMARY KEY", 17)))
        sqlite3_str_appendall(text, "USING PRIMARY KEY (");
    else
        sqlite3_str_appendf(text, "%.*s (", (int)(terms ? terms - loop->access : (long)strlen(loop->access)),
                            loop->access);
    for (int i = 0; i < equal; i++)
        sqlite3_str_appendf(text, "%s=? AND ", index->columns[i].name);
    sqlite3_str_appendf(text, "%s>? AND %s<?)", name, name);
    return split_keep(splitting, sqlite3_str_finish(text));
}

/* Whether there are two keys at the least and none is NULL, which no range has; with conditions only a run
   shows that. */
static bool is_divisible(Splitting *splitting, const KnownTable *table, const CutKey *key)
{
    if (key->equal || key->bounded)
        return true;
    char *by = key->index ? sqlite3_mprintf("INDEXED BY \"%w\"", key->index) : sqlite3_mprintf("NOT INDEXED");
    if (!by)
        return split_fail(splitting, SQLITE_NOMEM);
    const char *column = key->column, *collation = key->collation, *name = table->name;
    sqlite3_stmt *statement = prepare(
        splitting,
        sqlite3_mprintf("SELECT (SELECT \"%w\" FROM main.\"%w\" %s ORDER BY \"%w\" COLLATE \"%w\" LIMIT 1) "
                        "COLLATE \"%w\" < (SELECT \"%w\" FROM main.\"%w\" %s ORDER BY \"%w\" COLLATE \"%w\" "
                        "DESC LIMIT 1)",
                        column, name, by, column, collation, collation, column, name, by, column, collation));
    bool divisible = statement && sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_free(by);
    return divisible && split_goes_on(splitting);
}

bool cut_key_is_of_few_rows(Splitting *splitting, const KnownTable *table, const CutKey *key)
{
    enum { FEW_ROWS = 10 };
    const char *rowid = table->rowid, *name = table->name;
    sqlite3_stmt *statement =
        prepare(splitting,
                sqlite3_mprintf(
                    "SELECT count(*) FROM (SELECT 1 FROM main.\"%w\" WHERE \"%w\" COLLATE \"%w\" = (SELECT "
                    "\"%w\" FROM main.\"%w\" NOT INDEXED WHERE %s >= (SELECT min(%s) FROM main.\"%w\") / 2 + "
                    "(SELECT max(%s) FROM main.\"%w\") / 2 ORDER BY %s LIMIT 1) LIMIT %d)",
                    name, key->column, key->collation, key->column, name, rowid, rowid, name, rowid, name,
                    rowid, FEW_ROWS + 1));
    bool few =
        statement && sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) <= FEW_ROWS;
    sqlite3_finalize(statement);
    return few;
}

static bool set_column(Splitting *splitting, const KnownTable *table, const IndexColumn *column, CutKey *key)
{
    const char *own = NULL;
    if (column->column < 0 || !column->name || !column->collation)
        return false;
    key->column = column->name;
    key->collation = column->collation;
    key->descending = column->descending;
    key->number = tables_column(table, column->name);
    if (key->number < 0 ||
        sqlite3_table_column_metadata(splitting->shadow.db, "main", table->name, key->column, NULL, &own,
                                      NULL, NULL, NULL) != SQLITE_OK)
        return false;
    key->is_own_collation = own && !strcasecmp(own, key->collation);
    return true;
}

bool cut_key_find(Splitting *splitting, const Loop *loop, Expr *where, CutKey *key)
{
    const KnownTable *table = loop->item->known;
    const char *name = NULL, *terms = "";
    Index index;
    int equal;
    bool ranged;
    *key = (CutKey){0};
    if (!find_index(splitting, table, loop->access, &name, &terms) || !read_index(splitting, name, &index) ||
        !read_terms(&index, terms, loop->search, &equal, &ranged) || equal >= index.count || !index.columns ||
        !set_column(splitting, table, &index.columns[equal], key))
        return false;
    bool primary = !strncmp(loop->access, "USING PRIMARY KEY", 17) || !*loop->access;
    key->index = primary && table->without_rowid ? NULL : name;
    for (int i = 0; i < equal; i++) {
        int number = tables_column(table, index.columns[i].name);
        Expr *condition = find_conditions(splitting, loop->item, number, true, where);
        if (number < 0 || !condition)
            return false;
        key->equal = expr_both(&splitting->arena, key->equal, condition);
    }
    key->bounded = find_conditions(splitting, loop->item, key->number, false, where);
    if (ranged && !key->bounded)
        return false;
    key->access = access_of(splitting, loop, table, &index, equal);
    return split_goes_on(splitting) && is_divisible(splitting, table, key);
}

bool cut_key_walks_rowids(Splitting *splitting, const Loop *loop)
{
    static const char by_rowid[] = "USING INTEGER PRIMARY KEY";
    const KnownTable *table = resolved_table(loop->item);
    const char *name = NULL, *terms = "";
    Index index;
    int equal;
    bool ranged;
    if (!table->rowid)
        return false;
    if (!*loop->access || !strncmp(loop->access, by_rowid, strlen(by_rowid)))
        return true;
    /* The rows of one key lie in the order of rowids. */
    return find_index(splitting, table, loop->access, &name, &terms) && read_index(splitting, name, &index) &&
           read_terms(&index, terms, loop->search, &equal, &ranged) && !ranged && equal == index.count;
}

/* A condition of the key as SQL text, "" for none. */
static char *condition_text(const Expr *condition)
{
    Writer writer = {.sql = sqlite3_str_new(NULL), .parameter_shift = SPLIT_FIRST_PARAMETER - 1};
    if (condition)
        write_expression(&writer, condition);
    else
        sqlite3_str_appendall(writer.sql, "TRUE");
    return sqlite3_str_finish(writer.sql);
}

bool cut_key_write(Splitting *splitting, const FromItem *item, const CutKey *key, SplitKey *to)
{
    char *equal = condition_text(key->equal), *bounded = condition_text(key->bounded);
    to->column = sqlite3_mprintf("%s", key->column);
    to->collation = sqlite3_mprintf("%s", key->collation);
    to->index = key->index ? sqlite3_mprintf("%s", key->index) : NULL;
    to->table_name = sqlite3_mprintf("%s", item->written_as);
    to->condition = equal && bounded ? sqlite3_mprintf("%s AND %s", equal, bounded) : NULL;
    to->narrowed = key->equal || key->bounded;
    to->rows = tables_rows(splitting, item->known);
    sqlite3_free(equal);
    sqlite3_free(bounded);
    return (to->column && to->collation && to->table_name && to->condition && (to->index || !key->index)) ||
           split_fail(splitting, SQLITE_NOMEM);
}

bool cut_key_write_bounds(Splitting *splitting, const FromItem *item, const Expr *bounds, SplitKey *to)
{
    if (!bounds)
        return true;
    to->condition = condition_text(bounds);
    to->table_name = sqlite3_mprintf("%s", item->written_as);
    to->narrowed = true;
    return (to->condition && to->table_name) || split_fail(splitting, SQLITE_NOMEM);
}
