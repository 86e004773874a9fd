#include "tests/sameness/logic_script.h"

#include <stdlib.h>
#include <string.h>

bool logic_script_open(LogicScript *script, const char *path)
{
    *script = (LogicScript){.file = fopen(path, "r")};
    return script->file != NULL;
}

void logic_script_close(LogicScript *script)
{
    if (script->file)
        fclose(script->file);
    free(script->line);
    free(script->sql);
    *script = (LogicScript){0};
}

/* The next line without its end; false at the end of the file. */
static bool next_line(LogicScript *script)
{
    if (getline(&script->line, &script->line_size, script->file) < 0)
        return false;
    script->line[strcspn(script->line, "\r\n")] = '\0';
    script->number++;
    return true;
}

static void append(LogicScript *script, const char *text)
{
    size_t length = strlen(text), needed = script->sql_length + length + 2;
    if (needed > script->sql_size) {
        script->sql_size = 2 * needed;
        script->sql = realloc(script->sql, script->sql_size);
        if (!script->sql)
            abort();
    }
    memcpy(script->sql + script->sql_length, text, length);
    script->sql_length += length;
    script->sql[script->sql_length++] = '\n';
    script->sql[script->sql_length] = '\0';
}

/* Reads SQL up to an empty line, or of a query the line of hyphens; what is expected is passed over. */
static void read_sql(LogicScript *script)
{
    bool expected = false;
    script->sql_length = 0;
    append(script, "");
    while (next_line(script) && *script->line)
        if (strcmp(script->line, "----") == 0)
            expected = true;
        else if (!expected)
            append(script, script->line);
}

/* Whether a condition, skipif or onlyif, takes a record away from SQLite. */
static bool takes_away(const char *line)
{
    if (strncmp(line, "skipif ", 7) == 0)
        return strncmp(line + 7, "sqlite", 6) == 0;
    return strncmp(line, "onlyif ", 7) == 0 && strncmp(line + 7, "sqlite", 6) != 0;
}

LogicRecord logic_script_next(LogicScript *script)
{
    bool away = false;
    while (next_line(script)) {
        LogicRecord record = {.line = script->number};
        away |= takes_away(script->line);
        if (strncmp(script->line, "statement ", 10) == 0)
            record.kind = LOGIC_STATEMENT;
        else if (strncmp(script->line, "query ", 6) == 0)
            record.kind = LOGIC_QUERY;
        if (record.kind == LOGIC_END)
            continue;
        read_sql(script);
        record.sql = script->sql;
        if (!away)
            return record;
        away = false;
    }
    return (LogicRecord){.kind = LOGIC_END};
}
