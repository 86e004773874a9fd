/* pricereport ack and exclude: what people say of recorded figures, and why. */
#include <inttypes.h>

#include "cli/history/benchmark_choice.h"
#include "cli/output/output.h"
#include "cli/base/query.h"
#include "cli/history/run_choice.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

/* The two verbs differ in words only. */
typedef struct RemarkKind {
    /* Name of the kind in the database, and of the verb. */
    const char *name;
    /* Words for the deed: "Acknowledged". */
    const char *done;
    /* Words for taking it back: "No longer acknowledged". */
    const char *undone;
    /* Number of the kind in sql/judging/remarks.sql. */
    int64_t number;
} RemarkKind;

static const RemarkKind acknowledgements = {"ack", "Acknowledged", "No longer acknowledged", 1};
static const RemarkKind exclusions = {"exclude", "Excluded", "No longer excluded", 2};

static void check_complete(struct argp_state *state, const Options *options)
{
    if (!options->arguments.run && (options->reason || options->undo))
        argp_error(state, "the run is missing: give its number, label or commit, or latest");
    if (options->arguments.run && options->reason && options->undo)
        argp_error(state, "--undo takes no --reason");
    if (options->arguments.run && !options->undo && !(options->reason && *options->reason))
        argp_error(state, "the reason is missing: give it with --reason");
}

static error_t parse(int key, char *argument, struct argp_state *state, Options *options)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            options->arguments.run = argument;
        else
            options_name(state, argument, &options->arguments);
        return 0;
    case ARGP_KEY_END:
        check_complete(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"reason", VERB_TEXT(reason), "TEXT", 0, "Why; it is kept, and shown wherever it matters", 1},
    {"undo", VERB_FLAG(undo), NULL, 0, "Remove the remark from the run, or from the named benchmarks of it",
     1},
    {0},
};

static int change(History *history, const RemarkKind *kind, const Options *options, int64_t run,
                  Failure *failure)
{
    sqlite3 *db = history_db(history);
    if (options->undo)
        return query_run(db, NULL, failure, sql_judging_delete_remarks, "ti", kind->name, run);
    const char *sql =
        options->arguments.name_count > 0 ? sql_judging_add_remarks : sql_judging_add_run_remark;
    return query_run(db, NULL, failure, sql, "tit", kind->name, run, options->reason);
}

/* The call that is performed on each run. */
typedef struct RemarkCall {
    const RemarkKind *kind;
    const Options *options;
    /* Last run of the choice. */
    int64_t run;
    /* Remarks that were made or removed on all runs. */
    int changes;
} RemarkCall;

static int remark_run(History *history, int64_t run, void *context, Failure *failure)
{
    RemarkCall *call = context;
    const Options *options = call->options;
    call->run = run;
    if (change(history, call->kind, options, run, failure))
        return -1;
    int changes = sqlite3_changes(history_db(history));
    call->changes += changes;
    if (changes == 0)
        return 0;
    printf("%s: run %" PRId64, options->undo ? call->kind->undone : call->kind->done, run);
    for (size_t i = 0; i < options->arguments.name_count; i++)
        printf(", %s", options->arguments.names[i]);
    fputs("\n", stdout);
    return 0;
}

/* On the runs that the text means; of a range, on those that measured what is named. */
static int remark(History *history, const RemarkKind *kind, const Options *options, Failure *failure)
{
    RemarkCall call = {.kind = kind, .options = options};
    if (benchmark_choice_names(history, options->arguments.names, options->arguments.name_count, failure) ||
        run_choice_each(history, options->arguments.run, remark_run, &call, failure))
        return -1;
    if (call.changes > 0)
        return 0;
    return options->undo
               ? failure_set(failure,
                             "nothing of run %" PRId64
                             " that you name has a remark: pricereport %s lists them",
                             call.run, kind->name)
               : failure_set(failure,
                             "run %" PRId64 " did not measure what you name: pricereport show %" PRId64
                             " lists what it did",
                             call.run, call.run);
}

static int perform(History *history, const Options *options, const RemarkKind *kind, Failure *failure)
{
    static const OutputQuery query = {sql_judging_remarks, sql_judging_remarks_table};
    return options->arguments.run ? remark(history, kind, options, failure)
                                  : output_rows(history_db(history), &query, kind->number,
                                                options->common.format, stdout, failure);
}

static int acknowledge(History *history, const Options *options, Failure *failure)
{
    return perform(history, options, &acknowledgements, failure);
}

static int exclude(History *history, const Options *options, Failure *failure)
{
    return perform(history, options, &exclusions, failure);
}

const Verb verb_ack = {
    .name = "ack",
    .summary = "acknowledges a change",
    .options = table,
    .args_doc = "[RUN [BENCHMARK...]]",
    .doc =
        "Acknowledges that benchmarks changed in a run, and that the new level is right.\v"
        "From then on, compare --fail and check do not fail for a regression that came with this run, unless the "
        "benchmark has become slower still. "
        "Without BENCHMARK all of the run is acknowledged. Without RUN the acknowledged figures are listed.",
    .arguments = VERB_OWN,
    .mode = HISTORY_READ,
    .parse = parse,
    .perform = acknowledge,
};

const Verb verb_exclude = {
    .name = "exclude",
    .summary = "excludes figures that are wrong",
    .options = table,
    .args_doc = "[RUN [BENCHMARK...]]",
    .doc =
        "Excludes figures that are wrong: nothing is judged by them any more.\v"
        "They are no baseline, and no part of the history that is searched for changes; but they stay, and are "
        "shown. Without BENCHMARK all of the run is excluded. Without RUN the excluded figures are listed.",
    .arguments = VERB_OWN,
    .mode = HISTORY_READ,
    .parse = parse,
    .perform = exclude,
};
