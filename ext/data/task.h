/*
 * A task: a chunk of a map's rows on its way through a worker.
 *
 * A task's life: the map run creates it, fills the input and the order, and submits it to an executor. From
 * then on the executor and its workers own it until `done` is true; the run then reads report and output, and
 * releases the output. A run that ends early abandons its tasks: then the executor frees them once no worker
 * touches them.
 *
 * TaskOrder, TaskReport and TaskControl are plain data: for worker processes they lie in shared memory.
 */
#ifndef PRICEMAP_TASK_H
#define PRICEMAP_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ext/data/buffer.h"
#include "ext/data/recipe.h"

enum {
    /* Bytes of a report's message. */
    TASK_MESSAGE_SIZE = 1024,
    /* Bytes of output after which an evaluator ends a task early, with rows left: the rest is another turn.
     */
    TASK_OUTPUT_BYTES = 1 << 20,
};

/* Statements that a function of a map prepared on the worker's connection and that were refused: one that
 * reads, one that changes something, or one with a function or a collation that only the host has; see
 * inner_statements.h. */
enum { TASK_REFUSED_TABLES = 1, TASK_REFUSED_CHANGE = 2, TASK_REFUSED_FUNCTION = 3 };

typedef struct TaskOrder {
    /* Instant of the whole map, in SQLite's Julian-day milliseconds; 0: the clock. */
    int64_t now;
    /* Number of the map's run on its connection, for which constants are computed once; 0: a run of its own.
     */
    uint64_t run;
    /* Position in the source, from 1, of row 0 of the input. */
    uint64_t position;
    /* Rows of the input to evaluate: from first_row to before end_row. */
    uint32_t first_row, end_row;
    /* Range of rowids to read, both ends included, as recipe_rowid numbers them. Such a task has no input and
     * counts as one row. */
    int64_t first_rowid, last_rowid;
    /* Rows of the range that are evaluated in one turn at the most. */
    uint32_t row_limit;
    /* Query: number of equal parts, morsels, that the range is cut into, and those of them that the task has,
     * as morsels_pack gives them. */
    uint32_t morsel_count;
    uint64_t morsels;
    /* Whether the range is the first one of the scan over its table, or the last one. */
    bool begins_table, ends_table;
    /* Whether the report is to say what the turn had of a processor, and how long it was queued for one. */
    bool measured, measures_queue;
    /* Whether a turn over a range may end early because it takes too long. */
    bool may_give_up;
    /* Offset in the input, and bytes, of a second rowset, of one row: the values of the statement's
       parameters. 0 bytes: it has none. */
    uint32_t values_bytes;
    uint64_t values_at;
} TaskOrder;

typedef struct TaskReport {
    /* SQLITE_OK, or the error for which the rows from next_row on were not evaluated. */
    int32_t rc;
    /* Input row before which all rows are done. With SQLITE_OK and next_row < end_row the output was full:
     * submit the task again from here. */
    uint32_t next_row;
    /* Rows that were evaluated in this turn, a failed one included, and rows that they gave. */
    uint32_t rows_in, rows_out;
    /* Bytes of the rowset in the output; the task's output_size is the size of its buffer. */
    uint64_t output_bytes;
    /* Range: number of the read transaction in which the rows were read, unique in its process. */
    int64_t view;
    /* TASK_REFUSED_: a function of the map, which `message` names, was refused a statement of its own; with
     * TASK_REFUSED_FUNCTION the message says what that statement has, too. 0: none was. */
    int32_t refused;
    /* Range: whether the worker gave it up without a result because it took too long; cut it into parts. */
    bool gave_up;
    /* Range: rowid where the rest begins, with next_row < end_row; with an error the rowid of the failed row;
     * as recipe_rowid numbers them. */
    int64_t next_rowid;
    /* Whether the worker came to no row because it cannot prepare the map; not 0: it cannot. */
    int32_t unprepared;
    /* Whether the turn was ended because it took longer than the task's timeout. */
    bool timed_out;
    /* Number of the worker, from 0 (-1: the host itself), and the id of its process. */
    int32_t worker, pid;
    /* Begin and end of the turn, CLOCK_MONOTONIC. */
    int64_t start_ns, end_ns;
    /* Part of that time that the constants of the map took, where the evaluator began a scan; as far as is
     * known. */
    int64_t constants_ns;
    /* Nanoseconds of a processor that the turn had, how often the worker waited for something, and how often
     * another thread was given its processor; 0 unless the order says `measured`. */
    int64_t processor_ns;
    int32_t blocked, preempted;
    /* Nanoseconds in which the turn was ready to run and others had the processors; 0: not known. */
    int64_t queued_ns;
    /* Text of an error, which names the row: UTF-8, NUL-terminated. */
    char message[TASK_MESSAGE_SIZE];
} TaskReport;

