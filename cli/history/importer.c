#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/history/foreign_file.h"
#include "cli/history/foreign_text.h"
#include "cli/history/go_text.h"
#include "cli/history/importer.h"
#include "cli/history/result_folder.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/history/summarize.h"

/* Hexadecimal digits of a run's name, with the end. */
enum { UUID_SIZE = 33 };

/* Value of functions for a file of which nothing can be taken; nothing is changed by it then. */
enum { REFUSED = 1 };

static const char expected[] =
    "a result of hyperfine --export-json, Google Benchmark (--benchmark_out_format=json), "
    "pytest --benchmark-json, pyperf, asv, criterion, JMH (-rf json) or go test -bench";

typedef struct Importer {
    /* Name of the tool in recognise.sql. */
    const char *tool;
    /* Name of the format on the command line. */
    const char *format;
    const char *script;
} Importer;

static const Importer importers[] = {
    {"hyperfine", "hyperfine", sql_import_hyperfine},
    {"Google Benchmark", "google-benchmark", sql_import_google_benchmark},
    {"pytest-benchmark", "pytest-benchmark", sql_import_pytest_benchmark},
    {"pyperf", "pyperf", sql_import_pyperf},
    {"asv", "asv", sql_import_asv},
    {"criterion", "criterion", sql_import_criterion},
    {"JMH", "jmh", sql_import_jmh},
    {"go test", "go", sql_import_go},
};

/* A text that is one run. */
typedef struct Content {
    /* Name of the file, or of the folder. */
    const char *file;
    const char *text;
    /* Time of the last change, in seconds since 1970. */
    double modified;
} Content;

static const Importer *find_importer(const char *name, bool by_format)
{
    for (size_t i = 0; i < sizeof importers / sizeof *importers && name; i++)
        if (strcmp(by_format ? importers[i].format : importers[i].tool, name) == 0)
            return &importers[i];
    return NULL;
}

bool importer_knows(const char *format)
{
    return find_importer(format, true) != NULL;
}

/* FNV-1a, 128 bits (Fowler, Noll, Vo), as 32 hexadecimal digits: the name of the run. */
static void name_content(const char *text, char uuid[UUID_SIZE])
{
    __extension__ typedef unsigned __int128 Hash;
    const Hash prime = ((Hash)1 << 88) + 0x13b;
    Hash hash = ((Hash)UINT64_C(0x6c62272e07bb0142) << 64) | UINT64_C(0x62b821756295c58d);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * prime;
    snprintf(uuid, UUID_SIZE, "%016" PRIx64 "%016" PRIx64, (uint64_t)(hash >> 64), (uint64_t)hash);
}

/* Finds the importer that the user named, or else the one of the tool that wrote such a text. */
static int recognise(sqlite3 *db, const Content *content, const ImportWish *wish, const Importer **importer,
                     Failure *failure)
{
    char *tool;
    if (query_text(db, &tool, failure, sql_import_recognise, "t", content->text))
        return -1;
    const char *what = tool && !*tool ? "no JSON" : "JSON of no tool that is known";
    *importer =
        tool && !*tool ? NULL : find_importer(wish->format ? wish->format : tool, wish->format != NULL);
    sqlite3_free(tool);
    return *importer ? 0 : failure_set(failure, "%s is %s: expected %s", content->file, what, expected);
}

/* Fills the tables and views from the file. Returns 0, 1 where it is refused, or -1, both with the failure
 * set. */
static int check(sqlite3 *db, const Content *content, const Importer *importer, Failure *failure)
{
    char *problem;
    Failure cause;
    if (query_script(db, importer->script, &cause) || query_script(db, sql_import_leave_out, &cause) ||
        query_text(db, &problem, &cause, sql_import_problem, ""))
        return failure_set(failure, "%s, which looks like %s, cannot be imported: %s", content->file,
                           importer->tool, cause.text);
    if (!problem)
        return 0;
    failure_write(failure, "%s, which looks like %s, cannot be imported: %s", content->file, importer->tool,
                  problem);
    sqlite3_free(problem);
    return REFUSED;
}

