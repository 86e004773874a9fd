#include "ext/split/shadow.h"

#include <stdlib.h>
#include <string.h>

#include "ext/evaluate/connection.h"
#include "ext/plan/worker_settings.h"

static int build_recipe(Shadow *shadow, ConnectionState *state, const char *path, const char *sql)
{
    WorkerSettings settings;
    int rc = worker_settings_read(state, &sql, 1, &settings);
    if (rc != SQLITE_OK)
        return rc;
    shadow->recipe = recipe_build(&(RecipeParts){
        .encoding = settings.encoding,
        .flags = settings.flags | RECIPE_MORSELS,
        .limits = settings.limits.values,
        .environment = &state->environment,
        .scan = 1, /* any but 0: the connection has the file */
        .declaration = "",
        .select = "",
        .uri = path,
        .extension_count = (uint32_t)state->extension_count,
        .extensions = (const char *const *)state->extensions,
    });
    return shadow->recipe ? SQLITE_OK : SQLITE_NOMEM;
}

static int note_function(Shadow *shadow, const char *name)
{
    for (int i = 0; i < shadow->function_count; i++)
        if (!sqlite3_stricmp(shadow->functions[i], name))
            return SQLITE_OK;
    char **grown = realloc(shadow->functions, (size_t)(shadow->function_count + 1) * sizeof *grown);
    char *copy = strdup(name);
    shadow->functions = grown ? grown : shadow->functions;
    if (!grown || !copy) {
        free(copy);
        shadow->failed = true;
        return SQLITE_DENY;
    }
    grown[shadow->function_count++] = copy;
    return SQLITE_OK;
}

static int note_read(Shadow *shadow, const char *table, const char *column)
{
    for (int i = 0; i < shadow->read_count; i++)
        if (!sqlite3_stricmp(shadow->reads[i].table, table) &&
            !sqlite3_stricmp(shadow->reads[i].column, column))
            return SQLITE_OK;
    ShadowRead *grown = realloc(shadow->reads, (size_t)(shadow->read_count + 1) * sizeof *grown);
    ShadowRead read = {.table = strdup(table), .column = strdup(column)};
    shadow->reads = grown ? grown : shadow->reads;
    if (!grown || !read.table || !read.column) {
        free(read.table);
        free(read.column);
        shadow->failed = true;
        return SQLITE_DENY;
    }
    grown[shadow->read_count++] = read;
    return SQLITE_OK;
}

static int authorize(void *arg, int action, const char *first, const char *second, const char *schema,
                     const char *trigger)
{
    Shadow *shadow = arg;
    (void)schema;
    (void)trigger;
    if (!shadow->noting)
        return SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        return note_read(shadow, first ? first : "", second ? second : "");
    case SQLITE_FUNCTION:
        return note_function(shadow, second ? second : "");
    default:
        shadow->refused = true;
        return SQLITE_DENY;
    }
}

int shadow_open(Shadow *shadow, ConnectionState *state, const char *path, const char *sql, char *message)
{
    *message = 0;
    int rc = build_recipe(shadow, state, path, sql);
    if (rc == SQLITE_OK)
        rc = worker_connection_open(shadow->recipe, &shadow->vfs, &shadow->db);
    if (rc == SQLITE_OK)
        rc = worker_connection_load(shadow->recipe, shadow->db, message);
    if (rc == SQLITE_OK)
        rc = worker_connection_add_functions(shadow->db, &shadow->stop);
    if (rc == SQLITE_OK)
        rc = morsel_table_register(shadow->db, &shadow->scan);
    if (rc == SQLITE_OK)
        rc = sqlite3_set_authorizer(shadow->db, authorize, shadow);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM && !*message && shadow->db)
        sqlite3_snprintf(TASK_MESSAGE_SIZE, message, "%s", sqlite3_errmsg(shadow->db));
    return rc;
}

int shadow_note(Shadow *shadow, const char *sql, ProgramVisitor *visit, void *arg)
{
    shadow->noting = true;
    int rc = program_each(shadow->db, sql, visit, arg);
    shadow->noting = false;
    return shadow->failed ? SQLITE_NOMEM : shadow->refused ? SQLITE_AUTH : rc;
}

void shadow_close(Shadow *shadow)
{
    sqlite3_finalize(shadow->entry);
    sqlite3_close(shadow->db);
    worker_vfs_free(&shadow->vfs);
    recipe_unref(shadow->recipe);
    for (int i = 0; i < shadow->read_count; i++) {
        free(shadow->reads[i].table);
        free(shadow->reads[i].column);
    }
    for (int i = 0; i < shadow->function_count; i++)
        free(shadow->functions[i]);
    free(shadow->reads);
    free(shadow->functions);
    *shadow = (Shadow){0};
}
