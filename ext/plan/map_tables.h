/*
 * Which tables a map reaches. SQLite calls the authorizer of the worker for columns; for a table without a
 * named column some versions do not call it, and others call it as they do for a common table expression. So
 * a map with a subquery is checked by its program as well, which is the same in every version: each table
 * that it opens must be the chunk, or one that SQLite makes of a JSON text.
 */
#ifndef PRICEMAP_MAP_TABLES_H
#define PRICEMAP_MAP_TABLES_H

#include "ext/evaluate/evaluator.h"

/*
 * Judges what `evaluator` has prepared. SQLITE_OK; else an error with the reason in `message`
 * (TASK_MESSAGE_SIZE bytes). On the evaluator's thread, and before it has run.
 */
int map_tables_check(const Evaluator *evaluator, char *message);

#endif
