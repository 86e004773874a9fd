/* The evaluator: rows in, rows out, in one or more turns; errors with their row; cancelling; hostile input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/runner.h"
#include "tests/support/engine_parts.h"
#include "tests/support/within.h"

typedef struct Fixture {
    Buffer input, output;
    Evaluator *evaluator;
    TaskControl control;
    TaskReport report;
} Fixture;

static void begin(Fixture *fixture, const char *list, uint32_t flags, uint32_t rows)
{
    char message[TASK_MESSAGE_SIZE];
    Recipe *recipe = engine_recipe(list, flags);
    memset(fixture, 0, sizeof *fixture);
    buffer_heap_init(&fixture->input);
    buffer_heap_init(&fixture->output);
    engine_numbers(&fixture->input, rows, 1);
    if (evaluator_open(recipe, NULL, &fixture->evaluator, message) != SQLITE_OK)
        fail_msg("%s: %s", list, message);
    recipe_unref(recipe);
}

static void end(Fixture *fixture)
{
    evaluator_close(fixture->evaluator);
    buffer_heap_free(&fixture->input);
    buffer_heap_free(&fixture->output);
}

static int run(Fixture *fixture, uint32_t first, uint32_t last)
{
    TaskOrder order = {.position = 1, .first_row = first, .end_row = last};
    int rc = evaluator_run(fixture->evaluator, &order, fixture->input.data, fixture->input.size,
                           &fixture->control, &fixture->output, &fixture->report);
    assert_int_equal(rc, fixture->report.rc);
    return rc;
}

static int64_t output_integer(const Fixture *fixture, uint32_t row)
{
    RowsetView view;
    RowsetValue value = {0};
    assert_true(rowset_open(&view, fixture->output.data, fixture->output.size));
    assert_int_equal(view.rows, fixture->report.rows_out);
    assert_true(rowset_get(&view, row, 0, &value));
    assert_int_equal(value.type, SQLITE_INTEGER);
    return value.integer;
}

static void rows_and_ranges(void **state)
{
    (void)state;
    Fixture fixture;
    begin(&fixture, "a * 2", 0, 10);
    for (uint32_t first = 0; first <= 10; first++)
        for (uint32_t last = first; last <= 10; last++) {
            assert_int_equal(run(&fixture, first, last), SQLITE_OK);
            assert_int_equal(fixture.report.rows_out, last - first);
            assert_int_equal(fixture.report.next_row, last);
            for (uint32_t i = 0; i < last - first; i++)
                assert_int_equal(output_integer(&fixture, i), 2 * (first + i + 1));
        }
    /* Ranges that the input does not have. */
    assert_int_equal(run(&fixture, 0, 11), SQLITE_CORRUPT);
    assert_int_equal(run(&fixture, 5, 4), SQLITE_CORRUPT);
    assert_int_equal(run(&fixture, UINT32_MAX, UINT32_MAX), SQLITE_CORRUPT);
    assert_int_equal(run(&fixture, 0, 10), SQLITE_OK);
    end(&fixture);
}

