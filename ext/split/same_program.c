#include "ext/split/same_program.h"

#include <string.h>

/* An instruction as EXPLAIN lists it. */
struct ProgramLine {
    const char *opcode, *p4;
    int p1, p2, p3, p5;
};

static ProgramLine read_line(const Instruction *instruction)
{
    return (ProgramLine){.opcode = instruction->opcode,
                         .p4 = instruction_p4(instruction),
                         .p1 = instruction_number(instruction, INSTRUCTION_P1),
                         .p2 = instruction_number(instruction, INSTRUCTION_P2),
                         .p3 = instruction_number(instruction, INSTRUCTION_P3),
                         .p5 = instruction_number(instruction, INSTRUCTION_P5)};
}

int program_copy_add(ProgramCopy *copy, const Instruction *instruction)
{
    ProgramLine line = read_line(instruction);
    line.opcode = arena_copy(&copy->arena, line.opcode, strlen(line.opcode));
    line.p4 = *line.p4 ? arena_copy(&copy->arena, line.p4, strlen(line.p4)) : "";
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

/* ---- cursors ---- */

enum { CURSORS_MAX = 256 };

/* Pairs of cursors that stand for each other in two programs: SQLite numbers the cursors of a view's tables
   later than those of the same subquery in FROM. Numbers are kept one higher; 0: not paired. */
typedef struct CursorPairs {
    short others[CURSORS_MAX], own[CURSORS_MAX];
    /* Whether a pair has two numbers, and whether there was an instruction that may have cursors anywhere. */
    bool renamed, unknown;
} CursorPairs;

static bool pair_cursors(CursorPairs *pairs, int own, int other)
{
    if (own < 0 || other < 0 || own >= CURSORS_MAX || other >= CURSORS_MAX)
        return own == other;
    if (!pairs->others[own] && !pairs->own[other]) {
        pairs->others[own] = (short)(other + 1);
        pairs->own[other] = (short)(own + 1);
        pairs->renamed |= own != other;
    }
    return pairs->others[own] == other + 1 && pairs->own[other] == own + 1;
}

/* Operands of an instruction that are cursors. */
enum { CURSOR_P1 = 1, CURSOR_P2 = 2, CURSOR_P3 = 4, CURSOR_UNKNOWN = 8 };

/* The instructions of programs that read, of SQLite 3.38 to 3.53. */
static const struct {
    int cursors;
    const char *opcodes;
} opcodes[] = {
    {CURSOR_P1,
     " Close Column ColumnsUsed Count CursorHint CursorLock CursorUnlock Delete FinishSeek Found IdxDelete IdxGE IdxGT IdxInsert IdxLE"
     " IdxLT IdxRowid IfEmpty IfNoHope IfNotOpen IfNullRow IfSizeBetween IfSmaller Insert IsType Last NewRowid Next"
     " NoConflict NotExists NotFound NullRow Offset OpenAutoindex OpenEphemeral OpenPseudo OpenRead Prev ReopenIdx"
     " ResetSorter Rewind RowData Rowid SeekEnd SeekGE SeekGT SeekHit SeekLE SeekLT SeekRowid SeekScan Sequence"
     " SequenceTest Sort SorterCompare SorterInsert SorterNext SorterOpen SorterSort "},
    {CURSOR_P1 | CURSOR_P2, " OpenDup "},
    {CURSOR_P1 | CURSOR_P3, " DeferredSeek SorterData "},
    {0,
     " Add AddImm Affinity AggFinal AggInverse AggStep AggStep1 AggValue And BeginSubrtn BitAnd BitNot BitOr Blob"
     " Cast ClrSubtype CollSeq Compare Concat Copy DecrJumpZero Divide ElseEq EndCoroutine Eq Filter FilterAdd"
     " Function Ge GetSubtype Gosub Goto Gt Halt HaltIfNull If IfNot IfNotZero IfPos Init InitCoroutine Int64"
     " IntCopy Integer IsNull IsTrue Jump Le Lt MakeRecord Move Multiply MustBeInt Ne Not NotNull Null"
     " OffsetLimit Once Or Permutation PureFunc Real RealAffinity ReleaseReg Remainder ResultRow Return RowSetAdd"
     " RowSetRead RowSetTest SCopy SetSubtype ShiftLeft ShiftRight SoftNull String String8 Subtract TableLock"
     " Trace Transaction Variable Yield ZeroOrNull "},
};

static int cursor_operands(const char *opcode)
{
    const size_t length = strlen(opcode);
    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++)
        for (const char *at = opcodes[i].opcodes; (at = strstr(at, opcode)); at += length)
            if (at[-1] == ' ' && at[length] == ' ')
                return opcodes[i].cursors;
    return CURSOR_UNKNOWN;
}

