/*
 * A database file with one thing wrong. The bytes of a good file are sorted by what they mean in SQLite's
 * file format, so that each kind of them is met equally often, however few there are. One thread.
 */
#ifndef DAMAGED_FILE_H
#define DAMAGED_FILE_H

#include <stddef.h>
#include <stdint.h>

typedef enum ByteKind {
    BYTE_FILE_HEADER,
    BYTE_SCHEMA,
    BYTE_INTERIOR_HEADER,
    BYTE_RIGHT_CHILD,
    BYTE_INTERIOR_POINTER,
    BYTE_CHILD,
    BYTE_INTERIOR_KEY,
    BYTE_LEAF_HEADER,
    BYTE_LEAF_POINTER,
    BYTE_PAYLOAD_SIZE,
    BYTE_ROWID,
    BYTE_RECORD_HEADER,
    BYTE_RECORD_BODY,
    BYTE_OVERFLOW_POINTER,
    BYTE_OVERFLOW_NEXT,
    BYTE_OVERFLOW_CONTENT,
    BYTE_INDEX_HEADER,
    BYTE_INDEX_POINTER,
    BYTE_INDEX_CELL,
    BYTE_FREE_TRUNK,
    BYTE_FREE_LEAF,
    BYTE_UNUSED,
    BYTE_KINDS
} ByteKind;

typedef struct DamagedFile {
    /* The good file. */
    unsigned char *bytes;
    size_t size;
    /* Per byte its kind. */
    unsigned char *kinds;
    size_t counts[BYTE_KINDS];
} DamagedFile;

/* Reads the good file at `path`; aborts where that is not one. Free with damaged_file_free. */
void damaged_file_read(DamagedFile *file, const char *path);
void damaged_file_free(DamagedFile *file);

/* Writes a copy to `path` in which one byte of a kind is another one, as `number` has it. Returns the offset
   of the byte; the kind must have one. The copy in memory is the good one again afterwards. */
size_t damaged_file_write(const DamagedFile *file, const char *path, ByteKind kind, unsigned number);

/* Writes a copy in which the row of one rowid has another one, of as many bytes. */
void damaged_file_write_rowid(const DamagedFile *file, const char *path, unsigned rowid, unsigned other);

/* Writes a copy in which all the rowids of one byte of the table's first leaf are 5. Returns how many. */
int damaged_file_write_equal_rowids(const DamagedFile *file, const char *path);

#endif