typedef struct TaskControl {
    /* Flag from the host to the worker: stop soon, the result is not wanted. */
    atomic_int cancel;
    /* Input row that the worker is evaluating, from the worker to the host: it names the row if the worker
     * dies. */
    atomic_uint current_row;
    /* Query: the order's morsels that were not begun, packed alike. The worker takes the first of them, and
     * the host may take the last ones away for another worker. */
    atomic_ullong morsels;
} TaskControl;

typedef struct Task {
    /* ---- set before the task is submitted ---- */

    /* Recipe, of which the task holds one reference. */
    Recipe *recipe;
    /* Rowset of the rows to evaluate, and after it the one of the values, on the heap; freed with the task.
     */
    Buffer input;
    TaskOrder order;
    /* Number of the first worker that leaves the task to those before it; 0: any may take it. */
    int worker_limit;
    /* Seconds that a worker may take; 0: no limit. */
    double timeout;

    /* ---- set by the executor; to be read once `done` is true ---- */

    TaskReport report;
    /* Rowset of the rows that the map gave, borrowed until the release; NULL: none. */
    const unsigned char *output;
    size_t output_size;
    /* Machine that ran the task, a text of the executor's; NULL: this one. */
    const char *machine;
    /* Number of times that a worker died over the task. */
    uint32_t retries;
    atomic_bool done;

    /* ---- the executor's own ---- */

    TaskControl control;
    /* Memory of the output where the workers are in this process. */
    Buffer heap_output;
    struct Task *next;
    void *slot;
    bool abandoned;
} Task;

/* Makes a task with an empty input and its own reference to `recipe`; NULL when out of memory. */
Task *task_create(const Recipe *recipe);
/* Frees a task that no executor owns. NULL does nothing. */
void task_free(Task *task);

/*
 * Puts a rowset of values, of `bytes` bytes, after the rows of the input, which take `rows_bytes`, and into
 * the order, which is set already. SQLITE_OK or SQLITE_NOMEM.
 */
int task_set_values(Task *task, uint64_t rows_bytes, const void *values, uint32_t bytes);

/* The bytes of the input that a worker has to be given. */
uint64_t task_input_bytes(const Task *task);

/* Whether a report that came from outside this process is a possible answer to a task that was to be done up
   to before `end_row`. */
bool task_report_fits(const Task *task, const TaskReport *report, uint32_t end_row);

/* Turns the report of a task that was stopped in this process because its time was over into an error that
 * says so. */
void task_report_timeout(Task *task);

/*
 * The result code with which the host's statement fails where a task failed with `rc`: the same one, except
 * where that would say something of the host's own connection. At SQLITE_NOMEM, FULL, IOERR and INTERRUPT
 * SQLite rolls the host's transaction back, at SCHEMA it runs the statement again, at CORRUPT it takes the
 * host's database for damaged, and hosts try again at BUSY and LOCKED: those become SQLITE_ERROR.
 * `reads_file`: the task read the host's database itself, which then is what is damaged.
 */
int task_host_code(int rc, bool reads_file);

/* Morsels from number `first` to before `end`, in one number that can be compared and exchanged at once. */
static inline uint64_t morsels_pack(uint32_t first, uint32_t end)
{
    return (uint64_t)first << 32 | end;
}

static inline uint32_t morsels_first(uint64_t morsels)
{
    return (uint32_t)(morsels >> 32);
}

static inline uint32_t morsels_end(uint64_t morsels)
{
    return (uint32_t)morsels;
}

/* Takes the first morsel. False: there is none. */
bool morsels_take(TaskControl *control, uint32_t *morsel);

/*
 * Takes the later half of the morsels that a task of `order` has not begun away from it, on the host's side:
 * *taken is packed as they are, and the order is without them. False: there are too few.
 */
bool morsels_steal(TaskOrder *order, TaskControl *control, uint64_t *taken);

#endif
