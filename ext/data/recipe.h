/*
 * All that a worker needs to know to evaluate the chunks of a map, and nothing of where it runs: one flat
 * block of memory, offsets instead of pointers, so that it goes to another process as it is and two recipes
 * are the same exactly when their bytes are. Read-only once built.
 *
 * A recipe is counted: recipe_ref and recipe_unref may be called on any thread.
 */
#ifndef PRICEMAP_RECIPE_H
#define PRICEMAP_RECIPE_H

#include <stddef.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/base/time_zone.h"

enum { RECIPE_LIMITS = SQLITE_LIMIT_WORKER_THREADS + 1 };

enum {
    RECIPE_ROWID = 1,   /* the source has rowids: a map may name `rowid` */
    RECIPE_PARTIAL = 2, /* aggregates are meant: one row per chunk and group */
    RECIPE_DQS = 4,     /* the host takes "x" for a string where no column has that name */
    RECIPE_WHERE = 16,  /* there is a WHERE: rows may be dropped */
    RECIPE_KEY = 8,     /* column 0 of the statement, a rowid, is the key and wanted in the output */
    RECIPE_LIKE_NOCASE =
        32, /* the map may call LIKE, and on the host's connection SQLite's own compares so … */
    RECIPE_LIKE_BINARY = 64, /* … or so */
    RECIPE_TABLES = 128,    /* partition: what is in the file is all that a function could find in the host */
    RECIPE_CONSTANTS = 256, /* with `columns`: the map has parts that no row matters to */
};

typedef struct Recipe {
    uint32_t size;                 /* bytes of the whole block */
    uint32_t encoding;             /* of the source database: SQLITE_UTF8, SQLITE_UTF16LE or SQLITE_UTF16BE */
    uint32_t flags;                /* RECIPE_ */
    int32_t limits[RECIPE_LIMITS]; /* the host's, by SQLITE_LIMIT_ code */
    TimeZone zone;                 /* the host's, which worker processes take on */
    uint64_t scan;                 /* a number per partition scan of the host process; 0: the rows are fed */
    uint32_t declaration;          /* offset: CREATE TABLE text that declares the chunk table's columns */
    uint32_t view;   /* offset: CREATE VIEW text of what the statement reads instead of it; or "" */
    uint32_t select; /* offset: the statement to run over each chunk, whose table is `chunk`, or the view */
    uint32_t uncounted_select; /* offset: partition, partial: the same without the number of rows; or "" */
    uint32_t tracing_select;   /* offset: partition: the same, but it tells each row before it is evaluated */
    uint32_t rowids_select;    /* offset: partition: the rowids of a range, to find the one of a row in it */
    uint32_t uri;              /* offset: partition: the database file; feed: "" */
    uint32_t table;            /* offset: partition: the table in it that the statement reads */
    /* Columns of the output, where the map was judged already; 0: whoever opens the recipe judges it. */
    uint32_t columns;
    uint32_t extension_count;
    uint32_t extensions; /* offset: per extension two texts, path and entry point (empty: the default one) */
} Recipe;

/* What recipe_build puts together; nothing is kept of it. */
typedef struct RecipeParts {
    uint32_t encoding, flags;
    const int *limits; /* RECIPE_LIMITS of them */
    TimeZone zone;
    uint64_t scan;
    uint32_t columns;
    const char *declaration, *select;
    const char *view, *uncounted_select, *tracing_select, *rowids_select, *uri, *table; /* NULL: "" */
    uint32_t extension_count;
    const char *const *extensions; /* 2 × extension_count texts */
} RecipeParts;

/* A recipe with one reference, or NULL when out of memory. */
Recipe *recipe_build(const RecipeParts *parts);
/* A copy, with one reference, of a recipe that came as bytes from the host process; NULL when out of memory
   or if `bytes` do not hold a whole recipe (they may be shared memory that changes meanwhile: they are copied
   first). */
Recipe *recipe_copy(const void *bytes, size_t size);
Recipe *recipe_ref(const Recipe *recipe);
void recipe_unref(const Recipe *recipe);

static inline const char *recipe_text(const Recipe *recipe, uint32_t offset)
{
    return (const char *)recipe + offset;
}

#endif
