#include "ext/evaluate/range_seam.h"

#include "ext/evaluate/evaluator_internal.h"
#include "ext/evaluate/program.h"

/* The row that a search leads to. */
typedef struct Found {
    /* Whether the search found no row. */
    bool end;
    int64_t rowid;
} Found;

static int corrupt(char *message)
{
    sqlite3_snprintf(TASK_MESSAGE_SIZE, message, "%s: rows are not where their rowids say",
                     sqlite3_errstr(SQLITE_CORRUPT));
    return SQLITE_CORRUPT;
}

static int find_walk(void *arg, const Instruction *instruction)
{
    RangeAccess *access = arg;
    if (!instruction_is(instruction, "SeekGE") && !instruction_is(instruction, "SeekLE"))
        return SQLITE_OK;
    *access = ACCESS_WALK;
    return SQLITE_DONE;
}

/* Learns how the map comes to its rows. SQLITE_OK or an error. */
static int learn_access(Evaluator *evaluator)
{
    RangeAccess access = ACCESS_SEEK;
    const Recipe *recipe = evaluator->recipe;
    int rc = program_each(evaluator->db, recipe_text(recipe, recipe->tracing_select), find_walk, &access);
    if (rc == SQLITE_OK)
        evaluator->access = access;
    return rc;
}

/* Settles the result of a check that gave `rc`: a map that seeks single rows has passed. */
static int settle(Evaluator *evaluator, int rc, char *message)
{
    if ((rc & 0xff) != SQLITE_CORRUPT || !(evaluator->recipe->flags & RECIPE_WHERE))
        return rc;
    int learned = evaluator->access == ACCESS_UNKNOWN ? learn_access(evaluator) : SQLITE_OK;
    if (learned != SQLITE_OK)
        return learned;
    if (evaluator->access == ACCESS_SEEK) {
        message[0] = 0;
        return SQLITE_OK;
    }
    return rc;
}

static void begin(Evaluator *evaluator, bool judging)
{
    worker_vfs_end_range(&evaluator->vfs);
    sqlite3_db_release_memory(evaluator->db);
    page_trail_begin(&evaluator->vfs.trail, judging);
}

void range_seam_begin(Evaluator *evaluator)
{
    begin(evaluator, false);
}

