/*
 * The plans of one virtual table that no cursor uses just now, each with what its runs have taught: a map
 * that is run again, or on the inner side of a join, is not planned again. On the connection's thread only.
 */
#ifndef PRICEMAP_PLAN_CACHE_H
#define PRICEMAP_PLAN_CACHE_H

#include "ext/plan/plan.h"
#include "ext/run/map_experience.h"

typedef struct KeptPlan {
    /* Plan; freed with this. */
    Plan *plan;
    MapExperience experience;
    /* Columns of the map that compare otherwise than the table declares, one flag each, and have to be NULL
       for that; NULL: there are none. Freed with this. */
    bool *only_null;
    /* Next one in the cache, which was used longer ago. */
    struct KeptPlan *next;
} KeptPlan;

/* Plans of a table, the last used first. Zeros: it has none. */
typedef struct PlanCache {
    KeptPlan *first;
} PlanCache;

/* A new one over `plan`, which becomes its own in any case; NULL when out of memory. */
KeptPlan *kept_plan_create(Plan *plan);

/* Frees it with its plan; NULL does nothing. */
void kept_plan_free(KeptPlan *kept);

/*
 * Gives a plan to the cache, which drops the one that was not used for longest when it has too many. A plan
 * whose source reads a map is dropped at once: its feed keeps the table of that map connected, which may be
 * this very table, and the two would keep each other, and the connection, for ever.
 */
void plan_cache_keep(PlanCache *cache, KeptPlan *kept);

/* Takes the plan for these arguments and this request out of the cache; NULL when it has none. */
KeptPlan *plan_cache_take(PlanCache *cache, const MapArguments *arguments, const PlanRequest *request);

/* Frees all plans of the cache. */
void plan_cache_clear(PlanCache *cache);

#endif
