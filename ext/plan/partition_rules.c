#include "ext/plan/partition_rules.h"

#include "ext/evaluate/program.h"

/* Whether a statement with this instruction may do no more than take columns out of a table as they are
   stored there, in the order of its rowids. */
static bool is_plain_reading(const Instruction *instruction)
{
    static const char *const plain[] = {"Init",   "Transaction", "TableLock", "OpenRead",     "ColumnsUsed",
                                        "Rewind", "Column",      "Rowid",     "RealAffinity", "ResultRow",
                                        "Next",   "Halt",        "Goto",      "Explain",      "Noop"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (instruction_is(instruction, plain[i]))
            return true;
    return false;
}

/* Counts of a feed's program while it is read. */
typedef struct Reading {
    /* Number of inputs of the feed, instructions that read one, and tables that are opened. */
    int inputs, reads, tables;
    bool plain;
} Reading;

/* An index, which may be walked instead of the table, is opened with an account of its key, k(…). */
static bool is_index(const Instruction *instruction)
{
    return instruction_p4(instruction)[0] == 'k';
}

static int read_instruction(void *arg, const Instruction *instruction)
{
    Reading *reading = arg;
    bool opens = instruction_is(instruction, "OpenRead");
    reading->reads += instruction_is(instruction, "Column") || instruction_is(instruction, "Rowid");
    reading->tables += opens;
    /* The NULL that stands for the columns of a feed without inputs. */
    bool nothing = !reading->inputs && instruction_is(instruction, "Null");
    reading->plain = (nothing || is_plain_reading(instruction)) && !(opens && is_index(instruction));
    return reading->plain ? SQLITE_OK : SQLITE_DONE;
}

/*
 * Whether the host's feed walks the table and takes every input out of it, and does nothing else. Where its
 * authorizer has a column read as NULL (SQLITE_IGNORE) no instruction reads it; where a column is computed
 * (GENERATED ALWAYS AS … VIRTUAL) the file's schema would have workers call functions that nothing has
 * checked; where PRAGMA reverse_unordered_selects is set it begins with Last. A program that could not be
 * read to its end is not known to be plain.
 */
bool partition_rules_allow(sqlite3 *db, const Source *source, const Feed *feed)
{
    Reading reading = {.inputs = feed->input_count};
    return source->table && source->rowid &&
           program_each(db, feed->base_sql, read_instruction, &reading) == SQLITE_OK && reading.plain &&
           reading.tables == 1 && reading.reads == reading.inputs;
}
