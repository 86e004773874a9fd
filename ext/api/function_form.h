/*
 * The function's form of parallel_map: its columns, of which the hidden ones are its arguments, in order.
 */
#ifndef PRICEMAP_FUNCTION_FORM_H
#define PRICEMAP_FUNCTION_FORM_H

#include "ext/api/scan_request.h"

enum { COLUMN_KEY, COLUMN_VALUE, COLUMN_SOURCE, COLUMN_MAP, COLUMN_EXECUTOR, COLUMN_WORKERS, COLUMN_CHUNK };
enum { ARGUMENTS = COLUMN_CHUNK - COLUMN_SOURCE + 1 };

/* CREATE TABLE text for sqlite3_declare_vtab. */
extern const char function_form_declaration[];

/* The key and the value, for conditions on them. */
const RequestColumns *function_form_columns(void);

/*
 * Passes the arguments, which SQLite offers as constraints, to xFilter: sets a bit of idxNum for each, and
 * argvIndex from *next on. SQLITE_OK; SQLITE_CONSTRAINT where one cannot be used in this plan; SQLITE_ERROR
 * with *message set, sqlite3_malloc'd, where one is missing.
 */
int function_form_offer(sqlite3_index_info *info, int *next, char **message);

/* Makes an argument the result of xColumn. */
void function_form_result(sqlite3_context *context, const MapArguments *arguments, int column);

#endif
