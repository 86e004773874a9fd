#include "ext/api/row_identity.h"

#include <stdlib.h>
#include <string.h>

/* A good mix of 64 bits. */
static uint64_t mix(uint64_t bits)
{
    bits ^= bits >> 32;
    bits *= 0xd6e8feb86659fd93u;
    bits ^= bits >> 32;
    bits *= 0xd6e8feb86659fd93u;
    return bits ^ bits >> 32;
}

static uint64_t mix_bytes(uint64_t hash, const unsigned char *bytes, size_t size)
{
    for (; size >= 8; bytes += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = mix(hash ^ word) + 0x9e3779b97f4a7c15u;
    }
    uint64_t word = 0;
    memcpy(&word, bytes, size);
    return mix(hash ^ word ^ (uint64_t)size << 56);
}

/* Adds columns of a row to a hash, from `first` to before `end`. */
static bool hash_columns(const RowsetView *rows, uint32_t row, uint32_t first, uint32_t end, uint64_t *hash)
{
    for (uint32_t column = first; column < end; column++) {
        RowsetValue value = {0};
        if (!rowset_get(rows, row, column, &value))
            return false;
        *hash = mix(*hash + (uint64_t)value.type + ((uint64_t)value.subtype << 8));
        if (value.type == SQLITE_TEXT || value.type == SQLITE_BLOB)
            *hash = mix_bytes(*hash + value.size, value.bytes, value.size);
        else if (value.type != SQLITE_NULL)
            *hash = mix(*hash ^ (uint64_t)value.integer);
    }
    return true;
}

uint64_t row_identity_call(const RowsetView *values, uint32_t count)
{
    uint64_t hash = 0;
    /* A rowset of the host's own can be read. */
    (void)hash_columns(values, 0, 0, count, &hash);
    return hash;
}

/* The index of a hash in the table: where it is, or where it may be put. */
static uint32_t find_place(const uint64_t *hashes, const uint32_t *counts, uint32_t room, uint64_t hash)
{
    uint32_t place = (uint32_t)(hash >> 20) & (room - 1);
    while (counts[place] && hashes[place] != hash)
        place = (place + 1) & (room - 1);
    return place;
}

static int grow(RowIdentity *identity)
{
    uint32_t room = identity->room ? 2 * identity->room : 256;
    uint64_t *hashes = calloc(room, sizeof *hashes);
    uint32_t *counts = calloc(room, sizeof *counts);
    if (!hashes || !counts || !room) {
        free(hashes);
        free(counts);
        return SQLITE_NOMEM;
    }
    for (uint32_t i = 0; i < identity->room; i++)
        if (identity->counts[i]) {
            uint32_t place = find_place(hashes, counts, room, identity->hashes[i]);
            hashes[place] = identity->hashes[i];
            counts[place] = identity->counts[i];
        }
    free(identity->hashes);
    free(identity->counts);
    identity->hashes = hashes;
    identity->counts = counts;
    identity->room = room;
    return SQLITE_OK;
}

void row_identity_restart(RowIdentity *identity)
{
    if (identity->used)
        memset(identity->counts, 0, identity->room * sizeof *identity->counts);
    identity->used = 0;
    identity->known = false;
}

void row_identity_next(RowIdentity *identity)
{
    identity->known = false;
}

int row_identity_give(RowIdentity *identity, const RowsetView *rows, uint32_t row, uint32_t first,
                      int64_t key, int64_t *number)
{
    uint64_t hash = mix(identity->call ^ ((uint64_t)key + 1));
    *number = identity->current;
    if (identity->known)
        return SQLITE_OK;
    if (!hash_columns(rows, row, first, rows->columns, &hash))
        return SQLITE_CORRUPT_VTAB;
    if (4 * (uint64_t)identity->used >= 3 * (uint64_t)identity->room && grow(identity) != SQLITE_OK)
        return SQLITE_NOMEM;
    uint32_t place = find_place(identity->hashes, identity->counts, identity->room, hash);
    identity->used += !identity->counts[place];
    identity->hashes[place] = hash;
    uint32_t count = identity->counts[place]++;
    *number = identity->current = (int64_t)(count ? mix(hash + count) : hash);
    identity->known = true;
    return SQLITE_OK;
}

void row_identity_free(RowIdentity *identity)
{
    free(identity->hashes);
    free(identity->counts);
    *identity = (RowIdentity){0};
}
