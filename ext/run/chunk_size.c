#include "ext/run/chunk_size.h"

/* A chunk should take about this long: long against the few microseconds that handing it out costs, short
   against the wait for the last chunk, and its rows still in the processor's cache when the host reads them.
 */
static const double chunk_target_ns = 1e6;
/* A chunk of an aggregating map takes up to this long where much is left: it gives few rows, and each waking
   of the host takes a processor from a worker. */
static const double partial_chunk_ns = 8e6;
/* The rest of the source is not cut into chunks that take less than this, as far as the time of a unit is
   known: to hand a chunk to a sleeping worker costs as much. */
static const double chunk_least_ns = 50e3;
/* The same for chunks that go to another machine, which costs a fifth of a millisecond and more each. */
static const double remote_target_ns = 50e6, remote_least_ns = 2e6;
/* Bound of a number of rowids, far beyond any table and exact as a double. */
static const double rowids_max = 1e15;

enum {
    /* Rows of the largest chunk that is sized by time. */
    CHUNK_ROWS = 1 << 16,
    /* Bytes that the columns of a range task's output may take, text not counted. */
    OUTPUT_BYTES = 8 << 20,
    /* Bytes of output that a chunk should have; longer chunks gain nothing. */
    CHUNK_BYTES = 96 << 10,
    REMOTE_CHUNK_BYTES = TASK_OUTPUT_BYTES / 2,
    /* Rowids of the first range of a run. */
    FIRST_ROWIDS = 16,
    /* Factor by which a chunk may be larger than the one before it. */
    CHUNK_GROWTH = 8,
    /* Chunks per worker into which the rest of an aggregating map's source is cut at the least. */
    CHUNKS_LEFT = 32,
};

void chunk_size_begin(ChunkSize *size, const ChunkRules *rules, MapExperience *experience)
{
    *size = (ChunkSize){.rules = *rules, .experience = experience, .rowids_per_row = 1};
}

/* Nanoseconds of its own that the host needs for handing out a task and taking its rows back: the tasks of
   all workers together should take longer than that for each. */
static const double hand_out_ns = 20e3;

/* The nanoseconds that the next task should take, where the rest of the source takes `left_ns` (0: not
   known). */
static double target_time(const ChunkSize *size, const ChunkSetting *setting, double left_ns)
{
    if (setting->in_place)
        return chunk_target_ns;
    double target = hand_out_ns * setting->workers;
    double least = setting->remote ? remote_target_ns : chunk_target_ns;
    target = target > least ? target : least;
    if (!size->rules.partial)
        return target;
    double longer = left_ns / (CHUNKS_LEFT * setting->workers);
    longer = longer < partial_chunk_ns ? longer : partial_chunk_ns;
    return longer > target ? longer : target;
}

/* The units of a chunk where the user has set a number of rows. A range takes as many rowids as held that
 * many rows the last time. */
static int64_t requested_units(const ChunkSize *size, bool ranged)
{
    double rowids = (double)size->rules.requested_rows * size->rowids_per_row;
    if (!ranged)
        return size->rules.requested_rows;
    return rowids < rowids_max ? (int64_t)rowids : (int64_t)rowids_max;
}

/* The largest chunk that leaves no worker alone with a long one at the end, where the end is known. */
static double largest_share(const ChunkSetting *setting, double unit_ns)
{
    double share = setting->rest.units / (2.0 * setting->workers);
    double least_ns = setting->remote ? remote_least_ns : chunk_least_ns;
    return unit_ns > 0 && share < least_ns / unit_ns ? least_ns / unit_ns : share;
}

double chunk_size_time(const ChunkSize *size, bool ranged, double units)
{
    double known_ns = ranged ? size->experience->rowid_ns : size->experience->row_ns;
    return units * (size->unit_ns > 0 ? size->unit_ns : known_ns);
}

/* The rowids of a run's first ranges, which all workers get before anything is known of the rows: they may
   take long. */
static double first_rowids(int workers)
{
    int each = 2 * FIRST_ROWIDS / workers;
    return each > FIRST_ROWIDS ? FIRST_ROWIDS : each < 1 ? 1 : each;
}

int64_t chunk_size_next(const ChunkSize *size, const ChunkSetting *setting)
{
    const SourceRest *rest = &setting->rest;
    if (size->rules.requested_rows)
        return requested_units(size, rest->ranged);
    double unit_ns = chunk_size_time(size, rest->ranged, 1);
    double units = rest->ranged ? first_rowids(setting->workers) : 1;
    double most = rest->ranged ? rowids_max : CHUNK_ROWS;
    if (unit_ns > 0)
        units = target_time(size, setting, rest->units * unit_ns) / unit_ns;
    /* Grow step by step: the first rows need not be like the others. */
    if (size->unit_ns > 0 && units > (double)size->last_units * CHUNK_GROWTH)
        units = (double)size->last_units * CHUNK_GROWTH;
    if (!setting->in_place && rest->units > 0 && units > largest_share(setting, unit_ns))
        units = largest_share(setting, unit_ns);
    const double bytes = setting->remote ? REMOTE_CHUNK_BYTES : CHUNK_BYTES;
    if (units * size->unit_bytes > bytes)
        units = bytes / size->unit_bytes;
    return units < 1 ? 1 : units > most ? (int64_t)most : (int64_t)units;
}

uint32_t chunk_size_output_rows(const ChunkSize *size, int64_t units)
{
    int64_t rows = (int64_t)OUTPUT_BYTES / (9 * ((int64_t)size->rules.columns + 1));
    if (size->rules.one_row)
        return 1;
    if (rows > units)
        rows = units;
    if (rows > CHUNK_ROWS)
        rows = CHUNK_ROWS;
    if (size->rules.requested_rows && rows > size->rules.requested_rows)
        rows = size->rules.requested_rows;
    return rows < 1 ? 1 : (uint32_t)rows;
}

void chunk_size_filled(ChunkSize *size, int64_t units)
{
    size->last_units = units;
}

void chunk_size_learn(ChunkSize *size, const TaskSample *sample)
{
    if (sample->ranged && sample->rows)
        size->rowids_per_row = sample->units / sample->rows < 1 ? 1 : sample->units / sample->rows;
    else if (sample->ranged && size->rowids_per_row < rowids_max)
        size->rowids_per_row *= CHUNK_GROWTH;
    if (sample->units > 0)
        size->unit_bytes = (double)sample->output_bytes / sample->units;
    if (sample->units > 0 && sample->ns > 0) {
        size->unit_ns = sample->ns / sample->units;
        *(sample->ranged ? &size->experience->rowid_ns : &size->experience->row_ns) = size->unit_ns;
    }
}

void chunk_size_forget(ChunkSize *size)
{
    size->unit_ns = size->unit_bytes = 0;
}
