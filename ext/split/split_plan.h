/*
 * How a SELECT is done by several workers: the plan that `split_plan_create` makes of a statement, and by
 * which it is run. A plan is texts and facts; it holds no statement, no rows and no lock. Once made it does
 * not change, so that any thread may read it.
 *
 * A plan has stages, run one after the other. Each stage is a SELECT of its own: its *partial query* runs in
 * workers, each over some ranges of one table's rowids or of a key of it, and reads the other tables whole;
 * its *combining query* makes the stage's result of the workers' rows, called *parts*. Or it is plain: then
 * one statement runs on one connection. The last stage's result is the statement's. A stage before the last
 * gives the rows of a table that later stages read by its name, as a CTE that is computed once.
 *
 * The names that stand in the texts, beside the names of the user's tables:
 *
 *   pricemap_morsel   virtual table of workers, with the columns first_rowid and last_rowid, or first_key and
 *                     last_key where a key is cut: each row is a range that this worker has taken, both ends
 *                     included. The table is the outermost loop of a statement (SPLIT_MORSELS) and gives rows
 *                     until all ranges are taken; to open it a second time in a run of the statement is an
 *                     error that leads to the plain one.
 *   pricemap_parts    table of a stage's parts, that its combining query reads and nothing else does. Its
 *                     columns are SplitStage.parts, and its rows come in the order of SplitStage.sorted.
 *   pricemap_stageN   table of the rows of the stage number N, from 1: SplitStage.name.
 *   pricemap_sum_part(x)   aggregate of workers, exact: a state as a blob. NULL where x was never a value.
 *   pricemap_sum(state), pricemap_total(state), pricemap_avg(state)
 *                     aggregates of the combining query over such states: sum(x), total(x), avg(x), rounded
 *                     once. NULL states count for nothing. Over no state they give NULL, 0.0 and NULL. A sum
 *                     of integers that left int64 in a part, or leaves it as a whole, is an error that leads
 *                     to the plain statement.
 *   pricemap_sum_of_values(x), pricemap_total_of_values(x), pricemap_avg_of_values(x)
 *                     the same of the values themselves, which are among the keys of the parts where DISTINCT
 *                     wants each once.
 *   pricemap_json_array(text), pricemap_json_object(text)
 *                     aggregates of the combining query: one JSON array or object of those of the parts.
 *
 *   pricemap_position(rowid, …)   function of workers: a blob by which joined rows compare as the loops come
 * to them.
 *
 * Where a result depends on the order of rows (group_concat, JSON, the columns beside a min or max) the
 * statement of workers reads its rows in the order of the plain one, and the parts of a group come in the
 * order of the ranges: those of an earlier range, or of earlier morsels of one range, first.
 *
 * Beside these, a combining query uses what SQLite has (sum of counts, min, max and group_concat of parts,
 * coalesce) and the functions of SplitPlan.functions; it names no table of the user's, so that it may run on
 * a connection of its own. All names of the user's tables are written with the schema `main`, as which
 * workers have the file.
 *
 * Parameters: ?1 and ?2 are the ends of a range (SPLIT_RANGES). The user's parameters come after them: number
 * i of SplitPlan.parameters, from 0, is ?(i + SPLIT_FIRST_PARAMETER) in every text of every stage, of workers
 * and of the combining query, and is bound in each; a text need not name all of them. In SplitPlan.sql they
 * are what the user wrote.
 */
#ifndef PRICEMAP_SPLIT_PLAN_H
#define PRICEMAP_SPLIT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ext/connection/connection_state.h"
#include "ext/plan/columns.h"
#include "ext/plan/host_view.h"

#define SPLIT_MORSEL_TABLE "pricemap_morsel"
#define SPLIT_PARTS_TABLE "pricemap_parts"
#define SPLIT_STAGE_TABLE "pricemap_stage"
#define SPLIT_SUM_PART "pricemap_sum_part"
#define SPLIT_SUM "pricemap_sum"
#define SPLIT_TOTAL "pricemap_total"
#define SPLIT_AVG "pricemap_avg"
#define SPLIT_SUM_OF_VALUES "pricemap_sum_of_values"
#define SPLIT_TOTAL_OF_VALUES "pricemap_total_of_values"
#define SPLIT_AVG_OF_VALUES "pricemap_avg_of_values"
#define SPLIT_JSON_ARRAY "pricemap_json_array"
#define SPLIT_JSON_OBJECT "pricemap_json_object"
#define SPLIT_POSITION "pricemap_position"

