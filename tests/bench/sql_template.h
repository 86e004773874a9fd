/* SQL with {names} in it. */
#ifndef BENCH_TEMPLATE_H
#define BENCH_TEMPLATE_H

#include <stddef.h>

typedef struct Slot {
    const char *name;  /* without the braces */
    const char *value; /* put in as it is */
} Slot;

/* The template with every {name} of the slots replaced; other braces stay. To be freed with sqlite3_free;
 * NULL when out of memory. */
char *template_fill(const char *text, const Slot *slots, size_t count);

#endif
