/* Prints a run's measurements: maps and commands have different figures. */
#ifndef PRICEREPORT_MEASUREMENTS_H
#define PRICEREPORT_MEASUREMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sqlite3.h>

#include "cli/base/failure.h"
#include "cli/output/output.h"

/* The query for this run's measurements, static; NULL with the failure set. */
const OutputQuery *measurements_query(sqlite3 *db, int64_t run, Failure *failure);

/* Prints an object of the run's details and its measurements, without a newline. */
int measurements_json(sqlite3 *db, const OutputQuery *details, const OutputQuery *measurements, int64_t run,
                      FILE *file, Failure *failure);

/* Prints hints on a run of commands, each of which names the option that helps; `shell`: one starts the
 * commands. Returns 0, or -1 with the failure set. */
int measurements_note_hints(sqlite3 *db, int64_t run, bool shell, FILE *file, Failure *failure);

/* Prints a line where the machine was busy when the run began. Returns 0, or -1 with the failure set. */
int measurements_note_load(sqlite3 *db, int64_t run, FILE *file, Failure *failure);

#endif
