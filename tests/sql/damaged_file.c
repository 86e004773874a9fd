#include "damaged_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned two(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t four(const unsigned char *at)
{
    return (uint32_t)two(at) << 16 | two(at + 2);
}

static size_t page_size(const DamagedFile *file)
{
    return two(file->bytes + 16) == 1 ? 65536 : two(file->bytes + 16);
}

static size_t page_start(const DamagedFile *file, uint32_t page)
{
    size_t start = (page - 1) * page_size(file);
    if (!page || start + page_size(file) > file->size)
        abort();
    return start;
}

static void mark(DamagedFile *file, size_t offset, size_t size, ByteKind kind)
{
    memset(file->kinds + offset, kind, size);
}

/* Bytes of the variable-length integer at an offset, and its value. */
static size_t varint(const DamagedFile *file, size_t offset, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < 8; i++) {
        *value = *value << 7 | (file->bytes[offset + i] & 0x7f);
        if (file->bytes[offset + i] < 0x80)
            return i + 1;
    }
    *value = *value << 8 | file->bytes[offset + 8];
    return 9;
}

static void mark_overflow(DamagedFile *file, uint32_t page)
{
    while (page) {
        size_t start = page_start(file, page);
        mark(file, start, 4, BYTE_OVERFLOW_NEXT);
        mark(file, start + 4, page_size(file) - 4, BYTE_OVERFLOW_CONTENT);
        page = four(file->bytes + start);
    }
}

static void mark_table_row(DamagedFile *file, size_t cell)
{
    uint64_t payload, value;
    size_t at = cell + varint(file, cell, &payload);
    mark(file, cell, at - cell, BYTE_PAYLOAD_SIZE);
    size_t rowid = varint(file, at, &value);
    mark(file, at, rowid, BYTE_ROWID);
    at += rowid;
    size_t usable = page_size(file), most = usable - 35, least = (usable - 12) * 32 / 255 - 23;
    size_t local = payload;
    if (payload > most) {
        size_t rest = least + (payload - least) % (usable - 4);
        local = rest <= most ? rest : least;
    }
    varint(file, at, &value);
    mark(file, at, value, BYTE_RECORD_HEADER);
    mark(file, at + value, local - value, BYTE_RECORD_BODY);
    if (local < payload) {
        mark(file, at + local, 4, BYTE_OVERFLOW_POINTER);
        mark_overflow(file, four(file->bytes + at + local));
    }
}

static void mark_tree(DamagedFile *file, uint32_t page)
{
    size_t start = page_start(file, page);
    const unsigned char *bytes = file->bytes + start;
    unsigned cells = two(bytes + 3), type = *bytes;
    unsigned header = type == 5 || type == 2 ? 12 : 8;
    int table = type == 5 || type == 13;
    mark(file, start, 8, !table ? BYTE_INDEX_HEADER : type == 5 ? BYTE_INTERIOR_HEADER : BYTE_LEAF_HEADER);
    mark(file, start + header, 2 * cells,
         !table      ? BYTE_INDEX_POINTER
         : type == 5 ? BYTE_INTERIOR_POINTER
                     : BYTE_LEAF_POINTER);
    if (!table)
        mark(file, start + two(bytes + 5), page_size(file) - two(bytes + 5), BYTE_INDEX_CELL);
    if (type == 5 || type == 2) {
        mark(file, start + 8, 4, type == 5 ? BYTE_RIGHT_CHILD : BYTE_INDEX_HEADER);
        mark_tree(file, four(bytes + 8));
    }
    for (unsigned i = 0; i < cells; i++) {
        size_t cell = start + two(bytes + header + 2 * i);
        uint64_t key;
        if (type == 13)
            mark_table_row(file, cell);
        if (type == 5) {
            mark(file, cell, 4, BYTE_CHILD);
            mark(file, cell + 4, varint(file, cell + 4, &key), BYTE_INTERIOR_KEY);
        }
        if (type == 5 || type == 2)
            mark_tree(file, four(file->bytes + cell));
    }
}

/* The roots are in the rows of the schema, whose fourth column they are; one leaf has room for all. */
static void mark_schema(DamagedFile *file)
{
    const unsigned char *page = file->bytes + 100;
    if (*page != 13)
        abort();
    mark(file, 0, page_size(file), BYTE_SCHEMA);
    mark(file, 0, 100, BYTE_FILE_HEADER);
    for (unsigned i = 0; i < two(page + 3); i++) {
        size_t at = two(page + 8 + 2 * i);
        uint64_t header, type, value;
        at += varint(file, at, &value);
        at += varint(file, at, &value);
        size_t body = at, next = at;
        next += varint(file, at, &header);
        body += header;
        for (int column = 0; column < 3; column++) {
            next += varint(file, next, &type);
            body += (type - 13) / 2;
        }
        varint(file, next, &type);
        uint32_t root = 0;
        for (uint64_t byte = 0; type >= 1 && type <= 4 && byte < type; byte++)
            root = root << 8 | file->bytes[body + byte];
        if (root)
            mark_tree(file, root);
    }
}

