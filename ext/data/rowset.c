#include "ext/data/rowset.h"

#define ROWSET_MAGIC 0x50524f57u /* "PROW" */

/* Two NUL bytes after each entry: SQLite wants text terminated, UTF-16 by two. */
static const uint32_t terminator_bytes = 2;

static uint64_t align(uint64_t offset, uint64_t boundary)
{
    return (offset + boundary - 1) & ~(boundary - 1);
}

uint64_t rowset_size(uint32_t columns, uint32_t capacity)
{
    return align(sizeof(RowsetHeader) + (uint64_t)columns * capacity * 9, 8);
}

int rowset_begin(RowsetWriter *writer, Buffer *buffer, uint32_t columns, uint32_t capacity)
{
    uint64_t bytes = rowset_size(columns, capacity);
    int rc = buffer->reserve(buffer, bytes);
    if (rc != SQLITE_OK)
        return rc;
    *writer = (RowsetWriter){
        .buffer = buffer, .columns = columns, .capacity = capacity, .heap = bytes, .bytes = bytes};
    return SQLITE_OK;
}

/* Moves values, types and heap together, as a rowset of this many rows has them. Whatever moves, moves down.
 */
static void shrink(RowsetWriter *writer)
{
    uint32_t rows = writer->rows;
    unsigned char *values = writer->buffer->data + sizeof(RowsetHeader);
    unsigned char *types = values + (size_t)writer->columns * writer->capacity * 8;
    unsigned char *to = values;
    for (uint32_t column = 0; column < writer->columns; column++, to += (size_t)rows * 8)
        memmove(to, values + (size_t)column * writer->capacity * 8, (size_t)rows * 8);
    for (uint32_t column = 0; column < writer->columns; column++, to += rows)
        memmove(to, types + (size_t)column * writer->capacity, rows);
    uint64_t heap = rowset_size(writer->columns, rows);
    memmove(writer->buffer->data + heap, writer->buffer->data + writer->heap, writer->bytes - writer->heap);
    writer->bytes -= writer->heap - heap;
    writer->heap = heap;
    writer->capacity = rows;
}

/* Whatever moves, moves up: so the last goes first. */
int rowset_grow(RowsetWriter *writer, uint32_t capacity)
{
    uint64_t heap = rowset_size(writer->columns, capacity);
    int rc = writer->buffer->reserve(writer->buffer, writer->bytes + (heap - writer->heap));
    if (rc != SQLITE_OK)
        return rc;
    uint32_t rows = writer->rows;
    unsigned char *values = writer->buffer->data + sizeof(RowsetHeader);
    const unsigned char *types = values + (size_t)writer->columns * writer->capacity * 8;
    unsigned char *new_types = values + (size_t)writer->columns * capacity * 8;
    memmove(writer->buffer->data + heap, writer->buffer->data + writer->heap, writer->bytes - writer->heap);
    for (uint32_t column = writer->columns; column-- > 0;)
        memmove(new_types + (size_t)column * capacity, types + (size_t)column * writer->capacity, rows);
    for (uint32_t column = writer->columns; column-- > 0;)
        memmove(values + (size_t)column * capacity * 8, values + (size_t)column * writer->capacity * 8,
                (size_t)rows * 8);
    writer->bytes += heap - writer->heap;
    writer->heap = heap;
    writer->capacity = capacity;
    return SQLITE_OK;
}

void rowset_finish(RowsetWriter *writer)
{
    if (writer->rows < writer->capacity)
        shrink(writer);
    /* The bytes between the types and the heap: rows of a recipe are compared as bytes. */
    size_t types_end = sizeof(RowsetHeader) + (size_t)writer->columns * writer->capacity * 9;
    memset(writer->buffer->data + types_end, 0, writer->heap - types_end);
    RowsetHeader header = {.magic = ROWSET_MAGIC,
                           .columns = writer->columns,
                           .capacity = writer->capacity,
                           .rows = writer->rows,
                           .bytes = writer->bytes};
    memcpy(writer->buffer->data, &header, sizeof header);
}