/* ---- comparison ---- */

/* Two connections of one file may have it under other numbers, and know of other changes of its schema. With
   `pairs`, cursors may have other numbers. */
static bool is_same(const ProgramLine *a, const ProgramLine *b, bool one_connection, CursorPairs *pairs)
{
    if (strcmp(a->opcode, b->opcode) != 0 || a->p5 != b->p5)
        return false;
    /* Words about the plan do nothing, and an instruction with a cursor may have become one that does. */
    if (!strcmp(a->opcode, "Explain") || (pairs && !strcmp(a->opcode, "Noop")))
        return true;
    const int cursors = pairs ? cursor_operands(a->opcode) : 0;
    const bool transaction = !one_connection && !strcmp(a->opcode, "Transaction");
    const bool lock = !one_connection && !strcmp(a->opcode, "TableLock");
    const bool open = !one_connection && !strcmp(a->opcode, "OpenRead");
    if (pairs)
        pairs->unknown |= cursors == CURSOR_UNKNOWN;
    bool same =
        (cursors & CURSOR_P1) ? pair_cursors(pairs, a->p1, b->p1) : a->p1 == b->p1 || transaction || lock;
    same = same && ((cursors & CURSOR_P2) ? pair_cursors(pairs, a->p2, b->p2) : a->p2 == b->p2);
    same = same && ((cursors & CURSOR_P3) ? pair_cursors(pairs, a->p3, b->p3)
                                          : a->p3 == b->p3 || transaction || open);
    /* Older versions of SQLite have the name of a parameter there, and the count of schema changes. */
    return same && (!strcmp(a->p4, b->p4) || transaction || !strcmp(a->opcode, "Variable"));
}

int program_compare(void *arg, const Instruction *instruction)
{
    ProgramComparison *comparison = arg;
    const ProgramCopy *copy = comparison->copy;
    const ProgramLine line = read_line(instruction);
    comparison->differs = comparison->same == copy->count ||
                          !is_same(&copy->lines[comparison->same], &line, comparison->one_connection, NULL);
    comparison->same += !comparison->differs;
    return comparison->differs ? SQLITE_DONE : SQLITE_OK;
}

bool program_is_same(const ProgramComparison *comparison)
{
    return !comparison->differs && comparison->same == comparison->copy->count;
}

static bool same_but_for_cursors(const ProgramCopy *a, const ProgramCopy *b, bool one_connection)
{
    CursorPairs pairs = {.renamed = false};
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++)
        same = is_same(&a->lines[i], &b->lines[i], one_connection, &pairs);
    return same && !(pairs.renamed && pairs.unknown);
}

static int add_line(void *copy, const Instruction *instruction)
{
    return program_copy_add(copy, instruction);
}

int program_compare_but_cursors(const ProgramCopy *copy, sqlite3 *db, const char *sql, bool one_connection,
                                bool *same)
{
    ProgramCopy other = {0};
    int rc = program_each(db, sql, add_line, &other);
    *same = rc == SQLITE_OK && same_but_for_cursors(copy, &other, one_connection);
    program_copy_free(&other);
    return rc;
}

int same_program(sqlite3 *one, const char *a, sqlite3 *other, const char *b, bool *same)
{
    ProgramCopy copy = {0};
    *same = false;
    int rc = program_each(one, a, add_line, &copy);
    if (rc == SQLITE_OK)
        rc = program_compare_but_cursors(&copy, other, b, one == other, same);
    program_copy_free(&copy);
    return rc;
}