/* Only what the map reads is requested. */
static void inputs(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        int count, columns[3];
    } cases[] = {
        {"1", 0, {0}},
        {"a", 1, {0}},
        {"b", 1, {1}},
        {"b || a", 2, {0, 1}},
        {"rowid", 1, {-1}},
        {"a + rowid", 2, {0, -1}},
        {"*, oid", 3, {0, 1, -1}},
        {"count(*)", 0, {0}},
        {"(SELECT max(b, value) FROM json_each('[1]'))", 1, {1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Fixture fixture;
        const int *columns;
        begin(&fixture, cases[i].list, RECIPE_PARTIAL, 1);
        assert_int_equal(evaluator_inputs(fixture.evaluator, &columns), cases[i].count);
        for (int j = 0; j < cases[i].count; j++)
            assert_int_equal(columns[j], cases[i].columns[j]);
        end(&fixture);
    }
}

/* Output that grows too large is given in turns. */
static void turns(void **state)
{
    (void)state;
    Fixture fixture;
    RowsetView view;
    begin(&fixture, "a, zeroblob(300000)", 0, 20);
    uint32_t next = 0;
    int turns_taken = 0;
    while (next < 20) {
        assert_int_equal(run(&fixture, next, 20), SQLITE_OK);
        assert_true(rowset_open(&view, fixture.output.data, fixture.output.size));
        assert_int_equal(view.rows, fixture.report.next_row - next);
        assert_true(view.rows > 0 && view.rows < 20);
        assert_int_equal(output_integer(&fixture, 0), next + 1);
        next = fixture.report.next_row;
        turns_taken++;
    }
    assert_true(turns_taken > 1);
    end(&fixture);
}

static void errors_name_the_row(void **state)
{
    (void)state;
    Fixture fixture;
    begin(&fixture, "iif(a = 4, json('{'), a)", 0, 10);
    assert_int_equal(run(&fixture, 0, 10), SQLITE_ERROR);
    assert_string_equal(fixture.report.message, "malformed JSON (row 4)");
    assert_int_equal(fixture.report.next_row, 3);
    assert_int_equal(fixture.report.rows_out, 3);
    assert_int_equal(output_integer(&fixture, 2), 3);
    /* And goes on after it. */
    assert_int_equal(run(&fixture, 4, 10), SQLITE_OK);
    assert_int_equal(fixture.report.rows_out, 6);
    end(&fixture);
    begin(&fixture, "sum(max(a, 9223372036854775807))", RECIPE_PARTIAL, 10);
    assert_int_equal(run(&fixture, 2, 7), SQLITE_ERROR);
    assert_string_equal(fixture.report.message, "integer overflow (rows 3 to 7)");
    assert_int_equal(fixture.report.rows_out, 0);
    end(&fixture);
}

static void *cancel_later(void *arg)
{
    Fixture *fixture = arg;
    usleep(50000);
    atomic_store(&fixture->control.cancel, 1);
    return NULL;
}

static void cancelled(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "increase_price_crazy(a, 10, 1000000000)",
        "(WITH RECURSIVE c(x) AS (SELECT a UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c)",
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        Fixture fixture;
        pthread_t thread;
        begin(&fixture, lists[i], 0, 1000);
        assert_int_equal(pthread_create(&thread, NULL, cancel_later, &fixture), 0);
        assert_int_equal(run(&fixture, 0, 1000), SQLITE_INTERRUPT);
        pthread_join(thread, NULL);
        /* Already set when it begins. */
        assert_int_equal(run(&fixture, 0, 1000), SQLITE_INTERRUPT);
        end(&fixture);
    }
}

static void refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"changes()", "changes() has no place in a map: it is about a connection, not about values"},
        {"(SELECT name FROM sqlite_master)",
         "a map reads nothing but the columns of its source, not 'sqlite_master'"},
        {"c", "no such column: c"},
        {"nonsense(a)", "no such function: nonsense"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Evaluator *evaluator = (Evaluator *)&i;
        char message[TASK_MESSAGE_SIZE];
        Recipe *recipe = engine_recipe(cases[i][0], 0);
        assert_int_not_equal(evaluator_open(recipe, NULL, &evaluator, message), SQLITE_OK);
        assert_null(evaluator);
        assert_string_equal(message, cases[i][1]);
        recipe_unref(recipe);
    }
}

static int count_name(void *arg, const char *name)
{
    (void)name;
    return ++*(int *)arg == 3 ? 42 : 0;
}

static void functions(void **state)
{
    (void)state;
    Fixture fixture;
    int count = 0;
    begin(&fixture, "upper(b), UPPER(b), lower(b)", 0, 1);
    assert_int_equal(evaluator_functions(fixture.evaluator, count_name, &count), 0);
    assert_int_equal(count, 2);
    end(&fixture);
    count = 0;
    begin(&fixture, "upper(b), hex(b), lower(b), trim(b)", 0, 1);
    assert_int_equal(evaluator_functions(fixture.evaluator, count_name, &count), 42);
    assert_int_equal(count, 3);
    end(&fixture);
}

/* Input rowsets that lie: an error or a value, never an access out of bounds. */
static void hostile_input(void **state)
{
    (void)state;
    Fixture fixture;
    begin(&fixture, "a || ''", 0, 4);
    RowsetHeader header;
    memcpy(&header, fixture.input.data, sizeof header);
    for (size_t place = 0; place < header.bytes; place++)
        for (unsigned change = 1; change < 256; change += 51) {
            unsigned char *copy = malloc(header.bytes);
            assert_non_null(copy);
            memcpy(copy, fixture.input.data, header.bytes);
            copy[place] ^= (unsigned char)change;
            TaskOrder order = {.position = 1, .first_row = 0, .end_row = 4};
            evaluator_run(fixture.evaluator, &order, copy, header.bytes, &fixture.control, &fixture.output,
                          &fixture.report);
            free(copy);
        }
    assert_int_equal(run(&fixture, 0, 4), SQLITE_OK);
    end(&fixture);
}

