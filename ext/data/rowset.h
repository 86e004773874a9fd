/*
 * A batch of typed values in columns, in one flat buffer: what the host hands to workers and what they hand
 * back. The buffer is the wire: offsets instead of pointers, valid at any address, never serialised.
 *
 *   header | values: columns × capacity × 8 bytes | types: columns × capacity × 1 byte | heap
 *
 * A value is an int64, a double, or, for text and blobs, the offset in the heap of an entry: uint32 length,
 * the bytes, two NUL bytes, padding to 4. A type is SQLite's code (SQLITE_INTEGER … SQLITE_NULL). Text is in
 * the encoding that writer and reader agreed on elsewhere; here it is bytes. A value with a subtype, SQLite's
 * mark of JSON for one, has ROWSET_SUBTYPED in its type, and its value is the offset of an entry that holds
 * the value as it would be without, and the subtype.
 *
 * A reader trusts nothing: it copies the header, checks it once, and checks every heap entry against the
 * bounds it copied when it reads it, because a worker process that went astray may still be writing.
 */
#ifndef PRICEMAP_ROWSET_H
#define PRICEMAP_ROWSET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ext/data/buffer.h"
#include "ext/base/sqlite_api.h"

typedef struct RowsetHeader {
    uint32_t magic;
    uint32_t columns;
    /* Rows for which there is room. */
    uint32_t capacity;
    /* Rows written, at most capacity. */
    uint32_t rows;
    /* Bytes of the whole, header and heap included. */
    uint64_t bytes;
} RowsetHeader;

/* Fills one rowset in a buffer of the caller's. Used by one thread. */
typedef struct RowsetWriter {
    Buffer *buffer;
    uint32_t columns;
    uint32_t capacity;
    uint32_t rows;
    /* Offset of the heap. */
    uint64_t heap;
    /* Bytes used so far, up to the end of the heap. */
    uint64_t bytes;
} RowsetWriter;

/* Reads one rowset in memory of the caller's, which must outlive the view. */
typedef struct RowsetView {
    const unsigned char *data;
    uint64_t heap_bytes;
    /* Offset of the heap. */
    uint64_t heap;
    uint32_t columns;
    uint32_t capacity;
    uint32_t rows;
} RowsetView;

/* A bit of a type; see above. */
enum { ROWSET_SUBTYPED = 0x40 };

/* Entry of a value that has a subtype: the value as it would be without, and the subtype. */
typedef struct RowsetSubtyped {
    uint64_t bits;
    uint64_t subtype;
} RowsetSubtyped;

/* Value of a cell. `bytes` and `size` are set for text and blobs and point into the rowset's memory. */
typedef struct RowsetValue {
    int type;
    /* Subtype; 0: none. */
    unsigned subtype;
    union {
        int64_t integer;
        double real;
        struct {
            const void *bytes;
            uint32_t size;
        };
    };
} RowsetValue;

/* Bytes that a rowset of `columns` and `capacity` needs before anything is in its heap. */
uint64_t rowset_size(uint32_t columns, uint32_t capacity);

/*
 * Begins an empty rowset of `columns` (0 is allowed: rows without values) and room for `capacity` rows.
 * SQLITE_OK, or the error of the buffer's reserve. The buffer must outlive the writer.
 */
int rowset_begin(RowsetWriter *writer, Buffer *buffer, uint32_t columns, uint32_t capacity);

/* Makes room for `capacity` rows, more than there were; between two rows. SQLITE_OK, or the error of the
 * buffer's reserve with nothing changed. */
int rowset_grow(RowsetWriter *writer, uint32_t capacity);

/* Gives back the room for rows that were not written and writes the header: the rowset may now be read, and
   the writer may not go on. */
void rowset_finish(RowsetWriter *writer);

/* Whether there is room for a value of the next row. */
static inline bool rowset_has_room(const RowsetWriter *writer, uint32_t column)
{
    return writer->rows < writer->capacity && column < writer->columns;
}

/*
 * The setters write a value of the row that is next to be added; rowset_end_row adds it. A row needs every
 * column set. All of them refuse what lies outside the rowset with SQLITE_CORRUPT and write nothing: how many
 * rows a statement gives is a claim, of a file for one.
 */
static inline int rowset_set_bits(RowsetWriter *writer, uint32_t column, int type, uint64_t bits)
{
    if (!rowset_has_room(writer, column))
        return SQLITE_CORRUPT;
    size_t cell = (size_t)column * writer->capacity + writer->rows;
    unsigned char *values = writer->buffer->data + sizeof(RowsetHeader);
    memcpy(values + cell * 8, &bits, 8);
    values[(size_t)writer->columns * writer->capacity * 8 + cell] = (unsigned char)type;
    return SQLITE_OK;
}

