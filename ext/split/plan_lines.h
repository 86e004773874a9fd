/* A plan as people read it, as EXPLAIN QUERY PLAN and PostgreSQL's EXPLAIN show theirs. */
#ifndef PRICEMAP_PLAN_LINES_H
#define PRICEMAP_PLAN_LINES_H

#include "ext/split/split_plan.h"

/* The lines with newlines between them: `Plain:` and the reason, or what the host does, below it what workers
   do. NULL where memory is short; sqlite3_free it. */
char *split_plan_lines(const SplitPlan *plan);

#endif
