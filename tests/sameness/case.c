#include "case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "rows.h"

/* ---- making one ---- */

typedef struct Options {
    const char *executor;
    int workers, chunk; /* chunk 0: not given */
    bool unordered;
} Options;

static Options make_options(Random *random)
{
    static const char *const executors[] = {"serial", "threads", "processes", "auto"};
    static const int chunks[] = {0, 0, 1, 2, 7, 19, 100, 1000};
    return (Options){.executor = random_pick(random, executors),
                     .workers = 1 + random_below(random, 4),
                     .chunk = random_pick(random, chunks),
                     .unordered = random_once_in(random, 5)};
}

/* The source as parallel_map is told it, and as the oracle reads it: a SELECT is read whole and in its own
   order there too, which putting it into another statement does not promise. */
static WorldSource make_source(Random *random, const World *world, sqlite3_str *told, sqlite3_str *from,
                               sqlite3_str *with)
{
    WorldSource source = world->sources[random_below(random, world->source_count)];
    if (!random_once_in(random, 3)) {
        sqlite3_str_appendall(told, source.name);
        sqlite3_str_appendall(from, source.name);
        return source;
    }
    sqlite3_str *select = sqlite3_str_new(NULL);
    const WorldSource *other = &world->sources[random_below(random, 2)];
    switch (random_below(random, 4)) {
    case 0:
        sqlite3_str_appendf(select, "SELECT * FROM %s ORDER BY %s LIMIT %d", source.name, source.columns[0],
                            random_below(random, 80));
        break;
    case 1:
        sqlite3_str_appendf(select,
                            "SELECT a.*, b.c0 AS j FROM %s AS a, %s AS b WHERE a.c0 IS NOT b.c0 LIMIT 200",
                            source.name, other->name);
        snprintf(source.columns[source.column_count++], sizeof source.columns[0], "j");
        break;
    case 2:
        sqlite3_str_appendf(
            select, "WITH c AS (SELECT * FROM %s UNION ALL SELECT * FROM %s) SELECT *, 5 AS five FROM c",
            source.name, source.name);
        snprintf(source.columns[source.column_count++], sizeof source.columns[0], "five");
        break;
    default:
        sqlite3_str_appendf(select, "SELECT c0, count(*) AS n FROM %s GROUP BY c0", source.name);
        source.column_count = 2;
        snprintf(source.columns[0], sizeof source.columns[0], "c0");
        snprintf(source.columns[1], sizeof source.columns[1], "n");
    }
    source.rowid[0] = 0;
    source.indexed = false;
    char *text = sqlite3_str_finish(select);
    sqlite3_str_appendf(told, "(%s)", text);
    sqlite3_str_appendf(with, "WITH source AS MATERIALIZED (%s) ", text);
    sqlite3_str_appendall(from, "source");
    sqlite3_free(text);
    return source;
}

static char *make_expression(Random *random, const WorldSource *source)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    expression_append(sql, random, source, 1 + random_below(random, 3), true);
    return sqlite3_str_finish(sql);
}

static void append_options(sqlite3_str *sql, const Options *options)
{
    sqlite3_str_appendf(sql, ", executor = %s, workers = %d", options->executor, options->workers);
    if (options->chunk)
        sqlite3_str_appendf(sql, ", chunk = %d", options->chunk);
}

/* SELECT key, value FROM parallel_map(…): the key is the rowid, or the position. */
static void make_function(Case *test, Random *random, const WorldSource *source, const char *told,
                          const char *from, const char *with)
{
    Options options = make_options(random);
    char *map = make_expression(random, source);
    size_t length = strlen(told);
    char *bare =
        *told == '(' ? sqlite3_mprintf("%.*s", (int)length - 2, told + 1) : sqlite3_mprintf("%s", told);
    test->plain = source->rowid[0]
                      ? sqlite3_mprintf("%sSELECT %s, %s FROM %s", with, source->rowid, map, from)
                      : sqlite3_mprintf("%sSELECT 0, %s FROM %s", with, map, from);
    char *chunk = options.chunk ? sqlite3_mprintf(", %d", options.chunk) : sqlite3_mprintf("");
    test->map =
        sqlite3_mprintf("SELECT %s, value FROM parallel_map(%Q, %Q, '%s', %d%s)",
                        source->rowid[0] ? "key" : "0", bare, map, options.executor, options.workers, chunk);
    test->setup = sqlite3_mprintf("");
    test->teardown = sqlite3_mprintf("");
    sqlite3_free(chunk);
    sqlite3_free(bare);
    sqlite3_free(map);
}

/* Aggregates per chunk and group, put together again; the groups are told apart by what their values are
   written as, so that it does not matter which row of a group is shown. */
