/* Facts about the host's statement that its program shows, as EXPLAIN lists it. */
#ifndef PRICEMAP_SPLIT_FACTS_H
#define PRICEMAP_SPLIT_FACTS_H

#include "ext/split/splitting.h"

/*
 * Reads the program of the plan's statement on the host's connection, keeps it as splitting->program and as
 * the plan's view. Refuses a statement that no worker
 * could do a part of: one that reads no table, tables of several databases or of a database without a file,
 * virtual tables, or that an index or a count of pages answers. Sets plan->schema, and *path (in the arena)
 * to the database's file. False with a reason or an error.
 */
bool facts_read(Splitting *splitting, const char **path);

/* Whether a statement of workers walks backward nowhere. False with a reason or an error. */
bool facts_walk_forward(Splitting *splitting, const char *sql);

#endif
