#include "ext/data/task.h"

#include <stdlib.h>

Task *task_create(const Recipe *recipe)
{
    Task *task = calloc(1, sizeof *task);
    if (!task)
        return NULL;
    task->recipe = recipe_ref(recipe);
    buffer_heap_init(&task->input);
    buffer_heap_init(&task->heap_output);
    return task;
}

void task_free(Task *task)
{
    if (!task)
        return;
    recipe_unref(task->recipe);
    buffer_heap_free(&task->input);
    buffer_heap_free(&task->heap_output);
    free(task);
}
