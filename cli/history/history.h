/* The history database: opening, creating and upgrading it, and recording runs into it.
 *
 * Every function commits what it writes before it returns, so that a killed process loses nothing that was
 * recorded. Any number of processes may record into one file at once. A History is used by one thread. */
#ifndef PRICEREPORT_HISTORY_H
#define PRICEREPORT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"
#include "cli/system/machine.h"
#include "cli/sampling/sampling.h"
#include "cli/statistics/statistics.h"
#include "cli/system/work_tree.h"

typedef struct History History;

/* HISTORY_RECORD creates a file that is not there; HISTORY_READ fails then. Both upgrade an older schema. */
typedef enum HistoryMode { HISTORY_READ, HISTORY_RECORD } HistoryMode;

/* Opens the file; NULL means $PRICEREPORT_DB, else pricereport.db in the current folder. Returns 0, or -1
 * with the failure set and NULL. */
int history_open(History **history, const char *file, HistoryMode mode, Failure *failure);

/* Opens a private copy of the file in its present schema; the file itself is only read. Returns as above. */
int history_open_copy(History **history, const char *file, Failure *failure);

/* Sets the pointer to NULL. NULL is allowed. */
void history_close(History **history);

/* The connection, for queries; it has the SQL functions of format.h. Lives as long as the history. */
sqlite3 *history_db(History *history);

/* The file's name as history_open was given it. */
const char *history_file(const History *history);

/* A benchmark: its name, and the parameters that distinguish it from others of its name; 0 or NULL: it has no
 * such parameter. */
typedef struct HistoryBenchmark {
    const char *name;
    const char *executor;
    int64_t workers, chunk;
    /* Rows and rounds as options gave them; 0: not given. */
    int64_t rows, rounds;
    /* Name of the mapped file. */
    const char *database;
    /* Source and map as options gave them. */
    const char *source, *map;
    /* Query that was run whole or divided, as the option gave it. */
    const char *query;
    /* Program and arguments, ends with NULL. */
    char *const *command;
    /* Metric that is measured, and its unit; NULL: the time is. */
    const char *metric, *unit;
    bool more_is_better;
} HistoryBenchmark;

/* A run as it begins. Texts belong to the caller. */
typedef struct HistoryRun {
    const char *verb;
    /* Name of the run in lists; NULL: none. */
    const char *label;
    /* Run that this one measures once more; 0: none. */
    int64_t repeats;
    const Machine *machine;
    /* Name of the machine, by which the history knows it then; NULL: none. */
    const char *machine_name;
    const WorkTree *tree;
    const SamplingRules *rules;
    /* Path of the extension; NULL: none was loaded. */
    const char *extension;
    /* Command line without the program's name, ends with NULL. */
    char *const *arguments;
    /* Benchmarks, each of which becomes a measurement. */
    const HistoryBenchmark *benchmarks;
    size_t count;
} HistoryRun;

/* Finds the number of a machine of which the history has runs; 0: it has none. Returns 0, or -1 with the
 * failure set. */
int history_find_machine(sqlite3 *db, const Machine *machine, int64_t *id, Failure *failure);

/* Finds the numbers of benchmarks; 0: the history does not have it. `ids` has room for `count`. Returns 0, or
 * -1 with the failure set. */
int history_find_benchmarks(History *history, const HistoryBenchmark *benchmarks, size_t count, int64_t *ids,
                            Failure *failure);

/* Begins a run with its measurements, which are unfinished and empty. `measurements` has room for `count`. */
int history_begin_run(History *history, const HistoryRun *description, int64_t *run, int64_t *measurements,
                      Failure *failure);

/* A sample to record. */
typedef struct HistorySample {
    int64_t measurement;
    Sample sample;
} HistorySample;

/* A measurement's summary to record, with what one execution gave; `rows` is negative and `stopped` NULL
 * where they are not known. */
typedef struct HistorySummary {
    int64_t measurement;
    const Summary *summary;
    int64_t rows;
    const char *stopped;
} HistorySummary;

/* Records samples and the summaries that result, in one transaction. */
int history_record(History *history, const HistorySample *samples, size_t sample_count,
                   const HistorySummary *summaries, size_t summary_count, Failure *failure);

/* Marks the run as finished, or as failed with `error` (NULL: none). */
int history_finish_run(History *history, int64_t run, const char *error, Failure *failure);

/* Marks the run as one that the user ended, with what it has. */
int history_interrupt_run(History *history, int64_t run, Failure *failure);

#endif
