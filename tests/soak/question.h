/* A random map over the table account, as SQL, and the plain SELECT that has to give the same. */
#ifndef SOAK_QUESTION_H
#define SOAK_QUESTION_H

#include <stdbool.h>

#include "tests/support/random.h"

typedef struct Question {
    char *setup; /* statements before `map`; "" */
    char *map, *plain;
    bool any_order;
} Question;

/* False when out of memory. Free it in either case. */
bool question_make(Question *question, Random *random);
void question_free(Question *question);

/* The last arguments of parallel_map(source, map …): nothing, an executor, or it with workers and a chunk. To
 * be freed with sqlite3_free. */
char *question_arguments(Random *random);

#endif
