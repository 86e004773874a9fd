#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/system/process.h"
#include "cli/system/work_tree.h"

enum { STATUS_SIZE = 1 << 16, COMMITS_SIZE = 50000 * 65 + 1 };

/* Copies what follows `name` on the line into `value`, without what git puts in parentheses: "(initial)" for
 * no commit, "(detached)" for no branch. */
static bool read_field(const char *line, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    if (strncmp(line, name, length) != 0)
        return false;
    const char *text = line + length;
    snprintf(value, size, "%.*s", *text == '(' ? 0 : (int)strcspn(text, "\n"), text);
    return true;
}

void work_tree_parse(const char *status, WorkTree *tree)
{
    *tree = (WorkTree){0};
    for (const char *line = status; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (*line != '#')
            tree->dirty = true;
        else if (!read_field(line, "# branch.oid ", tree->commit, sizeof tree->commit))
            read_field(line, "# branch.head ", tree->branch, sizeof tree->branch);
    }
}

void work_tree_read(WorkTree *tree)
{
    /* Without optional locks, a git of the user's that runs at the same time is not disturbed. */
    char git[] = "git", no_locks[] = "--no-optional-locks", status[] = "status", format[] = "--porcelain=v2",
         branch[] = "--branch", known[] = "--untracked-files=no";
    char *const argv[] = {git, no_locks, status, format, branch, known, NULL};
    char *output = malloc(STATUS_SIZE);
    *tree = (WorkTree){0};
    if (output && process_run(argv, NULL, 1, output, STATUS_SIZE) == 0)
        work_tree_parse(output, tree);
    free(output);
}

bool work_tree_resolve(const char *name, char commit[65])
{
    char git[] = "git", parse[] = "rev-parse", verify[] = "--verify", quiet[] = "--quiet",
         end[] = "--end-of-options", *revision = NULL, output[128];
    if (asprintf(&revision, "%s^{commit}", name) < 0)
        return false;
    char *const argv[] = {git, parse, verify, quiet, end, revision, NULL};
    bool found = process_run(argv, NULL, 1, output, sizeof output) == 0;
    free(revision);
    size_t length = strspn(output, "0123456789abcdef");
    if (!found || length < 40 || length > 64)
        return false;
    snprintf(commit, 65, "%.*s", (int)length, output);
    return true;
}

char *work_tree_commits(const char *commit)
{
    char git[] = "git", list[] = "rev-list", order[] = "--topo-order", most[] = "--max-count=50000",
         all[] = "--all", options_end[] = "--end-of-options", end[] = "--",
         *start = strdup(commit ? commit : ""), *output = malloc(COMMITS_SIZE);
    /* A commit comes from the history, and with an imported file from anybody: it must not be read as an
     * option. */
    char *const of_commit[] = {git, list, order, most, options_end, start, end, NULL};
    char *const of_all[] = {git, list, order, most, all, end, NULL};
    if (start && output && process_run(commit ? of_commit : of_all, NULL, 1, output, COMMITS_SIZE) == 0) {
        free(start);
        return output;
    }
    free(start);
    free(output);
    return NULL;
}
