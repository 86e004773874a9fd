#include "ext/connection/extension_trial.h"

#include "ext/data/rowset.h"
#include "ext/evaluate/chunk_table.h"

enum {
    /* Seconds that an extension may take to load; only a hang reaches it. */
    TRIAL_SECONDS = 60,
    WAIT_MILLISECONDS = 1000,
};

/* Builds the recipe of a map of no rows, which loads the extension. */
static Recipe *trial_recipe(const char *path, const char *entry)
{
    const char *extension[] = {path, entry};
    int limits[RECIPE_LIMITS];
    for (int i = 0; i < RECIPE_LIMITS; i++)
        limits[i] = -1;
    return recipe_build(&(RecipeParts){
        .encoding = SQLITE_UTF8,
        .limits = limits,
        .declaration = "CREATE TABLE x(a)",
        .select = "SELECT 1 FROM " CHUNK_TABLE_NAME,
        .extension_count = 1,
        .extensions = extension,
    });
}

int extension_trial_here(const char *path, const char *entry, char *message)
{
    Recipe *recipe = trial_recipe(path, entry);
    if (!recipe)
        return SQLITE_NOMEM;
    Evaluator *evaluator;
    int rc = evaluator_open(recipe, NULL, &evaluator, message);
    evaluator_close(evaluator);
    recipe_unref(recipe);
    return rc;
}

/* Makes a task of no rows; NULL when out of memory. */
static Task *trial_task(const char *path, const char *entry)
{
    Recipe *recipe = trial_recipe(path, entry);
    Task *task = recipe ? task_create(recipe) : NULL;
    RowsetWriter writer;
    recipe_unref(recipe);
    if (!task)
        return NULL;
    if (rowset_begin(&writer, &task->input, 0, 0) != SQLITE_OK) {
        task_free(task);
        return NULL;
    }
    rowset_finish(&writer);
    task->order = (TaskOrder){.position = 1};
    task->timeout = TRIAL_SECONDS;
    return task;
}

/* Runs the task on one of the executor's workers. SQLITE_BUSY where there was no room; the task is done then,
 * without a report. */
static int run_task(Executor *executor, Task *task, char **message)
{
    int rc = executor_submit(executor, task);
    if (rc == SQLITE_BUSY) {
        rc = executor_ensure_workers(executor, executor->workers + 1, message);
        if (rc == SQLITE_OK)
            rc = executor_submit(executor, task);
    }
    if (rc != SQLITE_OK)
        return rc;
    while (!atomic_load(&task->done))
        executor_wait(executor, task, WAIT_MILLISECONDS);
    executor_release(executor, task);
    return SQLITE_OK;
}

/* Has a worker of this kind load the extension. SQLITE_OK: *error is NULL, or says why the worker cannot. */
static int try_kind(ConnectionState *state, const ExecutorKind *kind, Task *task, char **error)
{
    Executor *executor, **slot = &state->executors[false][executor_kind_index(kind)];
    bool was_there = *slot != NULL;
    char *message = NULL;
    *error = NULL;
    int rc =
        connection_state_executor(state, &(ExecutorWish){.kind = kind, .workers = 1}, &executor, &message);
    if (rc == SQLITE_OK) {
        /* A worker that the extension kills or stops would do the same again. */
        executor->limits.retries = 0;
        rc = run_task(executor, task, &message);
        executor_let_go(executor);
        if (rc == SQLITE_OK && task->report.rc != SQLITE_OK) {
            rc = task->report.rc;
            message = sqlite3_mprintf("%s", task->report.message);
        }
    }
    /* A connection that had no workers of this kind goes on without. */
    if (!was_there) {
        executor_close(*slot);
        *slot = NULL;
    }
    /* A full executor (SQLITE_BUSY) does not mean that its workers cannot load the extension. */
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM && rc != SQLITE_BUSY) {
        *error = sqlite3_mprintf("%s lack it: %s", kind->workers, message ? message : sqlite3_errstr(rc));
        rc = *error ? SQLITE_OK : SQLITE_NOMEM;
    }
    sqlite3_free(message);
    return rc == SQLITE_BUSY ? SQLITE_OK : rc;
}

int extension_trial_in_workers(ConnectionState *state, const char *path, const char *entry, char **error)
{
    int rc = SQLITE_OK;
    *error = NULL;
    for (int i = 0; rc == SQLITE_OK && !*error && i < EXECUTOR_KINDS; i++) {
        const ExecutorKind *kind = executor_kinds[i];
        if (!kind->isolates || !kind->automatic)
            continue;
        Task *task = trial_task(path, entry);
        rc = task ? try_kind(state, kind, task, error) : SQLITE_NOMEM;
        task_free(task);
    }
    return rc;
}
