/*
 * The records of one run's tasks, packed: a map of many rows has thousands of tasks, whose records would else
 * be most of what its memory grows by. On the connection's thread only.
 */
#ifndef PRICEMAP_TASK_LOG_H
#define PRICEMAP_TASK_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum { TASK_LOG_BLOCK = 128 }; /* records that are packed, and read, together */

typedef struct TaskRecord {
    int32_t worker, pid;
    int64_t start_ns, end_ns; /* since the start of the run */
    uint32_t rows_in, rows_out;
} TaskRecord;

/* All zero: an empty log. */
typedef struct TaskLog {
    uint32_t count;
    unsigned char **blocks; /* one for each TASK_LOG_BLOCK records before the last ones */
    uint32_t block_room;
    TaskRecord *last; /* the records after those, as they are */
    uint32_t last_room;
} TaskLog;

/* Adds a record at the end. False when out of memory: then the log is as it was. */
bool task_log_add(TaskLog *log, const TaskRecord *record);

/* Copies the records from block * TASK_LOG_BLOCK on to `records`, as many as there are up to the next block.
   Returns their number, 0 beyond the end. */
uint32_t task_log_read(const TaskLog *log, uint32_t block, TaskRecord records[TASK_LOG_BLOCK]);

/* Frees what the log holds; it is empty then. */
void task_log_clear(TaskLog *log);

#endif