/* Number of the first of the user's parameters in the texts of a stage. */
enum { SPLIT_FIRST_PARAMETER = 3 };

typedef enum SplitForm {
    /* A statement on one connection, with the file as main: worker_sql, which names no range; its rows are
       the stage's result, and there is no combining query. Only a stage before the last has this form: a plan
       whose last stage would be plain is plain as a whole. */
    SPLIT_WHOLE,
    /* Ranges as parameters: the statement runs once per range, with ?1 and ?2 as its ends. Without `sorted`
       the parts count in the order of the ranges, as those of an ordered map. */
    SPLIT_RANGES,
    /* Morsels as the outermost loop: the statement runs once per worker, over all ranges that the worker
       takes. */
    SPLIT_MORSELS,
    /* No statement of workers: the combining query reads the results of earlier stages, and there are no
       parts. */
    SPLIT_COMBINED,
} SplitForm;

typedef enum SplitParts {
    /* Parts are rows of the result, and a part becomes a row of the combining query by itself: where `sorted`
       is empty too the parts need not be kept, and a first row can be given out before the last range ran. */
    SPLIT_ROWS,
    /* Parts are groups, or aggregates without groups: all ranges have to have run before the combining query
       gives its first row, and parts are kept until then. */
    SPLIT_GROUPS,
    /* Parts are whole groups, as no group has rows in two ranges. Otherwise as SPLIT_ROWS. */
    SPLIT_WHOLE_GROUPS,
} SplitParts;

/* A key by which each worker's parts are sorted, and pricemap_parts as a whole: workers' streams are merged.
   Values compare as in the parts' column, whose collation holds. */
typedef struct SplitSortKey {
    /* Column of the parts, from 0. */
    int column;
    bool descending;
    /* Whether NULLs come last; as in SQLite they come first unless descending or written otherwise. */
    bool nulls_last;
} SplitSortKey;

/* A key by whose ranges a table is cut, where its loop does not walk by rowid; column NULL: its rowids are.
   Ranges of a key count as rowids do, from 1: a run finds out their ends. */
typedef struct SplitKey {
    /* Column, and collation by which its ranges compare. */
    char *column, *collation;
    /* Index that is walked; NULL: the primary key of a table WITHOUT ROWID. */
    char *index;
    /* Name of the table in `condition`, which the rows of interest fulfil and which may name the user's
       parameters; whether it says anything. */
    char *table_name, *condition;
    bool narrowed;
    /* About how many rows the table has: of one without statistics and rowids SPLIT_LEAST_ROWS at the most.
     */
    int64_t rows;
} SplitKey;

typedef struct SplitStage {
    /* Table that later stages read the result as; NULL: the last stage. */
    char *name;
    SplitForm form;
    SplitParts kind;
    /* Statement of workers. Its columns are `parts`, in order. */
    char *worker_sql;
    /* The same on the host's connection, for the ranges that are left where workers cannot go on: its rows
       are those of the ranges in their order. NULL: the parts are kept until all ranges have run. */
    char *host_sql;
    /* Combining query over the parts; NULL: SPLIT_WHOLE. */
    char *combine_sql;
    /* Whether the combining query gives the parts as they are, for a stage with host_sql: a run may leave it
       out. */
    bool parts_are_result;
    /* Table that is cut, without its schema; NULL: SPLIT_WHOLE. */
    char *cut_table;
    SplitKey key;
    /* Name of its rowid that no column hides; NULL: it has none. */
    const char *cut_rowid;
    /* Columns of the parts: name, affinity and collation, as columns_declare takes them. A column without
       affinity is written with a unary plus in the combining query where that matters. */
    ColumnList parts;
    SplitSortKey *sorted;
    int sorted_count;
    /* Number of rows that a run of the statement gives at the most, by a LIMIT that is written in it already;
       -1: no such bound. */
    int64_t limit;
    /* Whether the statement of workers walks along the cut table, or an index that has all that is wanted,
       and reads nothing else of the file; and whether it sorts. */
    bool walks_once, sorts;
    /* Whether the stage is one of the SELECTs of a UNION ALL. */
    bool arm;
    /* Columns of the stage's result, which is a table for later stages; empty for the last stage, whose
       result has the columns of the plan. */
    ColumnList result;
    /* Texts for people: the loops of the workers' statement, as EXPLAIN QUERY PLAN has them, a line each,
     * with two spaces for each level; what the statement computes, in words; what the combining query does.
     * For parallel_query_plan. */
    char *worker_plan, *worker_words, *combine_words;
} SplitStage;

