/*
 * The parameters of a map that is a table: each `:name` in its texts is a hidden column of that name, after
 * the columns of the map, and has a value for each scan.
 */
#ifndef PRICEMAP_PARAMETERS_H
#define PRICEMAP_PARAMETERS_H

#include "ext/api/scan_request.h"

/* Names with their colon, in the order in which source, map, where and group_by have them first. */
typedef struct Parameters {
    char **names;
    int count;
} Parameters;

/* A scan is given the values of so many parameters at the most: each has a bit of idxNum. */
enum { PARAMETERS_MAX = 30 };

/* Finds the parameters in the texts. SQLITE_OK, SQLITE_NOMEM, or SQLITE_ERROR with *message set. */
int parameters_find(Parameters *parameters, const MapArguments *arguments, char **message);

/* The text for sqlite3_declare_vtab that `declaration`, which is freed, becomes with the hidden columns. NULL
   when out of memory; sqlite3_free it. */
char *parameters_declare(const Parameters *parameters, char *declaration);

/*
 * Passes the parameters, which SQLite offers as constraints on the columns from `first` on, to xFilter: sets
 * a bit of idxNum for each, and argvIndex from *next on. SQLITE_OK, or SQLITE_CONSTRAINT where a value cannot
 * be used in this plan. *missing: whether one has no value.
 */
int parameters_offer(const Parameters *parameters, sqlite3_index_info *info, int first, int *next,
                     bool *missing);

/* The number of values that xFilter is given, `given` being idxNum. */
int parameters_given(const Parameters *parameters, int given);

/* Takes these values from `argv`. SQLITE_OK, or SQLITE_ERROR with *message set where a parameter has none. */
int parameters_read(const Parameters *parameters, int given, sqlite3_value *const *argv, ScanRequest *request,
                    char **message);

/* Frees what it owns, and zeroes it. */
void parameters_free(Parameters *parameters);

#endif