static void mark_free_pages(DamagedFile *file)
{
    uint32_t trunk = four(file->bytes + 32);
    while (trunk) {
        size_t start = page_start(file, trunk);
        uint32_t leaves = four(file->bytes + start + 4);
        mark(file, start, 8 + 4 * (size_t)leaves, BYTE_FREE_TRUNK);
        for (uint32_t i = 0; i < leaves; i++)
            mark(file, page_start(file, four(file->bytes + start + 8 + 4 * (size_t)i)), page_size(file),
                 BYTE_FREE_LEAF);
        trunk = four(file->bytes + start);
    }
}

void damaged_file_read(DamagedFile *file, const char *path)
{
    *file = (DamagedFile){0};
    FILE *stream = fopen(path, "rb");
    if (!stream || fseek(stream, 0, SEEK_END))
        abort();
    file->size = (size_t)ftell(stream);
    rewind(stream);
    file->bytes = malloc(file->size);
    file->kinds = malloc(file->size);
    if (!file->bytes || !file->kinds || fread(file->bytes, 1, file->size, stream) != file->size)
        abort();
    fclose(stream);
    memset(file->kinds, BYTE_UNUSED, file->size);
    mark_schema(file);
    mark_free_pages(file);
    for (size_t i = 0; i < file->size; i++)
        file->counts[file->kinds[i]]++;
}

void damaged_file_free(DamagedFile *file)
{
    free(file->bytes);
    free(file->kinds);
    *file = (DamagedFile){0};
}

/* Spreads numbers that follow each other. */
static uint64_t mix(uint64_t number)
{
    number = (number + 1) * 0x9e3779b97f4a7c15u;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    return number ^ number >> 27;
}

/* `bytes` is as long as the good file. */
static void write_file(const DamagedFile *file, const unsigned char *bytes, const char *path)
{
    FILE *stream = fopen(path, "wb");
    if (!stream || fwrite(bytes, 1, file->size, stream) != file->size || fclose(stream))
        abort();
}

void damaged_file_write_rowid(const DamagedFile *file, const char *path, unsigned rowid, unsigned other)
{
    uint64_t found = 0;
    size_t at = 0;
    while (found != rowid)
        if (++at == file->size)
            abort();
        else if (file->kinds[at] == BYTE_ROWID && file->kinds[at - 1] != BYTE_ROWID)
            varint(file, at, &found);
    if ((rowid < 0x80) != (other < 0x80) || rowid >= 0x4000 || other >= 0x4000)
        abort();
    unsigned char *place = file->bytes + at;
    const unsigned char kept[2] = {place[0], place[1]};
    if (other >= 0x80)
        *place++ = (unsigned char)(other >> 7 | 0x80);
    *place = other & 0x7f;
    write_file(file, file->bytes, path);
    memcpy(file->bytes + at, kept, sizeof kept);
}

int damaged_file_write_equal_rowids(const DamagedFile *file, const char *path)
{
    int count = 0;
    unsigned char *bytes = malloc(file->size);
    if (!bytes)
        abort();
    memcpy(bytes, file->bytes, file->size);
    for (size_t i = 0; i < file->size && file->counts[BYTE_ROWID]; i++)
        if (file->kinds[i] == BYTE_ROWID && file->kinds[i - 1] != BYTE_ROWID && bytes[i] < 0x80) {
            bytes[i] = 5;
            count++;
        }
    write_file(file, bytes, path);
    free(bytes);
    return count;
}

size_t damaged_file_write(const DamagedFile *file, const char *path, ByteKind kind, unsigned number)
{
    enum { FLIPS = 8, WAYS = 12 };
    uint64_t chosen = mix(number * BYTE_KINDS + (unsigned)kind);
    size_t place = chosen % file->counts[kind], offset = 0;
    for (;; offset++)
        if (file->kinds[offset] == kind && !place--)
            break;
    unsigned way = number % WAYS;
    unsigned char good = file->bytes[offset];
    unsigned char bad = (unsigned char)(way < FLIPS ? good ^ 1u << way : (chosen >> 32) & 0xff);
    if (way == FLIPS)
        bad = 0;
    if (way == FLIPS + 1)
        bad = 0xff;
    if (bad == good)
        bad = (unsigned char)(good + 1);
    file->bytes[offset] = bad;
    write_file(file, file->bytes, path);
    file->bytes[offset] = good;
    return offset;
}