static int summarize(sqlite3 *db, const char *uuid, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql_import_unsummarized, "t", uuid))
        return -1;
    int result = 0;
    while (result == 0 && (result = query_next(statement, failure)) > 0)
        result = summarize_measurement(db, sqlite3_column_int64(statement, 0), failure);
    sqlite3_finalize(statement);
    return result;
}

static int insert(sqlite3 *db, const Content *content, const Importer *importer, const char *uuid,
                  const ImportWish *wish, int64_t *left_out, Failure *failure)
{
    const Machine *machine = wish->machine;
    Failure cause;
    if (query_script(db, sql_import_clear, failure) ||
        query_run(db, NULL, failure, sql_import_fill, "tdttti", content->file, content->modified,
                  content->text, uuid, wish->label, (int64_t)wish->ignore_failure))
        return -1;
    if (machine &&
        query_run(db, NULL, failure, sql_import_here, "ttititttt", machine->host, machine->processor,
                  machine->processors, machine->architecture, machine->memory_gib, machine->kernel,
                  machine->sqlite, machine->compiler, machine->flags))
        return -1;
    int refused = check(db, content, importer, failure);
    if (refused)
        return refused;
    if (query_script(db, sql_import_insert, &cause))
        return failure_set(failure, "%s cannot be imported: %s", content->file, cause.text);
    if (query_run(db, left_out, failure, sql_import_left_out, "t", content->file))
        return -1;
    return summarize(db, uuid, failure);
}

/* Imports a text, unless it is known. Returns as `check` does. */
static int import_content(sqlite3 *db, const Content *content, const Importer *importer,
                          const ImportWish *wish, Failure *failure)
{
    char *canonical, uuid[UUID_SIZE];
    int64_t known = 0, left_out = 0;
    if (query_text(db, &canonical, failure, sql_import_content, "t", content->text))
        return -1;
    name_content(canonical ? canonical : "", uuid);
    sqlite3_free(canonical);
    if (query_run(db, &known, failure, sql_import_known, "t", uuid))
        return -1;
    int result =
        known ? query_run(db, NULL, failure, sql_import_keeps_label, "ttt", content->file, uuid, wish->label)
              : insert(db, content, importer, uuid, wish, &left_out, failure);
    if (result)
        return result;
    return query_run(db, NULL, failure, sql_import_note, "tttti", content->file, importer->tool, uuid,
                     known ? "known" : "imported", left_out);
}

/* Imports a row of folder.sql; with `name` it is of a file that the user named, else of a folder, in which a
 * file that is refused is noted. Returns as `check` does. */
static int import_row(sqlite3 *db, sqlite3_stmt *row, const char *name, const ImportWish *wish,
                      Failure *failure)
{
    const Importer *importer;
    const Content content = {.file = name ? name : (const char *)sqlite3_column_text(row, 0),
                             .modified = sqlite3_column_double(row, 1),
                             .text = (const char *)sqlite3_column_text(row, 2)};
    if (!content.file || !content.text)
        return failure_set(failure, "out of memory for a folder");
    int result = recognise(db, &content, wish, &importer, failure);
    if (result == 0)
        result = import_content(db, &content, importer, wish, failure);
    if (result == REFUSED && !name &&
        query_run(db, NULL, failure, sql_import_remark, "ttt", content.file, "not imported", failure->text))
        return -1;
    return result;
}

/* Imports what folder.sql makes of the parts that were read: of a folder, or of the file `name` and what is
 * around it. */
