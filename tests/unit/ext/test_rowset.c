/* The rowset: what is written is read, and whatever bytes are read, nothing outside them is touched: hostile
 * rowsets lie in memory of exactly their size, so that AddressSanitizer sees a byte too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/engine_parts.h"

/* Two columns, three rows: an integer and a text or blob each; the second text has `size` bytes. */
static void write_example(Buffer *buffer, uint32_t capacity)
{
    RowsetWriter writer;
    assert_int_equal(rowset_begin(&writer, buffer, 2, capacity), SQLITE_OK);
    rowset_set_integer(&writer, 0, INT64_MIN);
    assert_int_equal(rowset_set_bytes(&writer, 1, SQLITE_TEXT, "a\0b", 3), SQLITE_OK);
    rowset_end_row(&writer);
    rowset_set_real(&writer, 0, -0.0);
    assert_int_equal(rowset_set_bytes(&writer, 1, SQLITE_BLOB, NULL, 0), SQLITE_OK);
    rowset_end_row(&writer);
    rowset_set_null(&writer, 0);
    assert_int_equal(rowset_set_bytes(&writer, 1, SQLITE_TEXT, "last", 4), SQLITE_OK);
    rowset_end_row(&writer);
    rowset_finish(&writer);
}

static uint64_t size_of(const Buffer *buffer)
{
    RowsetHeader header;
    memcpy(&header, buffer->data, sizeof header);
    return header.bytes;
}

static void check_example(const void *data, uint64_t size)
{
    RowsetView view;
    RowsetValue value;
    assert_true(rowset_open(&view, data, size));
    assert_int_equal(view.rows, 3);
    assert_int_equal(view.columns, 2);
    assert_true(rowset_get(&view, 0, 0, &value));
    assert_int_equal(value.type, SQLITE_INTEGER);
    assert_true(value.integer == INT64_MIN);
    assert_true(rowset_get(&view, 0, 1, &value));
    assert_int_equal(value.type, SQLITE_TEXT);
    assert_int_equal(value.size, 3);
    assert_memory_equal(value.bytes, "a\0b\0\0", 5); /* terminated for UTF-16 too */
    assert_true(rowset_get(&view, 1, 0, &value));
    double zero = -0.0;
    assert_int_equal(value.type, SQLITE_FLOAT);
    assert_memory_equal(&value.real, &zero, 8);
    assert_true(rowset_get(&view, 1, 1, &value));
    assert_int_equal(value.type, SQLITE_BLOB);
    assert_int_equal(value.size, 0);
    assert_true(rowset_get(&view, 2, 0, &value));
    assert_int_equal(value.type, SQLITE_NULL);
    assert_true(rowset_get(&view, 2, 1, &value));
    assert_memory_equal(value.bytes, "last", 5);
    assert_false(rowset_get(&view, 3, 0, &value));
    assert_false(rowset_get(&view, 0, 2, &value));
    assert_false(rowset_get(&view, UINT32_MAX, UINT32_MAX, &value));
}

static void written_and_read(void **state)
{
    (void)state;
    for (uint32_t capacity = 3; capacity < 40; capacity += 12) {
        Buffer buffer;
        buffer_heap_init(&buffer);
        write_example(&buffer, capacity);
        check_example(buffer.data, size_of(&buffer));
        /* At another address, and with more after it. */
        unsigned char *moved = malloc(buffer.size + 100);
        assert_non_null(moved);
        memcpy(moved + 8, buffer.data, buffer.size);
        check_example(moved + 8, size_of(&buffer) + 50);
        free(moved);
        /* A buffer is used again for the next. */
        write_example(&buffer, capacity);
        check_example(buffer.data, size_of(&buffer));
        buffer_heap_free(&buffer);
        buffer_heap_free(&buffer);
    }
}

