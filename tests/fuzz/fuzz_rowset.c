/*
 * The rowset buffer. The first byte says what the rest is: bytes that claim to be a rowset, read as a host
 * reads what a worker wrote and evaluated as a worker evaluates what a host handed out; bytes that claim to
 * be a recipe; or values, to be written into a rowset, which has to give them back.
 */
#include <stdlib.h>
#include <string.h>

#include "ext/evaluate/runner.h"
#include "fuzz.h"
#include "host.h"
#include "input.h"
#include "ext/data/rowset.h"

enum { CELLS_MAX = 4096, WRITTEN_MAX = 512, COLUMNS_MAX = 5 };

static volatile size_t last_read; /* so that reading is not left out */
static ChunkRunner *runner;
static Recipe *recipe;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    int limits[RECIPE_LIMITS];
    for (int i = 0; i < RECIPE_LIMITS; i++)
        limits[i] = 1 << 20;
    host_start("/nonexistent/pricemap-worker");
    runner = chunk_runner_create(false);
    recipe =
        recipe_build(&(RecipeParts){.encoding = SQLITE_UTF8,
                                    .flags = RECIPE_ROWID,
                                    .limits = limits,
                                    .declaration = "CREATE TABLE x(a INT, b TEXT COLLATE NOCASE, c)",
                                    .select = "SELECT rowid, a, b, c || a, length(c), hex(b) FROM chunk"});
    if (!runner || !recipe)
        host_finding("start", "out of memory");
    return 0;
}

static void read_bytes(const RowsetValue *value)
{
    if (value->type == SQLITE_TEXT || value->type == SQLITE_BLOB)
        for (uint32_t i = 0; i < value->size; i++)
            last_read = ((const unsigned char *)value->bytes)[i];
}

static void read_rowset(const void *bytes, size_t size)
{
    RowsetView view;
    RowsetValue value;
    if (!rowset_open(&view, bytes, size))
        return;
    int cells = 0;
    for (uint32_t row = 0; row < view.rows && row < CELLS_MAX; row++)
        for (uint32_t column = 0; column < view.columns && cells < CELLS_MAX; column++, cells++)
            if (rowset_get(&view, row, column, &value))
                read_bytes(&value);
    /* Beyond it there is nothing, and its last row is as far as one may go. */
    if (rowset_get(&view, view.rows, 0, &value) || rowset_get(&view, 0, view.columns, &value))
        host_finding("rowset_get", "a value outside the rowset");
    if (view.rows && view.columns && rowset_get(&view, view.rows - 1, view.columns - 1, &value))
        read_bytes(&value);
}

static void evaluate_rowset(const void *bytes, size_t size)
{
    RowsetView view;
    TaskControl control = {0};
    TaskReport report = {0};
    TaskOrder order = {.position = 1, .end_row = 64};
    Buffer output;
    if (!rowset_open(&view, bytes, size) || view.columns != 4)
        return;
    buffer_heap_init(&output);
    chunk_runner_run(runner, recipe, &order, bytes, size, &control, &output, &report);
    if (report.rc != SQLITE_OK && !memchr(report.message, 0, sizeof report.message))
        host_finding("report", "a message without an end");
    read_rowset(output.data, output.size);
    buffer_heap_free(&output);
}

static void read_recipe(const void *bytes, size_t size)
{
    Recipe *copy = recipe_copy(bytes, size);
    if (!copy)
        return;
    const uint32_t texts[] = {copy->declaration, copy->select, copy->tracing_select, copy->uri};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        last_read = strlen(recipe_text(copy, texts[i]));
    const char *table = recipe_text(copy, copy->tables);
    for (uint32_t i = 0; i < copy->table_count; i++)
        table = recipe_text_after(table);
    uint32_t offset = copy->extensions;
    for (uint64_t i = 0; i < 2 * (uint64_t)copy->extension_count; i++)
        offset += (uint32_t)strlen(recipe_text(copy, offset)) + 1;
    recipe_unref(copy);
}

static void set_value(RowsetWriter *writer, uint32_t column, Input *input, RowsetValue *value)
{
    uint64_t bits;
    value->type = SQLITE_INTEGER + input_byte(input) % 5;
    if (value->type == SQLITE_NULL) {
        rowset_set_null(writer, column);
    } else if (value->type == SQLITE_INTEGER || value->type == SQLITE_FLOAT) {
        input_bytes(input, &bits, sizeof bits);
        memcpy(&value->integer, &bits, sizeof bits);
        rowset_set_bits(writer, column, value->type, bits);
    } else {
        value->size = input_byte(input);
        if (value->size > input->size)
            value->size = (uint32_t)input->size;
        value->bytes = input->data;
        if (rowset_set_bytes(writer, column, value->type, value->bytes, value->size) != SQLITE_OK)
            host_finding("rowset_set_bytes", "out of memory");
        input->data += value->size;
        input->size -= value->size;
    }
}

static void expect_value(const RowsetView *view, uint32_t row, uint32_t column, const RowsetValue *wanted)
{
    RowsetValue value = {0};
    bool same = rowset_get(view, row, column, &value) && value.type == wanted->type;
    if (same && (value.type == SQLITE_TEXT || value.type == SQLITE_BLOB))
        same = value.size == wanted->size && memcmp(value.bytes, wanted->bytes, value.size) == 0;
    else if (same && value.type != SQLITE_NULL)
        same = value.integer == wanted->integer;
    if (!same)
        host_finding("rowset", "a value came back as another one");
}

static void write_and_read(Input *input)
{
    static RowsetValue written[WRITTEN_MAX];
    RowsetWriter writer;
    RowsetView view;
    Buffer buffer;
    uint32_t columns = input_byte(input) % (COLUMNS_MAX + 1), capacity = input_byte(input) % 100;
    buffer_heap_init(&buffer);
    if (rowset_begin(&writer, &buffer, columns, capacity) != SQLITE_OK)
        host_finding("rowset_begin", "out of memory");
    for (uint32_t row = 0; row < capacity && !input_ended(input); row++) {
        for (uint32_t column = 0; column < columns; column++)
            set_value(&writer, column, input, &written[row * columns + column]);
        input_byte(input);
        rowset_end_row(&writer);
    }
    rowset_finish(&writer);
    if (!rowset_open(&view, buffer.data, buffer.size) || view.rows != writer.rows || view.columns != columns)
        host_finding("rowset_open", "refuses what was written");
    for (uint32_t cell = 0; cell < view.rows * columns; cell++)
        expect_value(&view, cell / columns, cell % columns, &written[cell]);
    buffer_heap_free(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input input = {data, size};
    unsigned what = input_byte(&input) % 3;
    if (what == 2) {
        write_and_read(&input);
        return 0;
    }
    /* Rowsets and recipes lie at offsets that are multiples of eight; a copy that ends where the input
     * ends. */
    size_t padded = (input.size + 7) & ~(size_t)7;
    unsigned char *copy = malloc(padded ? padded : 1);
    if (!copy)
        return 0;
    memset(copy, 0, padded);
    if (input.size)
        memcpy(copy, input.data, input.size);
    if (what == 0) {
        read_rowset(copy, padded);
        evaluate_rowset(copy, padded);
    } else {
        read_recipe(copy, padded);
    }
    free(copy);
    return 0;
}
