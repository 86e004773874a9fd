/*
 * A SELECT as a tree. All of it lies in one arena, texts included: names as they are called, without quotes,
 * literals and types as they were written. A tree may share nodes: a node that occurs twice is never changed.
 */
#ifndef PRICEMAP_SELECT_TREE_H
#define PRICEMAP_SELECT_TREE_H

#include <stdbool.h>

#include "ext/select/arena.h"

typedef struct Expr Expr;
typedef struct Select Select;
typedef struct FromItem FromItem;

typedef enum ExprKind {
    /* A number, text, blob, NULL or CURRENT_…: `text`. */
    EXPR_LITERAL,
    /* A parameter: its `number`. */
    EXPR_PARAMETER,
    /* A column: `schema`, `table` (NULL: none) and `text`. */
    EXPR_COLUMN,
    /* `*` or table.* of a select-list. */
    EXPR_STAR,
    /* An operator before its operand, `left`. */
    EXPR_UNARY,
    /* An operator between its operands; AND, OR and the forms of IS are among them. */
    EXPR_BINARY,
    /* LIKE, GLOB, REGEXP or MATCH; `third` is that of ESCAPE. */
    EXPR_LIKE,
    /* `left` BETWEEN `right` AND `third`. */
    EXPR_BETWEEN,
    /* `left` IN a list, a SELECT or, of the name `text`, a table. */
    EXPR_IN,
    /* ISNULL, NOTNULL and NOT NULL, after the operand. */
    EXPR_NULL_TEST,
    /* COLLATE `text`. */
    EXPR_COLLATE,
    /* CAST to the type `text`. */
    EXPR_CAST,
    /* CASE: `left` (NULL: none), the list of WHEN and THEN in turn, `right` of ELSE (NULL: none). */
    EXPR_CASE,
    /* A function called with a list, a star or nothing. */
    EXPR_CALL,
    EXPR_EXISTS,
    /* A SELECT in brackets, as a value. */
    EXPR_SELECT,
    /* Two values or more in brackets. */
    EXPR_ROW,
} ExprKind;

typedef struct ExprList {
    Expr **items;
    int count;
} ExprList;

typedef struct OrderTerm {
    Expr *expr;
    bool descending;
    /* NULLS FIRST or NULLS LAST, where written; "" else. */
    const char *nulls;
    /* Number of the result column, from 1, that the term stands for, by its position or its alias, and is
       written as; 0: it is written as the expression. */
    int position;
} OrderTerm;

typedef struct OrderList {
    OrderTerm *items;
    int count;
} OrderList;

struct Expr {
    ExprKind kind;
    /* NOT of LIKE, BETWEEN, IN, EXISTS and the null tests. */
    bool negated;
    /* Call: DISTINCT before the arguments; a star instead of arguments. */
    bool distinct, star;
    /* Name in double quotes, which SQLite takes for a text where no column is called so. */
    bool double_quoted;
    /* Column without quotes: TRUE and FALSE are values where no column is called so. */
    bool word;
    /* Number of a parameter, from 1. */
    int number;
    /* Levels of the tree below this node, itself included. */
    int depth;
    const char *text, *table, *schema;
    Expr *left, *right, *third;
    ExprList list;
    Select *select;
    /* Call: condition of FILTER; NULL: none. */
    Expr *filter;
    /* Call: ORDER BY among the arguments. */
    OrderList order_by;
    /* Column: the FROM item that it is a column of, and its number there; set when names are resolved. NULL:
       not known. The column is -1 for the rowid. */
    const FromItem *from;
    int column;
};

typedef struct ResultColumn {
    Expr *expr;
    /* Name after AS, or without AS; NULL: none. */
    const char *alias;
} ResultColumn;

typedef enum JoinKind { JOIN_COMMA, JOIN_INNER, JOIN_CROSS, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL } JoinKind;

typedef struct NameList {
    const char **items;
    int count;
} NameList;

typedef struct FromList {
    FromItem **items;
    int count;
} FromList;

/* An item of a FROM clause: a table, a SELECT or a join in brackets. */
struct FromItem {
    /* How it is joined to those before it; of the first one JOIN_COMMA. */
    JoinKind join;
    bool natural;
    /* Name of a table, view or common table expression; `table` is NULL for a SELECT or a join. */
    const char *schema, *table;
    Select *select;
    FromList joined;
    /* Name after AS; NULL: none. */
    const char *alias;
    /* Table-valued function: its arguments. */
    bool called;
    ExprList arguments;
    /* INDEXED BY this; NULL: none. NOT INDEXED. */
    const char *indexed_by;
    bool not_indexed;
    /* Condition of ON; NULL: none. Columns of USING. */
    Expr *on;
    NameList using_columns;
    /* Name under which columns of the item are written; set when names are resolved. NULL: as the text has
     * it. */
    const char *written_as;
    /* Facts about the table, for the code that resolves names. */
    void *known;
};

/* A SELECT without the clauses that may follow a compound. */
typedef struct SelectCore {
    bool distinct;
    ResultColumn *columns;
    int column_count;
    FromList from;
    Expr *where;
    ExprList group_by;
    Expr *having;
} SelectCore;

typedef struct CommonTable {
    const char *name;
    NameList columns;
    /* "MATERIALIZED", "NOT MATERIALIZED" or "". */
    const char *materialized;
    Select *select;
} CommonTable;

struct Select {
    bool recursive;
    CommonTable *with;
    int with_count;
    /* Cores, and before each but the first its operator, as UNION ALL. */
    SelectCore **cores;
    const char **operators;
    int core_count;
    OrderList order_by;
    Expr *limit, *offset;
    /* Whether it names columns of a SELECT around it; set when names are resolved. */
    bool correlated;
};

/* Adds to a list. Where memory is short nothing is added, and the arena has failed. */
void expr_list_add(Arena *arena, ExprList *list, Expr *expr);
void order_list_add(Arena *arena, OrderList *list, OrderTerm term);
void name_list_add(Arena *arena, NameList *list, const char *name);
void from_list_add(Arena *arena, FromList *list, FromItem *item);
void core_add_column(Arena *arena, SelectCore *core, ResultColumn column);

/*
 * Whether both are the same expression: the same nodes, columns known to be the same one (or, unknown,
 * written alike), functions and collations without regard to case. Two subqueries are the same where they are
 * one node.
 */
bool expr_equal(const Expr *a, const Expr *b);

/* A visitor of expressions: returns false to end the walk. */
typedef bool ExprVisitor(void *arg, Expr *expr);

/* Visits the parts of an expression that are expressions of the same SELECT, not the expression itself nor
   its subqueries, in the order of the text. Whether all of them were visited. */
bool expr_each_part(Expr *expr, ExprVisitor *visit, void *arg);

/* The AND of both; the other one where one is NULL. NULL where memory is short. */
Expr *expr_both(Arena *arena, Expr *one, Expr *other);

/*
 * A copy in which `replace` has put others: it is called for each node from the top, with `arg`; what it
 * returns stands in the place of the node, and NULL means a copy of the node with its parts copied in the
 * same way. Subqueries are shared with the original. NULL where memory is short.
 */
typedef Expr *ExprReplacer(void *arg, Expr *expr);
Expr *expr_copy(Arena *arena, Expr *expr, ExprReplacer *replace, void *arg);

#endif
