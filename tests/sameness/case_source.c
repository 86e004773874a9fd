#include "case_source.h"

#include <stdio.h>

#include "expression.h"

/* Replaces the columns that are not the tables' own; c0, which every source has, comes first. */
static void two_columns(WorldSource *rows, const char *second)
{
    rows->column_count = 2;
    snprintf(rows->columns[0], sizeof rows->columns[0], "c0");
    snprintf(rows->columns[1], sizeof rows->columns[1], "%s", second);
}

static void one_more_column(WorldSource *rows, const char *name)
{
    snprintf(rows->columns[rows->column_count++], sizeof rows->columns[0], "%s", name);
}

/* The first row is of literals: from a CAST there all rows would take the affinity where SQLite keeps them in
   a table of its own, and not where it does not. That row names the columns: SQLite 3.46 loses those of
   several VALUES under full_column_names. */
static void append_values(sqlite3_str *sql, Random *random, WorldSource *rows)
{
    int count = 1 + random_below(random, 30);
    sqlite3_str_appendall(sql, "SELECT c0, v FROM (SELECT NULL AS c0, 1 AS v");
    for (int i = 0; i < count; i++) {
        sqlite3_str_appendall(sql, i ? ", (" : " UNION ALL VALUES(");
        expression_value(sql, random);
        sqlite3_str_appendall(sql, ", ");
        expression_value(sql, random);
        sqlite3_str_appendall(sql, ")");
    }
    sqlite3_str_appendall(sql, ")");
    two_columns(rows, "v");
}

static void append_join(sqlite3_str *sql, Random *random, const World *world, WorldSource *rows)
{
    const WorldSource *other = &world->sources[random_below(random, 2)];
    sqlite3_str_appendf(sql,
                        random_once_in(random, 2)
                            ? "SELECT a.*, b.c0 AS j FROM %s AS a, %s AS b WHERE a.c0 IS NOT b.c0 LIMIT 200"
                            : "SELECT a.*, b.c0 AS j FROM %s AS a LEFT JOIN %s AS b ON a.c0 = b.c0 LIMIT 200",
                        rows->name, other->name);
    one_more_column(rows, "j");
}

/* A column with a subtype, and a function that reads it. Without ORDER BY: whether a sorter takes subtypes
   off depends on the statement around. */
static void append_subtypes(sqlite3_str *sql, Random *random, const World *world, WorldSource *rows)
{
    static const char *const json[] = {"json_array(hex(c0))",
                                       "json(json_quote(quote(c0)))",
                                       "CASE WHEN c0 > 0 THEN json_array(1) ELSE quote(c0) END",
                                       "coalesce(json_object('a', typeof(c0)), 1)",
                                       "(SELECT json_array(hex(c0)))",
                                       "+json_array(1, typeof(c0))"};
    static const char *const tags[] = {"tagged(c0)", "+tagged(quote(c0))", "iif(c0 > 0, tagged(c0), c0)",
                                       "coalesce(tagged(c0), 1)"};
    static const char *const rest[] = {"", "", " GROUP BY c0"};
    bool tagged = world->has_tags && random_once_in(random, 2);
    sqlite3_str_appendf(sql, "SELECT c0, %s AS j FROM %s%s",
                        tagged ? random_pick(random, tags) : random_pick(random, json), rows->name,
                        random_pick(random, rest));
    two_columns(rows, "j");
    one_more_column(rows, tagged ? "tag_of(j)" : "json_array(j)");
    one_more_column(rows, tagged ? "tag_of(+j)" : "json_object(hex(1), j)");
}

/* Whether the oracle has to read the query in place: SQLite takes subtypes off where it keeps the rows first.
 */
static bool append_query(sqlite3_str *sql, Random *random, const World *world, WorldSource *rows)
{
    switch (random_below(random, 10)) {
    case 0:
        append_values(sql, random, rows);
        break;
    case 1:
        sqlite3_str_appendf(sql, "SELECT * FROM %s ORDER BY %s LIMIT %d", rows->name, rows->columns[0],
                            random_below(random, 80));
        break;
    case 2:
        sqlite3_str_appendf(sql,
                            "WITH c AS (SELECT * FROM %s UNION ALL SELECT * FROM %s) SELECT *, 5 AS five "
                            "FROM c",
                            rows->name, rows->name);
        one_more_column(rows, "five");
        break;
    case 3:
        sqlite3_str_appendf(sql, "SELECT c0, count(*) AS n FROM %s GROUP BY c0", rows->name);
        two_columns(rows, "n");
        break;
    case 4:
        sqlite3_str_appendf(sql, "SELECT c0, row_number() OVER (ORDER BY c0) AS w FROM %s", rows->name);
        two_columns(rows, "w");
        break;
    case 5:
        sqlite3_str_appendall(sql, "SELECT value AS c0, key AS k FROM "
                                   "json_each('[1,\"10\",null,2.5,[3],{\"a\":\"b\"},true,\"a\"]')");
        two_columns(rows, "k");
        break;
    case 6:
    case 7:
        append_subtypes(sql, random, world, rows);
        return true;
    default:
        append_join(sql, random, world, rows);
    }
    return false;
}

/* In a world with a damaged file mostly one of that file's. */
static const WorldSource *pick_source(Random *random, const World *world)
{
    const WorldSource *source = &world->sources[random_below(random, world->source_count)];
    for (int i = 0; world->damaged && !source->damaged && i < world->source_count; i++)
        source = &world->sources[random_below(random, world->source_count)];
    return source;
}

/* The oracle reads most queries whole and in their own order too, which putting them into another statement
   does not promise. */
bool case_source_make(CaseSource *source, Random *random, const World *world)
{
    *source = (CaseSource){.rows = *pick_source(random, world)};
    if (!random_once_in(random, 3)) {
        source->told = sqlite3_mprintf("%s", source->rows.name);
        source->from = sqlite3_mprintf("%s", source->rows.name);
        source->with = sqlite3_mprintf("");
    } else {
        sqlite3_str *sql = sqlite3_str_new(NULL);
        source->has_subtypes = append_query(sql, random, world, &source->rows);
        source->rows.rowid[0] = 0;
        source->rows.indexed = source->rows.is_view = false;
        char *query = sqlite3_str_finish(sql);
        source->told = sqlite3_mprintf("(%s)", query);
        source->from = source->has_subtypes ? sqlite3_mprintf("(%s)", query) : sqlite3_mprintf("source");
        source->with = source->has_subtypes ? sqlite3_mprintf("")
                                            : sqlite3_mprintf("WITH source AS MATERIALIZED (%s) ", query);
        sqlite3_free(query);
    }
    return source->told && source->from && source->with;
}

void case_source_free(CaseSource *source)
{
    sqlite3_free(source->told);
    sqlite3_free(source->from);
    sqlite3_free(source->with);
    *source = (CaseSource){0};
}
