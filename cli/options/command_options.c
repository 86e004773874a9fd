/* --command, --parameter, and what is done around commands. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/options.h"

enum { KEY_COMMAND = 800, KEY_SHOW_OUTPUT, KEY_INPUT, KEY_OUTPUT, KEY_METRIC, KEY_MEMORY, KEY_FILE_SIZE };

enum { DIGITS_MOST = 12, DECIMALS_MOST = 6 };

/* A number with a fixed count of digits after its point, so that 0.1 is exactly that. */
typedef struct Decimal {
    int64_t digits;
    int decimals;
} Decimal;

/* Reads a number, and moves `text` past it. False where there is none, or where it has too many digits. */
static bool read_decimal(const char **text, Decimal *decimal)
{
    const char *next = *text;
    const bool negative = *next == '-';
    bool point = false;
    int count = 0;
    *decimal = (Decimal){0};
    for (next += negative; isdigit((unsigned char)*next) ||
                           (*next == '.' && !point && count > 0 && isdigit((unsigned char)next[1]));
         next++) {
        if (*next == '.') {
            point = true;
            continue;
        }
        decimal->digits = 10 * decimal->digits + (*next - '0');
        decimal->decimals += point;
        count++;
        if (count > DIGITS_MOST || decimal->decimals > DECIMALS_MOST)
            return false;
    }
    if (negative)
        decimal->digits = -decimal->digits;
    *text = next;
    return count > 0;
}

static void scale(Decimal *decimal, int decimals)
{
    for (; decimal->decimals < decimals; decimal->decimals++)
        decimal->digits *= 10;
}

/* Reads FIRST..LAST or FIRST..LAST..STEP that ends at `end`. False where the text is no such range. */
static bool read_range(const char *text, const char *end, Decimal *first, Decimal *last, Decimal *step)
{
    *step = (Decimal){.digits = 1};
    if (!read_decimal(&text, first) || strncmp(text, "..", 2) != 0)
        return false;
    text += 2;
    if (!read_decimal(&text, last))
        return false;
    if (text != end && strncmp(text, "..", 2) == 0) {
        text += 2;
        if (!read_decimal(&text, step))
            return false;
    }
    int decimals = first->decimals;
    decimals = last->decimals > decimals ? last->decimals : decimals;
    decimals = step->decimals > decimals ? step->decimals : decimals;
    scale(first, decimals);
    scale(last, decimals);
    scale(step, decimals);
    return text == end;
}

/* Writes a decimal as it would be typed, and the NUL after it. */
static void write_decimal(Decimal decimal, FILE *file)
{
    int64_t unit = 1, digits = decimal.digits < 0 ? -decimal.digits : decimal.digits;
    for (int i = 0; i < decimal.decimals; i++)
        unit *= 10;
    fprintf(file, "%s%" PRId64, decimal.digits < 0 ? "-" : "", digits / unit);
    if (decimal.decimals > 0)
        fprintf(file, ".%0*" PRId64, decimal.decimals, digits % unit);
    putc('\0', file);
}

/* Writes the values of a list, each with a NUL after it; anything else is wrong usage. Returns their number.
 */
static size_t write_values(struct argp_state *state, const char *argument, const char *list, FILE *file)
{
    size_t count = 0;
    for (const char *item = list, *end;; item = end + 1) {
        end = item + strcspn(item, ",");
        Decimal first, last, step;
        if (end == item)
            argp_error(state, "--parameter %s: give values, as in threads=1,2,4 or size=10..50..10",
                       argument);
        if (read_range(item, end, &first, &last, &step)) {
            if (step.digits <= 0 || first.digits > last.digits ||
                (last.digits - first.digits) / step.digits >= COMMAND_JOBS_MAX)
                argp_error(state,
                           "--parameter %s: a range goes up, as in 1..4 or 0..1..0.25, in at most %d steps",
                           argument, COMMAND_JOBS_MAX);
            for (; first.digits <= last.digits; first.digits += step.digits, count++)
                write_decimal(first, file);
        } else {
            fwrite(item, 1, (size_t)(end - item), file);
            putc('\0', file);
            count++;
        }
        if (!*end)
            return count;
    }
}

/* The values in one block: the pointers, then the texts. */
static char **collect(const char *texts, size_t size, size_t count)
{
    char **values = malloc(count * sizeof *values + size);
    if (!values)
        return NULL;
    char *text = memcpy(values + count, texts, size);
    for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
        values[i] = text;
    return values;
}

static void add_parameter(struct argp_state *state, char *argument, CommandWish *wish)
{
    char *equals = strchr(argument, '='), *texts = NULL;
    size_t size = 0;
    if (!equals || equals == argument || memchr(argument, '{', (size_t)(equals - argument)) ||
        memchr(argument, '}', (size_t)(equals - argument))) {
        argp_error(state,
                   "--parameter %s: give a name and its values, as in threads=1,2,4 or size=10..50..10",
                   argument);
        return;
    }
    if (wish->parameter_count == COMMAND_PARAMETERS_MAX)
        argp_error(state, "--parameter: at most %d", COMMAND_PARAMETERS_MAX);
    CommandParameter *parameter = &wish->parameters[wish->parameter_count];
    FILE *file = open_memstream(&texts, &size);
    if (!file) {
        argp_failure(state, EXIT_FAILED, 0, "out of memory for the values of --parameter");
        return;
    }
    parameter->count = write_values(state, argument, equals + 1, file);
    if (fclose(file) || !(parameter->values = collect(texts, size, parameter->count)))
        argp_failure(state, EXIT_FAILED, 0, "out of memory for the values of --parameter");
    free(texts);
    parameter->name = strndup(argument, (size_t)(equals - argument));
    if (!parameter->name) {
        argp_failure(state, EXIT_FAILED, 0, "out of memory for the name of --parameter");
        return;
    }
    for (size_t i = 0; i < wish->parameter_count; i++)
        if (strcmp(wish->parameters[i].name, parameter->name) == 0)
            argp_error(state, "--parameter %s: %s is there twice", argument, parameter->name);
    wish->parameter_count++;
}

