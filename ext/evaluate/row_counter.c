#include "ext/evaluate/row_counter.h"

#include <string.h>

#include "ext/evaluate/program.h"

/* Instructions that go on to the next one, whatever the values. */
static bool goes_on(const char *opcode)
{
    static const char *const names[] = {
        "Column",    "RealAffinity", "Rowid",    "Function",  "PureFunc", "AggStep", "CollSeq", "Add",
        "Subtract",  "Multiply",     "Divide",   "Remainder", "Concat",   "BitAnd",  "BitOr",   "BitNot",
        "ShiftLeft", "ShiftRight",   "Cast",     "Affinity",  "Integer",  "Int64",   "Real",    "String8",
        "Blob",      "Null",         "Variable", "Copy",      "SCopy",    "Move"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(opcode, names[i]))
            return true;
    return false;
}

/* The loop of a program while it is read: addresses of its instructions; -1: not met yet. */
typedef struct Loop {
    /* SeekGE, which jumps to `end` where no row is left. */
    int seek;
    /* Rowid, the first instruction of each row; after it comes Gt, which jumps to `end` too. */
    int begin;
    /* Next, the last instruction of each row. */
    int next;
    int end;
    /* Whether the program has no other instructions than those of such a loop. */
    bool plain;
} Loop;

/* The loop is SeekGE, some that go on, Rowid, Gt, some that go on, Next; after it comes no other loop. */
static int read_instruction(void *arg, const Instruction *instruction)
{
    Loop *loop = arg;
    const char *opcode = instruction->opcode;
    int address = instruction_number(instruction, INSTRUCTION_ADDRESS);
    int p2 = instruction_number(instruction, INSTRUCTION_P2);
    bool known = true;
    if (loop->seek < 0) {
        if (!strcmp(opcode, "SeekGE")) {
            loop->seek = address;
            loop->end = p2;
        }
    } else if (loop->next >= 0) {
        known =
            strcmp(opcode, "Next") != 0 && strncmp(opcode, "Seek", 4) != 0 && strcmp(opcode, "Rewind") != 0;
    } else if (!strcmp(opcode, "Gt")) {
        known = loop->begin < 0 && p2 == loop->end;
        loop->begin = address - 1;
    } else if (!strcmp(opcode, "Next")) {
        known = loop->begin >= 0 && p2 == loop->begin;
        loop->next = address;
    } else {
        known = goes_on(opcode);
    }
    loop->plain = loop->plain && known;
    return SQLITE_OK;
}

static int64_t executed(sqlite3_stmt *statement)
{
    return sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
}

int row_counter_read(RowCounter *counter, sqlite3_stmt *statement, const char *sql)
{
    Loop loop = {.seek = -1, .begin = -1, .next = -1, .plain = true};
    int rc = program_each(sqlite3_db_handle(statement), sql, read_instruction, &loop);
    if (rc != SQLITE_OK)
        return rc;
    if (!loop.plain || loop.next < 0)
        return SQLITE_ERROR;
    *counter = (RowCounter){.begin = loop.begin - loop.seek - 1, .row = loop.next - loop.begin + 1};
    return SQLITE_OK;
}

void row_counter_empty(sqlite3_stmt *statement)
{
    executed(statement);
    /* No rowid is greater than NULL: SeekGE jumps. */
    sqlite3_bind_null(statement, 1);
    sqlite3_bind_null(statement, 2);
}

void row_counter_learn(RowCounter *counter, sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    counter->none = executed(statement);
}

int64_t row_counter_rows(const RowCounter *counter, sqlite3_stmt *statement)
{
    enum { LEAVE = 2 /* Rowid and Gt of the row after the range */ };
    int64_t steps = executed(statement) - counter->none;
    if (steps == 0)
        return 0;
    steps -= counter->begin;
    int64_t rest = steps % counter->row;
    return steps > 0 && (rest == 0 || rest == LEAVE) ? steps / counter->row : -1;
}
