#include <stdlib.h>

#include "cli/options/options.h"

enum { KEY_THRESHOLD = 700, KEY_ANY_MACHINE };

static const double most_percent = 1e6;

double options_percent(struct argp_state *state, const char *what, const char *text)
{
    char *end;
    double percent = strtod(text, &end);
    if (end == text || *end || !(percent > 0 && percent <= most_percent))
        argp_error(state, "%s %s: give a percentage above 0, such as 5 or 2.5", what, text);
    return percent;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    JudgingOptions *judging = state->input;
    switch (key) {
    case KEY_THRESHOLD:
        judging->threshold = options_percent(state, "--threshold", argument);
        return 0;
    case KEY_ANY_MACHINE:
        judging->any_machine = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"threshold", KEY_THRESHOLD, "PERCENT", 0,
     "Smallest change of the median, in percent, that counts (5); pricereport threshold sets others for a benchmark",
     0},
    {"any-machine", KEY_ANY_MACHINE, NULL, 0, "Compare runs of different machines, too", 0},
    {0},
};

const struct argp options_judging = {.options = table, .parser = parse};
