/*
 * The tasks of a run: those that were made and not yet read to their end, in source order. A task is in the
 * list from the moment it is made; the executor that it was submitted to may own it meanwhile, see
 * executor.h. On the connection's thread only.
 */
#ifndef PRICEMAP_TASK_LIST_H
#define PRICEMAP_TASK_LIST_H

#include "ext/executors/executor.h"

/* A task and the executor that has it; NULL: none has taken it yet. */
typedef struct RunTask {
    Task *task;
    Executor *executor;
} RunTask;

typedef struct TaskList {
    /* Tasks in source order; there are few. */
    RunTask *tasks;
    int count, room;
    /* Index of the task whose rows are being read; -1: none. */
    int current;
    /* Task to be used again, with its buffers; NULL: none. */
    Task *spare;
    /* Number of times that workers died over tasks which have left the list. */
    int64_t retries;
} TaskList;

/* Begins an empty list. */
void task_list_begin(TaskList *list);

/* The task whose rows are being read; NULL: none. Valid until the list is changed. */
RunTask *task_list_current(const TaskList *list);

/* Puts a task that no executor has at an index of the list, which owns it from then on, also on failure:
 * SQLITE_OK or SQLITE_NOMEM. */
int task_list_insert(TaskList *list, int index, Task *task);

/* Offers a task to an executor. SQLITE_OK, also where it has no room: then the entry's executor stays NULL.
 * Else the executor's error. */
int run_task_submit(RunTask *entry, Executor *executor);

/* Offers the executor each task that none has taken. Returns as run_task_submit. */
int task_list_submit_waiting(TaskList *list, Executor *executor);

/* The index of the task to read next: the first one where rows are wanted in source order, else any that is
 * done. -1: it is not done yet, or none is. */
int task_list_find_done(const TaskList *list, bool ordered);

/* Takes the spare task out of the list; NULL where it has none. */
Task *task_list_take_spare(TaskList *list);

/*
 * Ends the current task, whose output was released and whose order is done. `reusable`: it has the recipe of
 * tasks to come, so that it may become the spare one.
 */
void task_list_retire_current(TaskList *list, bool reusable);

/*
 * Submits the rest of the current task's order, whose output was released; no task is current then. A range
 * that took far too long is cut into equal parts, so that all workers have some of it: for that moment there
 * are more tasks than the bound of the run says. Returns as run_task_submit, or SQLITE_NOMEM.
 */
int task_list_submit_rest(TaskList *list, Executor *executor);

/* Gives up all tasks, in whatever state they are, and empties the list. */
void task_list_clear(TaskList *list);

/* As task_list_clear, and frees the list's own memory. */
void task_list_end(TaskList *list);

#endif
