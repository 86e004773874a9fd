#include "executor_list.h"
#include "case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case_around.h"
#include "case_source.h"
#include "expression.h"
#include "tests/support/rows.h"

/* ---- making one ---- */

typedef struct Options {
    const char *executor;
    int workers, chunk; /* chunk 0: not given */
    bool unordered;
} Options;

static Options make_options(Random *random, const CaseSource *source)
{
    static const char *const executors[] = {EXECUTOR_STRINGS, "auto"};
    static const int chunks[] = {0, 0, 1, 2, 7, 19, 100, 1000};
    const char *executor = random_pick(random, executors);
    return (Options){.executor = source->executor ? source->executor : executor,
                     .workers = 1 + random_below(random, 4),
                     .chunk = random_pick(random, chunks),
                     .unordered = random_once_in(random, 5)};
}

static char *make_expression(Random *random, const CaseSource *source, bool may_fail)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    expression_append(sql, random, &source->rows, 1 + random_below(random, 3), may_fail);
    return sqlite3_str_finish(sql);
}

static void append_options(sqlite3_str *sql, const Options *options)
{
    sqlite3_str_appendf(sql, ", executor = %s, workers = %d", options->executor, options->workers);
    if (options->chunk)
        sqlite3_str_appendf(sql, ", chunk = %d", options->chunk);
}

/* A number as a literal, or as a parameter that rows_read binds as INTEGER or as REAL. */
static char *make_number(Random *random, int number)
{
    static const char *const forms[] = {"%d", "%d", "$i%d", "$r%d"};
    return sqlite3_mprintf(random_pick(random, forms), number);
}

/* A call of the table-valued function. */
static char *make_call(Random *random, const CaseSource *source, const char *map)
{
    Options options = make_options(random, source);
    size_t length = strlen(source->told);
    char *bare = *source->told == '(' ? sqlite3_mprintf("%.*s", (int)length - 2, source->told + 1)
                                      : sqlite3_mprintf("%s", source->told);
    char *workers = make_number(random, options.workers), *chunk = make_number(random, options.chunk);
    char *call = sqlite3_mprintf("parallel_map(%Q, %Q, '%s', %s%s%s)", bare, map, options.executor, workers,
                                 options.chunk ? ", " : "", options.chunk ? chunk : "");
    sqlite3_free(workers);
    sqlite3_free(chunk);
    sqlite3_free(bare);
    return call;
}

/* Key and value of the function: alone, as the inner side of a join, and written into a table of the same
   file. The key is the rowid; where that is the position it is not compared. */
static void make_function(Case *test, Random *random, const CaseSource *source)
{
    int use = random_below(random, 8);
    char *map = make_expression(random, source, true);
    char *call = make_call(random, source, map);
    const char *rowid = source->rows.rowid[0] ? source->rows.rowid : "0";
    const char *key = source->rows.rowid[0] ? "key" : "0";
    test->setup = sqlite3_mprintf("");
    test->teardown = sqlite3_mprintf("");
    if (use == 0) {
        test->plain =
            sqlite3_mprintf("%sSELECT o.n, x.k, x.v FROM (SELECT 1 AS n UNION ALL VALUES(2), (3)) AS o CROSS "
                            "JOIN (SELECT %s AS k, %s AS v FROM %s) AS x",
                            source->with, rowid, map, source->from);
        test->map = sqlite3_mprintf(
            "SELECT o.n, %s, value FROM (SELECT 1 AS n UNION ALL VALUES(2), (3)) AS o CROSS JOIN "
            "%s AS x",
            key, call);
    } else {
        test->plain = sqlite3_mprintf("%sSELECT %s, %s FROM %s", source->with, rowid, map, source->from);
        test->map = sqlite3_mprintf("SELECT %s, value FROM %s", key, call);
    }
    if (use == 1) {
        sqlite3_free(test->setup);
        sqlite3_free(test->teardown);
        test->setup = sqlite3_mprintf("CREATE TABLE kept(k, v); INSERT INTO kept %s", test->map);
        test->teardown = sqlite3_mprintf("DROP TABLE IF EXISTS kept");
        sqlite3_free(test->map);
        test->map = sqlite3_mprintf("SELECT k, v FROM kept ORDER BY rowid");
        test->one_authorizer = true;
    }
    sqlite3_free(call);
    sqlite3_free(map);
}