/* Steps the statement of the rowids to its next row. SQLITE_OK or an error. */
static int next_rowid(const Evaluator *evaluator, Found *found)
{
    int rc = sqlite3_step(evaluator->rowids);
    *found = (Found){.end = rc == SQLITE_DONE};
    if (rc == SQLITE_ROW)
        found->rowid = recipe_rowid(evaluator->recipe, sqlite3_column_int64(evaluator->rowids, 0));
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Has the statement of the rowids begin at `rowid`, and go on in the direction of the scan. */
static void bind_from(const Evaluator *evaluator, int64_t rowid)
{
    const bool backwards = evaluator->recipe->flags & RECIPE_BACKWARDS;
    sqlite3_bind_int64(evaluator->rowids, 1, backwards ? INT64_MIN : rowid);
    sqlite3_bind_int64(evaluator->rowids, 2, backwards ? ~rowid : INT64_MAX);
}

/*
 * Whether the search for `rowid` leads to the page at which a walk ended. The pages of the search are in
 * order and no two cells of one have the same child, so that the page occurs once in the tree; in it, walk
 * and search find the same row. A page cache that does not let go of its pages leaves nothing to compare.
 */
static int check_search(Evaluator *evaluator, const PageTrail *walked, int64_t rowid, Found *found,
                        char *message)
{
    begin(evaluator, true);
    bind_from(evaluator, rowid);
    int rc = next_rowid(evaluator, found);
    sqlite3_reset(evaluator->rowids);
    const PageTrail *sought = &evaluator->vfs.trail;
    if (rc != SQLITE_OK)
        return rc;
    if (!found->end && found->rowid < rowid)
        return corrupt(message);
    if (!sought->leaf || !walked->leaf)
        return SQLITE_OK;
    return sought->damaged || sought->leaf != walked->leaf || sought->interior != walked->interior
               ? corrupt(message)
               : SQLITE_OK;
}

/* Whether the statement may read pages of other tables than the one that it walks over: functions of
   extensions may, and a recipe may list several tables. */
static bool may_read_others(const Evaluator *evaluator)
{
    return evaluator->recipe->extension_count || evaluator->recipe->table_count > 1;
}

/* Walks the rowids of the range again, to its end, without the map, which may have read other tables. */
static int check_walk_again(Evaluator *evaluator, const RangeWalk *walk, char *message)
{
    Found found;
    begin(evaluator, false);
    bind_from(evaluator, walk->first_rowid);
    int rc;
    do
        rc = next_rowid(evaluator, &found);
    while (rc == SQLITE_OK && !found.end && found.rowid <= walk->last_rowid);
    sqlite3_reset(evaluator->rowids);
    const PageTrail walked = evaluator->vfs.trail;
    return rc == SQLITE_OK ? check_search(evaluator, &walked, walk->last_rowid + 1, &found, message) : rc;
}

int range_seam_check_end(Evaluator *evaluator, const RangeWalk *walk, char *message)
{
    /* A statement may have read no page of the table: its WHERE is never true, say. */
    const PageTrail walked = evaluator->vfs.trail;
    Found found;
    if (walk->last_rowid == INT64_MAX || !walked.leaf || evaluator->access == ACCESS_SEEK)
        return SQLITE_OK;
    int rc = check_search(evaluator, &walked, walk->last_rowid + 1, &found, message);
    if (rc == SQLITE_CORRUPT && may_read_others(evaluator)) {
        message[0] = 0;
        rc = check_walk_again(evaluator, walk, message);
    }
    return settle(evaluator, rc, message);
}

/* Whether pages of a search can be compared with those of the walk: a statement that lasts keeps some from
   being read again, and one that reads other tables has other pages read last. */
static bool pages_tell(const Evaluator *evaluator)
{
    return !evaluator->lasting.statement && !may_read_others(evaluator);
}

/* Finds the row at which a walk stopped, and the one after it. */
static int find_stop(Evaluator *evaluator, RangeWalk *walk, Found *next, char *message)
{
    const PageTrail walked = evaluator->vfs.trail;
    Found found = {0};
    int64_t rows = 0;
    begin(evaluator, false);
    bind_from(evaluator, walk->traced ? walk->rowid : walk->first_rowid);
    int rc;
    do
        rc = next_rowid(evaluator, &found);
    while (rc == SQLITE_OK && !found.end && !walk->traced && ++rows < walk->rows);
    int64_t leaf = pages_tell(evaluator) && walked.leaf ? evaluator->vfs.trail.leaf : 0;
    if (rc == SQLITE_OK &&
        (found.end || (walk->traced && found.rowid != walk->rowid) || (leaf && leaf != walked.leaf)))
        rc = corrupt(message);
    if (rc == SQLITE_OK)
        rc = next_rowid(evaluator, next);
    sqlite3_reset(evaluator->rowids);
    walk->rowid = found.rowid;
    return rc == SQLITE_OK && !next->end && next->rowid <= walk->rowid ? corrupt(message) : rc;
}

/* Whether the search for `rowid` leads to `next`, where the walk would go on. */
static int check_next(Evaluator *evaluator, int64_t rowid, const Found *next, char *message)
{
    const PageTrail walked = pages_tell(evaluator) ? evaluator->vfs.trail : (PageTrail){0};
    Found found;
    int rc = check_search(evaluator, &walked, rowid, &found, message);
    if (rc == SQLITE_OK &&
        (found.end != next->end || found.rowid != next->rowid || evaluator->vfs.trail.damaged))
        rc = corrupt(message);
    return rc;
}

int range_seam_check_stop(Evaluator *evaluator, RangeWalk *walk, char *message)
{
    int64_t traced = walk->rowid;
    Found next;
    if (evaluator->access == ACCESS_SEEK)
        return SQLITE_OK;
    int rc = find_stop(evaluator, walk, &next, message);
    if (rc == SQLITE_OK && walk->rowid < INT64_MAX)
        rc = check_next(evaluator, walk->rowid + 1, &next, message);
    rc = settle(evaluator, rc, message);
    if (evaluator->access == ACCESS_SEEK)
        walk->rowid = traced;
    return rc;
}

/* Finds the row that comes after a traced walk, which may have had none. */
static int find_next(Evaluator *evaluator, const RangeWalk *walk, Found *next, char *message)
{
    RangeWalk last = *walk;
    if (walk->rows)
        return find_stop(evaluator, &last, next, message);
    begin(evaluator, false);
    bind_from(evaluator, walk->first_rowid);
    int rc = next_rowid(evaluator, next);
    sqlite3_reset(evaluator->rowids);
    return rc;
}

int range_seam_check_turn(Evaluator *evaluator, const RangeWalk *walk, char *message)
{
    Found next;
    if (walk->last_rowid == INT64_MAX || evaluator->access == ACCESS_SEEK)
        return SQLITE_OK;
    int rc = find_next(evaluator, walk, &next, message);
    if (rc == SQLITE_OK && !next.end && next.rowid <= walk->last_rowid)
        rc = corrupt(message);
    if (rc == SQLITE_OK)
        rc = check_next(evaluator, walk->last_rowid + 1, &next, message);
    return settle(evaluator, rc, message);
}
