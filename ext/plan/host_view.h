/*
 * The host's view of a map, as far as it matters to a plan that is kept: the program of the map without
 * workers, and what is called under the names in it. Two views that are equal read the same and compute the
 * same. SQLite makes nothing expire when a host defines a function under a name that SQLite has in another
 * form, and EXPLAIN shows the same name: so the functions are compared as well. On the connection's thread.
 */
#ifndef PRICEMAP_HOST_VIEW_H
#define PRICEMAP_HOST_VIEW_H

#include "ext/connection/function_list.h"
#include "ext/evaluate/program.h"
#include "ext/functions/own_functions.h"
#include "ext/plan/map_sql.h"

/* Zeros: nothing was read yet. */
typedef struct HostView {
    /* Hash of the program of the map over its source; 0: the host cannot prepare the map, which calls
     * functions that only workers have. */
    uint64_t whole;
    /* Hash of the program of the feed, read only where `whole` is 0: the program of the map contains it. */
    uint64_t feed;
    /* Functions that map and source call beside pricemap's own, and the own ones. */
    FunctionNames names;
    bool own[OWN_FUNCTIONS];
    /* Hash of the host's functions under the names; 0: the host does not list them. */
    uint64_t functions;
} HostView;

/* Adds the function of that name to those of the view. SQLITE_OK or SQLITE_NOMEM. */
int host_view_add_function(HostView *view, const char *name, int length);

/*
 * Reads the program of the map over its source under the host's limits, and adds the functions that it calls.
 * An error is as of sqlite3_prepare_v2, its text the connection's, and leaves `whole` 0.
 */
int host_view_read_whole(HostView *view, sqlite3 *db, const PlainSelect *plain);

/* The same with another visitor of the instructions: `also` is called for each with `arg`, as of
 * program_each, and the program is read no further than it wants. */
int host_view_read_whole_with(HostView *view, sqlite3 *db, const PlainSelect *plain, ProgramVisitor *also,
                              void *arg);

/* The same of the feed's program, where it is needed; without limits. */
int host_view_read_feed(HostView *view, sqlite3 *db, const char *sql);

/* Hashes the functions of the view as `list`, the connection's, has them. */
void host_view_take_functions(HostView *view, const FunctionList *list);

/* The same, and reads the list where there are names. SQLITE_OK or SQLITE_NOMEM or SQLITE_INTERRUPT. */
int host_view_read_functions(HostView *view, sqlite3 *db);

/*
 * Whether the connection would still give `view`: `plain` and `feed` are its statements. False too where that
 * is not known.
 */
bool host_view_holds(const HostView *view, sqlite3 *db, const PlainSelect *plain, const char *feed);

void host_view_free(HostView *view);

#endif
