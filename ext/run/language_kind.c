#include "ext/run/language_kind.h"

#include "ext/base/error.h"

int language_kind_choose(const ConnectionState *state, const Plan *plan, const ExecutorKind **kind,
                         int workers, Controller *controller, char **message)
{
    const Recipe *recipe = plan->recipe;
    const char *function = recipe_text_after(recipe_text_after(recipe_text(recipe, recipe->functions)));
    char reason[160];
    if (state->language.here || (*kind && (*kind)->isolates))
        return SQLITE_OK;
    if (*kind)
        return error_text(message, sqlite3_mprintf("parallel_map: %s() is a function of Python, which only "
                                                   "worker processes have: executor = processes",
                                                   function));
    *kind = &executor_processes;
    sqlite3_snprintf(sizeof reason, reason, "%s() is a function of Python, which only worker processes have",
                     function);
    controller_begin_only(controller, *kind, workers, reason);
    return SQLITE_OK;
}