/* A rowset that gets its room row by row is the one that had it at once. */
static void grown(void **state)
{
    (void)state;
    enum { COLUMNS = 3, ROWS = 50 };
    Buffer buffers[2];
    for (int growing = 0; growing < 2; growing++) {
        RowsetWriter writer;
        buffer_heap_init(&buffers[growing]);
        assert_int_equal(rowset_begin(&writer, &buffers[growing], COLUMNS, growing ? 1 : ROWS), SQLITE_OK);
        for (uint32_t row = 0; row < ROWS; row++) {
            if (row == writer.capacity)
                assert_int_equal(rowset_grow(&writer, row + 1 + row % 3), SQLITE_OK);
            rowset_set_integer(&writer, 0, row);
            rowset_set_bytes(&writer, 1, row % 2 ? SQLITE_TEXT : SQLITE_BLOB, "0123456789", row % 11);
            rowset_set_real(&writer, 2, row / 3.0);
            rowset_end_row(&writer);
        }
        rowset_finish(&writer);
    }
    RowsetView views[2];
    assert_int_equal(size_of(&buffers[0]), size_of(&buffers[1]));
    for (int i = 0; i < 2; i++)
        assert_true(rowset_open(&views[i], buffers[i].data, size_of(&buffers[i])));
    assert_int_equal(views[1].rows, ROWS);
    for (uint32_t cell = 0; cell < COLUMNS * ROWS; cell++) {
        RowsetValue values[2] = {{0}};
        for (int i = 0; i < 2; i++)
            assert_true(rowset_get(&views[i], cell / COLUMNS, cell % COLUMNS, &values[i]));
        assert_int_equal(values[0].type, values[1].type);
        if (cell % COLUMNS != 1) {
            assert_true(values[0].integer == values[1].integer);
            continue;
        }
        assert_int_equal(values[0].size, values[1].size);
        assert_memory_equal(values[0].bytes, values[1].bytes, values[0].size);
    }
    buffer_heap_free(&buffers[0]);
    buffer_heap_free(&buffers[1]);
}

static void without_rows_or_columns(void **state)
{
    (void)state;
    Buffer buffer;
    RowsetWriter writer;
    RowsetView view;
    RowsetValue value;
    buffer_heap_init(&buffer);
    for (uint32_t columns = 0; columns < 3; columns++)
        for (uint32_t rows = 0; rows < 3; rows++) {
            assert_int_equal(rowset_begin(&writer, &buffer, columns, 5), SQLITE_OK);
            for (uint32_t i = 0; i < rows; i++) {
                for (uint32_t j = 0; j < columns; j++)
                    rowset_set_null(&writer, j);
                rowset_end_row(&writer);
            }
            rowset_finish(&writer);
            assert_true(rowset_open(&view, buffer.data, size_of(&buffer)));
            assert_int_equal(view.rows, rows);
            assert_int_equal(view.columns, columns);
            assert_int_equal(rowset_get(&view, 0, 0, &value), rows && columns);
        }
    buffer_heap_free(&buffer);
}

/* Reads all there is, as a host would: every byte of every value. */
static unsigned read_all(const void *data, uint64_t size)
{
    RowsetView view;
    unsigned sum = 0;
    if (!rowset_open(&view, data, size))
        return 0;
    for (uint32_t row = 0; row < view.rows && row < 100; row++)
        for (uint32_t column = 0; column < view.columns && column < 100; column++) {
            RowsetValue value;
            if (!rowset_get(&view, row, column, &value))
                continue;
            if (value.type == SQLITE_TEXT || value.type == SQLITE_BLOB)
                for (uint32_t i = 0; i < value.size; i++)
                    sum += ((const unsigned char *)value.bytes)[i];
        }
    return sum;
}

/* A copy of exactly `size` bytes. */
static unsigned char *copy_of(const Buffer *buffer, uint64_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, buffer->data, size);
    return copy;
}

static void cut_short(void **state)
{
    (void)state;
    Buffer buffer;
    RowsetView view;
    buffer_heap_init(&buffer);
    write_example(&buffer, 3);
    for (uint64_t size = 0; size < size_of(&buffer); size++) {
        unsigned char *copy = copy_of(&buffer, size);
        assert_false(rowset_open(&view, copy, size));
        assert_int_equal(view.rows, 0);
        free(copy);
    }
    assert_false(rowset_open(&view, NULL, 1000));
    buffer_heap_free(&buffer);
}

/* Every header field, with values at each edge. */
static void hostile_headers(void **state)
{
    (void)state;
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     100,
                                     0xffff,
                                     0x10000,
                                     0x7fffffff,
                                     0x80000000,
                                     0xfffffffe,
                                     0xffffffff,
                                     1ull << 32,
                                     1ull << 61,
                                     1ull << 63,
                                     UINT64_MAX,
                                     UINT64_MAX - 7};
    Buffer buffer;
    buffer_heap_init(&buffer);
    write_example(&buffer, 3);
    uint64_t size = size_of(&buffer);
    enum { EDGES = sizeof edges / sizeof *edges };
    for (int columns = 0; columns < EDGES; columns++)
        for (int capacity = 0; capacity < EDGES; capacity++)
            for (int rows = 0; rows < EDGES; rows++)
                for (int bytes = -1; bytes < EDGES; bytes++) {
                    unsigned char *copy = copy_of(&buffer, size);
                    RowsetHeader header;
                    memcpy(&header, copy, sizeof header);
                    header.columns = (uint32_t)edges[columns];
                    header.capacity = (uint32_t)edges[capacity];
                    header.rows = (uint32_t)edges[rows];
                    if (bytes >= 0)
                        header.bytes = edges[bytes];
                    memcpy(copy, &header, sizeof header);
                    read_all(copy, size);
                    free(copy);
                }
    unsigned char *copy = copy_of(&buffer, size);
    RowsetView view;
    copy[0] ^= 1;
    assert_false(rowset_open(&view, copy, size));
    free(copy);
    buffer_heap_free(&buffer);
}

