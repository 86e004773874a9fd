#include "ext/evaluate/language.h"

#include <dlfcn.h>
#include <string.h>

/* A symbol of the one interpreter that there is a library for. Where the process lacks it the library could
 * not be loaded. */
static const char interpreter_symbol[] = "Py_IsInitialized";

static bool fail(LanguageLibrary *library, const char *text, char *message, size_t size)
{
    sqlite3_snprintf((int)size, message, "%s", text ? text : "unknown error");
    language_close(library);
    return false;
}

bool language_is_here(void)
{
    return dlsym(RTLD_DEFAULT, interpreter_symbol) != NULL;
}

bool language_open(LanguageLibrary *library, const char *path, char *message, size_t size)
{
    *library = (LanguageLibrary){NULL, NULL};
    if (!language_is_here())
        return true;
    /* The interpreter may keep pointers into the library for as long as it lives. */
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library->handle)
        return fail(library, dlerror(), message, size);
    const Language *language = dlsym(library->handle, LANGUAGE_SYMBOL);
    if (!language || language->version != LANGUAGE_VERSION)
        return fail(library, "it is of another version of pricemap", message, size);
    if (language->present())
        library->language = language;
    else
        language_close(library);
    return true;
}

void language_close(LanguageLibrary *library)
{
    if (library->handle)
        dlclose(library->handle);
    *library = (LanguageLibrary){NULL, NULL};
}
