#include "ext/plan/host_view.h"

#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/program.h"

int host_view_add_function(HostView *view, const char *name, int length)
{
    OwnFunction own = own_function_named(name, length);
    if (own == OWN_FUNCTIONS)
        return function_names_add(&view->names, function_name(name, length));
    view->own[own] = true;
    return SQLITE_OK;
}

/* A program that is read; `view` NULL: its functions are known already. */
typedef struct Reading {
    HostView *view;
    uint64_t hash;
    /* Another visitor of the same instructions, and its argument; NULL: none. */
    ProgramVisitor *also;
    void *arg;
} Reading;

static bool calls(const Instruction *instruction)
{
    return instruction_is(instruction, "Function") || instruction_is(instruction, "PureFunc") ||
           !strncmp(instruction->opcode, "Agg", 3);
}

static int add_called(HostView *view, const char *p4)
{
    /* A function is written as name(arguments). */
    const char *end = strrchr(p4, '(');
    return end ? host_view_add_function(view, p4, (int)(end - p4)) : SQLITE_OK;
}

static int read_instruction(void *arg, const Instruction *instruction)
{
    Reading *reading = arg;
    const char *p4 = instruction_p4(instruction);
    uint64_t hash = hash_text(reading->hash, instruction->opcode);
    hash = hash_number(hash, (uint64_t)instruction_number(instruction, INSTRUCTION_P1));
    hash = hash_number(hash, (uint64_t)instruction_number(instruction, INSTRUCTION_P2));
    hash = hash_number(hash, (uint64_t)instruction_number(instruction, INSTRUCTION_P3));
    hash = hash_text(hash, p4);
    reading->hash = hash_number(hash, (uint64_t)instruction_number(instruction, INSTRUCTION_P5));
    int rc = reading->view && calls(instruction) ? add_called(reading->view, p4) : SQLITE_OK;
    return rc == SQLITE_OK && reading->also ? reading->also(reading->arg, instruction) : rc;
}

/* Of no program the hash is 0. */
static uint64_t settled(int rc, uint64_t hash)
{
    return rc != SQLITE_OK ? 0 : hash ? hash : 1;
}

static int read_whole(sqlite3 *db, const PlainSelect *plain, Reading *reading, uint64_t *hash)
{
    reading->hash = HASH_BEGIN;
    int rc = program_each_limited(db, plain->sql, plain->added, read_instruction, reading);
    *hash = settled(rc, reading->hash);
    return rc;
}

static int read_feed(sqlite3 *db, const char *sql, HostView *view, uint64_t *hash)
{
    Reading reading = {.view = view, .hash = HASH_BEGIN};
    int rc = program_each(db, sql, read_instruction, &reading);
    *hash = settled(rc, reading.hash);
    return rc;
}

int host_view_read_whole(HostView *view, sqlite3 *db, const PlainSelect *plain)
{
    return host_view_read_whole_with(view, db, plain, NULL, NULL);
}

int host_view_read_whole_with(HostView *view, sqlite3 *db, const PlainSelect *plain, ProgramVisitor *also,
                              void *arg)
{
    Reading reading = {.view = view, .also = also, .arg = arg};
    return read_whole(db, plain, &reading, &view->whole);
}

int host_view_read_feed(HostView *view, sqlite3 *db, const char *sql)
{
    return read_feed(db, sql, view, &view->feed);
}

/* The list need not have the same order each time. */
static uint64_t hash_functions(const FunctionNames *names, const FunctionList *list)
{
    uint64_t sum = 0;
    for (int i = 0; i < list->count; i++)
        for (int j = 0; j < names->count; j++)
            if (list->items[i].name == names->items[j])
                sum += list->items[i].traits;
    return settled(SQLITE_OK, sum);
}

void host_view_take_functions(HostView *view, const FunctionList *list)
{
    view->functions = hash_functions(&view->names, list);
}

/* Sets the hash of the functions; 0: the connection does not list them. */
static int read_functions(sqlite3 *db, const FunctionNames *names, uint64_t *functions)
{
    FunctionList list = {0};
    int rc = SQLITE_OK;
    if (names->count) {
        SqliteLimits own;
        limits_lift(db, &own);
        rc = function_list_read(db, names, &list);
        limits_restore(db, &own);
    }
    *functions = rc == SQLITE_OK ? hash_functions(names, &list) : 0;
    function_list_free(&list);
    return rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT ? rc : SQLITE_OK;
}

int host_view_read_functions(HostView *view, sqlite3 *db)
{
    return read_functions(db, &view->names, &view->functions);
}

static bool own_functions_hold(const HostView *view, sqlite3 *db)
{
    bool hold = true;
    SqliteLimits own;
    limits_lift(db, &own);
    for (int i = 0; hold && i < OWN_FUNCTIONS; i++)
        if (view->own[i] && own_function_present(db, (OwnFunction)i, &hold) != SQLITE_OK)
            hold = false;
    limits_restore(db, &own);
    return hold;
}

bool host_view_holds(const HostView *view, sqlite3 *db, const PlainSelect *plain, const char *feed)
{
    uint64_t whole, read = 0, functions;
    Reading reading = {0};
    if (read_whole(db, plain, &reading, &whole) == SQLITE_INTERRUPT || whole != view->whole)
        return false;
    if (!whole && (read_feed(db, feed, NULL, &read) != SQLITE_OK || read != view->feed))
        return false;
    return read_functions(db, &view->names, &functions) == SQLITE_OK && functions &&
           functions == view->functions && own_functions_hold(view, db);
}

void host_view_free(HostView *view)
{
    function_names_free(&view->names);
    *view = (HostView){0};
}
