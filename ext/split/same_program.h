/*
 * Whether SQLite makes the same program of two statements: the proof that a text which was written out of a
 * tree means what the user's text means.
 */
#ifndef PRICEMAP_SAME_PROGRAM_H
#define PRICEMAP_SAME_PROGRAM_H

#include <stdbool.h>

#include "ext/evaluate/program.h"
#include "ext/select/arena.h"

typedef struct ProgramLine ProgramLine;

/* A copy of a program, to which others are compared. Zeros: empty. Freed with program_copy_free. */
typedef struct ProgramCopy {
    Arena arena;
    ProgramLine *lines;
    int count;
} ProgramCopy;

/* Adds an instruction. SQLITE_OK or SQLITE_NOMEM. */
int program_copy_add(ProgramCopy *copy, const Instruction *instruction);

void program_copy_free(ProgramCopy *copy);

/* A comparison under way: `copy` with a program that is visited. */
typedef struct ProgramComparison {
    const ProgramCopy *copy;
    /* Whether both programs are of one connection. */
    bool one_connection;
    /* Number of instructions that were the same, and whether one was not. */
    int same;
    bool differs;
} ProgramComparison;

/* A ProgramVisitor with a ProgramComparison as its argument; the names of parameters and columns are no part
   of a program. */
int program_compare(void *comparison, const Instruction *instruction);

/* Whether all that was visited is all of the copy. */
bool program_is_same(const ProgramComparison *comparison);

/*
 * Compares a copy with the program of `sql` on the connection: the same where one cursor has one number in
 * each, which may be another. *same is set with SQLITE_OK; else an error, whose text is the connection's.
 */
int program_compare_but_cursors(const ProgramCopy *copy, sqlite3 *db, const char *sql, bool one_connection,
                                bool *same);

/*
 * Compares the programs of `a` on the connection `one` with that of `b` on `other`, instruction by
 * instruction; cursors may have other numbers. *same is set with SQLITE_OK; else an error, whose text is one
 * of the connections'. Runs neither. On the thread of both connections.
 */
int same_program(sqlite3 *one, const char *a, sqlite3 *other, const char *b, bool *same);

#endif
