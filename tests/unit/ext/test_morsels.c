/* Parts of a query in a worker: its range, its parameters, what it may read, and its exact sums. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ext/evaluate/evaluator.h"
#include "ext/evaluate/morsels.h"
#include "ext/functions/sum_functions.h"
#include "tests/support/engine_parts.h"

typedef struct File {
    char path[40];
    char *uri;
} File;

/* A file with t of 200 rows and u of 3. */
static int make_file(void **state)
{
    static File file;
    file = (File){"/tmp/pricemap-morsels-XXXXXX", NULL};
    int fd = mkstemp(file.path);
    assert_true(fd >= 0);
    close(fd);
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(file.path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE TABLE t(id INTEGER PRIMARY KEY, g, x, secret); CREATE TABLE u(g, name, y);"
                     "INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i "
                     "< 200) SELECT i, i % 3, i * 0.1, 7 FROM n;"
                     "INSERT INTO u VALUES (0, 'zero', 1), (1, 'one', 2), (2, 'two', 3)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close_v2(db), SQLITE_OK);
    file.uri = sqlite3_mprintf("file:%s?immutable=1", file.path);
    *state = &file;
    return 0;
}

static int remove_file(void **state)
{
    File *file = *state;
    unlink(file->path);
    sqlite3_free(file->uri);
    return 0;
}

static Recipe *query_recipe(const File *file, const char *select)
{
    static const char *const reads[] = {"t", "g", "t", "x", "u", "g", "u", "name"};
    int limits[RECIPE_LIMITS];
    for (int i = 0; i < RECIPE_LIMITS; i++)
        limits[i] = INT_MAX;
    Recipe *recipe = recipe_build(&(RecipeParts){.encoding = SQLITE_UTF8,
                                                 .flags = RECIPE_MORSELS,
                                                 .limits = limits,
                                                 .scan = 1,
                                                 .declaration = "",
                                                 .select = select,
                                                 .uri = file->uri,
                                                 .table_count = 1,
                                                 .tables = (const char *const[]){"t"},
                                                 .read_count = 4,
                                                 .reads = reads});
    assert_non_null(recipe);
    return recipe;
}

/* What a statement gave over one range. */
typedef struct Outcome {
    int rc;
    char message[TASK_MESSAGE_SIZE];
    uint32_t rows;
    /* Values of the first row's first two columns, as far as they are integers. */
    int64_t values[2];
} Outcome;

static void take_outcome(const Buffer *output, Outcome *outcome)
{
    RowsetView view;
    RowsetValue value = {0};
    assert_true(rowset_open(&view, output->data, output->size));
    outcome->rows = view.rows;
    for (uint32_t column = 0; column < 2 && column < view.columns && view.rows; column++) {
        assert_true(rowset_get(&view, 0, column, &value));
        outcome->values[column] = value.type == SQLITE_INTEGER ? value.integer : 0;
    }
}

static Outcome run(const File *file, const char *select, TaskOrder order, const Buffer *parameters)
{
    Outcome outcome = {0};
    Evaluator *evaluator;
    if (!order.morsel_count) {
        order.morsel_count = 3;
        order.morsels = morsels_pack(0, 3);
    }
    Recipe *recipe = query_recipe(file, select);
    outcome.rc = evaluator_open(recipe, NULL, &evaluator, outcome.message);
    recipe_unref(recipe);
    /* Twice: a statement that ran can run again. */
    for (int i = 0; i < 2 && outcome.rc == SQLITE_OK; i++) {
        Buffer output;
        TaskControl control = {.morsels = order.morsels};
        TaskReport report;
        buffer_heap_init(&output);
        order.end_row = 1;
        outcome.rc = evaluator_run(evaluator, &order, parameters ? parameters->data : NULL,
                                   parameters ? parameters->size : 0, &control, &output, &report);
        memcpy(outcome.message, report.message, sizeof outcome.message);
        if (outcome.rc == SQLITE_OK) {
            take_outcome(&output, &outcome);
            assert_int_equal(report.rows_out, outcome.rows);
            assert_int_equal(report.next_row, 1);
        }
        buffer_heap_free(&output);
    }
    evaluator_close(evaluator);
    return outcome;
}

static const TaskOrder middle = {.first_rowid = 11, .last_rowid = 20};

#define MORSELS_OF_T                                                                                         \
    "FROM pricemap_morsel AS m CROSS JOIN main.t WHERE t.rowid BETWEEN m.first_rowid AND m.last_rowid"

static void a_range_comes_from_the_table_or_from_parameters(void **state)
{
    static const char *const texts[] = {
        "SELECT count(*), min(t.rowid) " MORSELS_OF_T,
        "SELECT count(*), min(rowid) FROM main.t WHERE rowid BETWEEN ?1 AND ?2",
    };
    for (int i = 0; i < 2; i++) {
        Outcome outcome = run(*state, texts[i], middle, NULL);
        assert_int_equal(outcome.rc, SQLITE_OK);
        assert_int_equal(outcome.values[0], 10);
        assert_int_equal(outcome.values[1], 11);
        /* The first range and the last one have no other end. */
        TaskOrder all = middle;
        all.begins_table = all.ends_table = true;
        outcome = run(*state, texts[i], all, NULL);
        assert_int_equal(outcome.values[0], 200);
    }
}

/* However a range is cut, and whichever worker takes a morsel, each of its rowids comes once. */
static void morsels_are_the_range(void **state)
{
    for (uint32_t count = 1; count <= 11; count++) {
        int64_t rows = 0;
        for (uint32_t first = 0; first < count; first += 4) {
            TaskOrder order = {.first_rowid = 1, .last_rowid = 11, .morsel_count = count};
            order.begins_table = order.ends_table = true;
            order.morsels = morsels_pack(first, first + 4 < count ? first + 4 : count);
            Outcome outcome = run(*state, "SELECT count(*) " MORSELS_OF_T, order, NULL);
            assert_int_equal(outcome.rc, SQLITE_OK);
            rows += outcome.values[0];
        }
        assert_int_equal(rows, 200);
    }
}

static void half_of_what_is_left_can_be_taken_away(void **state)
{
    (void)state;
    TaskOrder order = {.morsel_count = 32, .morsels = morsels_pack(0, 32)};
    TaskControl control = {.morsels = order.morsels};
    uint32_t morsel, seen = 0;
    uint64_t taken;
    for (uint32_t i = 0; i < 10; i++)
        assert_true(morsels_take(&control, &morsel) && morsel == i);
    assert_true(morsels_steal(&order, &control, &taken));
    assert_int_equal(morsels_first(taken), 21);
    assert_int_equal(morsels_end(taken), 32);
    assert_int_equal(morsels_end(order.morsels), 21);
    assert_int_equal(morsels_first(order.morsels), 0);
    while (morsels_take(&control, &morsel))
        seen++;
    assert_int_equal(seen, 11);
    assert_false(morsels_steal(&order, &control, &taken));
    /* What a worker wrote that went astray is not believed. */
    static const uint64_t astray[] = {0, UINT64_MAX, (uint64_t)5 << 32 | 40, (uint64_t)30 << 32 | 21};
    for (size_t i = 0; i < sizeof astray / sizeof *astray; i++) {
        control.morsels = astray[i];
        assert_false(morsels_steal(&order, &control, &taken));
    }
}

static void outputs_grow(void **state)
{
    TaskOrder all = {.first_rowid = 1, .last_rowid = 200};
    Outcome outcome = run(*state, "SELECT t.rowid, g " MORSELS_OF_T, all, NULL);
    assert_int_equal(outcome.rc, SQLITE_OK);
    assert_int_equal(outcome.rows, 200);
}

static void an_output_has_a_bound(void **state)
{
    Outcome outcome = run(*state, "SELECT zeroblob(8000000) " MORSELS_OF_T, middle, NULL);
    assert_int_equal(outcome.rc, SQLITE_TOOBIG);
    assert_string_equal(outcome.message, "the partial rows take more than 64 MB");
}

static void parameters_are_bound(void **state)
{
    Buffer parameters;
    RowsetWriter writer;
    buffer_heap_init(&parameters);
    assert_int_equal(rowset_begin(&writer, &parameters, 2, 1), SQLITE_OK);
    rowset_set_integer(&writer, 0, 2);
    rowset_set_bytes(&writer, 1, SQLITE_TEXT, "two", 3);
    rowset_end_row(&writer);
    rowset_finish(&writer);
    Outcome outcome =
        run(*state,
            "SELECT count(*), ?3 FROM pricemap_morsel AS m CROSS JOIN main.t CROSS JOIN main.u "
            "WHERE t.rowid BETWEEN m.first_rowid AND m.last_rowid AND u.g = t.g AND u.name = ?4",
            middle, &parameters);
    assert_int_equal(outcome.rc, SQLITE_OK);
    assert_int_equal(outcome.values[0], 4);
    assert_int_equal(outcome.values[1], 2);
    buffer_heap_free(&parameters);
}

static void a_second_loop_over_the_range_is_refused(void **state)
{
    Outcome outcome = run(*state,
                          "SELECT count(*) FROM main.u CROSS JOIN pricemap_morsel AS m CROSS JOIN main.t "
                          "WHERE t.rowid BETWEEN m.first_rowid AND m.last_rowid AND u.g = t.g",
                          middle, NULL);
    assert_int_equal(outcome.rc, SQLITE_ERROR);
    assert_string_equal(outcome.message, "pricemap: the loop over ranges is not the outermost one");
}

static void a_part_reads_what_the_query_reads(void **state)
{
    Outcome outcome = run(*state, "SELECT max(secret) " MORSELS_OF_T, middle, NULL);
    assert_int_equal(outcome.rc, SQLITE_AUTH);
    assert_non_null(strstr(outcome.message, "reads nothing but what the query reads, not 't'"));
    outcome = run(*state, "SELECT (SELECT max(y) FROM main.u) " MORSELS_OF_T, middle, NULL);
    assert_int_equal(outcome.rc, SQLITE_AUTH);
    outcome = run(*state, "SELECT (SELECT count(*) FROM main.u) " MORSELS_OF_T, middle, NULL);
    assert_int_equal(outcome.rc, SQLITE_OK);
    outcome = run(*state, "SELECT (SELECT count(*) FROM sqlite_schema) " MORSELS_OF_T, middle, NULL);
    assert_int_equal(outcome.rc, SQLITE_AUTH);
}

/* ---- sums ---- */

/* The one value of a statement, as text with its type, or the error. */
static char *value_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    char *text;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        text = sqlite3_column_type(statement, 0) == SQLITE_NULL
                   ? sqlite3_mprintf("NULL")
                   : sqlite3_mprintf("%d %s", sqlite3_column_type(statement, 0),
                                     sqlite3_column_text(statement, 0));
    else
        text = sqlite3_mprintf("error: %s", sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    assert_non_null(text);
    return text;
}

/* Sums out of parts of two rows each are those of SQLite, for values that it sums exactly. */
static void sums_are_those_of_sqlite(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "(1), (2), (3)",
        "(1), (2.5), (NULL)",
        "(NULL), (NULL)",
        "('12'), ('3.5'), ('7abc'), ('x'), (x'3132')",
        "('12'), (' 3 '), (1)",
        "(9223372036854775806), (-1), (1)",
        "(9223372036854775807), (-9223372036854775807), (-1)",
        "(-9223372036854775807), (-1)",
        "(9223372036854775807), (1)",
        "(9e999), (1)",
        "(9e999), (-9e999)",
        "(-0.0), (-0.0)",
        "(1e300), (1e300), (-1e300)",
    };
    static const char *const functions[][3] = {{"sum", SUM_FUNCTION, SUM_OF_VALUES_FUNCTION},
                                               {"total", TOTAL_FUNCTION, TOTAL_OF_VALUES_FUNCTION},
                                               {"avg", AVG_FUNCTION, AVG_OF_VALUES_FUNCTION}};
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    assert_int_equal(sum_functions_register(db), SQLITE_OK);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t j = 0; j < sizeof functions / sizeof *functions; j++) {
            char *plain =
                sqlite3_mprintf("WITH v(x) AS (VALUES %s) SELECT %s(x) FROM v", lists[i], functions[j][0]);
            char *parted = sqlite3_mprintf(
                "WITH v(x) AS (VALUES %s), n(x, i) AS (SELECT x, row_number() OVER () FROM v), "
                "p(s) AS (SELECT " SUM_PART_FUNCTION "(x) FROM n GROUP BY i / 2) SELECT %s(s) FROM p",
                lists[i], functions[j][1]);
            char *whole =
                sqlite3_mprintf("WITH v(x) AS (VALUES %s) SELECT %s(x) FROM v", lists[i], functions[j][2]);
            char *expected = value_of(db, plain), *value = value_of(db, parted), *same = value_of(db, whole);
            assert_string_equal(value, expected);
            assert_string_equal(same, expected);
            sqlite3_free(plain);
            sqlite3_free(parted);
            sqlite3_free(whole);
            sqlite3_free(expected);
            sqlite3_free(value);
            sqlite3_free(same);
        }
    char *error = value_of(db, "SELECT " SUM_FUNCTION "(x'0102030405')");
    assert_string_equal(error, "error: pricemap: a part of a sum is damaged");
    sqlite3_free(error);
    error = value_of(db, "SELECT " TOTAL_FUNCTION "(12)");
    assert_string_equal(error, "error: pricemap: a part of a sum is damaged");
    sqlite3_free(error);
    assert_int_equal(sqlite3_close_v2(db), SQLITE_OK);
}

static void a_map_has_no_such_functions(void **state)
{
    (void)state;
    Recipe *recipe = engine_recipe(SUM_PART_FUNCTION "(a)", RECIPE_PARTIAL);
    Evaluator *evaluator;
    char message[TASK_MESSAGE_SIZE];
    assert_int_not_equal(evaluator_open(recipe, NULL, &evaluator, message), SQLITE_OK);
    assert_string_equal(message, SUM_PART_FUNCTION "() has no place in a map: it is for workers");
    recipe_unref(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_range_comes_from_the_table_or_from_parameters, make_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(morsels_are_the_range, make_file, remove_file),
        cmocka_unit_test(half_of_what_is_left_can_be_taken_away),
        cmocka_unit_test_setup_teardown(outputs_grow, make_file, remove_file),
        cmocka_unit_test_setup_teardown(an_output_has_a_bound, make_file, remove_file),
        cmocka_unit_test_setup_teardown(parameters_are_bound, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_second_loop_over_the_range_is_refused, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_part_reads_what_the_query_reads, make_file, remove_file),
        cmocka_unit_test(sums_are_those_of_sqlite),
        cmocka_unit_test(a_map_has_no_such_functions),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