/* Every byte after the header, each with several values: types, offsets and lengths among them. */
static void hostile_bytes(void **state)
{
    (void)state;
    Buffer buffer;
    buffer_heap_init(&buffer);
    write_example(&buffer, 3);
    uint64_t size = size_of(&buffer);
    for (uint64_t place = sizeof(RowsetHeader); place < size; place++)
        for (unsigned change = 1; change < 256; change += change < 8 ? 1 : 31) {
            unsigned char *copy = copy_of(&buffer, size);
            copy[place] ^= (unsigned char)change;
            read_all(copy, size);
            free(copy);
        }
    unsigned seed = 1;
    for (int i = 0; i < 20000; i++) {
        unsigned char *copy = copy_of(&buffer, size);
        for (int j = 0; j < 8; j++) {
            seed = seed * 1664525u + 1013904223u;
            copy[sizeof(RowsetHeader) + (seed >> 8) % (size - sizeof(RowsetHeader))] =
                (unsigned char)(seed >> 24);
        }
        read_all(copy, size);
        free(copy);
    }
    buffer_heap_free(&buffer);
}

/* An entry at the very end of the heap, and lengths that would wrap around. */
static void offsets_at_the_end(void **state)
{
    (void)state;
    Buffer buffer;
    RowsetView view;
    RowsetValue value;
    buffer_heap_init(&buffer);
    write_example(&buffer, 3);
    uint64_t size = size_of(&buffer);
    assert_true(rowset_open(&view, buffer.data, size));
    static const uint64_t beyond[] = {0,         1, 3, 4, 5, 1000, UINT32_MAX, UINT64_MAX, UINT64_MAX - 3,
                                      1ull << 63};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        uint64_t offset = view.heap_bytes - 3 + beyond[i];
        if (beyond[i] > UINT32_MAX)
            offset = beyond[i];
        memcpy(buffer.data + sizeof(RowsetHeader) + 3 * 8, &offset, 8);
        assert_false(rowset_get(&view, 0, 1, &value));
    }
    uint64_t zero = 0;
    memcpy(buffer.data + sizeof(RowsetHeader) + 3 * 8, &zero, 8);
    assert_true(rowset_get(&view, 0, 1, &value));
    for (uint32_t length = (uint32_t)view.heap_bytes - 3; length;
         length = length < 1u << 31 ? length * 2 : 0) {
        memcpy(buffer.data + view.heap, &length, 4);
        assert_false(rowset_get(&view, 0, 1, &value));
    }
    buffer_heap_free(&buffer);
}

/* A subtype goes with its value, whatever type that has; and its entry has bounds, too. */
static void subtypes(void **state)
{
    (void)state;
    Buffer buffer;
    RowsetWriter writer;
    RowsetView view;
    RowsetValue value;
    buffer_heap_init(&buffer);
    assert_int_equal(rowset_begin(&writer, &buffer, 3, 4), SQLITE_OK);
    rowset_set_integer(&writer, 0, -7);
    assert_int_equal(rowset_set_subtype(&writer, 0, 255), SQLITE_OK);
    rowset_set_real(&writer, 1, 2.5);
    assert_int_equal(rowset_set_bytes(&writer, 2, SQLITE_TEXT, "[1]", 3), SQLITE_OK);
    assert_int_equal(rowset_set_subtype(&writer, 2, 74), SQLITE_OK);
    rowset_end_row(&writer);
    rowset_finish(&writer);
    assert_true(rowset_open(&view, buffer.data, size_of(&buffer)));
    assert_true(rowset_get(&view, 0, 0, &value));
    assert_int_equal(value.type, SQLITE_INTEGER);
    assert_int_equal(value.integer, -7);
    assert_int_equal(value.subtype, 255);
    assert_true(rowset_get(&view, 0, 1, &value));
    assert_int_equal(value.type, SQLITE_FLOAT);
    assert_int_equal(value.subtype, 0);
    assert_true(rowset_get(&view, 0, 2, &value));
    assert_int_equal(value.type, SQLITE_TEXT);
    assert_int_equal(value.size, 3);
    assert_memory_equal(value.bytes, "[1]", 3);
    assert_int_equal(value.subtype, 74);
    static const uint64_t beyond[] = {0, 1, 16, 1000, UINT32_MAX};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        uint64_t offset = view.heap_bytes - 19 + beyond[i];
        memcpy(buffer.data + sizeof(RowsetHeader), &offset, 8);
        assert_false(rowset_get(&view, 0, 0, &value));
    }
    /* An entry within an entry is none. */
    uint64_t zero = 0;
    memcpy(buffer.data + sizeof(RowsetHeader), &zero, 8);
    assert_true(rowset_get(&view, 0, 0, &value));
    buffer.data[sizeof(RowsetHeader) + 3 * 8] = 0x80 | ROWSET_SUBTYPED;
    assert_false(rowset_get(&view, 0, 0, &value));
    buffer_heap_free(&buffer);
}