/* A runner keeps what it prepared, by what the recipe says and not by where it lies. */
static void runner_keeps_evaluators(void **state)
{
    (void)state;
    ChunkRunner *runner = chunk_runner_create(false);
    Recipe *recipes[12];
    Evaluator *first, *again;
    char message[TASK_MESSAGE_SIZE];
    assert_non_null(runner);
    for (int i = 0; i < 12; i++) {
        char list[20];
        sqlite3_snprintf(sizeof list, list, "a + %d", i);
        recipes[i] = engine_recipe(list, 0);
        assert_int_equal(chunk_runner_evaluator(runner, recipes[i], &first, message), SQLITE_OK);
        Recipe *copy = recipe_copy(recipes[i], recipes[i]->size);
        assert_int_equal(chunk_runner_evaluator(runner, copy, &again, message), SQLITE_OK);
        assert_ptr_equal(first, again);
        recipe_unref(copy);
    }
    Recipe *bad = engine_recipe("nonsense()", 0);
    assert_int_equal(chunk_runner_evaluator(runner, bad, &first, message), SQLITE_ERROR);
    assert_string_equal(message, "no such function: nonsense");
    assert_int_equal(chunk_runner_evaluator(runner, recipes[0], &first, message), SQLITE_OK);
    recipe_unref(bad);
    for (int i = 0; i < 12; i++)
        recipe_unref(recipes[i]);
    chunk_runner_free(runner);
    chunk_runner_free(NULL);
}

/* A recipe for a text of its own over the chunk. */
static Recipe *recipe_of(const char *select)
{
    int limits[RECIPE_LIMITS];
    for (int i = 0; i < RECIPE_LIMITS; i++)
        limits[i] = INT_MAX;
    Recipe *recipe = recipe_build(&(RecipeParts){.encoding = SQLITE_UTF8,
                                                 .limits = limits,
                                                 .declaration = "CREATE TABLE x(a INT, b TEXT)",
                                                 .select = select});
    assert_non_null(recipe);
    return recipe;
}

/* Tasks of one run by a map with constants; also where SQLite keeps what it read for the first of them, which
   no map that passes the planner has it do. */
static void tasks_of_one_run(void **state)
{
    (void)state;
    static const char *const selects[] = {
        "SELECT a * 2 + increase_price(100) - 110 FROM chunk",
        ("WITH kept AS MATERIALIZED (SELECT a FROM chunk) SELECT kept.a * 2 + increase_price(100) - 110 "
         "FROM (SELECT 1 AS one) CROSS JOIN kept"),
        "SELECT CASE WHEN increase_price(100) < 0 THEN 0 ELSE a * 2 END FROM chunk",
        "SELECT a * 2 FROM chunk WHERE increase_price(100) > 0",
    };
    for (size_t i = 0; i < sizeof selects / sizeof *selects; i++) {
        Fixture fixture = {0};
        char message[TASK_MESSAGE_SIZE];
        Recipe *recipe = recipe_of(selects[i]);
        buffer_heap_init(&fixture.input);
        buffer_heap_init(&fixture.output);
        engine_numbers(&fixture.input, 40, 1);
        if (evaluator_open(recipe, NULL, &fixture.evaluator, message) != SQLITE_OK)
            fail_msg("%s: %s", selects[i], message);
        recipe_unref(recipe);
        for (uint32_t task = 0; task < 20; task++) {
            TaskOrder order = {.run = 1 + task / 10, .position = 1, .first_row = task, .end_row = 2 * task};
            assert_int_equal(evaluator_run(fixture.evaluator, &order, fixture.input.data, fixture.input.size,
                                           &fixture.control, &fixture.output, &fixture.report),
                             SQLITE_OK);
            assert_int_equal(fixture.report.rows_out, task);
            RowsetView view;
            assert_true(rowset_open(&view, fixture.output.data, fixture.output.size));
            for (uint32_t row = 0; row < task; row++) {
                RowsetValue value = {0};
                assert_true(rowset_get(&view, row, 0, &value));
                assert_true((value.type == SQLITE_FLOAT ? value.real : (double)value.integer) ==
                            2 * (task + row + 1));
            }
            /* Constants took some of a task's time, where it began the run. */
            assert_within(fixture.report.constants_ns, 0, fixture.report.end_ns - fixture.report.start_ns);
            if (task % 10)
                assert_int_equal(fixture.report.constants_ns, 0);
        }
        end(&fixture);
    }
}

/* ---- how often a text is prepared ---- */

static const sqlite3_api_routines *library;
static int prepares;

