#include "ext/split/same_program.h"

#include <string.h>

/* An instruction as EXPLAIN lists it. */
struct ProgramLine {
    const char *opcode, *p4;
    int p1, p2, p3, p5;
};

int program_copy_add(ProgramCopy *copy, const Instruction *instruction)
{
    const char *p4 = instruction_p4(instruction);
    ProgramLine line = {
        .opcode = arena_copy(&copy->arena, instruction->opcode, strlen(instruction->opcode)),
        .p4 = *p4 ? arena_copy(&copy->arena, p4, strlen(p4)) : "",
        .p1 = instruction_number(instruction, INSTRUCTION_P1),
        .p2 = instruction_number(instruction, INSTRUCTION_P2),
        .p3 = instruction_number(instruction, INSTRUCTION_P3),
        .p5 = instruction_number(instruction, INSTRUCTION_P5),
    };
    ProgramLine *grown = arena_grow(&copy->arena, copy->lines, copy->count, sizeof line);
    if (copy->arena.failed)
        return SQLITE_NOMEM;
    copy->lines = grown;
    grown[copy->count++] = line;
    return SQLITE_OK;
}

void program_copy_free(ProgramCopy *copy)
{
    arena_free(&copy->arena);
    *copy = (ProgramCopy){0};
}

/* Two connections of one file may have it under other numbers, and know of other changes of its schema. */
static bool is_same(const ProgramLine *line, const Instruction *other, bool one_connection)
{
    bool transaction = !one_connection && instruction_is(other, "Transaction");
    bool same = !strcmp(line->opcode, other->opcode);
    same = same && line->p2 == instruction_number(other, INSTRUCTION_P2) &&
           line->p5 == instruction_number(other, INSTRUCTION_P5);
    if (line->p1 != instruction_number(other, INSTRUCTION_P1))
        same = same && (transaction || (!one_connection && instruction_is(other, "TableLock")));
    if (line->p3 != instruction_number(other, INSTRUCTION_P3))
        same = same && (transaction || (!one_connection && instruction_is(other, "OpenRead")));
    /* Older versions of SQLite have the name of a parameter there, and the count of schema changes. */
    if (strcmp(line->p4, instruction_p4(other)) != 0)
        same = same && (transaction || instruction_is(other, "Variable"));
    return same;
}

int program_compare(void *arg, const Instruction *instruction)
{
    ProgramComparison *comparison = arg;
    const ProgramCopy *copy = comparison->copy;
    comparison->differs = comparison->same == copy->count ||
                          !is_same(&copy->lines[comparison->same], instruction, comparison->one_connection);
    comparison->same += !comparison->differs;
    return comparison->differs ? SQLITE_DONE : SQLITE_OK;
}

bool program_is_same(const ProgramComparison *comparison)
{
    return !comparison->differs && comparison->same == comparison->copy->count;
}

static int add_line(void *copy, const Instruction *instruction)
{
    return program_copy_add(copy, instruction);
}

int same_program(sqlite3 *one, const char *a, sqlite3 *other, const char *b, bool *same)
{
    ProgramCopy copy = {0};
    ProgramComparison comparison = {.copy = &copy, .one_connection = one == other};
    int rc = program_each(one, a, add_line, &copy);
    if (rc == SQLITE_OK)
        rc = program_each(other, b, program_compare, &comparison);
    *same = rc == SQLITE_OK && program_is_same(&comparison);
    program_copy_free(&copy);
    return rc;
}