static void add_metric(struct argp_state *state, int key, const char *argument, CommandWish *wish)
{
    Failure failure;
    const char *option = key == KEY_METRIC ? "--metric" : key == KEY_MEMORY ? "--memory" : "--file-size";
    if (wish->metric_count == COMMAND_METRICS_MAX)
        argp_error(state, "%s: at most %d metrics", option, COMMAND_METRICS_MAX);
    CommandMetric *metric = &wish->metrics[wish->metric_count];
    int result = key == KEY_METRIC ? command_metric_parse(metric, argument, &failure)
                 : key == KEY_MEMORY
                     ? command_metric_memory(metric, &failure)
                     : command_metric_file(metric, options_text(state, option, argument), &failure);
    if (result)
        argp_error(state, "%s %s: %s, as in --metric 'rows per second [1/s, more]=([0-9.]+) rows/s'", option,
                   argument ? argument : "", failure.text);
    for (size_t i = 0; i < wish->metric_count; i++)
        if (strcmp(wish->metrics[i].name, metric->name) == 0)
            argp_error(state, "%s: %s is there twice", option, metric->name);
    wish->metric_count++;
}

void options_free_parameters(CommandWish *wish)
{
    for (size_t i = 0; i < wish->parameter_count; i++) {
        free(wish->parameters[i].values);
        free(wish->parameters[i].name);
    }
    for (size_t i = 0; i < wish->metric_count; i++)
        command_metric_free(&wish->metrics[i]);
}

void options_command_text(struct argp_state *state, const char *what, const char *text, CommandTexts *texts)
{
    if (texts->count == COMMANDS_MAX)
        argp_error(state, "%s: at most %d", what, COMMANDS_MAX);
    texts->texts[texts->count++] = options_text(state, what, text);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    CommandWish *wish = state->input;
    switch (key) {
    case KEY_COMMAND:
        options_command_text(state, "--command", argument, &wish->commands);
        return 0;
    case 's':
        options_command_text(state, "--setup", argument, &wish->steps[COMMAND_SETUP]);
        return 0;
    case 'p':
        options_command_text(state, "--prepare", argument, &wish->steps[COMMAND_PREPARE]);
        return 0;
    case 'C':
        options_command_text(state, "--conclude", argument, &wish->steps[COMMAND_CONCLUDE]);
        return 0;
    case 'c':
        options_command_text(state, "--cleanup", argument, &wish->steps[COMMAND_CLEANUP]);
        return 0;
    case 'P':
        add_parameter(state, argument, wish);
        return 0;
    case 'S':
        wish->shell = options_text(state, "--shell", argument);
        return 0;
    case 'N':
        wish->shell = "none";
        return 0;
    case 'i':
        wish->ignore_failure = true;
        return 0;
    case KEY_METRIC:
    case KEY_MEMORY:
    case KEY_FILE_SIZE:
        add_metric(state, key, argument, wish);
        return 0;
    case KEY_INPUT:
        wish->input = options_text(state, "--input", argument);
        return 0;
    case KEY_OUTPUT:
        wish->output = options_text(state, "--output", argument);
        return 0;
    case KEY_SHOW_OUTPUT:
        wish->show_output = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table[] = {
    {"command", KEY_COMMAND, "TEXT", 0, "A command as a shell reads it; several are interleaved and compared",
     0},
    {"parameter", 'P', "NAME=LIST", 0,
     "{NAME} in commands is each of the values, such as 1,2,4 or 10..50..10", 0},
    {"setup", 's', "TEXT", 0, "Do this once before anything is timed", 0},
    {"prepare", 'p', "TEXT", 0, "Do this before every execution, untimed", 0},
    {"conclude", 'C', "TEXT", 0, "Do this after every execution, untimed", 0},
    {"cleanup", 'c', "TEXT", 0, "Do this once at the end, also of a run that fails", 0},
    {"shell", 'S', "SHELL", 0, "The shell that reads these texts (/bin/sh), or none", 0},
    {"no-shell", 'N', NULL, 0, "The same as --shell=none: start programs themselves", 0},
    {"ignore-failure", 'i', NULL, 0, "Time a command also where it fails", 0},
    {"metric", KEY_METRIC, "NAME=REGEX", 0,
     "Measure a number that commands print, too; NAME may be followed by [UNIT] or [UNIT, more], where more is better",
     0},
    {"memory", KEY_MEMORY, NULL, 0, "Measure the peak memory, too, as a metric that is judged", 0},
    {"file-size", KEY_FILE_SIZE, "FILE", 0, "Measure the size that FILE has after each execution, too", 0},
    {"input", KEY_INPUT, "FILE", 0, "The input of commands; else it is empty", 0},
    {"output", KEY_OUTPUT, "FILE", 0, "The file of their output, which each execution begins anew", 0},
    {"show-output", KEY_SHOW_OUTPUT, NULL, 0, "Let commands print; else their output is dropped", 0},
    {0},
};

const struct argp options_commands = {.options = table, .parser = parse};
