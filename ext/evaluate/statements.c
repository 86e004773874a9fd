/*
 * Which statements an evaluator prepares. A long text takes long to prepare, so each form of a map is
 * prepared only where it is used. One EXPLAIN of the map has the authorizer check it and shows the evaluator
 * its columns and constants: in the host, for the plan. Workers have these facts from the plan, in the
 * recipe.
 */
#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/evaluator_internal.h"
#include "ext/evaluate/program.h"

static bool is_range(const Evaluator *evaluator)
{
    return evaluator->recipe->scan != 0;
}

static bool is_partial(const Evaluator *evaluator)
{
    return evaluator->recipe->flags & RECIPE_PARTIAL;
}

/* Has the authorizer check the map, which may not call functions that are for workers, and reads its
 * program. */
static int judge(Evaluator *evaluator)
{
    ProgramFacts program;
    evaluator->authorizer.preparing_own = false;
    evaluator->authorizer.stage = PREPARING_MAP;
    int rc = program_read(evaluator->db, recipe_text(evaluator->recipe, evaluator->recipe->select), &program);
    evaluator->authorizer.stage = PREPARING_OURS;
    evaluator->authorizer.preparing_own = true;
    evaluator->output_columns = (uint32_t)(program.columns - (is_range(evaluator) && is_partial(evaluator)));
    evaluator->has_constants = program.has_constants;
    evaluator->may_aggregate = program.may_aggregate;
    return rc == SQLITE_OK && !program.columns ? SQLITE_CORRUPT : rc;
}

int evaluator_prepare(Evaluator *evaluator, const char *sql, sqlite3_stmt **statement)
{
    evaluator->authorizer.stage = PREPARING_MAP;
    int rc = sqlite3_prepare_v3(evaluator->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    /* From here on statements on this connection are pricemap's own. */
    evaluator->authorizer.stage = PREPARING_OURS;
    return rc;
}

/* Prepares a statement within the output's aggregate. It stays NULL, with SQLITE_OK, where that cannot be. */
static int prepare_wrapped(Evaluator *evaluator, uint32_t select, bool lasting, sqlite3_stmt **statement)
{
    char *sql;
    int columns = (int)evaluator->output_columns + (is_range(evaluator) && is_partial(evaluator));
    int rc = evaluator_output_sql(evaluator, recipe_text(evaluator->recipe, select), columns, lasting, &sql);
    if (rc != SQLITE_OK || !sql)
        return rc;
    rc = evaluator_prepare(evaluator, sql, statement);
    sqlite3_free(sql);
    return rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT ? rc : SQLITE_OK;
}

/* Prepares the statement whose rows the row counter counts; it stays NULL where they cannot be counted so. */
static int prepare_uncounted(Evaluator *evaluator)
{
    const char *text = recipe_text(evaluator->recipe, evaluator->recipe->uncounted_select);
    int rc = evaluator_prepare(evaluator, text, &evaluator->uncounted);
    if (rc == SQLITE_OK)
        rc = row_counter_read(&evaluator->row_counter, evaluator->uncounted, text);
    if (rc == SQLITE_OK)
        return rc;
    sqlite3_finalize(evaluator->uncounted);
    evaluator->uncounted = NULL;
    return rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT ? rc : SQLITE_OK;
}

/* The text that is run anew for each task; over a range with a WHERE the tracing one, which counts rows that
 * the WHERE drops. */
static uint32_t run_text(const Evaluator *evaluator)
{
    const Recipe *recipe = evaluator->recipe;
    return is_range(evaluator) && recipe->flags & RECIPE_WHERE ? recipe->tracing_select : recipe->select;
}

/* Prepares what is run anew for each task. Returns as evaluator_prepare_statements. */
static int prepare_single(Evaluator *evaluator)
{
    const Recipe *recipe = evaluator->recipe;
    uint32_t text = run_text(evaluator);
    int rc = SQLITE_OK;
    if (!evaluator->uncounted_fails && *recipe_text(recipe, recipe->uncounted_select))
        rc = prepare_uncounted(evaluator);
    if (rc == SQLITE_OK && !is_partial(evaluator))
        rc = prepare_wrapped(evaluator, text, false, &evaluator->wrapped);
    if (rc != SQLITE_OK || evaluator->uncounted || evaluator->wrapped || evaluator->statement)
        return rc;
    return evaluator_prepare(evaluator, recipe_text(recipe, text), &evaluator->statement);
}

int evaluator_drop_uncounted(Evaluator *evaluator)
{
    sqlite3_finalize(evaluator->uncounted);
    evaluator->uncounted = NULL;
    evaluator->uncounted_fails = true;
    return prepare_single(evaluator);
}

int evaluator_drop_lasting(Evaluator *evaluator)
{
    sqlite3_finalize(evaluator->lasting.statement);
    evaluator->lasting = (LastingStatement){0};
    return prepare_single(evaluator);
}

/* The map was judged by the limits; what is put around it is not the host's. LENGTH is of values: it stays.
 */
static void lift_limits(Evaluator *evaluator)
{
    SqliteLimits own;
    limits_lift(evaluator->db, &own);
    sqlite3_limit(evaluator->db, SQLITE_LIMIT_LENGTH, own.values[SQLITE_LIMIT_LENGTH]);
}

/* The text is not the user's, but was made of it, and calls what is for workers. */
static int prepare_query(Evaluator *evaluator)
{
    int rc = evaluator_prepare(evaluator, recipe_text(evaluator->recipe, evaluator->recipe->select),
                               &evaluator->statement);
    evaluator->output_columns = (uint32_t)sqlite3_column_count(evaluator->statement);
    evaluator->has_constants = false;
    return rc == SQLITE_OK && !evaluator->output_columns ? SQLITE_CORRUPT : rc;
}

int evaluator_judge(Evaluator *evaluator)
{
    const Recipe *recipe = evaluator->recipe;
    evaluator->authorizer.preparing_own = true;
    evaluator->output_columns = recipe->columns;
    evaluator->has_constants = recipe->flags & RECIPE_CONSTANTS;
    evaluator->may_aggregate = true;
    int rc = recipe->columns || recipe->flags & RECIPE_MORSELS ? SQLITE_OK : judge(evaluator);
    if (rc == SQLITE_OK)
        lift_limits(evaluator);
    return rc;
}

int evaluator_prepare_statements(Evaluator *evaluator)
{
    const Recipe *recipe = evaluator->recipe;
    int rc = SQLITE_OK;
    if (recipe->flags & RECIPE_MORSELS)
        return prepare_query(evaluator);
    if (evaluator->has_constants)
        rc = prepare_wrapped(evaluator, is_range(evaluator) ? recipe->tracing_select : recipe->select, true,
                             &evaluator->lasting.statement);
    return rc == SQLITE_OK && !evaluator->lasting.statement ? prepare_single(evaluator) : rc;
}
