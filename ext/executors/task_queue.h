/* A queue of tasks that are submitted and not yet run, linked by Task.next. It does not own them. */
#ifndef PRICEMAP_TASK_QUEUE_H
#define PRICEMAP_TASK_QUEUE_H

#include "ext/data/task.h"

typedef struct TaskQueue {
    /* Tasks at the two ends; NULL: the queue is empty. */
    Task *first, *last;
} TaskQueue;

/* Adds a task at the end. */
void task_queue_add(TaskQueue *queue, Task *task);

/* Takes a task out, wherever it stands. False where the task is not in the queue. */
bool task_queue_remove(TaskQueue *queue, const Task *task);

#endif
