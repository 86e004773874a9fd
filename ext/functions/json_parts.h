/*
 * The SQL faces of JSON that is made in parts: workers compute json_group_array and json_group_object of
 * their rows, and one array or object is made of those texts, in the order in which they come.
 */
#ifndef PRICEMAP_JSON_PARTS_H
#define PRICEMAP_JSON_PARTS_H

#include <stdbool.h>

#include "ext/base/sqlite_api.h"

#define JSON_ARRAY_FUNCTION "pricemap_json_array"
#define JSON_OBJECT_FUNCTION "pricemap_json_object"

/*
 * Registers on a connection that is none of the host's the aggregates
 *     pricemap_json_array(array), pricemap_json_object(object): what stands within the brackets of the texts,
 *     with commas between them; of no text "[]" and "{}"
 * The texts are trusted to be JSON within brackets; one without them is an error. The result has the subtype
 * of JSON, as that of SQLite's functions. SQLITE_OK or the error of sqlite3_create_function_v2.
 */
int json_parts_register(sqlite3 *db);

/* Whether it is the name of one of them. */
bool json_parts_have(const char *name);

#endif
