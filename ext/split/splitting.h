/*
 * A statement on its way to a plan: the state that the steps of splitting share. A step returns whether the
 * next one may go on; where not, there is a reason (the statement is plain) or an error code.
 */
#ifndef PRICEMAP_SPLITTING_H
#define PRICEMAP_SPLITTING_H

#include "ext/select/parse.h"
#include "ext/split/same_program.h"
#include "ext/split/shadow.h"
#include "ext/split/split_plan.h"

/* SELECTs around the one that is divided, at the most. */
enum { SPLITTING_LAYERS = 8 };

typedef struct Splitting {
    ConnectionState *state;
    const SplitOptions *options;
    /* Plan under way. */
    SplitPlan *plan;
    /* Memory of the tree, and of all that hangs on it. */
    Arena arena;
    ParsedSelect parsed;
    /* Program of the statement on the host's connection. */
    ProgramCopy program;
    /* SELECT that is divided: the statement, or a subquery that is all of its FROM. */
    Select *target;
    /* SELECTs around it, from the outermost one: the combining query has them over what it makes of the
     * parts. */
    Select *layers[SPLITTING_LAYERS];
    int layer_count;
    /* Connection of its own to the file. */
    Shadow shadow;
    /* Tables that were found in the schema, newest first. */
    struct KnownTable *tables;
    /* Whether it is known how the columns of the statement compare. */
    bool columns_known;
    /* Whether it is known that the file has no statistics. */
    bool no_statistics;
    /* Whether the plain statement walks backward somewhere. */
    bool walks_backward;
    /* Names that FROM items are written as, each once. */
    NameList written;
    /* Why the first SELECT of a UNION ALL that is not divided is not; NULL: all are, so far. */
    const char *why_whole;
    /* Whether a SELECT that is not divided itself stays whole, with all that is in it: SELECTs around it
       have stages of that made. */
    bool keeps_inside;
    /* Number of SELECTs around the one that is divided, which may be stages. */
    int depth;
    /* Whether a SELECT around the one that is divided has conditions, which SQLite may move into it. */
    bool conditions_around;
    /* Why the statement is plain, in the arena or constant; NULL: no reason so far. */
    const char *reason;
    /* SQLITE_OK, or the error for which there is no plan at all. */
    int rc;
} Splitting;

/* Notes the first reason; the format takes one text. False. */
bool split_refuse(Splitting *splitting, const char *format, const char *text);

/* Notes an error code. False. */
bool split_fail(Splitting *splitting, int rc);

/* Whether there is neither a reason nor an error; memory that was short is an error. */
bool split_goes_on(Splitting *splitting);

/* A text in the arena; NULL where memory is short. Takes a text of sqlite3_mprintf and frees it. */
const char *split_keep(Splitting *splitting, char *text);

/* Refuses, with what SQLite says of a text that workers cannot prepare; short memory is an error. False. */
bool split_refuse_unprepared(Splitting *splitting, int rc);

#endif