/* A column that the statement reads; `column` is "" where a table is named and none of its columns is read.
 */
typedef struct SplitRead {
    char *table, *column;
} SplitRead;

typedef struct SplitPlan {
    /* Statement as the user wrote it, without semicolon: the plain statement. */
    char *sql;
    /* Why the statement is not split, a sentence without full stop; NULL: it is. Then there are stages. */
    char *plain;
    /* Columns of the statement's result with names that differ, affinity and collation. */
    ColumnList columns;
    /* Declared type of each, as sqlite3_column_decltype has it; NULL: none. Where it has another affinity
       than the column (an expression has none) the column's `type` is what to declare. */
    char **declared_types;
    /* Parameters of the statement in the order of their numbers, with ':', '@' or '$' in front; of one
       written '?' or '?N' the name is NULL. */
    char **parameters;
    int parameter_count;
    /* ---- empty from here on where the statement is plain ---- */
    SplitStage *stages;
    int stage_count;
    /* The host's name of the schema that all tables are in: workers have its file as main. */
    char *schema;
    /* All that the statement reads of the file: what a worker's authorizer has to allow, and nothing else but
       the tables of pricemap's own. */
    SplitRead *reads;
    int read_count;
    /* Functions that the statement calls, each once, judged already: workers have the same as the host. */
    char **functions;
    int function_count;
    /* Program that the host's connection made of the statement, and what the host calls under the names of
       the functions: for split_plan_is_current. */
    HostView view;
} SplitPlan;

typedef struct SplitOptions {
    /* Rows that a table needs to be cut; 0: any. */
    int64_t least_rows;
    /* Whether sums of REAL values are left to SQLite: parallel_map_config('sums', 'sqlite'). Integer sums are
     * the same either way, but whether a sum is one shows only in its values, so that no sum is split. */
    bool sums_of_sqlite;
} SplitOptions;

/* Rows of a table below which cutting it cannot pay: SplitOptions.least_rows unless tests say otherwise. */
enum { SPLIT_LEAST_ROWS = 2000 };

/*
 * Makes a plan of one SELECT. SQLITE_OK with *out set, also where it is plain; else an error that the
 * statement itself has, with *message set (sqlite3_free it) to SQLite's own words for the text as written, or
 * SQLITE_NOMEM. Prepares statements on the host's connection, on its thread, and begins no transaction there;
 * opens a connection of its own to the file and closes it. Free with split_plan_free.
 */
int split_plan_create(ConnectionState *state, const char *sql, const SplitOptions *options, SplitPlan **out,
                      char **message);

/* CREATE TEMP TABLE text of the result of a stage that has a name; NULL where memory is short, sqlite3_free
   it. */
char *split_stage_declaration(const SplitStage *stage);

/* The stage whose table the run holds the view of: the last that cuts one. */
const SplitStage *split_plan_cut(const SplitPlan *plan);

/* Frees it; NULL does nothing. */
void split_plan_free(SplitPlan *plan);

/* Whether the plan still fits the connection: the statement compiles to the same program. Prepares statements
   on the connection, on its thread. */
bool split_plan_is_current(const SplitPlan *plan, ConnectionState *state);

#endif