int rowset_set_bytes(RowsetWriter *writer, uint32_t column, int type, const void *bytes, uint32_t size)
{
    if (!rowset_has_room(writer, column))
        return SQLITE_CORRUPT;
    uint64_t offset = writer->bytes;
    uint64_t end = align(offset + sizeof size + size + terminator_bytes, 4);
    if (end > writer->buffer->size) {
        int rc = writer->buffer->reserve(writer->buffer, end);
        if (rc != SQLITE_OK)
            return rc;
    }
    unsigned char *entry = writer->buffer->data + offset;
    memcpy(entry, &size, sizeof size);
    if (size)
        memcpy(entry + sizeof size, bytes, size);
    memset(entry + sizeof size + size, 0, end - offset - sizeof size - size);
    writer->bytes = end;
    return rowset_set_bits(writer, column, type, offset - writer->heap);
}

int rowset_set_value(RowsetWriter *writer, uint32_t column, sqlite3_value *value, int encoding)
{
    const void *bytes;
    int size;
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        return rowset_set_integer(writer, column, sqlite3_value_int64(value));
    case SQLITE_FLOAT:
        return rowset_set_real(writer, column, sqlite3_value_double(value));
    case SQLITE_TEXT:
        if (encoding == SQLITE_UTF8) {
            bytes = sqlite3_value_text(value);
            size = sqlite3_value_bytes(value);
        } else {
            bytes = sqlite3_value_text16(value);
            size = sqlite3_value_bytes16(value);
        }
        return bytes ? rowset_set_bytes(writer, column, SQLITE_TEXT, bytes, (uint32_t)size) : SQLITE_NOMEM;
    case SQLITE_BLOB:
        bytes = sqlite3_value_blob(value);
        size = sqlite3_value_bytes(value);
        return bytes || !size ? rowset_set_bytes(writer, column, SQLITE_BLOB, bytes, (uint32_t)size)
                              : SQLITE_NOMEM;
    default:
        return rowset_set_null(writer, column);
    }
}

int rowset_set_subtype(RowsetWriter *writer, uint32_t column, unsigned subtype)
{
    if (!rowset_has_room(writer, column))
        return SQLITE_CORRUPT;
    size_t cell = (size_t)column * writer->capacity + writer->rows;
    const unsigned char *values = writer->buffer->data + sizeof(RowsetHeader);
    int type = values[(size_t)writer->columns * writer->capacity * 8 + cell];
    RowsetSubtyped entry = {.subtype = subtype & 0xff};
    memcpy(&entry.bits, values + cell * 8, 8);
    int rc = rowset_set_bytes(writer, column, SQLITE_BLOB, &entry, sizeof entry);
    if (rc != SQLITE_OK)
        return rc;
    uint64_t offset;
    memcpy(&offset, writer->buffer->data + sizeof(RowsetHeader) + cell * 8, 8);
    return rowset_set_bits(writer, column, type | ROWSET_SUBTYPED, offset);
}

int rowset_copy_value(RowsetWriter *writer, uint32_t column, const RowsetValue *value)
{
    int rc;
    if (value->type == SQLITE_TEXT || value->type == SQLITE_BLOB)
        rc = rowset_set_bytes(writer, column, value->type, value->bytes, value->size);
    else if (value->type == SQLITE_NULL)
        rc = rowset_set_null(writer, column);
    else
        rc = rowset_set_bits(writer, column, value->type, (uint64_t)value->integer);
    return rc == SQLITE_OK && value->subtype ? rowset_set_subtype(writer, column, value->subtype) : rc;
}

bool rowset_open(RowsetView *view, const void *data, uint64_t size)
{
    RowsetHeader header;
    *view = (RowsetView){0};
    if (!data || size < sizeof header)
        return false;
    memcpy(&header, data, sizeof header);
    uint64_t heap = rowset_size(header.columns, header.capacity);
    if (header.magic != ROWSET_MAGIC || header.rows > header.capacity || header.columns > 0xffff ||
        header.bytes > size || heap > header.bytes)
        return false;
    *view = (RowsetView){.data = data,
                         .heap_bytes = header.bytes - heap,
                         .heap = heap,
                         .columns = header.columns,
                         .capacity = header.capacity,
                         .rows = header.rows};
    return true;
}

