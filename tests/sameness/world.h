/*
 * A world is a database that cases are run in: some tables of every kind, views, an attached file and
 * temporary tables, and a connection that may have changes of its own pending. All of it is made by a script
 * of SQL, kept to be printed where a case fails.
 */
#ifndef SAMENESS_WORLD_H
#define SAMENESS_WORLD_H

#include <sqlite3.h>

#include "tests/support/random.h"

enum { WORLD_SOURCES = 10, WORLD_COLUMNS = 80 };

/* Something that can be mapped. */
typedef struct WorldSource {
    char name[32];                   /* as SQL writes it, with its schema where it has one */
    char rowid[8];                   /* a name of its rowid; "" where it has none */
    char columns[WORLD_COLUMNS][24]; /* as SQL writes them */
    int column_count;
    bool is_view;
    /* One bit of its file is another one. */
    bool damaged;
    bool indexed; /* an index may change the order in which its rows are read */
} WorldSource;

typedef struct World {
    sqlite3 *db;
    sqlite3_str *script;
    bool on_file;
    /* A limit is so low that computing a value may fail: what computes fewer values may not fail then. */
    bool may_exceed;
    bool has_tags;        /* tagged() and tag_of() of the tests' extension are there, in workers as well */
    const char *executor; /* of all cases; NULL: of each any one */
    /* The attached file is to be damaged. */
    bool damaged;
    WorldSource sources[WORLD_SOURCES];
    int source_count;
} World;

/* The files of all worlds, in the current folder; each world begins with new ones. */
#define WORLD_MAIN_FILE "main.db"
#define WORLD_OTHER_FILE "other.db"

/*
 * Makes a world on a new connection with the extension loaded, from `random`. 0, or -1 with the reason on
 * standard error. End it with world_end in either case.
 */
int world_begin(World *world, Random *random, const char *extension);

/* Closes it. 0; -1 when the connection could not be closed because something was left open on it. */
int world_end(World *world);

/* Removes a database file of the current folder with what SQLite keeps beside it: a journal that persists,
 * for one. */
void world_remove_file(const char *name);

#endif
