/*
 * Which tables a map reaches. The authorizer of its worker is asked about columns; of a table none of whose
 * columns is named some versions of SQLite tell it nothing, and of a common table expression all tell it the
 * same. So a map with a subquery is judged by its program as well, which is the same in every version: each
 * virtual table that it opens is the chunk, or one that SQLite makes of a JSON text.
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
