/* The parts of a query as the table that combining queries read: all rows, and in the order of their keys as
 * SQLite itself sorts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ext/run/query_parts_table.h"
#include "tests/support/engine_parts.h"
#include "tests/support/random.h"

static void run(sqlite3 *db, char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_free(sql);
}

static int64_t number(sqlite3 *db, char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return value;
}

/* Adds what a statement gives as the rows of the morsels from `first` on of the range that begins at
   `first_rowid`. */
static void add_morsels(Parts *parts, sqlite3 *db, char *sql, int64_t first_rowid, uint32_t first)
{
    sqlite3_stmt *statement;
    RowsetWriter writer;
    Task task = {.order = {.first_rowid = first_rowid, .morsels = morsels_pack(first, 32)}};
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    sqlite3_free(sql);
    buffer_heap_init(&task.heap_output);
    uint32_t columns = (uint32_t)sqlite3_column_count(statement);
    assert_int_equal(rowset_begin(&writer, &task.heap_output, columns, 1), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (writer.rows == writer.capacity)
            assert_int_equal(rowset_grow(&writer, 2 * writer.capacity), SQLITE_OK);
        for (uint32_t i = 0; i < columns; i++)
            assert_int_equal(
                rowset_set_value(&writer, i, sqlite3_column_value(statement, (int)i), SQLITE_UTF8),
                SQLITE_OK);
        rowset_end_row(&writer);
    }
    rowset_finish(&writer);
    task.output = task.heap_output.data;
    task.output_size = task.heap_output.size;
    task.report = (TaskReport){.output_bytes = writer.bytes, .rows_out = writer.rows};
    assert_int_equal(query_parts_add(parts, &task), SQLITE_OK);
    sqlite3_finalize(statement);
    buffer_heap_free(&task.heap_output);
}

static void add_block(Parts *parts, sqlite3 *db, char *sql, int64_t first_rowid)
{
    add_morsels(parts, db, sql, first_rowid, 0);
}

static void insert_values(sqlite3 *db, Random *random, int rows)
{
    static const char *const values[] = {
        "NULL", "0",      "-1",  "7",     "7.0",     "6.5",      "9007199254740993",     "9007199254740994.0",
        "''",   "9.3e18", "'a'", "'A'",   "'a '",    "'ab'",     "-9223372036854775808", "-9.3e18",
        "'Z'",  "9e999",  "x''", "x'61'", "x'4100'", "'\u00e9'",
    };
    for (int i = 0; i < rows; i++)
        run(db, sqlite3_mprintf("INSERT INTO v VALUES (%s, %s, %d)", random_pick(random, values),
                                random_pick(random, values), random_below(random, 5)));
}

/* Whether SQLite sorts the rows of a statement itself. */
static bool sorts(sqlite3 *db, char *sql)
{
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *statement;
    bool sorted = false;
    assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        sorted = sorted || strstr((const char *)sqlite3_column_text(statement, 3), "TEMP B-TREE");
    sqlite3_finalize(statement);
    sqlite3_free(explain);
    sqlite3_free(sql);
    return sorted;
}

