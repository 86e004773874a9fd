/*
 * A packed block holds for each record, as numbers of seven bits a byte: the worker; the process, less that
 * of the record before; how long after the end of the same worker's task before it began; how long it took;
 * the rows, less those of the record before; the rows out, less the rows in. Most of these fit in one byte or
 * two.
 */
#include "ext/connection/task_log.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 10, RECORD_NUMBERS = 6, FIRST_ROOM = 16 };

/* Small numbers of either sign become small ones without. */
static unsigned char *put(unsigned char *to, int64_t number)
{
    uint64_t bits = ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0);
    for (; bits >= 0x80; bits >>= 7)
        *to++ = (unsigned char)(bits | 0x80);
    *to++ = (unsigned char)bits;
    return to;
}

static const unsigned char *get(const unsigned char *from, int64_t *number)
{
    uint64_t bits = 0;
    int shift = 0;
    for (; *from & 0x80; shift += 7)
        bits |= (uint64_t)(*from++ & 0x7f) << shift;
    bits |= (uint64_t)*from++ << shift;
    *number = (int64_t)((bits >> 1) ^ (bits & 1 ? UINT64_MAX : 0));
    return from;
}

/* When the worker of a record was done with the one before it in the block; 0: there is none. */
static int64_t last_end(const TaskRecord *records, uint32_t place)
{
    for (uint32_t i = place; i > 0; i--)
        if (records[i - 1].worker == records[place].worker)
            return records[i - 1].end_ns;
    return 0;
}

/* A full block, to be freed; NULL when out of memory. */
static unsigned char *pack(const TaskRecord records[TASK_LOG_BLOCK])
{
    static const TaskRecord none;
    unsigned char bytes[TASK_LOG_BLOCK * RECORD_NUMBERS * NUMBER_BYTES], *end = bytes;
    for (uint32_t i = 0; i < TASK_LOG_BLOCK; i++) {
        const TaskRecord *record = &records[i], *before = i ? record - 1 : &none;
        end = put(end, record->worker);
        end = put(end, (int64_t)record->pid - before->pid);
        end = put(end, record->start_ns - last_end(records, i));
        end = put(end, record->end_ns - record->start_ns);
        end = put(end, (int64_t)record->rows_in - before->rows_in);
        end = put(end, (int64_t)record->rows_out - record->rows_in);
    }
    unsigned char *block = malloc((size_t)(end - bytes));
    if (block)
        memcpy(block, bytes, (size_t)(end - bytes));
    return block;
}

static void unpack(const unsigned char *block, TaskRecord records[TASK_LOG_BLOCK])
{
    static const TaskRecord none;
    for (uint32_t i = 0; i < TASK_LOG_BLOCK; i++) {
        TaskRecord *record = &records[i];
        const TaskRecord *before = i ? record - 1 : &none;
        int64_t numbers[RECORD_NUMBERS];
        for (int j = 0; j < RECORD_NUMBERS; j++)
            block = get(block, &numbers[j]);
        record->worker = (int32_t)numbers[0];
        record->pid = (int32_t)(before->pid + numbers[1]);
        record->start_ns = last_end(records, i) + numbers[2];
        record->end_ns = record->start_ns + numbers[3];
        record->rows_in = (uint32_t)(before->rows_in + numbers[4]);
        record->rows_out = (uint32_t)(record->rows_in + numbers[5]);
    }
}

/* Packs the last records, which fill a block. */
static bool pack_last(TaskLog *log)
{
    uint32_t place = log->count / TASK_LOG_BLOCK;
    if (place == log->block_room) {
        uint32_t room = log->block_room ? 2 * log->block_room : FIRST_ROOM;
        unsigned char **grown = realloc(log->blocks, room * sizeof *grown);
        if (!grown)
            return false;
        log->blocks = grown;
        log->block_room = room;
    }
    log->blocks[place] = pack(log->last);
    return log->blocks[place] != NULL;
}

bool task_log_add(TaskLog *log, const TaskRecord *record)
{
    uint32_t used = log->count % TASK_LOG_BLOCK;
    if (used == log->last_room) {
        uint32_t room = log->last_room ? 2 * log->last_room : FIRST_ROOM;
        TaskRecord *grown = realloc(log->last, room * sizeof *grown);
        if (!grown)
            return false;
        log->last = grown;
        log->last_room = room;
    }
    log->last[used] = *record;
    if (used + 1 == TASK_LOG_BLOCK && !pack_last(log))
        return false;
    log->count++;
    return true;
}

uint32_t task_log_read(const TaskLog *log, uint32_t block, TaskRecord records[TASK_LOG_BLOCK])
{
    uint32_t packed = log->count / TASK_LOG_BLOCK, rest = log->count % TASK_LOG_BLOCK;
    if (block < packed) {
        unpack(log->blocks[block], records);
        return TASK_LOG_BLOCK;
    }
    if (block > packed || !rest)
        return 0;
    memcpy(records, log->last, rest * sizeof *records);
    return rest;
}

void task_log_clear(TaskLog *log)
{
    for (uint32_t i = 0; i < log->count / TASK_LOG_BLOCK; i++)
        free(log->blocks[i]);
    free(log->blocks);
    free(log->last);
    *log = (TaskLog){0};
}
