#include "ext/evaluate/foreign_functions.h"

#include <stdlib.h>
#include <string.h>

#include "ext/data/task.h"

int foreign_functions_open(ForeignFunctions *functions, const Recipe *recipe, bool own_thread, char *message)
{
    char text[TASK_MESSAGE_SIZE / 2];
    *functions = (ForeignFunctions){.held = -1};
    if (!recipe->function_count)
        return SQLITE_OK;
    const char *path = recipe_text(recipe, recipe->functions);
    if (!language_open(&functions->library, path, text, sizeof text)) {
        sqlite3_snprintf(TASK_MESSAGE_SIZE, message, "%s: %s", path, text);
        return SQLITE_ERROR;
    }
    functions->entered = own_thread && functions->library.language;
    if (functions->entered)
        functions->library.language->enter_thread();
    return SQLITE_OK;
}

/* A stand-in is only called where an executor runs the map that cannot; the run sees to it that none does. */
static void stand_in(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_error(context, "parallel_map: a function of this map is none of this process", -1);
}

static int bind_stand_in(sqlite3 *db, const LanguageFunction *function)
{
    int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY | (function->deterministic ? SQLITE_DETERMINISTIC : 0);
    return sqlite3_create_function_v2(db, function->name, function->arguments, flags, NULL, stand_in, NULL,
                                      NULL, NULL);
}

int foreign_functions_bind(ForeignFunctions *functions, const Recipe *recipe, sqlite3 *db,
                           const PriceStop *stop, char *message)
{
    const Language *language = functions->library.language;
    const char *text = recipe_text(recipe, recipe->functions);
    int rc = SQLITE_OK;
    for (uint32_t i = 0; rc == SQLITE_OK && i < recipe->function_count; i++) {
        const char *target = recipe_text_after(text), *name = recipe_text_after(target);
        const char *form = recipe_text_after(name);
        const LanguageFunction function = {.target = target,
                                           .name = name,
                                           .arguments = atoi(form),
                                           .deterministic = strchr(form, 'd') != NULL};
        rc = language ? language->bind(sqlite3_api, db, &function, stop, &functions->chunk, message,
                                       TASK_MESSAGE_SIZE)
                      : bind_stand_in(db, &function);
        text = recipe_text_after(form);
    }
    return rc;
}

bool foreign_functions_place(ForeignFunctions *functions, sqlite3_value *value, uint32_t row, uint32_t column,
                             int *rc)
{
    LanguageMark mark;
    *rc = SQLITE_OK;
    if (!functions->chunk.mark || sqlite3_value_type(value) != SQLITE_BLOB ||
        sqlite3_value_bytes(value) != (int)sizeof mark)
        return false;
    const void *bytes = sqlite3_value_blob(value);
    if (!bytes)
        return false;
    memcpy(&mark, bytes, sizeof mark);
    if (mark.mark != functions->chunk.mark)
        return false;
    if (mark.chunk != functions->chunk.chunk)
        functions->chunk.kept = true;
    else if (!functions->library.language->place(&functions->chunk, &mark, row, column))
        *rc = SQLITE_NOMEM;
    return true;
}

int foreign_functions_complete(ForeignFunctions *functions, RowsetWriter *writer, int encoding, bool discard,
                               char *message)
{
    LanguageChunk *chunk = &functions->chunk;
    int rc = SQLITE_OK;
    if (chunk->called)
        rc = functions->library.language->complete(chunk, writer, encoding, discard, message,
                                                   TASK_MESSAGE_SIZE);
    if (rc == SQLITE_OK && chunk->kept && !discard) {
        rc = SQLITE_ERROR;
        sqlite3_snprintf(TASK_MESSAGE_SIZE, message,
                         "a whole-chunk function is called with constants alone: call it with a column");
    }
    chunk->kept = false;
    chunk->chunk++;
    return rc;
}

void foreign_functions_hold(ForeignFunctions *functions)
{
    if (functions->library.language && !functions->depth++)
        functions->held = functions->library.language->hold();
}

void foreign_functions_let_go(ForeignFunctions *functions)
{
    if (functions->library.language && !--functions->depth)
        functions->library.language->let_go(functions->held);
}

void foreign_functions_close(ForeignFunctions *functions)
{
    if (functions->entered)
        functions->library.language->leave_thread();
    language_close(&functions->library);
}
