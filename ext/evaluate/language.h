/*
 * Functions of maps in another language than C. A language is a library beside pricemap's own, which exports
 * the table `pricemap_language`, LANGUAGE_SYMBOL: it binds functions of the language to a connection. The
 * same library serves in both processes: in a worker process of the language, whose program has loaded it,
 * and in a host that happens to have the language's interpreter in its process.
 */
#ifndef PRICEMAP_LANGUAGE_H
#define PRICEMAP_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/data/rowset.h"
#include "ext/functions/price.h"

#define LANGUAGE_SYMBOL "pricemap_language"

/* Number of the table's form, raised with every change: library and extension are from one build. */
enum { LANGUAGE_VERSION = 2 };

/* A function as a map calls it. */
typedef struct LanguageFunction {
    /* Function in the language's own words. */
    const char *target;
    /* Name in SQL, and number of arguments; -1: any. */
    const char *name;
    int arguments;
    bool deterministic;
} LanguageFunction;

/*
 * The calls of whole-chunk functions in one chunk of one evaluator. Such a function is not called for a row:
 * SQL gets a mark in place of its value, and once the chunk is through the function is called with all its
 * arguments in columns. The marks have to come to the output as they are.
 */
typedef struct LanguageChunk {
    /* First bytes of the marks, at random, so that no value of a user is one; 0: the connection has no such
       function. */
    uint64_t mark;
    /* Number of the chunk on this evaluator; a mark of another chunk is one of a constant, which then was
       `kept`. */
    uint32_t chunk;
    bool kept;
    /* Number of functions that were bound, and those that were called in this chunk: the library's. */
    uint32_t functions;
    void *called;
} LanguageChunk;

/* Mark of one call, of which a map may make another one: nothing in it is trusted. */
typedef struct LanguageMark {
    uint64_t mark;
    uint32_t chunk, function, call, unused;
} LanguageMark;

typedef struct Language {
    int version;
    /* Name as messages say it. */
    const char *name;

    /* Whether the interpreter runs in this process, and can be called. */
    bool (*present)(void);

    /* The reason, a constant, for which pricemap cannot call the interpreter of this process at all; NULL:
       there is none. Needs no lock. */
    const char *(*refuse)(void);

    /*
     * Takes the interpreter's lock for the calling thread, and lets it go again. Whatever may call a bound
     * function, prepare a statement with one or drop one happens in between. May be nested; `held` is what
     * hold returned, -1 where the interpreter is ending: then nothing is held, and calls fail.
     */
    int (*hold)(void);
    void (*let_go)(int held);

    /* Lets the lock go that the calling thread may hold already, for a wait for other threads, and takes
       it again; `paused` is what pause returned, NULL where the thread held none. */
    void *(*pause)(void);
    void (*resume)(void *paused);

    /* Make the interpreter know a thread that pricemap started, so that each hold there costs little, and
       forget the thread again, before it ends. May be nested. */
    void (*enter_thread)(void);
    void (*leave_thread)(void);

    /* Number of the calling thread for `stop`. */
    uintptr_t (*thread)(void);
    /* Has what runs in that thread fail soon, as an interrupt would. On any other thread. */
    void (*stop)(uintptr_t thread);
    /* Forgets a stop that came too late to be of use, held. */
    void (*forget_stop)(uintptr_t thread);

    /*
     * Registers a function on the connection, held, which has to be closed held. `stop`, which the connection
     * may use as long as it is open, distinguishes a call that was stopped from one that failed. SQLITE_OK,
     * or an error with a text in `message`, which has room for `size` bytes.
     */
    int (*bind)(const sqlite3_api_routines *routines, sqlite3 *db, const LanguageFunction *function,
                const PriceStop *stop, LanguageChunk *chunk, char *message, size_t size);

    /* Notes, held, that the value of a marked call belongs into this cell; ignores a mark of no call. False
       when out of memory. */
    bool (*place)(const LanguageChunk *chunk, const LanguageMark *mark, uint32_t row, uint32_t column);
    /*
     * Calls, held, the whole-chunk functions of a chunk that is through, and writes their results into the
     * cells, which are of rows that were written already; text in `encoding`. SQLITE_OK; else an error with a
     * text in `message`. `discard`: only forgets the calls.
     */
    int (*complete)(LanguageChunk *chunk, RowsetWriter *writer, int encoding, bool discard, char *message,
                    size_t size);

    /*
     * Describes this process for workers, which have to find the same functions: texts, the last one NULL,
     * which the program of the workers takes as arguments; the first one is that program, "" where it is not
     * known. To be freed with free, each and all. NULL when out of memory. On a thread of the interpreter or
     * any other.
     */
    char **(*describe_host)(void);
} Language;

/* The library of a language that is open in this process. */
typedef struct LanguageLibrary {
    /* Handle of the linker, and table; both NULL where the interpreter is not in this process. */
    void *handle;
    const Language *language;
} LanguageLibrary;

/* Whether the interpreter of a language is in this process. Any thread. */
bool language_is_here(void);

/* Opens the library at `path` where its language's interpreter is in this process. False, with a text in
   `message`, where it is and the library cannot be used. Any thread. */
bool language_open(LanguageLibrary *library, const char *path, char *message, size_t size);
void language_close(LanguageLibrary *library);

#endif
