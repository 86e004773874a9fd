#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/system/commit_range.h"
#include "cli/system/process.h"
#include "cli/system/work_tree.h"

enum { LIST_SIZE = 50000 * 65 + 1 };

bool commit_range_split(const char *text, RangeEnds *ends)
{
    const char *points = strstr(text, "..");
    if (!points || points[2] == '.')
        return false;
    *ends = (RangeEnds){.first = text,
                        .last = points + 2,
                        .first_length = (size_t)(points - text),
                        .last_length = strlen(points + 2)};
    return true;
}

static int find_end(char commit[65], const char *text, size_t length, Failure *failure)
{
    char *name = length > 0 ? strndup(text, length) : strdup("HEAD");
    if (!name)
        return failure_set(failure, "out of memory for the name of a commit");
    int result = work_tree_resolve(name, commit)
                     ? 0
                     : failure_set(failure,
                                   "%s: git knows no such commit here: give a name that git log takes, in a "
                                   "folder of the repository",
                                   name);
    free(name);
    return result;
}

int commit_range_find(CommitRange *range, const char *text, Failure *failure)
{
    RangeEnds ends;
    *range = (CommitRange){0};
    if (!commit_range_split(text, &ends))
        return find_end(range->tip, text, strlen(text), failure);
    if (ends.first_length + ends.last_length == 0)
        return failure_set(failure, "..: give at least one end of the range, as in main~5..main");
    return find_end(range->base, ends.first, ends.first_length, failure) ||
                   find_end(range->tip, ends.last, ends.last_length, failure)
               ? -1
               : 0;
}

char *commit_range_list(const CommitRange *range)
{
    char git[] = "git", list[] = "rev-list", order[] = "--topo-order", most[] = "--max-count=50000",
         one[] = "--no-walk", end[] = "--", *commits = NULL, *output = malloc(LIST_SIZE);
    if (asprintf(&commits, "%s%s%s", range->base, *range->base ? ".." : "", range->tip) < 0)
        commits = NULL;
    char *const argv[] = {git, list, *range->base ? order : one, most, commits, end, NULL};
    bool listed = commits && output && process_run(argv, NULL, 1, output, LIST_SIZE) == 0;
    free(commits);
    if (listed)
        return output;
    free(output);
    return NULL;
}
