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

int foreign_functions_bind(const ForeignFunctions *functions, const Recipe *recipe, sqlite3 *db,
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
        rc = language ? language->bind(sqlite3_api, db, &function, stop, message, TASK_MESSAGE_SIZE)
                      : bind_stand_in(db, &function);
        text = recipe_text_after(form);
    }
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
