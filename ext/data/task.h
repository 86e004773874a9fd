/*
 * One task: a chunk of a map's rows on its way through a worker.
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
    TASK_MESSAGE_SIZE = 1024,
    /* An evaluator ends a task early, with rows left, once its output holds this much: the rest is another
       turn. */
    TASK_OUTPUT_BYTES = 1 << 20,
};

/* What a function of a map may ask for on the worker's connection; see inner_statements.h. */
enum { TASK_ASKED_FOR_TABLES = 1, TASK_ASKED_TO_CHANGE = 2 };

typedef struct TaskOrder {
    int64_t now;  /* the map's one instant, in SQLite's Julian-day milliseconds; 0: the clock */
    uint64_t run; /* a number per run of a map on its connection: what is constant in one stays; 0: alone */
    uint64_t position;  /* place in the source, from 1, of row 0 of the input */
    uint32_t first_row; /* evaluate the input's rows from here … */
    uint32_t end_row;   /* … to before here */
    /* A partition task has no input and one "row", its range of rowids, both ends included; of the rows in it
       at most row_limit are evaluated in one turn. */
    int64_t first_rowid, last_rowid;
    uint32_t row_limit;
    bool may_give_up; /* a turn over a range may end early because it takes too long */
} TaskOrder;

typedef struct TaskReport {
    int32_t rc; /* SQLITE_OK, or why the rows from next_row on were not evaluated */
    uint32_t
        next_row; /* rows before it are done; less than end_row with SQLITE_OK: output was full, go on here */
    uint32_t rows_in; /* that were evaluated in this turn; the failed one counts */
    uint32_t rows_out;
    uint64_t output_bytes; /* that the rowset takes; output_size is what its buffer has */
    int64_t
        view; /* partition: the read transaction that the rows were read in, a number unique in its process */
    int32_t asked; /* TASK_ASKED_: a function of the map wanted a statement of its own; in `message` which */
    bool gave_up; /* partition: given up without a result, the range wants to be smaller */
    int64_t next_rowid; /* partition: with next_row < end_row, where the rest of the range begins; with an
                           error the rowid of the row that failed */
    /* Whether the worker did not come to any row because it cannot prepare the map: not 0 where so. */
    int32_t unprepared;
    int32_t worker;   /* from 0; -1: the host itself */
    int32_t pid;      /* of the process that ran it */
    int64_t start_ns; /* CLOCK_MONOTONIC */
    int64_t end_ns;
    /* Of the time between the two, what the constants of the map took and not the rows: where an evaluator
       began a scan; as far as is known. */
    int64_t constants_ns;
    char message[TASK_MESSAGE_SIZE]; /* with rc != SQLITE_OK; UTF-8, NUL-terminated, names the row */
} TaskReport;

typedef struct TaskControl {
    atomic_int cancel;       /* host → worker: stop soon, the result is not wanted */
    atomic_uint current_row; /* worker → host: the input row that is being evaluated, to name it should the
                                worker die */
} TaskControl;

typedef struct Task {
    /* Set before submit. */
    Recipe *recipe; /* one reference, the task's own */
    Buffer input;   /* a rowset, on the heap; the task's own */
    TaskOrder order;
    int worker_limit; /* workers from this number on leave it to the others; 0: any may take it */
    double timeout;   /* seconds a worker may take; 0: no limit */

    /* Set by the executor; to be read once `done` is true. */
    TaskReport report;
    const unsigned char *output; /* a rowset; valid until the release; NULL when there is none */
    size_t output_size;
    uint32_t retries; /* times that a worker died over it */
    atomic_bool done;

    /* The executor's own. */
    TaskControl control;
    Buffer heap_output; /* where the workers are in this process */
    struct Task *next;
    void *slot;
    bool abandoned;
} Task;

/* A task with an empty input, its own reference to `recipe`; NULL when out of memory. */
Task *task_create(const Recipe *recipe);
/* Frees a task that no executor owns. NULL does nothing. */
void task_free(Task *task);

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

#endif
