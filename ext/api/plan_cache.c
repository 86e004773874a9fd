#include "ext/api/plan_cache.h"

#include <stdlib.h>

enum { PLANS_MAX = 16 };

KeptPlan *kept_plan_create(Plan *plan)
{
    KeptPlan *kept = calloc(1, sizeof *kept);
    if (kept)
        kept->plan = plan;
    else
        plan_free(plan);
    return kept;
}

void kept_plan_free(KeptPlan *kept)
{
    if (!kept)
        return;
    plan_free(kept->plan);
    free(kept->only_null);
    free(kept);
}

void plan_cache_keep(PlanCache *cache, KeptPlan *kept)
{
    if (kept->plan->feed.reads_a_map) {
        kept_plan_free(kept);
        return;
    }
    kept->next = cache->first;
    cache->first = kept;
    KeptPlan **last = &cache->first;
    for (int count = 0; *last && count < PLANS_MAX; count++)
        last = &(*last)->next;
    kept_plan_free(*last);
    *last = NULL;
}

KeptPlan *plan_cache_take(PlanCache *cache, const MapArguments *arguments, const PlanRequest *request)
{
    for (KeptPlan **at = &cache->first; *at; at = &(*at)->next) {
        KeptPlan *kept = *at;
        if (!plan_request_equal(&kept->plan->request, request) ||
            !map_arguments_equal(&kept->plan->arguments, arguments))
            continue;
        *at = kept->next;
        kept->next = NULL;
        return kept;
    }
    return NULL;
}

void plan_cache_clear(PlanCache *cache)
{
    while (cache->first) {
        KeptPlan *kept = cache->first;
        cache->first = kept->next;
        kept_plan_free(kept);
    }
}
