/* The division of a statement into stages: which of its SELECTs are divided, and by which of their tables. */
#ifndef PRICEMAP_SPLIT_DIVIDE_H
#define PRICEMAP_SPLIT_DIVIDE_H

#include "ext/split/splitting.h"

/* Adds the stages of the resolved statement to the plan. False with a reason or an error; the plan may have
   stages then all the same. */
bool divide_statement(Splitting *splitting);

/* Makes a subquery a stage where it can be divided, with these names of its columns: *stage is the name of
   the table of its rows then, else NULL. `depth` counts the SELECTs around it that are stages. False with an
   error. */
bool divide_as_stage(Splitting *splitting, const Select *select, const NameList *columns, int depth,
                     const char **stage);

/* The SELECT with the statement's common tables, which it may name. NULL with an error. */
Select *divide_with_common_tables(Splitting *splitting, const Select *select);

#endif
