#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/system/commit_line.h"
#include "cli/system/process.h"

/* Room for a commit's name and a long subject. */
enum { COMMIT_ROOM = 512, TEXT_SIZE = (COMMIT_LINE_MAX + 2) * COMMIT_ROOM };

/* Has git list the commits, newest first, each as "commit NAME" and a line with its subject. A - before the
 * name marks the commit that the oldest one changed. */
static int list(char *output, const CommitRange *range, Failure *failure)
{
    char git[] = "git", list[] = "rev-list", parents[] = "--first-parent", boundary[] = "--boundary",
         utf8[] = "--encoding=UTF-8", most[32], format[] = "--format=%s", one[] = "--no-walk", end[] = "--",
         commits[160];
    snprintf(most, sizeof most, "--max-count=%d", COMMIT_LINE_MAX + 1);
    snprintf(commits, sizeof commits, "%s%s%s", range->base, *range->base ? ".." : "", range->tip);
    char *const line[] = {git, list, parents, boundary, most, utf8, format, commits, end, NULL};
    char *const single[] = {git, list, one, utf8, format, commits, end, NULL};
    return process_run(*range->base ? line : single, NULL, 1, output, TEXT_SIZE) == 0
               ? 0
               : failure_set(failure, "git could not list the commits");
}

/* Takes the commits out of the text, newest first, and the first of the marked ones after them. */
static void take_apart(CommitLine *line)
{
    static const char heading[] = "commit ";
    LineCommit before = {.subject = NULL};
    char *text = line->text;
    while (strncmp(text, heading, sizeof heading - 1) == 0) {
        char *name = strtok_r(text + sizeof heading - 1, "\n", &text), *subject = text;
        text += strcspn(text, "\n");
        if (*text)
            *text++ = '\0';
        const bool marked = name && *name == '-';
        LineCommit commit = {.subject = subject};
        snprintf(commit.id, sizeof commit.id, "%s", name ? name + marked : "");
        if (!marked && line->count < COMMIT_LINE_MAX + 1)
            line->commits[line->count++] = commit;
        else if (!before.subject)
            before = commit;
    }
    if (before.subject && line->count > 0 && line->count <= COMMIT_LINE_MAX)
        line->commits[line->count++] = before;
}

int commit_line_read(CommitLine *line, const CommitRange *range, Failure *failure)
{
    *line = (CommitLine){.commits = calloc(COMMIT_LINE_MAX + 2, sizeof *line->commits),
                         .text = malloc(TEXT_SIZE)};
    int result = line->commits && line->text ? list(line->text, range, failure)
                                             : failure_set(failure, "out of memory for commits");
    if (result == 0) {
        take_apart(line);
        if (line->count == 0)
            result =
                failure_set(failure, "there are no commits in it: its second end is no later than its first");
        else if (line->count > COMMIT_LINE_MAX)
            result =
                failure_set(failure, "there are more than %d commits in it: name fewer", COMMIT_LINE_MAX);
    }
    for (size_t i = 0; i < line->count / 2; i++) {
        LineCommit kept = line->commits[i];
        line->commits[i] = line->commits[line->count - 1 - i];
        line->commits[line->count - 1 - i] = kept;
    }
    if (result)
        commit_line_free(line);
    return result;
}

void commit_line_free(CommitLine *line)
{
    free(line->commits);
    free(line->text);
    *line = (CommitLine){0};
}
