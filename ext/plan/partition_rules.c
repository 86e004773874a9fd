#include "ext/plan/partition_rules.h"

#include <string.h>

#include "ext/base/sqlite_limits.h"

/* Whether a statement with this instruction may do no more than take columns out of a table as they are
   stored there. */
static bool is_plain_reading(const char *opcode)
{
    static const char *const plain[] = {"Init",   "Transaction", "TableLock", "OpenRead",     "ColumnsUsed",
                                        "Rewind", "Column",      "Rowid",     "RealAffinity", "ResultRow",
                                        "Next",   "Halt",        "Goto",      "Explain",      "Noop"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcmp(opcode, plain[i]))
            return true;
    return false;
}

/*
 * Whether the host's feed reads every input from the table, and does nothing else. Where its authorizer has a
 * column read as NULL (SQLITE_IGNORE) no instruction reads it; where a column is computed
 * (GENERATED ALWAYS AS … VIRTUAL) the file's schema would have workers call functions that nothing has
 * checked.
 */
static bool feed_reads_inputs(sqlite3 *db, const Feed *feed)
{
    int reads = 0;
    bool plain = true;
    char *sql = sqlite3_mprintf("EXPLAIN %s", feed->sql);
    sqlite3_stmt *statement = NULL;
    int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_NOMEM;
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(statement, 1);
        bool reading = opcode && (!strcmp(opcode, "Column") || !strcmp(opcode, "Rowid"));
        reads += reading;
        /* The NULL that stands for the columns of a feed without inputs. */
        bool nothing = opcode && !feed->input_count && !strcmp(opcode, "Null");
        plain = plain && opcode && (nothing || is_plain_reading(opcode));
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    /* A program that could not be read to its end is not known to be plain. */
    return rc == SQLITE_DONE && plain && reads == feed->input_count;
}

/* Whether the host's statements without ORDER BY run backwards, to test its programs, or may: its authorizer
 * can have the question ignored, and then there is no row. */
static bool reads_backwards(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    bool backwards =
        sqlite3_prepare_v2(db, "PRAGMA reverse_unordered_selects", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return backwards;
}

/* Whether the host itself would read the feed by walking the table in the order of its rowids, and not an
   index. */
static bool feed_walks_table(sqlite3 *db, const Feed *feed)
{
    char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", feed->sql);
    sqlite3_stmt *statement = NULL;
    bool walks = false;
    if (sql && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(statement, 3);
        walks = detail && !strncmp(detail, "SCAN ", 5) && !strstr(detail, " USING ") &&
                !strstr(detail, "VIRTUAL");
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return walks;
}

bool partition_rules_allow(sqlite3 *db, const Source *source, const Feed *feed)
{
    SqliteLimits own;
    limits_lift(db, &own);
    bool allow = source->table && source->rowid && feed_walks_table(db, feed) &&
                 feed_reads_inputs(db, feed) && !reads_backwards(db);
    limits_restore(db, &own);
    return allow;
}
