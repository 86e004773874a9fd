/* A script of sqllogictest: records, each a statement or a query, that apply to SQLite or do not. One thread.
 */
#ifndef SAMENESS_LOGIC_SCRIPT_H
#define SAMENESS_LOGIC_SCRIPT_H

#include <stdbool.h>
#include <stdio.h>

typedef enum LogicKind { LOGIC_END, LOGIC_STATEMENT, LOGIC_QUERY } LogicKind;

typedef struct LogicRecord {
    LogicKind kind;
    /* SQL; valid until the next record is read. */
    const char *sql;
    /* Number of the line on which the record begins, from 1. */
    long line;
} LogicRecord;

typedef struct LogicScript {
    FILE *file;
    char *line, *sql;
    size_t line_size, sql_size, sql_length;
    long number;
} LogicScript;

/* False where the file cannot be opened. */
bool logic_script_open(LogicScript *script, const char *path);
void logic_script_close(LogicScript *script);

/* The next record that applies to SQLite, or LOGIC_END; expected results are passed over. */
LogicRecord logic_script_next(LogicScript *script);

#endif
