/* A SELECT that reads the rows of stages in the place of some of its subqueries, common tables and views. */
#ifndef PRICEMAP_SPLIT_REPLACE_H
#define PRICEMAP_SPLIT_REPLACE_H

#include "ext/split/tables.h"

/* A SELECT whose rows a stage gives. */
typedef struct StagedSelect {
    /* SELECT of a FROM item, a common table or an expression, and the view that it is of; NULL: of none. */
    const Select *select;
    const KnownTable *view;
    /* Table of the rows, and the names of its columns. */
    const char *stage;
    NameList columns;
} StagedSelect;

typedef struct StagedList {
    StagedSelect *items;
    int count;
} StagedList;

/* The entry of the SELECT, or of another one that the same view is; NULL: there is none. */
const StagedSelect *replace_find(const StagedList *staged, const Select *select, const KnownTable *view);

/*
 * A copy of the SELECT that reads the stages. NULL with an error, or with a reason: where rows of a stage are
 * taken in another order than those of its SELECT the result may be another one.
 */
Select *replace_by_stages(Splitting *splitting, const StagedList *staged, const Select *select);

/* SELECT c0, c1 … FROM the stage. NULL with an error. */
Select *replace_select_rows(Splitting *splitting, const StagedSelect *staged);

#endif
