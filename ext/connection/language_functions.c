#include "ext/connection/language_functions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "ext/data/recipe.h"
#include "python/texts.h"

#define LIBRARY_NAME "_pricemap.abi3.so"
#define NEEDS "it has to be CPython 3.8 or newer, with its lock"

/* Texts of Language.describe_host. */
enum { HOST_PROGRAM, HOST_VERSION };

/* ---- the list ---- */

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; texts && i < count; i++)
        free(texts[i]);
    free(texts);
}

void language_functions_free(LanguageFunctions *functions)
{
    free_texts(functions->texts, RECIPE_FUNCTION_TEXTS * (size_t)functions->count);
    worker_program_free(&functions->program);
    *functions = (LanguageFunctions){0};
}

bool language_functions_has(const LanguageFunctions *functions, const char *name)
{
    bool has = false;
    for (size_t i = 0; !has && i < (size_t)functions->count; i++)
        has = !sqlite3_stricmp(functions->texts[RECIPE_FUNCTION_TEXTS * i + 2], name);
    return has;
}

/* Where the list has a function of that name and form, else its end. */
static size_t find(const LanguageFunctions *functions, const LanguageFunction *function)
{
    size_t at = 0;
    for (; at < (size_t)functions->count; at++) {
        char *const *texts = &functions->texts[RECIPE_FUNCTION_TEXTS * at];
        if (!sqlite3_stricmp(texts[2], function->name) && atoi(texts[3]) == function->arguments)
            break;
    }
    return at;
}

static int put(LanguageFunctions *functions, const char *library, const LanguageFunction *function)
{
    size_t at = find(functions, function);
    char form[24], **grown = functions->texts;
    sqlite3_snprintf(sizeof form, form, "%d%s", function->arguments, function->deterministic ? "d" : "");
    if (at == (size_t)functions->count)
        grown = realloc(functions->texts, RECIPE_FUNCTION_TEXTS * (at + 1) * sizeof *grown);
    if (!grown)
        return SQLITE_NOMEM;
    functions->texts = grown;
    char *texts[RECIPE_FUNCTION_TEXTS] = {strdup(library), strdup(function->target), strdup(function->name),
                                          strdup(form)};
    bool complete = true;
    for (int i = 0; i < RECIPE_FUNCTION_TEXTS; i++)
        complete = complete && texts[i];
    for (int i = 0; i < RECIPE_FUNCTION_TEXTS; i++) {
        char **place = &grown[RECIPE_FUNCTION_TEXTS * at + (size_t)i];
        if (!complete) {
            free(texts[i]);
            continue;
        }
        if (at < (size_t)functions->count)
            free(*place);
        *place = texts[i];
    }
    if (complete && at == (size_t)functions->count)
        functions->count++;
    return complete ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- the lock ---- */

void language_functions_pause(const LanguageFunctions *functions, LanguagePause *pause)
{
    char message[8];
    *pause = (LanguagePause){.paused = NULL};
    if (functions->here && functions->count &&
        language_open(&pause->library, functions->texts[0], message, sizeof message) &&
        pause->library.language)
        pause->paused = pause->library.language->pause();
}

void language_functions_resume(LanguagePause *pause)
{
    if (pause->library.language)
        pause->library.language->resume(pause->paused);
    language_close(&pause->library);
}

/* ---- the program ---- */

/* The program `name` of the folders of $PATH, absolute and to be freed; NULL where there is none. */
static char *find_in_path(const char *name)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t length = strcspn(path, ":");
        char *file = NULL;
        if (*path == '/' && asprintf(&file, "%.*s/%s", (int)length, path, name) < 0)
            return NULL;
        if (file && access(file, X_OK) == 0)
            return file;
        free(file);
        path += length + (path[length] == ':');
    }
    return NULL;
}

/* A program as a user names it, absolute and to be freed: a name alone is one of $PATH. */
static char *absolute_program(const char *name, const char *folder)
{
    char *file = NULL;
    if (*name == '/')
        return strdup(name);
    if (!strchr(name, '/'))
        return find_in_path(name);
    return !folder || asprintf(&file, "%s/%s", folder, name) < 0 ? NULL : file;
}

static bool is_interpreter(const char *program)
{
    const char *slash = strrchr(program, '/');
    return slash && strstr(slash, "python") && access(program, X_OK) == 0;
}

