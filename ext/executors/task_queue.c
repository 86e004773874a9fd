#include "ext/executors/task_queue.h"

void task_queue_add(TaskQueue *queue, Task *task)
{
    task->next = NULL;
    *(queue->last ? &queue->last->next : &queue->first) = task;
    queue->last = task;
}

bool task_queue_remove(TaskQueue *queue, const Task *task)
{
    Task *before = NULL, *queued = queue->first;
    for (; queued && queued != task; queued = queued->next)
        before = queued;
    if (!queued)
        return false;
    *(before ? &before->next : &queue->first) = queued->next;
    if (queue->last == queued)
        queue->last = before;
    return true;
}
