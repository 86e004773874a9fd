/*
 * All that a worker needs to know to evaluate the chunks of a map, and nothing of where it runs: one flat
 * block of memory, offsets instead of pointers, so that it goes to another process as it is and two recipes
 * are the same exactly when their bytes are. Read-only once built.
 *
 * A recipe is counted: recipe_ref and recipe_unref may be called on any thread.
 */
#ifndef PRICEMAP_RECIPE_H
#define PRICEMAP_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ext/base/sqlite_api.h"
#include "ext/base/environment.h"

enum { RECIPE_LIMITS = SQLITE_LIMIT_WORKER_THREADS + 1, RECIPE_FUNCTION_TEXTS = 4 };

enum {
    /* The source has rowids: a map may name `rowid`. */
    RECIPE_ROWID = 1,
    /* Aggregates are meant: one row per chunk and group. */
    RECIPE_PARTIAL = 2,
    /* The host takes "x" for a string where no column has that name. */
    RECIPE_DQS = 4,
    /* Column 0 of the statement, a rowid, is the key and wanted in the output. */
    RECIPE_KEY = 8,
    /* The map has a WHERE: rows may be dropped. */
    RECIPE_WHERE = 16,
    /* The map may call LIKE, and SQLite's own on the host's connection takes no heed of case, … */
    RECIPE_LIKE_NOCASE = 32,
    /* … or does. */
    RECIPE_LIKE_BINARY = 64,
    /* Partition: the file holds all that a function could find in the host's database. */
    RECIPE_TABLES = 128,
    /* With `columns`: the map has parts that depend on no row. */
    RECIPE_CONSTANTS = 256,
    /* Partition: the statement is a part of a query, which takes its range from a table of ranges, and is run
     * over it as it stands. */
    RECIPE_MORSELS = 512,
    /* Partition: of the rows of a range those count that fulfil the conditions on the source. */
    RECIPE_COUNTS = 1024,
    /* Feed: the source has rowids, which the host's authorizer has read as NULL: so has the worker's. */
    RECIPE_ROWID_NULL = 2048,
    /* Partition: the rows are wanted from the last rowid to the first; see recipe_rowid. */
    RECIPE_BACKWARDS = 4096,
    /* With RECIPE_MORSELS: the statement comes to each page of the file once; and it sorts. */
    RECIPE_WALKS_ONCE = 8192,
    RECIPE_SORTS = 16384,
};

/* A table that a query reads and that is in no file: rows that were computed before. Its members are offsets
 * from the recipe's begin. */
typedef struct RecipeTable {
    /* Name, and CREATE TEMP TABLE text. */
    uint32_t name, declaration;
    /* Rowset of its rows, at a multiple of 8, and number of its bytes; 0: there are no rows. */
    uint32_t rows, rows_size;
} RecipeTable;

/* The texts are offsets from the recipe's begin: see recipe_text. */
typedef struct Recipe {
    /* Bytes of the whole block. */
    uint32_t size;
    /* Encoding of the source database: SQLITE_UTF8, SQLITE_UTF16LE or SQLITE_UTF16BE. */
    uint32_t encoding;
    /* Flags: RECIPE_. */
    uint32_t flags;
    /* Limits of the host, by SQLITE_LIMIT_ code. */
    int32_t limits[RECIPE_LIMITS];
    /* Environment of the host's thread, which workers adopt. */
    Environment environment;
    /* Number of the scan: one run that reads its table by ranges in workers. Unique in the host process; 0:
     * the host hands the rows out. */
    uint64_t scan;
    /* CREATE TABLE text that declares the chunk table's columns. */
    uint32_t declaration;
    /* CREATE VIEW text of what the statement reads instead of the chunk; or "". */
    uint32_t view;
    /* Statement to run over each chunk; its table is `chunk`, or the view. */
    uint32_t select;
    /* Partition, partial: the same statement without the number of rows; or "". */
    uint32_t uncounted_select;
    /* Partition: the same statement, but it passes each row to a function before it is evaluated. */
    uint32_t tracing_select;
    /* Partition: the rowids of a range, to find the one of a row in it. */
    uint32_t rowids_select;
    /* Partition: the database file; feed: "". */
    uint32_t uri;
    /* Number of tables that the statement may read beside the chunk; of a partition at least one: the first
       is the one that is read by ranges. */
    uint32_t table_count;
    /* Names of these tables, one text each. */
    uint32_t tables;
    /* Query: number of columns that the statement may read, and table and column of each, two texts; the
       column is "" where none of a table's is read. */
    uint32_t read_count, reads;
    /* With RECIPE_TABLES: number and names of tables that the host's connection has and the file has not; a
     * function that reads one is refused. */
    uint32_t host_table_count;
    uint32_t host_tables;
    /* With RECIPE_TABLES: number of forms of functions that the host's connection has and that are not
     * SQLite's own, and two texts for each: its name, and the rest as evaluate/stand_ins.h writes it. */
    uint32_t host_function_count;
    uint32_t host_functions;
    /* Query: number of tables that are made for it, and the array of them. */
    uint32_t made_count, made;
    uint32_t extension_count;
    /* Path and entry point (empty: the default one) of each extension, two texts each. */
    uint32_t extensions;
    /* Functions of the map in another language than C, RECIPE_FUNCTION_TEXTS texts each: the path of the
       language's library (evaluate/language.h), the function there, its name in SQL, and its
       number of arguments (-1: any) with the letter d after it where the function is deterministic. */
    uint32_t function_count;
    uint32_t functions;
    /* Columns of the output, where the map was judged already; 0: the evaluator judges it. */
    uint32_t columns;
    /* Feed: number of columns of the chunk table, where the inputs of the map are known already, else 0; and
     * these inputs as evaluator_inputs gives them, numbers with a space after each. The last of the texts. */
    uint32_t chunk_columns, inputs;
} Recipe;