/* The interpreter of the workers, to be freed; NULL where there is none. *hosts: it is the host's own. */
static char *find_interpreter(const char *folder, const char *host_program, bool *hosts)
{
    const char *chosen = secure_getenv("PRICEMAP_PYTHON"), *environment = secure_getenv("VIRTUAL_ENV");
    char *program = NULL;
    *hosts = false;
    if (chosen && *chosen)
        return absolute_program(chosen, folder);
    *hosts = host_program && is_interpreter(host_program);
    if (*hosts)
        return strdup(host_program);
    if (environment && *environment == '/' && asprintf(&program, "%s/bin/python3", environment) >= 0 &&
        access(program, X_OK) == 0)
        return program;
    free(program);
    return find_in_path("python3");
}

/* The program's arguments: boot.py says what each is. `host`: texts of describe_host; NULL: the host has no
   such interpreter. False when out of memory. */
static bool write_arguments(WorkerProgram *program, const char *library, char *const *host, bool hosts,
                            const LanguageFunctions *functions)
{
    size_t described = 0, count = 0;
    while (host && host[described])
        described++;
    const char *fixed[] = {program->path, "-c", python_boot_py, library, "first", hosts ? "host" : "own"};
    enum { FIXED = sizeof fixed / sizeof *fixed };
    char number[24];
    /* The host's version, main and path, how many these are, and the functions. */
    size_t passed = described > HOST_VERSION ? described - HOST_VERSION : 0;
    char **arguments = calloc(FIXED + 1 + passed + (size_t)functions->count + 1, sizeof *arguments);
    if (!arguments)
        return false;
    program->arguments = arguments;
    sqlite3_snprintf(sizeof number, number, "%d", (int)passed);
    for (size_t i = 0; i < FIXED; i++)
        arguments[count++] = strdup(fixed[i]);
    arguments[count++] = strdup(number);
    for (size_t i = 0; i < passed; i++)
        arguments[count++] = strdup(host[HOST_VERSION + i]);
    for (size_t i = 0; i < (size_t)functions->count; i++)
        arguments[count++] = strdup(functions->texts[RECIPE_FUNCTION_TEXTS * i + 1]);
    for (size_t i = 0; i < count; i++)
        if (!arguments[i])
            return false;
    return true;
}

/* Makes the program anew, for the functions of the list. Returns as language_functions_add. */
static int make_program(ConnectionState *state, const char *library, char *const *host, char **message)
{
    bool hosts;
    WorkerProgram program = {.needs = NEEDS};
    program.path = find_interpreter(state->folder, host ? host[HOST_PROGRAM] : NULL, &hosts);
    if (!program.path) {
        *message = sqlite3_mprintf("parallel_map_python: no Python was found for the worker processes: set "
                                   "PRICEMAP_PYTHON to the path of one");
        return SQLITE_ERROR;
    }
    if (!write_arguments(&program, library, host, hosts, &state->language)) {
        for (size_t i = 0; program.arguments && program.arguments[i]; i++)
            free(program.arguments[i]);
        free(program.arguments);
        free(program.path);
        return SQLITE_NOMEM;
    }
    worker_program_free(&state->language.program);
    state->language.program = program;
    return SQLITE_OK;
}

static void free_list(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++)
        free(texts[i]);
    free(texts);
}

static int add(ConnectionState *state, const char *path, const LanguageFunction *function, char **message)
{
    char text[512];
    char **host = NULL;
    LanguageLibrary library;
    if (!language_open(&library, path, text, sizeof text)) {
        *message = sqlite3_mprintf("parallel_map_python: %s: %s", path, text);
        return SQLITE_ERROR;
    }
    const bool here = library.language != NULL;
    const char *refusal = here ? library.language->refuse() : NULL;
    if (refusal) {
        *message = sqlite3_mprintf("parallel_map_python: %s", refusal);
        language_close(&library);
        return SQLITE_ERROR;
    }
    if (here)
        host = library.language->describe_host();
    language_close(&library);
    int rc = here && !host ? SQLITE_NOMEM : put(&state->language, path, function);
    if (rc == SQLITE_OK)
        rc = make_program(state, path, host, message);
    free_list(host);
    state->language.here = here;
    state->language.changes++;
    state->language.outdated_workers = true;
    return rc;
}

int language_functions_add(ConnectionState *state, const LanguageFunction *function, char **message)
{
    if (getauxval(AT_SECURE)) {
        *message = sqlite3_mprintf("parallel_map_python: a program with the rights of another user starts no "
                                   "Python");
        return SQLITE_ERROR;
    }
    char *library = launch_find_library(LIBRARY_NAME);
    if (!library) {
        *message =
            sqlite3_mprintf("parallel_map_python: this build of pricemap has no functions in Python, as "
                            "Python's headers were not there: install them (Debian: libpython3-dev) and "
                            "build pricemap again");
        return SQLITE_ERROR;
    }
    int rc = add(state, library, function, message);
    free(library);
    return rc;
}
