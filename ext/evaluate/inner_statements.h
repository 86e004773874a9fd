/*
 * Statements that functions of an extension prepare on the worker's connection while a map runs, to read
 * tables there. A map's own text never names a table but its source; statements of its functions may name
 * others. They differ in when they are prepared: the map's before it runs, those of its functions while it
 * runs.
 *
 * A worker that is handed rows has no tables, so that such a function would find nothing and quietly give
 * NULL. There, or where what it would find is not what the host has, or where it would write, the statement
 * is refused and the run fails. So it is where the statement calls a function, or needs a collation, that the
 * host may have and the worker has not (stand_ins).
 */
#ifndef PRICEMAP_INNER_STATEMENTS_H
#define PRICEMAP_INNER_STATEMENTS_H

#include "ext/data/task.h"
#include "ext/evaluate/authorizer.h"

/*
 * Registers the tables that the host has and the worker has not, by the recipe's list, so that an inner
 * statement that names one is noticed; else it would find no such table, and a function might make a NULL of
 * that. What the worker has by itself stays. Once the extensions are loaded. SQLITE_OK or an error.
 */
int inner_statements_register(Authorizer *authorizer, sqlite3 *db);

/* Judges an inner statement, as an authorizer of SQLite does, `name` being that of a pragma or function, and
 * notes in the authorizer what was refused.
 */
int inner_statement_authorize(Authorizer *authorizer, int action, const char *name);

/* Says in the report what was refused, and which functions of the map can have been it: those that neither
   SQLite nor pricemap has. Prepares a statement. */
void inner_statement_report(const Authorizer *authorizer, sqlite3 *db, TaskReport *report);

#endif