static void note_text(const char *sql)
{
    prepares += strstr(sql, "'long text'") != NULL;
}

static int note_prepare_v2(sqlite3 *db, const char *sql, int size, sqlite3_stmt **statement,
                           const char **tail)
{
    note_text(sql);
    return library->prepare_v2(db, sql, size, statement, tail);
}

static int note_prepare_v3(sqlite3 *db, const char *sql, int size, unsigned flags, sqlite3_stmt **statement,
                           const char **tail)
{
    note_text(sql);
    return library->prepare_v3(db, sql, size, flags, statement, tail);
}

/* A recipe over t(a) of the file, of a map that the plan has judged. */
static Recipe *file_recipe(const char *uri, uint32_t flags)
{
    int limits[RECIPE_LIMITS];
    for (int i = 0; i < RECIPE_LIMITS; i++)
        limits[i] = INT_MAX;
    Recipe *recipe = recipe_build(&(RecipeParts){
        .encoding = SQLITE_UTF8,
        .flags = flags,
        .limits = limits,
        .scan = 1,
        .columns = 1,
        .declaration = "",
        .select = "SELECT abs(a) + length('long text') FROM main.t NOT INDEXED WHERE rowid BETWEEN ?1 AND ?2",
        .tracing_select = "SELECT abs(a) + length('long text') FROM main.t NOT INDEXED WHERE rowid BETWEEN "
                          "pricemap_bound(0) AND pricemap_bound(1) AND pricemap_trace(rowid)",
        .rowids_select = "SELECT rowid FROM main.t NOT INDEXED WHERE rowid BETWEEN ?1 AND ?2",
        .uri = uri,
        .table_count = 1,
        .tables = (const char *const[]){"t"}});
    assert_non_null(recipe);
    return recipe;
}

static void run_range(Evaluator *evaluator)
{
    Buffer output;
    TaskControl control = {0};
    TaskReport report;
    buffer_heap_init(&output);
    for (int64_t first = 1; first < 100; first += 10) {
        TaskOrder order = {
            .run = 1, .end_row = 1, .first_rowid = first, .last_rowid = first + 9, .row_limit = 10};
        assert_int_equal(evaluator_run(evaluator, &order, NULL, 0, &control, &output, &report), SQLITE_OK);
        assert_int_equal(report.rows_out, 10);
        assert_int_equal(report.rows_in, 10);
    }
    buffer_heap_free(&output);
}

/* A file of a database with the tables t and u, of one column each. */
static void make_file(char *path)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE t(a); INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION "
                                  "ALL SELECT i + 1 FROM n WHERE i < 100) SELECT -i FROM n;"
                                  "CREATE TABLE u(b); INSERT INTO u VALUES (1000)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close_v2(db), SQLITE_OK);
}

/* A statement may read the tables that its recipe lists, and no other. */
static void tables_of_the_recipe(void **state)
{
    (void)state;
    char path[] = "/tmp/pricemap-evaluator-XXXXXX", message[TASK_MESSAGE_SIZE];
    int limits[RECIPE_LIMITS];
    make_file(path);
    for (int i = 0; i < RECIPE_LIMITS; i++)
        limits[i] = INT_MAX;
    char *uri = sqlite3_mprintf("file:%s?immutable=1", path);
    for (uint32_t tables = 0; tables <= 2; tables++) {
        Recipe *recipe = recipe_build(&(RecipeParts){
            .encoding = SQLITE_UTF8,
            .limits = limits,
            .scan = 1,
            .declaration = "",
            .select = "SELECT a + b FROM main.t NOT INDEXED, main.u WHERE t.rowid BETWEEN ?1 AND ?2",
            .rowids_select = "SELECT rowid FROM main.t NOT INDEXED WHERE rowid BETWEEN ?1 AND ?2",
            .uri = uri,
            .table_count = tables,
            .tables = (const char *const[]){"t", "U"}});
        assert_non_null(recipe);
        Evaluator *evaluator;
        int rc = evaluator_open(recipe, NULL, &evaluator, message);
        recipe_unref(recipe);
        assert_int_equal(rc, tables == 2 ? SQLITE_OK : SQLITE_AUTH);
        if (rc != SQLITE_OK)
            assert_non_null(strstr(message, "a map reads nothing but the columns of its source, not '"));
        if (rc == SQLITE_OK)
            run_range(evaluator);
        evaluator_close(evaluator);
    }
    sqlite3_free(uri);
    unlink(path);
}

