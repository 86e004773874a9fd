/* --executor, --workers, --chunk, --rows and --rounds. */
#include <string.h>

#include "executor_list.h"
#include "cli/options/number_list.h"
#include "cli/options/options.h"

enum { KEY_EXECUTOR = 700, KEY_WORKERS, KEY_CHUNK, KEY_ROWS, KEY_ROUNDS };

static const int64_t most_workers = 1024;
static const int64_t largest_chunk = INT32_MAX;
static const int64_t most_rows = INT32_MAX;
static const int64_t most_rounds = 1000000000; /* as increase_price_crazy has it */

/* Executors, separated by commas, none twice, or wrong usage. */
static void parse_executors(struct argp_state *state, const char *text, Scan *scan)
{
    static const char *const known[] = {EXECUTOR_STRINGS, EXECUTOR_REMOTE_STRINGS, "auto"};
    const size_t known_count = sizeof known / sizeof *known;
    const char *next = text;
    scan->executor_count = 0;
    do {
        size_t length = strcspn(next, ","), i = 0;
        while (i < known_count && (strlen(known[i]) != length || strncmp(known[i], next, length) != 0))
            i++;
        if (i == known_count)
            argp_error(state, "--executor %s: %.*s is no executor: use " EXECUTOR_CHOICES, text, (int)length,
                       next);
        for (size_t j = 0; j < scan->executor_count; j++)
            if (scan->executors[j] == known[i])
                argp_error(state, "--executor %s: %s is there twice", text, known[i]);
        scan->executors[scan->executor_count++] = known[i];
        next = next[length] == ',' ? next + length + 1 : NULL;
    } while (next);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    Scan *scan = state->input;
    switch (key) {
    case KEY_EXECUTOR:
        parse_executors(state, argument, scan);
        return 0;
    case KEY_WORKERS:
        number_list_parse(state, "--workers", argument, most_workers, &scan->workers);
        return 0;
    case KEY_CHUNK:
        number_list_parse(state, "--chunk", argument, largest_chunk, &scan->chunks);
        return 0;
    case KEY_ROWS:
        number_list_parse(state, "--rows", argument, most_rows, &scan->rows);
        return 0;
    case KEY_ROUNDS:
        number_list_parse(state, "--rounds", argument, most_rounds, &scan->rounds);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"executor", KEY_EXECUTOR, "LIST", 0, "Of " EXECUTOR_CHOICES " (the first three)", 0},
    {"workers", KEY_WORKERS, "LIST", 0, "Numbers of workers, such as 1,2,4-8", 0},
    {"chunk", KEY_CHUNK, "LIST", 0, "Rows of a task, such as 1,64,4096 (chosen by the extension)", 0},
    {"rows", KEY_ROWS, "LIST", 0, "Map only the first so many rows, such as 20-20000x10 (all)", 0},
    {"rounds", KEY_ROUNDS, "LIST", 0, "Rounds of increase_price_crazy: what {rounds} is in a map", 0},
    {0},
};

const struct argp options_scan = {.options = table, .parser = parse};
