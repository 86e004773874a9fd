#include "ext/executors/kinds.h"

#include <strings.h>

#define EXECUTOR_ADDRESS(name) &executor_##name,
const ExecutorKind *const executor_kinds[EXECUTOR_KINDS] = {EXECUTOR_ALL_LIST(EXECUTOR_ADDRESS)};
#undef EXECUTOR_ADDRESS

int executor_kind_index(const ExecutorKind *kind)
{
    int index = EXECUTOR_KINDS - 1;
    while (index > 0 && executor_kinds[index] != kind)
        index--;
    return index;
}

const char *executor_kind_name(const ExecutorKind *kind)
{
    return kind ? kind->name : "auto";
}

bool executor_kind_parse(const char *name, const ExecutorKind **kind)
{
    *kind = NULL;
    for (int i = 0; i < EXECUTOR_KINDS; i++)
        if (!strcasecmp(name, executor_kinds[i]->name))
            *kind = executor_kinds[i];
    return *kind || !strcasecmp(name, "auto");
}