static void check_order(Random *random, const char *collation, bool first_down, bool second_down)
{
    sqlite3 *db;
    Parts parts = {0};
    char *name = (char *)(uintptr_t)collation;
    Column columns[] = {{(char *)(uintptr_t) "a", "", name, false},
                        {(char *)(uintptr_t) "b", "", name, false}};
    SplitSortKey keys[] = {{0, first_down, first_down}, {1, second_down, second_down}};
    SplitStage stage = {.parts = {columns, 2}, .sorted = keys, .sorted_count = 2};
    PartsSource source = {&stage, &parts, NULL, SQLITE_UTF8};
    char terms[32];
    sqlite3_snprintf(sizeof terms, terms, "a%s, b%s", first_down ? " DESC" : "", second_down ? " DESC" : "");
    assert_int_equal(sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    run(db, sqlite3_mprintf("CREATE TABLE v(a COLLATE %s, b COLLATE %s, block);"
                            "CREATE TABLE merged(a COLLATE %s, b COLLATE %s)",
                            collation, collation, collation, collation));
    insert_values(db, random, 80);
    for (int block = 4; block >= 0; block--)
        add_block(&parts, db,
                  sqlite3_mprintf("SELECT a, b FROM v WHERE block = %d ORDER BY %s", block, terms), block);
    query_parts_sort(&parts);
    assert_int_equal(parts_table_register(db, &source), SQLITE_OK);
    assert_false(sorts(db, sqlite3_mprintf("SELECT a, b FROM pricemap_parts ORDER BY %s", terms)));
    assert_false(sorts(db, sqlite3_mprintf("SELECT a, count(*) FROM pricemap_parts GROUP BY a")) &&
                 !first_down);
    assert_true(sorts(db, sqlite3_mprintf("SELECT a, b FROM pricemap_parts ORDER BY b, a")));
    run(db, sqlite3_mprintf("INSERT INTO merged SELECT a, b FROM pricemap_parts ORDER BY %s", terms));
    assert_int_equal(number(db, sqlite3_mprintf("SELECT count(*) FROM merged")), 80);
    assert_int_equal(
        number(db, sqlite3_mprintf("SELECT count(*) FROM (SELECT a, b, count(*) FROM v GROUP BY 1, 2 "
                                   "EXCEPT SELECT a, b, count(*) FROM merged GROUP BY 1, 2)")),
        0);
    assert_int_equal(
        number(db, sqlite3_mprintf("SELECT count(*) FROM (SELECT r, lag(r) OVER (ORDER BY id) AS before FROM "
                                   "(SELECT rowid AS id, dense_rank() OVER (ORDER BY %s) AS r FROM merged)) "
                                   "WHERE r < before",
                                   terms)),
        0);
    sqlite3_close_v2(db);
    query_parts_free(&parts);
}

static void merged_streams_are_in_the_order_of_sqlite(void **state)
{
    (void)state;
    static const char *const collations[] = {"BINARY", "NOCASE", "RTRIM"};
    Random random = {21};
    for (int round = 0; round < 60; round++)
        check_order(&random, random_pick(&random, collations), random_below(&random, 2),
                    random_below(&random, 2));
}

/* Without keys the parts come in the order of their ranges, and of the morsels of a range that was shared. */
static void parts_come_in_the_order_of_ranges(void **state)
{
    (void)state;
    sqlite3 *db;
    Parts parts = {0};
    Column columns[] = {{(char *)(uintptr_t) "a", "INT", NULL, false}};
    SplitStage stage = {.parts = {columns, 1}};
    PartsSource source = {&stage, &parts, NULL, SQLITE_UTF8};
    assert_int_equal(sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    add_block(&parts, db, sqlite3_mprintf("VALUES (5), (6)"), 50);
    add_block(&parts, db, sqlite3_mprintf("SELECT 1 WHERE 0"), 30);
    add_block(&parts, db, sqlite3_mprintf("VALUES (1), (2)"), -7);
    add_morsels(&parts, db, sqlite3_mprintf("VALUES (4)"), 20, 16);
    add_morsels(&parts, db, sqlite3_mprintf("VALUES (3)"), 20, 0);
    query_parts_sort(&parts);
    assert_int_equal(parts_table_register(db, &source), SQLITE_OK);
    assert_int_equal(number(db, sqlite3_mprintf("SELECT group_concat(a, '') FROM pricemap_parts")), 123456);
    assert_int_equal(
        number(db, sqlite3_mprintf("SELECT count(*) FROM pricemap_parts AS x, pricemap_parts AS y "
                                   "WHERE x.a = y.a")),
        6);
    sqlite3_close_v2(db);
    query_parts_free(&parts);
}

static void damaged_parts_are_refused(void **state)
{
    (void)state;
    Parts parts = {0};
    unsigned char bytes[64] = {0};
    Task task = {.output = bytes, .output_size = sizeof bytes, .report = {.output_bytes = sizeof bytes}};
    assert_int_equal(query_parts_add(&parts, &task), SQLITE_CORRUPT);
    task.report.output_bytes = 1000;
    assert_int_equal(query_parts_add(&parts, &task), SQLITE_CORRUPT);
    task.output = NULL;
    assert_int_equal(query_parts_add(&parts, &task), SQLITE_CORRUPT);
    query_parts_free(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merged_streams_are_in_the_order_of_sqlite),
        cmocka_unit_test(parts_come_in_the_order_of_ranges),
        cmocka_unit_test(damaged_parts_are_refused),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
