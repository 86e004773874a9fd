/* Folders of results: criterion's target/criterion, and asv's results, of which a file alone lacks units and
 * machine. What is in them goes into the temporary table `part`, of which sql/import/folder.sql makes texts
 * like those of other tools. */
#ifndef PRICEREPORT_RESULT_FOLDER_H
#define PRICEREPORT_RESULT_FOLDER_H

#include <stdbool.h>
#include <sqlite3.h>

#include "cli/base/failure.h"

bool result_folder_is(const char *path);

/* Reads what importers know of the folder's files, at any depth. Returns 0, or -1 with the failure set. */
int result_folder_read(sqlite3 *db, const char *path, Failure *failure);

/* Reads a file of asv's results, and machine.json and benchmarks.json where asv puts them. Returns as above.
 */
int result_folder_read_around(sqlite3 *db, const char *file, Failure *failure);

#endif
