/*
 * Functions of Python for maps: the table of evaluate/language.h, and what its files share. All is written
 * for Python's stable ABI, so that one library serves every CPython from 3.8 on: newer functions are named as
 * weak symbols. The library is loaded in two kinds of processes: in worker processes, as the module
 * _pricemap, and in hosts that are programs of Python, by pricemap.so.
 *
 * The caller of a function here holds the interpreter's lock, unless the function says otherwise.
 */
#ifndef PRICEMAP_PYTHON_INTERPRETER_H
#define PRICEMAP_PYTHON_INTERPRETER_H

#include <stdbool.h>
#include <stddef.h>

#include "ext/evaluate/language.h"

/* PyObject, by its tag: this header needs none of Python's. */
struct _object;

enum {
    /* Bytes of a text that describes an exception, its NUL included. */
    PYTHON_TEXT_SIZE = 900,
};

/* ---- functions.c ---- */

/* Has python_bind resolve each target at once from now on: the process is a worker, not a host. Once, before
   any thread. */
void python_is_worker(void);

/*
 * A call of a worker's function may fork, and return in the copy of the worker as well, which shares the
 * worker's channel and must not answer its tasks: so each call is between these two. python_end_copy ends
 * the process, by _exit, where it is such a copy; a call that began in a copy goes on there. In a host they
 * do nothing, and the copy is the host's.
 */
unsigned python_forks(void);
void python_end_copy(unsigned before);

/* Registers a function; see Language. */
int python_bind(const sqlite3_api_routines *routines, sqlite3 *db, const LanguageFunction *function,
                const PriceStop *stop, LanguageChunk *chunk, char *message, size_t size);

/* ---- arenas.c ---- */

/* Has this process keep some of the memory that Python lets go, for the next row. Once, in a worker process,
   whose end frees it. */
void python_keep_memory(void);

/* Gives what is kept back to the kernel. In a worker process. */
void python_give_memory_back(void);

/* ---- chunks.c ---- */

/* The calls of a whole-chunk function in a chunk. */
typedef struct ChunkCalls ChunkCalls;

/* Whether the function wants whole chunks: it has the attribute pricemap_whole_chunk, which is true. */
bool python_is_whole_chunk(struct _object *callable);

/* Calls of a function that was bound to the connection of `chunk`; both `name` and `chunk` outlive them. NULL
   when out of memory. */
ChunkCalls *python_calls_create(LanguageChunk *chunk, const char *name);
void python_calls_free(ChunkCalls *calls);

/* Adds a call of the function and makes its mark the result. */
void python_calls_add(ChunkCalls *calls, struct _object *callable, const PriceStop *stop,
                      sqlite3_context *context, int argc, sqlite3_value **argv);

/* See Language. */
bool python_place(const LanguageChunk *chunk, const LanguageMark *mark, uint32_t row, uint32_t column);
int python_complete(LanguageChunk *chunk, RowsetWriter *writer, int encoding, bool discard, char *message,
                    size_t size);

/* ---- values.c ---- */

/* The value as Python has it, a new reference; NULL with an exception. */
struct _object *python_from_value(sqlite3_value *value);

/* Makes a value of Python the result of a call. False, with an exception, where SQLite has no such value. */
bool python_set_result(sqlite3_context *context, struct _object *value);

/* The same for a cell of a rowset, whose text has `encoding`; *rc is an error of the rowset's. */
bool python_set_cell(RowsetWriter *writer, uint32_t column, int encoding, struct _object *value, int *rc);

/* ---- errors.c ---- */

/*
 * Describes the exception that is set, and clears it: its type, its text, and the deepest entry of its
 * traceback in the file that defines `callable` (NULL: not known), else the deepest of all. Returns whether
 * it is a KeyboardInterrupt.
 */
bool python_describe_exception(struct _object *callable, char *text, size_t size);

/* ---- host.c ---- */

/* See Language. */
char **python_describe_host(void);

/* See Language. */
const char *python_refuse_host(void);

/* Whether Python runs in this process and is not ending. Without the lock. */
bool python_is_present(void);

#endif
