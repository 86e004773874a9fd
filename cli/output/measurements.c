#include "cli/output/measurements.h"
#include "cli/base/query.h"
#include "cli/base/unicode.h"
#include "sql/sql.h"

const OutputQuery *measurements_query(sqlite3 *db, int64_t run, Failure *failure)
{
    static const OutputQuery of_maps = {sql_show_run, sql_show_run_table};
    static const OutputQuery of_commands = {sql_show_run, sql_show_command_table};
    int64_t has_maps = 0;
    if (query_run(db, &has_maps, failure, sql_show_has_maps, "i", run))
        return NULL;
    return has_maps ? &of_maps : &of_commands;
}

int measurements_json(sqlite3 *db, const OutputQuery *details, const OutputQuery *measurements, int64_t run,
                      FILE *file, Failure *failure)
{
    fputs("{\"run\":", file);
    if (output_json_object(db, details, run, file, failure))
        return -1;
    fputs(",\n\"measurements\":", file);
    if (output_rows(db, measurements, run, OUTPUT_JSON, file, failure))
        return -1;
    fputs("}", file);
    return 0;
}

int measurements_note_load(sqlite3 *db, int64_t run, FILE *file, Failure *failure)
{
    char *note;
    if (query_text(db, &note, failure, sql_show_load, "i", run))
        return -1;
    if (note)
        fprintf(file, "%s\n", note);
    sqlite3_free(note);
    return 0;
}

int measurements_note_hints(sqlite3 *db, int64_t run, bool shell, FILE *file, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_show_hints, "ii", run, (int64_t)shell))
        return -1;
    int result;
    while ((result = query_next(statement, failure)) > 0) {
        unicode_print((const char *)sqlite3_column_text(statement, 0), "", "", file);
        putc('\n', file);
    }
    sqlite3_finalize(statement);
    return result;
}