/* Aggregates per chunk and group, put together again. Groups are shown by what their values are written as,
   in small letters: a key may have the collation of a column in it, and which one of equal keys SQLite shows
   depends on how it sorts them. */
static void make_partial(Case *test, Random *random, const CaseSource *source)
{
    Options options = make_options(random, source);
    CaseSource plain_columns = *source;
    /* SQLite sorts the rows of a group without subtypes, so that a function that reads them depends on the
     * plan. */
    if (source->has_subtypes)
        plain_columns.rows.column_count = 1;
    char *value = make_expression(random, &plain_columns, true),
         *group = make_expression(random, &plain_columns, true);
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(
        sql,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = %s, map = (quote(%s) AS g, count(*) "
        "AS n, sum(length(quote(%s))) AS s, min(quote(%s)) AS least, max(quote(%s)) AS most), "
        "partial = 1, group_by = (quote(%s))",
        source->told, group, value, value, value, group);
    append_options(sql, &options);
    sqlite3_str_appendall(sql, ")");
    test->setup = sqlite3_str_finish(sql);
    test->map = sqlite3_mprintf(
        "SELECT lower(g), sum(n), sum(s), lower(min(least)), lower(max(most)) FROM m GROUP BY g ORDER BY g");
    /* A group's value is computed once, as the map has it: of rows that were sorted SQLite has no subtypes.
     */
    test->plain = sqlite3_mprintf(
        "%sSELECT lower(g), n, s, lower(least), lower(most) FROM (SELECT quote(%s) AS g, count(*) AS n, "
        "sum(length(quote(%s))) AS s, min(quote(%s)) AS least, max(quote(%s)) AS most FROM %s GROUP BY 1) ORDER BY g",
        source->with, group, value, value, value, source->from);
    test->teardown = sqlite3_mprintf("DROP TABLE IF EXISTS m");
    test->any_error = true;
    sqlite3_free(value);
    sqlite3_free(group);
}

/* A virtual table of several columns, of which some may not be read; perhaps with a WHERE, within the map or
   around it. */
static void make_table(Case *test, Random *random, const CaseSource *source)
{
    static const char *const read[] = {"*", "*", "e0", "e1, e0", "e2", "e1, e1", "count(*)"};
    /* Of e2 only: an expression has another affinity in a subquery than in a table. */
    static const char *const outer[] = {" WHERE e2 IS NOT NULL", " WHERE e2 > 'a'", " WHERE e2 = 5",
                                        " WHERE e2 LIKE 'a%'", " WHERE typeof(e0) <> 'null'"};
    Options options = make_options(random, source);
    /* And with a condition or a LIMIT around it SQLite may keep the rows of a query. */
    const char *around = random_once_in(random, 6) && !source->has_subtypes ? random_pick(random, outer) : "";
    /* Plain SQLite does not compute what a WHERE drops, and so would not meet an error in it. */
    char *e0 = make_expression(random, source, !*around), *e1 = make_expression(random, source, !*around);
    /* SQLite may evaluate a WHERE within a grouped query as well, where it sees a subtype that the query
       around it does not, and drops what either answer drops. */
    CaseSource asked = *source;
    if (source->has_subtypes && strstr(source->told, " GROUP BY "))
        asked.rows.column_count = 1;
    char *where = random_once_in(random, 3) ? make_expression(random, &asked, !*around) : NULL;
    const char *columns = random_pick(random, read);
    /* SQLite 3.53 leaves columns that are not read out of a subquery, and may walk an index that has the
     * others. */
    bool by_index = (where || *around || strcmp(columns, "*") != 0) && source->rows.indexed;
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(
        sql,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = %s, map = (%s AS e0, %s AS e1, "
        "c0 AS e2)",
        source->told, e0, e1);
    if (where)
        sqlite3_str_appendf(sql, ", where = (%s)", where);
    append_options(sql, &options);
    sqlite3_str_appendf(sql, ", ordered = %d)", !options.unordered);
    test->setup = sqlite3_str_finish(sql);
    char *limit = random_once_in(random, 8) && !options.unordered && !by_index && !source->has_subtypes
                      ? sqlite3_mprintf(" LIMIT %d", random_below(random, 30))
                      : sqlite3_mprintf("");
    test->map = sqlite3_mprintf("SELECT %s FROM m%s%s", columns, around, limit);
    test->plain = sqlite3_mprintf("%sSELECT %s FROM (SELECT %s AS e0, %s AS e1, c0 AS e2 FROM %s%s%s)%s%s",
                                  source->with, columns, e0, e1, source->from, where ? " WHERE " : "",
                                  where ? where : "", around, limit);
    test->teardown = sqlite3_mprintf("DROP TABLE IF EXISTS m");
    test->any_order = options.unordered || by_index;
    /* A column of a table keeps its affinity while it is NULL; one of a view or a query has none then, and a
       map that was created so says that it has to be created again once the column is read. */
    test->not_made_ignored = source->rows.is_view || *source->told == '(';
    test->any_error = test->any_order || !strcmp(columns, "e1, e0");
    sqlite3_free(limit);
    sqlite3_free(where);
    sqlite3_free(e0);
    sqlite3_free(e1);
}

/* `query` with `part` in the place of its %s. */
static char *put(const char *query, const char *part)
{
    const char *place = strstr(query, "%s");
    return place ? sqlite3_mprintf("%.*s%s%s", (int)(place - query), query, part, place + 2) : NULL;
}

/* A map within a query that needs a part of it. */
static void make_part(Case *test, Random *random, const CaseSource *source)
{
    Options options = make_options(random, source);
    char *e0 = make_expression(random, source, false), *e1 = make_expression(random, source, false);
    const char *e3 = source->rows.rowid[0] ? source->rows.rowid : "c0";
    Around around;
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(
        sql,
        "CREATE VIRTUAL TABLE temp.m USING parallel_map(source = %s, map = (%s AS e0, %s AS e1, c0 AS e2, %s AS e3)",
        source->told, e0, e1, e3);
    append_options(sql, &options);
    sqlite3_str_appendf(sql, ", ordered = %d)", !options.unordered);
    test->setup = sqlite3_str_finish(sql);
    if (around_make(&around, random, !options.unordered && !source->rows.indexed,
                    source->rows.rowid[0] != 0)) {
        char *part = sqlite3_mprintf("(SELECT %s AS e0, %s AS e1, c0 AS e2, %s AS e3 FROM %s)", e0, e1, e3,
                                     source->from);
        char *whole = part ? put(around.query, part) : NULL;
        test->plain = whole ? sqlite3_mprintf("%s%s", source->with, whole) : NULL;
        test->map = put(around.query, "m");
        sqlite3_free(whole);
        sqlite3_free(part);
    }
    test->teardown = sqlite3_mprintf("DROP TABLE IF EXISTS m");
    test->any_order = !around.says_order && (options.unordered || source->rows.indexed || around.any_order);
    test->one_authorizer = source->rows.is_view || *source->told == '(';
    test->reads_part = test->any_error = true;
    sqlite3_free(around.query);
    sqlite3_free(e0);
    sqlite3_free(e1);
}

/* The present is one instant in all rows. */
static void make_instant(Case *test, Random *random, const CaseSource *source)
{
    char *map = sqlite3_mprintf("CASE WHEN c0 IS NULL THEN strftime('%%J', 'now') ELSE strftime('%%J') END");
    char *call = make_call(random, source, map);
    test->plain =
        sqlite3_mprintf("%sSELECT count(*), count(DISTINCT %s) FROM %s", source->with, map, source->from);
    test->map = sqlite3_mprintf("SELECT count(*), count(DISTINCT value) FROM %s", call);
    test->setup = sqlite3_mprintf("");
    test->teardown = sqlite3_mprintf("");
    sqlite3_free(call);
    sqlite3_free(map);
}

/* `text` with each `part` replaced. */
static char *replace(const char *text, const char *part, const char *by)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    for (const char *found; (found = strstr(text, part)); text = found + strlen(part))
        sqlite3_str_appendf(sql, "%.*s%s", (int)(found - text), text, by);
    sqlite3_str_appendall(sql, text);
    return sqlite3_str_finish(sql);
}

/*
 * SQLite itself gives two answers, as it keeps the rows of a query or a view meanwhile or does not: kept, an
 * expression's 21.0 comes back as 21 from a column of NUMERIC affinity, and what a JSON function gave is text
 * without the subtype that says it is JSON. The map may give either. NULL for a table.
 */
static char *make_other(const Case *test, const CaseSource *source)
{
    if (*source->with)
        return replace(test->plain, "WITH source AS MATERIALIZED", "WITH source AS NOT MATERIALIZED");
    if (!source->rows.is_view)
        return NULL;
    char *from = sqlite3_mprintf("FROM %s", source->from);
    char *kept = from && test->plain ? replace(test->plain, from, "FROM source") : NULL;
    char *other =
        sqlite3_mprintf("WITH source AS MATERIALIZED (SELECT * FROM %s) %s", source->from, kept ? kept : "");
    sqlite3_free(from);
    sqlite3_free(kept);
    return other;
}

bool case_make(Case *test, Random *random, const World *world)
{
    *test = (Case){.left_after = random_once_in(random, 6) ? random_below(random, 12) : -1};
    CaseSource source;
    bool made = case_source_make(&source, random, world);
    source.executor = world->executor;
    /* A schema that cannot be read fails every search for a name in all of them. */
    test->damaged = world->damaged;
    int form = random_below(random, 40);
    if (!made)
        ;
    else if (form < 1)
        make_instant(test, random, &source);
    else if (form < 12 || world->may_exceed)
        make_function(test, random, &source);
    else if (form < 24)
        make_table(test, random, &source);
    else if (form < 34 && !source.has_subtypes)
        make_part(test, random, &source);
    else
        make_partial(test, random, &source);
    if (made) {
        test->other = make_other(test, &source);
        authorizer_make(&test->authorizer, random, &source.rows);
        if (test->one_authorizer || (test->not_made_ignored && test->authorizer.before == SQLITE_IGNORE))
            test->authorizer.before = test->authorizer.now;
        /* An index may have all columns that are left, and a LIMIT takes the first rows of its order. */
        if (*test->authorizer.column && source.rows.indexed) {
            test->any_order = true;
            if (test->plain && strstr(test->plain, " LIMIT "))
                test->authorizer = (Authorizer){0};
        }
    }
    case_source_free(&source);
    return test->setup && test->plain && test->map && test->teardown;
}

void case_free(Case *test)
{
    sqlite3_free(test->setup);
    sqlite3_free(test->plain);
    sqlite3_free(test->other);
    sqlite3_free(test->map);
    sqlite3_free(test->teardown);
    *test = (Case){0};
}

/* ---- running one ---- */

static const char *compare(const Case *test, Rows *plain, Rows *map)
{
    static char text[2400];
    bool failed = plain->rc != SQLITE_DONE;
    if (test->damaged && map->rc != SQLITE_DONE)
        return NULL;
    /* A condition that no row can fulfil reads nothing of a map. */
    if (test->damaged && test->reads_part && plain->rc == SQLITE_CORRUPT && !map->count)
        return NULL;
    /* Under full_column_names without short_column_names SQLite loses columns of views in a query that it
     * does not flatten; a map names its columns itself. */
    if (failed && map->rc == SQLITE_DONE && !strncmp(plain->message, "no such column: ", 16))
        return NULL;
    if (failed != (map->rc != SQLITE_DONE)) {
        snprintf(text, sizeof text, "plain: %s; map: %s", failed ? plain->message : "no error",
                 failed ? "no error" : map->message);
        return text;
    }
    if ((plain->rc == SQLITE_AUTH) != (map->rc == SQLITE_AUTH)) {
        snprintf(text, sizeof text, "plain fails with code %d, map with %d: %s", plain->rc, map->rc,
                 map->message);
        return text;
    }
    /* Of several columns that are denied, in a view and under it, another may be the first. */
    if (failed && (test->any_error || plain->rc == SQLITE_AUTH))
        return NULL;
    /* The map's error names the row after the reason, and where its constants fail, the map before it. */
    if (failed && !strstr(map->message, plain->message)) {
        snprintf(text, sizeof text, "plain fails with '%s', map with '%s'", plain->message, map->message);
        return text;
    }
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

/* The statement, begun, given up after so many rows, and begun again as far: it stays open. */
static sqlite3_stmt *leave_early(sqlite3 *db, const char *sql, int rows)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    for (int time = 0; time < 2; time++) {
        sqlite3_reset(statement);
        for (int i = 0; i < rows && sqlite3_step(statement) == SQLITE_ROW; i++)
            ;
    }
    return statement;
}

/* Within a join SQLite may take rows that it does not keep in another order. */
static bool is_as_other(const Case *test, sqlite3 *db, Rows *map)
{
    Case other = *test;
    Rows plain;
    if (!test->other)
        return false;
    other.any_order = true;
    rows_read(db, test->other, &plain);
    bool same = !compare(&other, &plain, map);
    rows_free(&plain);
    return same;
}

/* Whether the setup failed as the plain SELECT fails. Where both a limit and the authorizer forbid a query,
   either is met first: the setup, which is a part of the query, may be within the limit. */
static bool failed_alike(const Case *test, const Rows *plain, int rc, const char *message)
{
    if (plain->rc == SQLITE_DONE)
        return false;
    if (rc == SQLITE_AUTH)
        return plain->rc == SQLITE_AUTH || *test->authorizer.column;
    /* Of this limit, which the VALUES beside the map meet, and what is wrong with the map either is first. */
    if (strstr(plain->message, "too many terms in compound SELECT"))
        return true;
    return plain->rc != SQLITE_AUTH && strstr(message, plain->message);
}

/* What is kept of a first map must not be there for the second, of which the authorizer says something else.
 */
static void change_authorizer(Case *test, sqlite3 *db, Rows *plain)
{
    Rows first;
    if (test->authorizer.before != test->authorizer.now) {
        rows_read(db, test->map, &first);
        rows_free(&first);
    }
    authorizer_set_now(&test->authorizer, db);
    if (test->authorizer.before != test->authorizer.now) {
        rows_free(plain);
        rows_read(db, test->plain, plain);
    }
}

/* Runs the map after its setup and compares it. */
static const char *run_map(Case *test, sqlite3 *db, Rows *plain)
{
    Rows map;
    change_authorizer(test, db, plain);
    sqlite3_stmt *early = test->left_after < 0 ? NULL : leave_early(db, test->map, test->left_after);
    rows_read(db, test->map, &map);
    sqlite3_finalize(early);
    const char *difference = compare(test, plain, &map);
    if (difference && is_as_other(test, db, &map))
        difference = NULL;
    rows_free(&map);
    return difference;
}

const char *case_run(Case *test, sqlite3 *db, CaseCounts *counts)
{
    static char text[1200];
    Rows plain;
    char *message = NULL;
    const char *difference = NULL;
    authorizer_set_before(&test->authorizer, db);
    rows_read(db, test->plain, &plain);
    int rc = sqlite3_exec(db, test->setup, NULL, NULL, &message);
    if (rc == SQLITE_OK) {
        difference = run_map(test, db, &plain);
    } else if (!test->damaged && !failed_alike(test, &plain, rc, message)) {
        snprintf(text, sizeof text, "plain: %s; before the map: %s",
                 plain.rc == SQLITE_DONE ? "no error" : plain.message, message);
        difference = text;
    }
    authorizer_unset(db);
    counts->rows += plain.count;
    counts->damaged += test->damaged;
    counts->read_damaged += test->damaged && plain.count > 0;
    counts->failing += plain.rc != SQLITE_DONE && plain.count > 0;
    /* In a transaction SQLite keeps the name of a virtual table that could not be created. */
    bool dropped = sqlite3_exec(db, test->teardown, NULL, NULL, NULL) == SQLITE_OK;
    /* Nor does SQLite drop any table in a transaction that has met damage. */
    if (!dropped && rc == SQLITE_OK && !difference && !test->damaged)
        difference = "the table could not be dropped";
    sqlite3_free(message);
    rows_free(&plain);
    return difference;
}