static int never_grows(Buffer *buffer, size_t size)
{
    return size <= buffer->size ? SQLITE_OK : SQLITE_FULL;
}

static void full_buffer(void **state)
{
    (void)state;
    static unsigned char memory[200];
    Buffer buffer = {.data = memory, .size = sizeof memory, .reserve = never_grows};
    RowsetWriter writer;
    RowsetView view;
    assert_int_equal(rowset_begin(&writer, &buffer, 100, 100), SQLITE_FULL);
    assert_int_equal(rowset_begin(&writer, &buffer, 1, 4), SQLITE_OK);
    rowset_set_integer(&writer, 0, 1);
    rowset_end_row(&writer);
    assert_int_equal(rowset_set_bytes(&writer, 0, SQLITE_BLOB, memory, 200), SQLITE_FULL);
    assert_int_equal(rowset_set_bytes(&writer, 0, SQLITE_BLOB, "small", 5), SQLITE_OK);
    rowset_end_row(&writer);
    rowset_finish(&writer);
    assert_true(rowset_open(&view, memory, sizeof memory));
    assert_int_equal(view.rows, 2);
}

/* Writing too much, in any way: nothing is written after the rowset's own memory. */
static void rows_beyond_the_capacity(void **state)
{
    (void)state;
    for (uint32_t columns = 0; columns <= 2; columns++) {
        Buffer buffer;
        RowsetWriter writer;
        RowsetView view;
        buffer_heap_init(&buffer);
        assert_int_equal(rowset_begin(&writer, &buffer, columns, 3), SQLITE_OK);
        for (int row = 0; row < 3; row++) {
            for (uint32_t column = 0; column < columns; column++)
                assert_int_equal(rowset_set_integer(&writer, column, row), SQLITE_OK);
            assert_int_equal(rowset_set_integer(&writer, columns, row), SQLITE_CORRUPT);
            assert_int_equal(rowset_end_row(&writer), SQLITE_OK);
        }
        assert_int_equal(rowset_set_integer(&writer, 0, 4), SQLITE_CORRUPT);
        assert_int_equal(rowset_set_real(&writer, 0, 4), SQLITE_CORRUPT);
        assert_int_equal(rowset_set_null(&writer, 0), SQLITE_CORRUPT);
        assert_int_equal(rowset_set_bytes(&writer, 0, SQLITE_TEXT, "four", 4), SQLITE_CORRUPT);
        assert_int_equal(rowset_end_row(&writer), SQLITE_CORRUPT);
        rowset_finish(&writer);
        assert_true(rowset_open(&view, buffer.data, buffer.size));
        assert_int_equal(view.rows, 3);
        buffer_heap_free(&buffer);
    }
}

/* Recipes hold rows and are compared as bytes: equal rows have equal bytes, whatever their memory held. */
static void equal_rows_have_equal_bytes(void **state)
{
    (void)state;
    for (uint32_t capacity = 3; capacity < 6; capacity++) {
        Buffer buffers[2];
        for (int i = 0; i < 2; i++) {
            buffer_heap_init(&buffers[i]);
            assert_int_equal(buffers[i].reserve(&buffers[i], 4096), SQLITE_OK);
            memset(buffers[i].data, i ? 0x55 : 0xaa, 4096);
            write_example(&buffers[i], capacity);
        }
        assert_int_equal(size_of(&buffers[0]), size_of(&buffers[1]));
        assert_memory_equal(buffers[0].data, buffers[1].data, size_of(&buffers[0]));
        buffer_heap_free(&buffers[0]);
        buffer_heap_free(&buffers[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read),
        cmocka_unit_test(grown),
        cmocka_unit_test(without_rows_or_columns),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(hostile_headers),
        cmocka_unit_test(hostile_bytes),
        cmocka_unit_test(offsets_at_the_end),
        cmocka_unit_test(full_buffer),
        cmocka_unit_test(subtypes),
        cmocka_unit_test(rows_beyond_the_capacity),
        cmocka_unit_test(equal_rows_have_equal_bytes),
    };
    return cmocka_run_group_tests(tests, engine_attach, NULL);
}
