#include "tests/support/engine_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <limits.h>
#include <stdlib.h>
#include <cmocka.h>

/* The library's own functions, which sqlite3ext.h hides by macros. */
#undef sqlite3_auto_extension
#undef sqlite3_cancel_auto_extension
#undef sqlite3_open
#undef sqlite3_close

int engine_attach(void **state)
{
    (void)state;
    return sqlite_api_attach(&(SqliteEntryPoints){sqlite3_auto_extension, sqlite3_cancel_auto_extension,
                                                  sqlite3_open, sqlite3_close, sqlite3_initialize});
}

Recipe *engine_recipe(const char *list, uint32_t flags)
{
    int limits[RECIPE_LIMITS];
    for (int i = 0; i < RECIPE_LIMITS; i++)
        limits[i] = INT_MAX;
    char *select = sqlite3_mprintf("SELECT %s FROM chunk", list);
    Recipe *recipe =
        recipe_build(&(RecipeParts){.encoding = SQLITE_UTF8,
                                    .flags = flags | RECIPE_ROWID,
                                    .limits = limits,
                                    .declaration = "CREATE TABLE x(a INT, b TEXT COLLATE NOCASE)",
                                    .select = select});
    sqlite3_free(select);
    assert_non_null(recipe);
    return recipe;
}

void engine_numbers(Buffer *buffer, uint32_t rows, int64_t first)
{
    RowsetWriter writer;
    assert_int_equal(rowset_begin(&writer, buffer, 1, rows), SQLITE_OK);
    for (uint32_t i = 0; i < rows; i++) {
        rowset_set_integer(&writer, 0, first + i);
        rowset_end_row(&writer);
    }
    rowset_finish(&writer);
}

Task *engine_task(const Recipe *recipe, uint32_t rows, int64_t first)
{
    Task *task = task_create(recipe);
    assert_non_null(task);
    engine_numbers(&task->input, rows, first);
    task->order = (TaskOrder){.position = (uint64_t)first, .first_row = 0, .end_row = rows};
    return task;
}
