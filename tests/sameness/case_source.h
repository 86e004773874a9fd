/* The source of a case: a table or view of the world, or a query over them. */
#ifndef SAMENESS_CASE_SOURCE_H
#define SAMENESS_CASE_SOURCE_H

#include "world.h"

typedef struct CaseSource {
    const char *executor; /* as World has it */
    WorldSource rows;     /* its columns, and its rowid where it has one */
    char *told;           /* as parallel_map gets it: a name, or a query in brackets */
    char *from;           /* as the oracle reads it, after FROM */
    char *with;           /* what the oracle's SELECT begins with; "" */
    bool has_subtypes;    /* of all columns but the first */
} CaseSource;

/* A random one. False when out of memory; free it with case_source_free in either case. */
bool case_source_make(CaseSource *source, Random *random, const World *world);
void case_source_free(CaseSource *source);

#endif
