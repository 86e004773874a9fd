#include "ext/run/combiner.h"

#include "ext/evaluate/interrupter.h"
#include "ext/evaluate/made_tables.h"
#include "ext/run/query_recipe.h"

/* Virtual-machine steps between two checks for an interrupt. */
enum { INTERRUPT_STEPS = 1000 };

static int open_connection(Combiner *combiner, const Recipe *recipe, char *message)
{
    int rc = worker_connection_open(recipe, &combiner->vfs, &combiner->db);
    if (rc == SQLITE_OK)
        rc = worker_connection_load(recipe, combiner->db, message);
    if (rc == SQLITE_OK)
        rc = worker_connection_add_functions(combiner->db, &combiner->stop);
    if (rc == SQLITE_OK)
        rc = parts_table_register(combiner->db, &combiner->source);
    if (rc == SQLITE_OK)
        rc = made_tables_create(combiner->db, recipe);
    if (rc != SQLITE_OK)
        return rc;
    if (!interrupter_is_needed())
        sqlite3_progress_handler(combiner->db, INTERRUPT_STEPS, host_watch_stop, &combiner->watch);
    worker_connection_limit(combiner->db, recipe);
    return SQLITE_OK;
}

static int prepare(Combiner *combiner, const Query *query, const SplitStage *stage)
{
    const Buffer *parameters = query->parameters;
    int rc = sqlite3_prepare_v2(combiner->db, stage->combine_sql, -1, &combiner->statement, NULL);
    if (rc == SQLITE_OK && parameters->size)
        rc = made_tables_bind_row(combiner->statement, SPLIT_FIRST_PARAMETER, parameters->data,
                                  parameters->size, combiner->source.encoding);
    return rc;
}

int combiner_begin(Combiner *combiner, const Query *query, const SplitStage *stage, const Parts *parts,
                   PartsStream *stream, int64_t now, char **why)
{
    char message[TASK_MESSAGE_SIZE] = "";
    Recipe *recipe;
    int rc = query_recipe_build(query, stage, NULL, NULL, 0, &recipe);
    if (rc != SQLITE_OK)
        return rc;
    host_watch_begin(&combiner->watch, query->interrupt_probe, 0);
    combiner->stop = (PriceStop){host_watch_stop, &combiner->watch};
    combiner->source =
        (PartsSource){stage, parts, stream, recipe->encoding == SQLITE_UTF8 ? SQLITE_UTF8 : SQLITE_UTF16};
    rc = open_connection(combiner, recipe, message);
    recipe_unref(recipe);
    combiner->vfs.now = now;
    if (rc == SQLITE_OK)
        rc = prepare(combiner, query, stage);
    if (combiner->watch.interrupted)
        return SQLITE_INTERRUPT;
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM)
        *why = sqlite3_mprintf("the parts cannot be combined: %s", *message ? message
                                                                   : rc == SQLITE_MISMATCH
                                                                       ? sqlite3_errstr(rc)
                                                                       : sqlite3_errmsg(combiner->db));
    return rc;
}

int combiner_step(Combiner *combiner)
{
    int rc = sqlite3_step(combiner->statement);
    return combiner->watch.interrupted ? SQLITE_INTERRUPT : rc;
}

void combiner_end(Combiner *combiner)
{
    sqlite3_finalize(combiner->statement);
    sqlite3_close(combiner->db);
    worker_vfs_free(&combiner->vfs);
    *combiner = (Combiner){0};
}
