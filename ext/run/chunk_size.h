/*
 * How many units of its source a run gives to its next task. Chunks are sized by time: they grow step by
 * step, shrink towards the end of the source, and stay small where their output is large. A number of rows
 * that the user has set goes before all of that.
 */
#ifndef PRICEMAP_CHUNK_SIZE_H
#define PRICEMAP_CHUNK_SIZE_H

#include "ext/run/map_experience.h"
#include "ext/run/task_sample.h"

/* Rules of the plan and of the user for the chunks of a run. */
typedef struct ChunkRules {
    /* Rows per task that the user has set; 0: chunks are sized by time. */
    int64_t requested_rows;
    /* Columns of the map, the key not counted. */
    int columns;
    /* Whether a task gives few rows, because the map aggregates. */
    bool partial;
    /* Whether a task gives one row, because the map aggregates without groups. */
    bool one_row;
} ChunkRules;

typedef struct ChunkSize {
    ChunkRules rules;
    /* Experience of the map, borrowed: what a worker takes for a row and for a rowid is read and kept there.
     */
    MapExperience *experience;
    /* Nanoseconds per unit that the last task took; 0: not known. */
    double unit_ns;
    /* Bytes of output per unit that the last task gave. */
    double unit_bytes;
    /* Rowids of a range per row in it, as far as is known. */
    double rowids_per_row;
    /* Units of the last task that was filled. */
    int64_t last_units;
} ChunkSize;

/* The state of a run when it sizes a chunk. */
typedef struct ChunkSetting {
    SourceRest rest;
    /* Whether tasks run in the host itself now. */
    bool in_place;
    /* Whether tasks go to other machines. */
    bool remote;
    /* Number of workers that tasks may go to. */
    int workers;
} ChunkSetting;

/* Begins a run's chunks; `experience` has to outlive them. */
void chunk_size_begin(ChunkSize *size, const ChunkRules *rules, MapExperience *experience);

/* The number of units that the next task should have, at least 1. */
int64_t chunk_size_next(const ChunkSize *size, const ChunkSetting *setting);

/* The most rows that a task over a range of `units` rowids may give in one turn: no more than the user has
 * set, and no more than a buffer should hold. */
uint32_t chunk_size_output_rows(const ChunkSize *size, int64_t units);

/* Nanoseconds that a worker takes for so many units, as far as is known; 0: nothing is. */
double chunk_size_time(const ChunkSize *size, bool ranged, double units);

/* Takes note of a task that was filled with `units` units. */
void chunk_size_filled(ChunkSize *size, int64_t units);

/* Learns from a turn of a task. */
void chunk_size_learn(ChunkSize *size, const TaskSample *sample);

/* Forgets what tasks took and gave: from now on units are something else. */
void chunk_size_forget(ChunkSize *size);

#endif
