/* Where a map runs whose functions are in another language: only where there is an interpreter of it. */
#ifndef PRICEMAP_LANGUAGE_KIND_H
#define PRICEMAP_LANGUAGE_KIND_H

#include "ext/plan/plan.h"
#include "ext/run/controller.h"

/*
 * Takes the one kind of executor that can run the plan's map, where the host has no interpreter for its
 * functions: `*kind` is the user's choice, NULL `auto`, which becomes that kind; the controller was
 * begun for the user's choice, and is begun anew. SQLITE_OK; or an error with *message set (sqlite3_free it),
 * where the user chose another kind. Does nothing where the host has the interpreter.
 */
int language_kind_choose(const ConnectionState *state, const Plan *plan, const ExecutorKind **kind,
                         int workers, Controller *controller, char **message);

#endif
