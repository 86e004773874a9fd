/* --samples and the other options of how to measure. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <sys/random.h>

#include "cli/options/options.h"

enum {
    KEY_SAMPLES = 'r',
    KEY_WARMUP = 'w',
    KEY_MIN_SAMPLES = 'm',
    KEY_MAX_SAMPLES = 'M',
    KEY_MIN_TIME = 300,
    KEY_MAX_TIME,
    KEY_SEED,
    KEY_LABEL,
    KEY_MACHINE,
    KEY_REPEAT_OF
};

static const int64_t most_samples = 1000000;
static const double most_seconds = 1e9;

static double seconds_argument(struct argp_state *state, const char *what, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 0 && seconds <= most_seconds))
        argp_error(state, "%s %s: give seconds, such as 0.5 or 10", what, text);
    return seconds;
}

/* Sets the rules that were not given by those that were: with --samples so many are taken, however long that
 * takes; one limit of time alone moves the other one where it would contradict. */
static void settle_rules(struct argp_state *state, SamplingOptions *sampling)
{
    SamplingRules *rules = &sampling->rules;
    if (sampling->min_time_given && sampling->max_time_given && rules->min_seconds > rules->max_seconds)
        argp_error(state, "--min-time is longer than --max-time");
    const bool least = sampling->min_samples_given, most = sampling->max_samples_given;
    if (sampling->samples_given && (least || most))
        argp_error(state, "--samples says how many: leave out --min-samples and --max-samples");
    if (least && most && rules->min_samples > rules->max_samples)
        argp_error(state, "--min-samples is more than --max-samples");
    if (least && rules->max_samples < rules->min_samples)
        rules->max_samples = rules->min_samples;
    if (most && rules->min_samples > rules->max_samples)
        rules->min_samples = rules->max_samples;
    if (sampling->samples_given && !sampling->max_time_given)
        rules->max_seconds = INFINITY;
    if (sampling->max_time_given)
        rules->min_seconds = fmin(rules->min_seconds, rules->max_seconds);
    else
        rules->max_seconds = fmax(rules->min_seconds, rules->max_seconds);
    if (!sampling->seed_given) {
        uint32_t seed = 0;
        if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
            seed = 1;
        rules->seed = seed;
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    SamplingOptions *sampling = state->input;
    SamplingRules *rules = &sampling->rules;
    switch (key) {
    case KEY_SAMPLES:
        rules->min_samples = rules->max_samples =
            options_number(state, "--samples", argument, 1, most_samples);
        sampling->samples_given = true;
        return 0;
    case KEY_MIN_SAMPLES:
        rules->min_samples = options_number(state, "--min-samples", argument, 1, most_samples);
        sampling->min_samples_given = true;
        return 0;
    case KEY_MAX_SAMPLES:
        rules->max_samples = options_number(state, "--max-samples", argument, 1, most_samples);
        sampling->max_samples_given = true;
        return 0;
    case KEY_MIN_TIME:
        rules->min_seconds = seconds_argument(state, "--min-time", argument);
        sampling->min_time_given = true;
        return 0;
    case KEY_MAX_TIME:
        rules->max_seconds = seconds_argument(state, "--max-time", argument);
        sampling->max_time_given = true;
        return 0;
    case KEY_WARMUP:
        rules->warmup = options_number(state, "--warmup", argument, 0, most_samples);
        sampling->warmup_given = true;
        return 0;
    case KEY_SEED:
        rules->seed = (uint64_t)options_number(state, "--seed", argument, 0, INT64_MAX);
        sampling->seed_given = true;
        return 0;
    case KEY_LABEL:
        sampling->label = options_text(state, "--label", argument);
        return 0;
    case KEY_MACHINE:
        sampling->machine = options_machine(state, argument);
        return 0;
    case KEY_REPEAT_OF:
        sampling->repeats = options_number(state, "--judged-run", argument, 1, INT64_MAX);
        return 0;
    case ARGP_KEY_END:
        settle_rules(state, sampling);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"samples", KEY_SAMPLES, "N", 0, "Take exactly N samples of each benchmark", 0},
    {"runs", KEY_SAMPLES, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0},
    {"min-samples", KEY_MIN_SAMPLES, "N", 0, "Take at least N samples of each benchmark (10)", 0},
    {"min-runs", KEY_MIN_SAMPLES, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0},
    {"max-samples", KEY_MAX_SAMPLES, "N", 0, "Take at most N samples of each benchmark (1000)", 0},
    {"max-runs", KEY_MAX_SAMPLES, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0},
    {"min-time", KEY_MIN_TIME, "SECONDS", 0, "Spend at least so long on each benchmark", 0},
    {"max-time", KEY_MAX_TIME, "SECONDS", 0, "Spend no longer on each benchmark", 0},
    {"warmup", KEY_WARMUP, "N", 0, "First take N samples that do not count (1)", 0},
    {"seed", KEY_SEED, "N", 0, "Shuffle the order of samples from N, to repeat it", 0},
    {"label", KEY_LABEL, "TEXT", 0, "A name for this run in lists and charts", 0},
    {"machine", KEY_MACHINE, "NAME", 0,
     "Record the run as of a machine of this name, whatever it is: one for containers that change", 0},
    {"judged-run", KEY_REPEAT_OF, "RUN", OPTION_HIDDEN, "What pricereport check adds to repeat a run", 0},
    {0},
};

const struct argp options_sampling = {.options = table, .parser = parse};