static void make_partial(Case *test, Random *random, const WorldSource *source, const char *told,
                         const char *from, const char *with)
{
    Options options = make_options(random);
    char *value = make_expression(random, source), *group = make_expression(random, source);
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(
        sql,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = %s, map = (quote(%s) AS g, count(*) "
        "AS n, sum(length(quote(%s))) AS s, min(quote(%s)) AS least, max(quote(%s)) AS most), "
        "partial = 1, group_by = (quote(%s))",
        told, group, value, value, value, group);
    append_options(sql, &options);
    sqlite3_str_appendall(sql, ")");
    test->setup = sqlite3_str_finish(sql);
    test->map =
        sqlite3_mprintf("SELECT g, sum(n), sum(s), min(least), max(most) FROM m GROUP BY g ORDER BY g");
    test->plain =
        sqlite3_mprintf("%sSELECT quote(%s) AS g, count(*), sum(length(quote(%s))), min(quote(%s)), "
                        "max(quote(%s)) FROM %s GROUP BY 1 ORDER BY 1",
                        with, group, value, value, value, from);
    test->teardown = sqlite3_mprintf("DROP TABLE m");
    test->grouped = true;
    sqlite3_free(value);
    sqlite3_free(group);
}

/* A virtual table of several columns, of which some may not be read; perhaps with a WHERE. */
static void make_table(Case *test, Random *random, const WorldSource *source, const char *told,
                       const char *from, const char *with)
{
    static const char *const read[] = {"*", "*", "e0", "e1, e0", "e2", "e1, e1", "count(*)"};
    Options options = make_options(random);
    char *e0 = make_expression(random, source), *e1 = make_expression(random, source);
    char *where = random_once_in(random, 3) ? make_expression(random, source) : NULL;
    const char *columns = random_pick(random, read);
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(
        sql,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = %s, map = (%s AS e0, %s AS e1, "
        "c0 AS e2)",
        told, e0, e1);
    if (where)
        sqlite3_str_appendf(sql, ", where = (%s)", where);
    append_options(sql, &options);
    sqlite3_str_appendf(sql, ", ordered = %d)", !options.unordered);
    test->setup = sqlite3_str_finish(sql);
    char *limit = random_once_in(random, 8) && !options.unordered && !(where && source->indexed)
                      ? sqlite3_mprintf(" LIMIT %d", random_below(random, 30))
                      : sqlite3_mprintf("");
    test->map = sqlite3_mprintf("SELECT %s FROM m%s", columns, limit);
    test->plain =
        sqlite3_mprintf("%sSELECT %s FROM (SELECT %s AS e0, %s AS e1, c0 AS e2 FROM %s%s%s)%s", with, columns,
                        e0, e1, from, where ? " WHERE " : "", where ? where : "", limit);
    test->teardown = sqlite3_mprintf("DROP TABLE m");
    test->any_order = options.unordered || (where && source->indexed);
    sqlite3_free(limit);
    sqlite3_free(where);
    sqlite3_free(e0);
    sqlite3_free(e1);
}

bool case_make(Case *test, Random *random, const World *world)
{
    *test = (Case){0};
    sqlite3_str *told = sqlite3_str_new(NULL), *from = sqlite3_str_new(NULL), *with = sqlite3_str_new(NULL);
    WorldSource source = make_source(random, world, told, from, with);
    char *told_text = sqlite3_str_finish(told), *from_text = sqlite3_str_finish(from);
    char *with_text = sqlite3_str_finish(with);
    const char *before = with_text ? with_text : "";
    int form = random_below(random, 5);
    if (form < 2)
        make_function(test, random, &source, told_text, from_text, before);
    else if (form < 4)
        make_table(test, random, &source, told_text, from_text, before);
    else
        make_partial(test, random, &source, told_text, from_text, before);
    sqlite3_free(told_text);
    sqlite3_free(from_text);
    sqlite3_free(with_text);
    return test->setup && test->plain && test->map && test->teardown;
}

void case_free(Case *test)
{
    sqlite3_free(test->setup);
    sqlite3_free(test->plain);
    sqlite3_free(test->map);
    sqlite3_free(test->teardown);
    *test = (Case){0};
}

/* ---- running one ---- */

static const char *compare(const Case *test, Rows *plain, Rows *map)
{
    static char text[2400];
    bool failed = plain->rc != SQLITE_DONE;
    if (failed != (map->rc != SQLITE_DONE)) {
        snprintf(text, sizeof text, "plain: %s; map: %s", failed ? plain->message : "no error",
                 failed ? "no error" : map->message);
        return text;
    }
    /* Groups are computed in another order, and so another of two errors may be the first. */
    if (failed && test->grouped)
        return NULL;
    /* The map's error names the row behind the reason, and where its constants fail, the map before it. */
    if (failed && !strstr(map->message, plain->message)) {
        snprintf(text, sizeof text, "plain fails with '%s', map with '%s'", plain->message, map->message);
        return text;
    }
    /* In another order another row may be the first that fails. */
    if (test->any_order && failed)
        return NULL;
    if (plain->count != map->count) {
        snprintf(text, sizeof text, "plain gives %d rows, map %d", plain->count, map->count);
        return text;
    }
    int row = rows_difference(plain, map, test->any_order);
    if (!row)
        return NULL;
    snprintf(text, sizeof text, "row %d of %d differs%s", row, plain->count,
             test->any_order ? " (sorted)" : "");
    return text;
}

const char *case_run(const Case *test, sqlite3 *db)
{
    static char text[1200];
    Rows plain, map = {0};
    char *message = NULL;
    const char *difference = NULL;
    rows_read(db, test->plain, &plain);
    if (sqlite3_exec(db, test->setup, NULL, NULL, &message) == SQLITE_OK) {
        rows_read(db, test->map, &map);
        difference = compare(test, &plain, &map);
        if (sqlite3_exec(db, test->teardown, NULL, NULL, NULL) != SQLITE_OK && !difference)
            difference = "the table could not be dropped";
    } else if (plain.rc == SQLITE_DONE || !strstr(message, plain.message)) {
        snprintf(text, sizeof text, "plain: %s; CREATE VIRTUAL TABLE: %s",
                 plain.rc == SQLITE_DONE ? "no error" : plain.message, message);
        difference = text;
    }
    sqlite3_free(message);
    rows_free(&plain);
    rows_free(&map);
    return difference;
}