/* A RecipeTable before it is in a recipe. */
typedef struct RecipeTableParts {
    const char *name, *declaration;
    const void *rows;
    uint32_t rows_size;
} RecipeTableParts;

/* The parts that recipe_build puts together; nothing is kept of them. Members are as those of Recipe. */
typedef struct RecipeParts {
    uint32_t encoding, flags;
    /* Limits, RECIPE_LIMITS of them. */
    const int *limits;
    /* Environment; NULL: none is adopted. */
    const Environment *environment;
    uint64_t scan;
    uint32_t columns;
    const char *declaration, *select;
    /* Texts that may be NULL: "". */
    const char *view, *uncounted_select, *tracing_select, *rowids_select, *uri;
    /* Names of tables, `table_count` of them. */
    uint32_t table_count;
    const char *const *tables;
    /* Texts, 2 × read_count of them. */
    uint32_t read_count;
    const char *const *reads;
    /* Names of the host's tables, host_table_count of them. */
    uint32_t host_table_count;
    const char *const *host_tables;
    /* Texts, 2 × host_function_count of them. */
    uint32_t host_function_count;
    const char *const *host_functions;
    uint32_t made_count;
    const RecipeTableParts *made;
    /* Texts, 2 × extension_count of them. */
    uint32_t extension_count;
    const char *const *extensions;
    /* Texts, RECIPE_FUNCTION_TEXTS × function_count of them. */
    uint32_t function_count;
    const char *const *functions;
} RecipeParts;

/* A recipe with one reference, or NULL when out of memory. */
Recipe *recipe_build(const RecipeParts *parts);
/*
 * A copy, with one reference, of a recipe whose rows are fed, with what its evaluator has found out of the
 * map: workers need not judge it again. `inputs`: `input_count` numbers. NULL when out of memory.
 */
typedef struct RecipeFacts {
    uint32_t columns, chunk_columns;
    bool has_constants;
    const int *inputs;
    int input_count;
} RecipeFacts;
Recipe *recipe_judged(const Recipe *recipe, const RecipeFacts *facts);

/* Whether both are of the same map, judged or not. */
bool recipe_is_same_map(const Recipe *a, const Recipe *b);

/* A copy, with one reference, of a recipe that came as bytes from the host process; NULL when out of memory
   or if `bytes` do not hold a whole recipe (they may be shared memory that changes meanwhile: they are copied
   first). */
Recipe *recipe_copy(const void *bytes, size_t size);
Recipe *recipe_ref(const Recipe *recipe);
void recipe_unref(const Recipe *recipe);

/* The text at an offset of the recipe's. */
static inline const char *recipe_text(const Recipe *recipe, uint32_t offset)
{
    return (const char *)recipe + offset;
}

/* Number `i` of the tables that are made for a query. */
static inline const RecipeTable *recipe_made(const Recipe *recipe, uint32_t i)
{
    return (const RecipeTable *)(const void *)((const char *)recipe + recipe->made) + i;
}

/*
 * The rowid that a number of a range stands for, and the number of a rowid. Ranges, and the positions in them
 * that tasks report, ascend in the order in which their rows are wanted: those of a backward scan are
 * mirrored rowids, so that nothing but what reads the table, or names a row, has to know of the direction.
 */
static inline int64_t recipe_rowid(const Recipe *recipe, int64_t number)
{
    return recipe->flags & RECIPE_BACKWARDS ? ~number : number;
}

/* The next text of a list. */
static inline const char *recipe_text_after(const char *text)
{
    return text + strlen(text) + 1;
}

#endif
