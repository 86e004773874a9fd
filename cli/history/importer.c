#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/history/foreign_text.h"
#include "cli/history/importer.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/history/summarize.h"

/* SQLite holds no longer text; with a byte to spare for the end. */
enum { LARGEST_FILE = 1000000000 - 1, UUID_SIZE = 33 };

static const char expected[] = "a result of hyperfine --export-json, Google Benchmark "
                               "(--benchmark_out_format=json) or pytest --benchmark-json";

typedef struct Importer {
    /* Name of the tool in recognise.sql. */
    const char *tool;
    const char *script;
} Importer;

static const Importer importers[] = {
    {"hyperfine", sql_import_hyperfine},
    {"Google Benchmark", sql_import_google_benchmark},
    {"pytest-benchmark", sql_import_pytest_benchmark},
};

/* A file that is read. */
typedef struct Content {
    const char *file;
    /* Text, NUL-terminated. */
    char *text;
    size_t size;
    /* Time of the last change, in seconds since 1970. */
    double modified;
} Content;

static int read_stream(FILE *stream, Content *content, Failure *failure)
{
    size_t capacity = 1 << 16, got;
    content->text = malloc(capacity);
    while (content->text &&
           (got = fread(content->text + content->size, 1, capacity - content->size - 1, stream)) > 0) {
        content->size += got;
        if (content->size > LARGEST_FILE)
            return failure_set(failure, "%s is larger than %d bytes, and cannot be imported at once",
                               content->file, (int)LARGEST_FILE);
        if (content->size + 1 < capacity)
            continue;
        capacity *= 2;
        char *larger = realloc(content->text, capacity);
        if (!larger)
            free(content->text);
        content->text = larger;
    }
    if (!content->text)
        return failure_set(failure, "out of memory for %s", content->file);
    content->text[content->size] = '\0';
    return ferror(stream) ? failure_set(failure, "cannot read %s: %s", content->file, strerror(errno)) : 0;
}

/* Reads a named file, or standard input where that is "-", which was changed right now. */
static int read_file(Content *content, Failure *failure)
{
    struct stat status;
    if (strcmp(content->file, "-") == 0) {
        content->file = "standard input";
        content->modified = (double)time(NULL);
        return read_stream(stdin, content, failure);
    }
    FILE *stream = fopen(content->file, "re");
    if (!stream || fstat(fileno(stream), &status) != 0) {
        if (stream)
            fclose(stream);
        return failure_set(failure, "cannot read %s: %s", content->file, strerror(errno));
    }
    content->modified = (double)status.st_mtim.tv_sec;
    int result = read_stream(stream, content, failure);
    fclose(stream);
    return result;
}

/* Reads what is to be imported; the text is to be freed also after a failure. A byte order mark, as some
 * shells write one, is left out, and numbers that JSON does not have are null. */
static int read_content(const char *file, Content *content, Failure *failure)
{
    static const char mark[] = "\xef\xbb\xbf";
    *content = (Content){.file = file};
    int result = read_file(content, failure);
    if (result == 0 && strncmp(content->text, mark, sizeof mark - 1) == 0) {
        content->size -= sizeof mark - 1;
        memmove(content->text, content->text + sizeof mark - 1, content->size + 1);
    }
    if (result == 0 && strlen(content->text) < content->size)
        return failure_set(failure, "%s is no JSON: expected %s", content->file, expected);
    if (result == 0 && !(content->text = foreign_text_null_numbers(content->text)))
        return failure_set(failure, "out of memory for %s", content->file);
    return result;
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

static int recognise(sqlite3 *db, const Content *content, const Importer **importer, Failure *failure)
{
    char *tool;
    if (query_text(db, &tool, failure, sql_import_recognise, "t", content->text))
        return -1;
    *importer = NULL;
    for (size_t i = 0; i < sizeof importers / sizeof *importers && tool; i++)
        if (strcmp(importers[i].tool, tool) == 0)
            *importer = &importers[i];
    const char *what = tool && !*tool ? "no JSON" : "JSON of no tool that is known";
    sqlite3_free(tool);
    return *importer ? 0 : failure_set(failure, "%s is %s: expected %s", content->file, what, expected);
}

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
    failure_set(failure, "%s, which looks like %s, cannot be imported: %s", content->file, importer->tool,
                problem);
    sqlite3_free(problem);
    return -1;
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
    if (check(db, content, importer, failure))
        return -1;
    if (query_script(db, sql_import_insert, &cause))
        return failure_set(failure, "%s cannot be imported: %s", content->file, cause.text);
    if (query_run(db, left_out, failure, sql_import_left_out, "t", content->file))
        return -1;
    return summarize(db, uuid, failure);
}

static int import_content(sqlite3 *db, const Content *content, const ImportWish *wish, Failure *failure)
{
    const Importer *importer;
    char *canonical, uuid[UUID_SIZE];
    int64_t known = 0, left_out = 0;
    if (recognise(db, content, &importer, failure) ||
        query_text(db, &canonical, failure, sql_import_content, "t", content->text))
        return -1;
    name_content(canonical ? canonical : "", uuid);
    sqlite3_free(canonical);
    if (query_run(db, &known, failure, sql_import_known, "t", uuid))
        return -1;
    if (known ? query_run(db, NULL, failure, sql_import_keeps_label, "ttt", content->file, uuid, wish->label)
              : insert(db, content, importer, uuid, wish, &left_out, failure))
        return -1;
    return query_run(db, NULL, failure, sql_import_note, "tttti", content->file, importer->tool, uuid,
                     known ? "known" : "imported", left_out);
}

static int import_all(sqlite3 *db, const ImportWish *wish, Failure *failure)
{
    if (foreign_text_register(db) != SQLITE_OK)
        return query_fail(db, failure);
    if (query_script(db, sql_import_begin, failure))
        return -1;
    for (size_t i = 0; i < wish->count; i++) {
        Content content;
        int result = read_content(wish->files[i], &content, failure);
        if (result == 0)
            result = import_content(db, &content, wish, failure);
        free(content.text);
        if (result)
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