/* A worker that is handed rows of a map that the plan has judged, and one that has to find out its inputs. */
static void judged_once(void)
{
    static const char list[] = "b || a || rowid || length('long text')";
    char message[TASK_MESSAGE_SIZE];
    const int *inputs, *same;
    Evaluator *host, *worker;
    Recipe *recipe = engine_recipe(list, 0);
    prepares = 0;
    assert_int_equal(evaluator_open(recipe, NULL, &host, message), SQLITE_OK);
    assert_int_equal(prepares, 1);
    int count = evaluator_inputs(host, &inputs);
    Recipe *judged = recipe_judged(recipe, &(RecipeFacts){.columns = 1,
                                                          .chunk_columns = 2,
                                                          .has_constants = evaluator_has_constants(host),
                                                          .inputs = inputs,
                                                          .input_count = count});
    assert_non_null(judged);
    assert_true(recipe_is_same_map(recipe, judged));
    prepares = 0;
    assert_int_equal(evaluator_open(judged, NULL, &worker, message), SQLITE_OK);
    assert_int_equal(prepares, 1);
    assert_int_equal(evaluator_inputs(worker, &same), count);
    assert_memory_equal(same, inputs, (size_t)count * sizeof *inputs);
    assert_int_equal(evaluator_output_columns(worker), 1);
    evaluator_close(worker);
    evaluator_close(host);
    recipe_unref(recipe);
    recipe_unref(judged);
}

/* Texts may be long: the map is prepared once to be judged and once to be run, and by workers only to be run.
 */
static void texts_are_prepared_once(void **state)
{
    (void)state;
    char path[] = "/tmp/pricemap-evaluator-XXXXXX", message[TASK_MESSAGE_SIZE];
    make_file(path);
    library = sqlite3_api;
    sqlite3_api_routines noting = *library;
    noting.prepare_v2 = note_prepare_v2;
    noting.prepare_v3 = note_prepare_v3;
    sqlite3_api = &noting;
    static const uint32_t flags[] = {0, RECIPE_WHERE, RECIPE_CONSTANTS, RECIPE_CONSTANTS | RECIPE_WHERE};
    char *uri = sqlite3_mprintf("file:%s?immutable=1", path);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        Evaluator *evaluator;
        Recipe *recipe = file_recipe(uri, flags[i]);
        prepares = 0;
        if (evaluator_open(recipe, NULL, &evaluator, message) != SQLITE_OK)
            fail_msg("%s", message);
        recipe_unref(recipe);
        run_range(evaluator);
        assert_int_equal(prepares, 1);
        evaluator_close(evaluator);
    }
    Fixture fixture;
    prepares = 0;
    begin(&fixture, "a + length('long text')", 0, 10);
    assert_int_equal(run(&fixture, 0, 10), SQLITE_OK);
    assert_int_equal(prepares, 2);
    end(&fixture);
    judged_once();
    sqlite3_api = library;
    sqlite3_free(uri);
    unlink(path);
}

/* A worker's limits have room beyond the host's, up to the largest that a limit can be. */
static void raised_limits(void **state)
{
    (void)state;
    for (int code = 0; code < SQLITE_LIMITS; code++) {
        assert_int_equal(limit_raised(code, INT_MAX), INT_MAX);
        assert_int_equal(limit_raised(code, -1), -1);
        for (int less = 0; less < 8; less++)
            assert_true(limit_raised(code, INT_MAX - less) >= INT_MAX - less);
        assert_true(limit_raised(code, INT_MAX / 4) >= INT_MAX / 4);
    }
    assert_int_equal(limit_raised(SQLITE_LIMIT_COLUMN, 10), 12);
    assert_int_equal(limit_raised(SQLITE_LIMIT_VARIABLE_NUMBER, 10), 12);
    assert_int_equal(limit_raised(SQLITE_LIMIT_EXPR_DEPTH, 10), 14);
    assert_int_equal(limit_raised(SQLITE_LIMIT_VDBE_OP, 10), 1020);
    assert_int_equal(limit_raised(SQLITE_LIMIT_LENGTH, 10), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_ranges),
        cmocka_unit_test(inputs),
        cmocka_unit_test(turns),
        cmocka_unit_test(errors_name_the_row),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(refused),
        cmocka_unit_test(functions),
        cmocka_unit_test(raised_limits),
        cmocka_unit_test(hostile_input),
        cmocka_unit_test(runner_keeps_evaluators),
        cmocka_unit_test(tasks_of_one_run),
        cmocka_unit_test(tables_of_the_recipe),
        cmocka_unit_test(texts_are_prepared_once),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
