/*
 * The check of names in a map: it may name the columns of its tables, and functions that are about values.
 * SQLite calls the authorizer of a worker's connection for each while it prepares the map's statement; what
 * functions of the map prepare by themselves while it runs is judged by inner_statements. Used on the
 * evaluator's thread.
 */
#ifndef PRICEMAP_AUTHORIZER_H
#define PRICEMAP_AUTHORIZER_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/data/recipe.h"

typedef struct Names {
    char **items;
    int count;
} Names;

typedef enum AuthorizerStage {
    /* Statements of pricemap's own are prepared: they are allowed. */
    PREPARING_OURS,
    /* The user's map is being prepared: what it reads and calls is checked. */
    PREPARING_MAP,
    /* The map is being run: so are the statements that its functions run. */
    RUNNING_MAP,
} AuthorizerStage;

typedef struct Authorizer {
    /* Recipe of the map; borrowed from the evaluator. Its list of tables are the tables that the map may
     * read. */
    const Recipe *recipe;
    AuthorizerStage stage;
    /* Whether the statement that is being prepared may call the functions that are not for maps. */
    bool preparing_own;
    /* Statement that is being stepped in the stage RUNNING_MAP. */
    sqlite3_stmt *running;
    /* Names of the chunk table's columns, `columns` of them, none for a partition; owned. */
    char **names;
    int columns;
    /* Whether the map names the column, per column; owned. */
    bool *named;
    /* Whether the map names the rowid of the chunk table. */
    bool rowid_named;
    /* Query: names of the columns of the cut table that may be its rowid. */
    Names keys;
    /* Functions that the map names, each once. */
    Names functions;
    /* Reason for which the map was refused; "" where it was not. */
    char denial[256];
    /* Functions that statements of the map's functions may not call, because the host has others under these
     * names; see stand_ins. */
    Names host_only;
    /* Name, as in "f()", for which a statement was refused with TASK_REFUSED_FUNCTION; else "". */
    char lacking[128];
    /* TASK_REFUSED_, of a function of the map in the run that is under way; see inner_statements. */
    int32_t refused;
} Authorizer;

/* Adds a name, unless it is there. SQLITE_OK or SQLITE_NOMEM. */
int names_add(Names *names, const char *name);
bool names_have(const Names *names, const char *name);

/* Lets a query read the column of its cut table, which may be the rowid. SQLITE_OK or SQLITE_NOMEM. */
int authorizer_add_key(Authorizer *authorizer, const char *column);

/* Sets the authorizer of the connection, once: each setting makes SQLite prepare anew what was prepared
   before. `authorizer` must outlive the connection. */
void authorizer_attach(Authorizer *authorizer, sqlite3 *db);

/* Steps a statement over the map's rows, whose functions may prepare statements of their own only as
   inner_statements allows. Returns as sqlite3_step. */
int authorizer_step(Authorizer *authorizer, sqlite3_stmt *statement);

/* Whether the map runs, so that a statement which is prepared now is one of its functions'. */
bool authorizer_in_function(const Authorizer *authorizer);

/* Whether a map may not call the function, nor may a statement that its functions prepare: the function is
 * about a connection, a file or the process, or is for the statements of workers only. */
bool authorizer_refuses(const char *function);

/* Frees what the authorizer owns. */
void authorizer_free(Authorizer *authorizer);

/* Names of the tables that a map may read beside its own: SQLite makes their rows of the arguments. */
enum { AUTHORIZER_JSON_TABLES = 4 };
const char *authorizer_json_table(int i);

/*
 * Has the connection know the JSON tables, where `select` may name one: SQLite writes a table into its schema
 * when it first meets one, which the authorizer would refuse. A build of SQLite without JSON has none.
 */
void authorizer_meet_json_tables(sqlite3 *db, const char *select);

#endif