/* Marks as they stand in a text of native byte order. */
static const uint16_t byte_order_mark = 0xfeff, swapped_mark = 0xfffe;

/* A text to hand to SQLite: the value's own bytes, or a copy that SQLite frees. */
typedef struct TextForSqlite {
    /* Bytes of the text; NULL: there is no memory for the copy. */
    const void *bytes;
    uint64_t size;
    sqlite3_destructor_type lifetime;
} TextForSqlite;

/*
 * SQLite takes one byte order mark off the front of a text in UTF-16 that it is given, and swaps the bytes
 * after a swapped one. A text that begins with a mark of its own keeps it: its copy has one more in front.
 */
static TextForSqlite text_for_sqlite(const RowsetValue *value, int encoding, sqlite3_destructor_type lifetime)
{
    TextForSqlite text = {value->bytes, value->size, lifetime};
    uint16_t first;
    if (encoding == SQLITE_UTF8 || value->size < sizeof first)
        return text;
    memcpy(&first, value->bytes, sizeof first);
    if (first != byte_order_mark && first != swapped_mark)
        return text;
    text.size = value->size + sizeof first;
    text.lifetime = sqlite3_free;
    unsigned char *copy = sqlite3_malloc64(text.size);
    text.bytes = copy;
    if (copy) {
        memcpy(copy, &byte_order_mark, sizeof first);
        memcpy(copy + sizeof first, value->bytes, value->size);
    }
    return text;
}

static void result_text(sqlite3_context *context, const RowsetValue *value, int encoding,
                        sqlite3_destructor_type lifetime)
{
    TextForSqlite text = text_for_sqlite(value, encoding, lifetime);
    if (text.bytes)
        sqlite3_result_text64(context, text.bytes, text.size, text.lifetime, (unsigned char)encoding);
    else
        sqlite3_result_error_nomem(context);
}

static int bind_text(sqlite3_stmt *statement, int parameter, const RowsetValue *value, int encoding,
                     sqlite3_destructor_type lifetime)
{
    TextForSqlite text = text_for_sqlite(value, encoding, lifetime);
    return text.bytes ? sqlite3_bind_text64(statement, parameter, text.bytes, text.size, text.lifetime,
                                            (unsigned char)encoding)
                      : SQLITE_NOMEM;
}

void rowset_result(sqlite3_context *context, const RowsetValue *value, int encoding,
                   sqlite3_destructor_type lifetime)
{
    switch (value->type) {
    case SQLITE_INTEGER:
        sqlite3_result_int64(context, value->integer);
        break;
    case SQLITE_FLOAT:
        sqlite3_result_double(context, value->real);
        break;
    case SQLITE_TEXT:
        result_text(context, value, encoding, lifetime);
        break;
    case SQLITE_BLOB:
        sqlite3_result_blob64(context, value->bytes, value->size, lifetime);
        break;
    default:
        sqlite3_result_null(context);
    }
    if (value->subtype)
        sqlite3_result_subtype(context, value->subtype);
}

int rowset_bind(sqlite3_stmt *statement, int parameter, const RowsetValue *value, int encoding,
                sqlite3_destructor_type lifetime)
{
    switch (value->type) {
    case SQLITE_INTEGER:
        return sqlite3_bind_int64(statement, parameter, value->integer);
    case SQLITE_FLOAT:
        return sqlite3_bind_double(statement, parameter, value->real);
    case SQLITE_TEXT:
        return bind_text(statement, parameter, value, encoding, lifetime);
    case SQLITE_BLOB:
        return sqlite3_bind_blob64(statement, parameter, value->bytes, value->size, lifetime);
    default:
        return sqlite3_bind_null(statement, parameter);
    }
}
