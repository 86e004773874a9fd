/* pricereport delete and prune: runs leave the history. */
#include <stdio.h>

#include "cli/history/remover.h"
#include "cli/history/run_choice.h"
#include "cli/output/output.h"
#include "sql/sql.h"
#include "cli/verbs/verbs.h"

enum { KEY_KEEP = 600, KEY_OLDER_THAN };

/* Removes the chosen runs, unless they are only to be shown, and prints them. */
static int remove_and_print(History *history, const Options *options, Failure *failure)
{
    static const OutputQuery query = {sql_show_removed, sql_show_removed_table};
    if (!options->dry_run && remover_remove(history, options->force, failure))
        return -1;
    return output_rows(history_db(history), &query, 0, options->common.format, stdout, failure);
}

static int choose(History *history, int64_t run, void *unused, Failure *failure)
{
    (void)unused;
    return remover_choose(history, run, failure);
}

static int delete (History *history, const Options *options, Failure *failure)
{
    if (remover_begin(history, failure))
        return -1;
    for (size_t i = 0; i < options->arguments.rest_count; i++)
        if (run_choice_each(history, options->arguments.rest[i], choose, NULL, failure))
            return -1;
    return remove_and_print(history, options, failure);
}

static int prune(History *history, const Options *options, Failure *failure)
{
    const RemoverRules rules = {.keep = options->keep > 0 ? options->keep : -1,
                                .days = options->older_than > 0 ? options->older_than : -1};
    if (remover_begin(history, failure) || remover_choose_old(history, &rules, options->force, failure))
        return -1;
    return remove_and_print(history, options, failure);
}

static error_t parse_prune(int key, char *argument, struct argp_state *state, Options *options)
{
    switch (key) {
    case KEY_KEEP:
        options->keep = options_number(state, "--keep", argument, 1, INT32_MAX);
        return 0;
    case KEY_OLDER_THAN:
        options->older_than = options_number(state, "--older-than", argument, 1, INT32_MAX);
        return 0;
    case ARGP_KEY_END:
        if (options->keep == 0 && options->older_than == 0)
            argp_error(state, "which runs are old? give --keep N, --older-than DAYS, or both");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

#define FORCE_OPTION                                                                                         \
    {                                                                                                        \
        "force", VERB_FLAG(force), NULL, 0, "Also runs that are acknowledged, or unfinished", 1              \
    }
#define DRY_RUN_OPTION                                                                                       \
    {                                                                                                        \
        "dry-run", VERB_FLAG(dry_run), NULL, 0, "Print what would go, and remove nothing", 1                 \
    }

static const struct argp_option delete_table[] = {FORCE_OPTION, DRY_RUN_OPTION, {0}};

static const struct argp_option prune_table[] = {
    {"keep", KEY_KEEP, "N", 0, "Keep the runs of the newest N measurements of each benchmark on each machine",
     1},
    {"older-than", KEY_OLDER_THAN, "DAYS", 0, "Keep the runs of the last so many days", 1},
    FORCE_OPTION,
    DRY_RUN_OPTION,
    {0},
};

const Verb verb_delete = {
    .name = "delete",
    .summary = "removes runs from the history",
    .options = delete_table,
    .args_doc = "RUN...",
    .doc =
        "Removes runs with their samples, and the repetitions that check made of them, and prints what they were.\v"
        "RUN is a number, a label, a branch, the beginning of a commit, latest, or a range: 3..7, or of commits, as in main~5..main. All are removed, or none. "
        "Figures that are wrong need not go: see pricereport exclude.",
    .arguments = VERB_REST,
    .missing = "the runs are missing: name those to remove",
    .mode = HISTORY_READ,
    .perform = delete,
};

const Verb verb_prune = {
    .name = "prune",
    .summary = "removes old runs from the history",
    .options = prune_table,
    .doc =
        "Removes old runs, and prints what they were.\v"
        "With both --keep and --older-than, a run goes only where it is old by both. Runs that failed, were excluded "
        "or have no samples do not count among the newest N; runs that are acknowledged or unfinished stay.",
    .arguments = VERB_OPTIONS_ONLY,
    .mode = HISTORY_READ,
    .parse = parse_prune,
    .perform = prune,
};
