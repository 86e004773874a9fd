/* --branch and --commits: which runs a call is about. */
#include "cli/options/options.h"

enum { KEY_BRANCH = 900, KEY_COMMITS };

static error_t parse(int key, char *argument, struct argp_state *state)
{
    RunSelection *selection = state->input;
    switch (key) {
    case KEY_BRANCH:
        selection->branch = options_text(state, "--branch", argument);
        return 0;
    case KEY_COMMITS:
        selection->commits = options_text(state, "--commits", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"branch", KEY_BRANCH, "NAME", 0, "Only runs of the commits of this branch, or of what git calls so", 0},
    {"commits", KEY_COMMITS, "A..B", 0, "Only runs of these commits, as git log names them", 0},
    {0},
};

const struct argp options_selection = {.options = table, .parser = parse};
