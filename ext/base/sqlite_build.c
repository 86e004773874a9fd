#include "ext/base/sqlite_build.h"

#include <stddef.h>
#include <string.h>

/* Entry of a need that is no function: only the option's name shows whether the build lacks it. */
enum { NO_ENTRY = 0 };

/* Other entries that a build may leave out are checked where they are called: the progress handler, mutexes,
 * texts in UTF-16, the list of options. */
static const struct {
    const char *option;
    size_t entry;
    const char *what;
} needs[] = {
#define ENTRY(name) offsetof(sqlite3_api_routines, name)
    {"OMIT_VIRTUALTABLE", ENTRY(create_module_v2), "virtual tables, of which parallel_map is one"},
    {"OMIT_VIRTUALTABLE", ENTRY(declare_vtab), "virtual tables, of which parallel_map is one"},
    {"OMIT_VIRTUALTABLE", ENTRY(vtab_config), "virtual tables, of which parallel_map is one"},
    {"OMIT_AUTHORIZATION", ENTRY(set_authorizer),
     "the authorizer, which keeps a map from reading and writing anything but its source"},
    {"OMIT_INTROSPECTION_PRAGMAS", NO_ENTRY,
     "PRAGMA function_list, which marks the functions that are SQLite's own"},
    {"OMIT_PRAGMA", NO_ENTRY, "PRAGMA function_list, which marks the functions that are SQLite's own"},
    {"OMIT_SCHEMA_PRAGMAS", NO_ENTRY,
     "PRAGMA function_list, which marks the functions that are SQLite's own"},
    {"OMIT_TEMPDB", NO_ENTRY, "temporary tables, of which a map's table is one"},
    {"OMIT_EXPLAIN", NO_ENTRY, "EXPLAIN, which shows what a map would do"},
    {"OMIT_MEMORYDB", NO_ENTRY, "databases in memory, in which maps are evaluated"},
    {"OMIT_CTE", NO_ENTRY, "WITH, by which maps are evaluated"},
    {"OMIT_SUBQUERY", NO_ENTRY, "subqueries, by which maps are evaluated"},
    {"OMIT_COMPOUND_SELECT", NO_ENTRY, "UNION ALL, by which the rows of a table are divided"},
    {"OMIT_VIEW", NO_ENTRY, "views, by which maps are evaluated"},
    {"OMIT_FLOATING_POINT", NO_ENTRY, "numbers that are not whole"},
#undef ENTRY
};

static bool has_entry(size_t offset)
{
    void (*function)(void);
    memcpy(&function, (const char *)sqlite3_api + offset, sizeof function);
    return function != NULL;
}

bool sqlite_build_has(const char *option)
{
    return sqlite3_api->compileoption_used && sqlite3_api->compileoption_used(option);
}

const char *sqlite_build_lacks(const char **option)
{
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        bool lacking = needs[i].entry ? !has_entry(needs[i].entry) : sqlite_build_has(needs[i].option);
        if (lacking) {
            *option = needs[i].option;
            return needs[i].what;
        }
    }
    return NULL;
}
