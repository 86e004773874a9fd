/*
 * Facts about a statement before it runs, from its program as EXPLAIN lists it.
 */
#ifndef PRICEMAP_PROGRAM_H
#define PRICEMAP_PROGRAM_H

#include <stdbool.h>
#include <string.h>

#include "ext/base/sqlite_api.h"

/* An instruction of a program; valid while it is visited. */
typedef struct Instruction {
    /* Row of EXPLAIN with the instruction. */
    sqlite3_stmt *row;
    /* Name of the instruction. */
    const char *opcode;
} Instruction;

/* Columns of EXPLAIN that are numbers. */
typedef enum InstructionNumber {
    INSTRUCTION_ADDRESS = 0,
    INSTRUCTION_P1 = 2,
    INSTRUCTION_P2 = 3,
    INSTRUCTION_P3 = 4,
    INSTRUCTION_P5 = 6,
} InstructionNumber;

static inline int instruction_number(const Instruction *instruction, InstructionNumber number)
{
    return sqlite3_column_int(instruction->row, number);
}

/* The fourth operand as EXPLAIN writes it: a function's or a collation's name, a table's address; "": none.
 */
static inline const char *instruction_p4(const Instruction *instruction)
{
    enum { P4 = 5 };
    const char *text = (const char *)sqlite3_column_text(instruction->row, P4);
    return text ? text : "";
}

static inline bool instruction_is(const Instruction *instruction, const char *opcode)
{
    return !strcmp(instruction->opcode, opcode);
}

/* Takes an instruction in. SQLITE_OK to go on; SQLITE_DONE when it has seen enough; an error ends it too. */
typedef int ProgramVisitor(void *arg, const Instruction *instruction);

/*
 * Compiles `sql`, one statement, on the connection and calls visit(arg, …) for each instruction of its
 * program, in order; runs nothing of it. The connection's limits do not hold for it. SQLITE_OK; else the
 * visitor's error, or one of the connection's, with its text.
 */
int program_each(sqlite3 *db, const char *sql, ProgramVisitor *visit, void *arg);

/* The same under the connection's limits, as far as they are for statements. Of the length of `sql` as many
   characters are not counted as `added` says. */
int program_each_limited(sqlite3 *db, const char *sql, int added, ProgramVisitor *visit, void *arg);

typedef struct ProgramFacts {
    /* The number of columns of a row; 0: the program gives none. */
    int columns;
    /* Whether a part of the program runs once however many rows there are: a call with constant arguments,
       the list of an IN, a subquery that no row matters to. */
    bool has_constants;
    /* Whether the program may have an aggregate or a window function, in a subquery perhaps; false: it has
     * none. */
    bool may_aggregate;
} ProgramFacts;

/*
 * Compiles `sql`, a SELECT, on the connection under its limits and reads its program. SQLITE_OK; else an
 * error as of sqlite3_prepare_v2, its text the connection's.
 */
int program_read(sqlite3 *db, const char *sql, ProgramFacts *facts);

#endif
