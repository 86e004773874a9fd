/* What hostile_worker.c answers with: an array of these in a file whose path is in the environment. The n-th
 * task that a worker takes gets the n-th of them, then they begin anew. */
#ifndef PRICEMAP_FUZZ_HOSTILE_ANSWER_H
#define PRICEMAP_FUZZ_HOSTILE_ANSWER_H

#include "ext/data/task.h"

#define HOSTILE_ANSWERS "PRICEMAP_FUZZ_ANSWERS"

enum { HOSTILE_COUNT = 4, HOSTILE_BYTES = 4096 };

/* Deviations from what a worker does; without them only the report and the bytes are what the file says. */
enum {
    HOSTILE_FITS = 1,     /* the report says that all rows are done */
    HOSTILE_SIZE = 2,     /* output_size instead of the size of the bytes */
    HOSTILE_RESERVED = 4, /* a lie about the memory that the window has */
    HOSTILE_STATE = 8,    /* the slot's state instead of DONE */
    HOSTILE_CHANGES = 16, /* goes on writing after DONE */
    HOSTILE_DIES = 32,    /* by a signal, before it answers */
    HOSTILE_EXITS = 64,
    HOSTILE_SEQUENCE = 128 /* writes over what is the host's */
};

typedef struct HostileAnswer {
    uint32_t how, state, change_place, size; /* of `bytes` */
    unsigned char change_with;
    uint64_t output_size, reserved;
    TaskReport report;
    unsigned char bytes[HOSTILE_BYTES]; /* claims to be a rowset */
} HostileAnswer;

#endif