static inline int rowset_set_null(RowsetWriter *writer, uint32_t column)
{
    return rowset_set_bits(writer, column, SQLITE_NULL, 0);
}

static inline int rowset_set_integer(RowsetWriter *writer, uint32_t column, int64_t integer)
{
    return rowset_set_bits(writer, column, SQLITE_INTEGER, (uint64_t)integer);
}

static inline int rowset_set_real(RowsetWriter *writer, uint32_t column, double real)
{
    uint64_t bits;
    memcpy(&bits, &real, 8);
    return rowset_set_bits(writer, column, SQLITE_FLOAT, bits);
}

/*
 * Text (type SQLITE_TEXT) or a blob (SQLITE_BLOB) of `size` bytes; bytes may be NULL when size is 0. Copies
 * them. SQLITE_OK, SQLITE_CORRUPT as above, or the error of the buffer's reserve, with the row still
 * incomplete.
 */
int rowset_set_bytes(RowsetWriter *writer, uint32_t column, int type, const void *bytes, uint32_t size);

/* Also for a rowset without columns, whose rows nothing else counts. */
static inline int rowset_end_row(RowsetWriter *writer)
{
    if (writer->rows >= writer->capacity)
        return SQLITE_CORRUPT;
    writer->rows++;
    return SQLITE_OK;
}

/*
 * Copies an SQL value: an argument of a function, or what sqlite3_column_value gives while no other thread
 * uses that connection. `encoding` is the one of the text to write, SQLITE_UTF8 or SQLITE_UTF16 (native
 * order). SQLITE_OK, SQLITE_NOMEM or as rowset_set_bytes.
 */
int rowset_set_value(RowsetWriter *writer, uint32_t column, sqlite3_value *value, int encoding);

/* Copies a value of another rowset, whose text has the same encoding, with its subtype. Returns as
   rowset_set_bytes. */
int rowset_copy_value(RowsetWriter *writer, uint32_t column, const RowsetValue *value);

/*
 * Gives the value that was set last in the column a subtype, of which SQLite keeps 8 bits. SQLITE_OK, or the
 * error of the buffer's reserve.
 */
int rowset_set_subtype(RowsetWriter *writer, uint32_t column, unsigned subtype);

/*
 * Opens the rowset at `data`, of which `size` bytes may be read. False where the header does not fit those
 * bytes: then nothing of it may be used.
 */
bool rowset_open(RowsetView *view, const void *data, uint64_t size);

/* The value at `row`, `column`. False where it lies outside the rowset or its entry does not fit: corrupt. */
static inline bool rowset_get(const RowsetView *view, uint32_t row, uint32_t column, RowsetValue *value)
{
    if (row >= view->rows || column >= view->columns)
        return false;
    size_t cell = (size_t)column * view->capacity + row;
    const unsigned char *values = view->data + sizeof(RowsetHeader);
    int type = values[(size_t)view->columns * view->capacity * 8 + cell];
    uint64_t bits;
    memcpy(&bits, values + cell * 8, 8);
    value->subtype = 0;
    if (type & ROWSET_SUBTYPED) {
        RowsetSubtyped entry;
        uint64_t most = view->heap_bytes;
        if (most < sizeof(uint32_t) + sizeof entry || bits > most - sizeof(uint32_t) - sizeof entry)
            return false;
        memcpy(&entry, view->data + view->heap + bits + sizeof(uint32_t), sizeof entry);
        type &= ~ROWSET_SUBTYPED;
        bits = entry.bits;
        value->subtype = (unsigned)entry.subtype;
    }
    value->type = type;
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
        memcpy(&value->integer, &bits, 8);
        return true;
    }
    if (type == SQLITE_NULL)
        return true;
    uint32_t size;
    if ((type != SQLITE_TEXT && type != SQLITE_BLOB) || view->heap_bytes < sizeof size ||
        bits > view->heap_bytes - sizeof size)
        return false;
    const unsigned char *entry = view->data + view->heap + bits;
    memcpy(&size, entry, sizeof size);
    if (size > view->heap_bytes - sizeof size - bits)
        return false;
    value->bytes = entry + sizeof size;
    value->size = size;
    return true;
}

/*
 * Makes `value` the result of an SQL function or of xColumn. Text and blobs are given with `lifetime`
 * (SQLITE_STATIC while the rowset outlives every use of the result, else SQLITE_TRANSIENT). Every byte of a
 * text arrives, byte order marks at its front too.
 */
void rowset_result(sqlite3_context *context, const RowsetValue *value, int encoding,
                   sqlite3_destructor_type lifetime);

/* Binds a value to a parameter of a statement that is not in use; its text has `encoding`, and text and blobs
   have `lifetime`, as above. Returns as sqlite3_bind_value. */
int rowset_bind(sqlite3_stmt *statement, int parameter, const RowsetValue *value, int encoding,
                sqlite3_destructor_type lifetime);

#endif
