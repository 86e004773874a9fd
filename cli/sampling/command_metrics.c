#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/sampling/command_metrics.h"

enum { OUTPUT_MOST = 64 << 20, GROUPS = 2 };

static int out_of_memory(CommandMetric *metric, Failure *failure)
{
    command_metric_free(metric);
    return failure_set(failure, "out of memory for a metric");
}

/* Takes the unit and the direction out of "NAME [UNIT, more]", which ends before `end`. */
static int parse_name(CommandMetric *metric, const char *text, const char *end, Failure *failure)
{
    const char *name_end = end, *open = memchr(text, '[', (size_t)(end - text));
    if (open && end[-1] != ']') {
        command_metric_free(metric);
        return failure_set(failure, "the ] after the unit is missing, or the unit has a = in it");
    }
    if (open) {
        const char *unit = open + 1, *unit_end = end - 1;
        size_t length = (size_t)(unit_end - unit);
        if (length >= 4 && strncmp(unit_end - 4, "more", 4) == 0 &&
            (length == 4 || unit_end[-5] == ' ' || unit_end[-5] == ',')) {
            metric->more_is_better = true;
            unit_end -= 4;
            while (unit_end > unit && (unit_end[-1] == ' ' || unit_end[-1] == ','))
                unit_end--;
        }
        if (unit_end > unit && !(metric->unit = strndup(unit, (size_t)(unit_end - unit))))
            return out_of_memory(metric, failure);
        name_end = open;
    }
    while (name_end > text && name_end[-1] == ' ')
        name_end--;
    if (name_end == text) {
        command_metric_free(metric);
        return failure_set(failure, "the name is empty");
    }
    metric->name = strndup(text, (size_t)(name_end - text));
    return metric->name ? 0 : out_of_memory(metric, failure);
}

int command_metric_parse(CommandMetric *metric, const char *text, Failure *failure)
{
    char reason[200];
    const char *equals = strchr(text, '=');
    *metric = (CommandMetric){.kind = METRIC_PEAK_MEMORY};
    if (!equals || !equals[1])
        return failure_set(failure, "give a name and a regular expression that finds the number");
    if (parse_name(metric, text, equals, failure))
        return -1;
    int error = regcomp(&metric->pattern, equals + 1, REG_EXTENDED | REG_NEWLINE);
    if (error == 0) {
        metric->kind = METRIC_PRINTED;
        return 0;
    }
    regerror(error, &metric->pattern, reason, sizeof reason);
    command_metric_free(metric);
    return failure_set(failure, "%s is no extended regular expression: %s", equals + 1, reason);
}

int command_metric_memory(CommandMetric *metric, Failure *failure)
{
    *metric = (CommandMetric){.kind = METRIC_PEAK_MEMORY, .name = strdup("peak memory"), .unit = strdup("B")};
    return metric->name && metric->unit ? 0 : out_of_memory(metric, failure);
}

int command_metric_file(CommandMetric *metric, const char *file, Failure *failure)
{
    *metric = (CommandMetric){.kind = METRIC_FILE_SIZE, .unit = strdup("B"), .file = file};
    if (asprintf(&metric->name, "size of %s", file) < 0)
        metric->name = NULL;
    return metric->name && metric->unit ? 0 : out_of_memory(metric, failure);
}

void command_metric_free(CommandMetric *metric)
{
    free(metric->name);
    free(metric->unit);
    if (metric->kind == METRIC_PRINTED)
        regfree(&metric->pattern);
    *metric = (CommandMetric){.kind = METRIC_PEAK_MEMORY};
}

/* The whole file as a text, to be freed; a NUL in it is a line's end. NULL with the failure set. */
static char *read_output(int file, Failure *failure)
{
    struct stat status;
    size_t size = 0, got = 0;
    if (fstat(file, &status) == 0)
        size = status.st_size < OUTPUT_MOST ? (size_t)status.st_size : OUTPUT_MOST;
    char *text = malloc(size + 1);
    if (!text) {
        failure_set(failure, "out of memory for what a command printed");
        return NULL;
    }
    while (got < size) {
        ssize_t more = pread(file, text + got, size - got, (off_t)got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            break;
        got += (size_t)more;
    }
    text[got] = '\0';
    for (size_t i = 0; i < got; i++)
        if (text[i] == '\0')
            text[i] = '\n';
    return text;
}

static int read_printed(const CommandMetric *metric, const char *text, double *figure, Failure *failure)
{
    regmatch_t groups[GROUPS];
    if (regexec(&metric->pattern, text, GROUPS, groups, 0))
        return strlen(text) < OUTPUT_MOST
                   ? failure_set(
                         failure,
                         "--metric %s: the command printed nothing that matches: see what it prints by "
                         "--show-output alone",
                         metric->name)
                   : failure_set(failure,
                                 "--metric %s: the command printed more than %d MiB, and nothing in these "
                                 "matches: let it print less, or the number first",
                                 metric->name, OUTPUT_MOST >> 20);
    const regmatch_t *found = &groups[metric->pattern.re_nsub > 0 ? 1 : 0];
    /* A text is a number as a whole, however long it is. */
    char number[400] = "", *end = number;
    size_t length = found->rm_so < 0 ? 0 : (size_t)(found->rm_eo - found->rm_so);
    const bool fits = length < sizeof number;
    snprintf(number, sizeof number, "%.*s", (int)(fits ? length : sizeof number - 1),
             found->rm_so < 0 ? "" : text + found->rm_so);
    *figure = strtod(number, &end);
    if (fits && end > number && !end[strspn(end, " \t\n")] && isfinite(*figure) && *figure >= 0)
        return 0;
    return failure_set(failure,
                       "--metric %s: '%s' is no number from 0 on: put the number's part of the regular "
                       "expression in parentheses",
                       metric->name, number);
}

/* The size of a file whose name, unless it is absolute, is below the folder; -1: there is no such file. */
static off_t size_of(const char *folder, const char *file)
{
    struct stat status;
    char *path = NULL;
    if (folder && *file != '/' && asprintf(&path, "%s/%s", folder, file) < 0)
        return -1;
    off_t size = stat(path ? path : file, &status) ? -1 : status.st_size;
    free(path);
    return size;
}

static int read_figure(const CommandMetric *metric, const char *folder, const char *text,
                       int64_t peak_memory_kib, double *figure, Failure *failure)
{
    off_t size;
    switch (metric->kind) {
    case METRIC_PRINTED:
        return read_printed(metric, text ? text : "", figure, failure);
    case METRIC_PEAK_MEMORY:
        *figure = 1024.0 * (double)peak_memory_kib;
        return 0;
    case METRIC_FILE_SIZE:
        size = size_of(folder, metric->file);
        if (size < 0)
            return failure_set(failure, "--file-size: cannot find %s after the command: %s", metric->file,
                               strerror(errno));
        *figure = (double)size;
        return 0;
    }
    return 0;
}

int command_metrics_read(const CommandMetric *metrics, size_t count, const char *folder, int output,
                         int64_t peak_memory_kib, bool lenient, double *figures, Failure *failure)
{
    Failure ignored;
    char *text = output < 0 ? NULL : read_output(output, failure);
    if (output >= 0 && !text)
        return -1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        if (read_figure(&metrics[i], folder, text, peak_memory_kib, &figures[i],
                        lenient ? &ignored : failure)) {
            figures[i] = NAN;
            result = lenient ? 0 : -1;
        }
    free(text);
    return result;
}
