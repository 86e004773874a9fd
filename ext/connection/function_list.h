/*
 * The functions of a connection, as PRAGMA function_list lists them: SQLite has no other list. SQLite makes
 * the whole list anew for each such statement, so it is read as seldom as possible, and only what matters is
 * kept of it. On the connection's thread.
 */
#ifndef PRICEMAP_FUNCTION_LIST_H
#define PRICEMAP_FUNCTION_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/base/hash.h"
#include "ext/base/sqlite_api.h"

/* A form of a function, for one number of arguments and one text encoding. */
typedef struct FunctionForm {
    /* Hash of the name, by function_name. */
    uint64_t name;
    /* Hash of the name and the number of arguments. */
    uint64_t form;
    /* Hash of all that the list has of the form beside its name. */
    uint64_t traits;
    /* Number of arguments; negative: any number. */
    int arguments;
    /* Whether the form is not one of SQLite's own. */
    bool own;
    /* Whether the form takes texts in UTF-16. */
    bool utf16;
} FunctionForm;

/* Forms of functions. Zeros: an empty list. */
typedef struct FunctionList {
    FunctionForm *items;
    int count, room;
    /* Whether the forms are in the order of their `form`. */
    bool sorted;
} FunctionList;

/* Names of functions, each once, by their hashes. Zeros: none. */
typedef struct FunctionNames {
    uint64_t *items;
    int count, room;
} FunctionNames;

/* The hash of a function's name, of the `length` bytes at `name`. */
static inline uint64_t function_name(const char *name, int length)
{
    return hash_name(HASH_BEGIN, name, length);
}

/* SQLITE_OK or SQLITE_NOMEM. */
int function_names_add(FunctionNames *names, uint64_t name);
void function_names_free(FunctionNames *names);

/*
 * Reads into `list`, which is empty, every form that is not SQLite's own, and of SQLite's own those with one
 * of the names. SQLITE_OK; SQLITE_AUTH where the host's authorizer has the list ignored; else an error of the
 * connection's. The limits of the connection have to be lifted. Free it with function_list_free in any case.
 */
int function_list_read(sqlite3 *db, const FunctionNames *names, FunctionList *list);
void function_list_free(FunctionList *list);

/* Whether the list has a form of that name with as many arguments; sorts the list at the first question. */
bool function_list_has(FunctionList *list, const FunctionForm *form);

#endif
