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

/* A scan is given the values of so many parameters at the most. */
enum { PARAMETERS_MAX = 30 };

/* Finds the parameters in the texts. SQLITE_OK, SQLITE_NOMEM, or SQLITE_ERROR with *message set. */
int parameters_find(Parameters *parameters, const MapArguments *arguments, char **message);

/* The text for sqlite3_declare_vtab that `declaration`, which is freed, becomes with the hidden columns. NULL
   when out of memory; sqlite3_free it. */
char *parameters_declare(const Parameters *parameters, char *declaration);

/*
 * Passes `count` parameters of a map or a query to xFilter, as its next values from *next on: those are
 * hidden columns from `first` on. idxNum is then 0, or the number, from 1 on, of the first parameter that has
 * no value. SQLite calls xBestIndex for each term of an OR alone, without the values that stand beside the
 * OR: the caller makes such a plan the dearest one, and its xFilter fails. SQLITE_OK, or SQLITE_CONSTRAINT
 * where a value cannot be used in this plan.
 */
int parameters_offer(sqlite3_index_info *info, int first, int count, int *next);

/* Sets the error text for an idxNum that is not 0. SQLITE_ERROR or SQLITE_NOMEM. */
int parameters_missing(const Parameters *parameters, int missing, char **message);

/* Puts the values of the parameters, which are the first of argv, into the request. */
void parameters_read(const Parameters *parameters, sqlite3_value *const *argv, ScanRequest *request);

/* Frees what it owns, and zeroes it. */
void parameters_free(Parameters *parameters);

#endif