static int import_parts(sqlite3 *db, const char *folder, const char *name, const ImportWish *wish,
                        Failure *failure)
{
    sqlite3_stmt *statement;
    Failure cause;
    if (query_run(db, NULL, &cause, sql_import_folder_left_out, "t", folder) ||
        query_prepare(db, &statement, &cause, sql_import_folder, "t", folder))
        return failure_set(failure, "%s cannot be imported: %s", folder, cause.text);
    int result = 0, more, count = 0, refused = 0;
    while (result == 0 && (more = query_next(statement, &cause)) != 0) {
        result = more < 0 ? failure_set(failure, "%s cannot be imported: %s", folder, cause.text)
                          : import_row(db, statement, name, wish, failure);
        count++;
        if (result == REFUSED) {
            refused++;
            result = 0;
        }
    }
    sqlite3_finalize(statement);
    if (result == 0 && count == 0 && name)
        return failure_set(
            failure,
            "%s, which looks like asv, cannot be imported: expected results, commit_hash, and, in "
            "params, the machine of the machine.json beside it",
            name);
    if (result == 0 && count == 0)
        return failure_set(
            failure,
            "cannot read %s: Is a directory, and has no results of criterion (target/criterion) or "
            "asv (.asv/results)",
            folder);
    return result == 0 && refused == count ? -1 : result;
}

/* Drops what was printed before the JSON, up to a line that begins with {, and notes that. */
static int drop_before(sqlite3 *db, ForeignFile *file, Failure *failure)
{
    const char *begin = strstr(file->text, "\n{");
    if (!begin)
        return 0;
    memmove(file->text, begin + 1, strlen(begin));
    return query_run(db, NULL, failure, sql_import_remark, "ttt", file->name, "lines before the JSON",
                     "left out");
}

/* Makes a text JSON: what go test prints, what has other lines before it, and numbers that JSON does not
 * have. */
static int make_json(sqlite3 *db, ForeignFile *file, const ImportWish *wish, Failure *failure)
{
    char first = file->text[strspn(file->text, " \t\r\n")];
    bool json = first == '{' || first == '[';
    if (strlen(file->text) < file->size)
        return failure_set(failure, "%s is no JSON: expected %s", file->name, expected);
    if (!json && (wish->format ? strcmp(wish->format, "go") == 0 : go_text_recognised(file->text))) {
        char *made = go_text_json(file->text);
        free(file->text);
        file->text = made;
    } else {
        if (!json && drop_before(db, file, failure))
            return -1;
        file->text = foreign_text_null_numbers(file->text);
    }
    return file->text ? 0 : failure_set(failure, "out of memory for %s", file->name);
}

static int import_file(sqlite3 *db, const char *name, const ImportWish *wish, Failure *failure)
{
    ForeignFile file;
    const Importer *importer;
    int result = foreign_file_read(&file, name, failure);
    if (result == 0)
        result = make_json(db, &file, wish, failure);
    const Content content = {.file = file.name, .text = file.text, .modified = file.modified};
    if (result == 0)
        result = recognise(db, &content, wish, &importer, failure);
    /* A file of asv has its units and its machine beside it. */
    if (result == 0 && importer->script == sql_import_asv && strcmp(name, "-") != 0) {
        result = result_folder_read_around(db, name, failure);
        if (result == 0)
            result = import_parts(db, name, name, wish, failure);
    } else if (result == 0) {
        result = import_content(db, &content, importer, wish, failure);
    }
    foreign_file_free(&file);
    return result;
}

static int import_all(sqlite3 *db, const ImportWish *wish, Failure *failure)
{
    if (foreign_text_register(db) != SQLITE_OK)
        return query_fail(db, failure);
    if (query_script(db, sql_import_begin, failure))
        return -1;
    for (size_t i = 0; i < wish->count; i++) {
        const char *name = wish->files[i];
        if (query_script(db, "DELETE FROM temp.part", failure))
            return -1;
        if (!result_folder_is(name)
                ? import_file(db, name, wish, failure)
                : result_folder_read(db, name, failure) || import_parts(db, name, NULL, wish, failure))
            return -1;
    }
    return 0;
}

int importer_import(History *history, const ImportWish *wish, Failure *failure)
{
    sqlite3 *db = history_db(history);
    if (query_begin(db, failure))
        return -1;
    return query_end(db, import_all(db, wish, failure), failure);
}
