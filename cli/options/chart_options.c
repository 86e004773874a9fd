/* --plot, --chart, --out and --format. */
#include <stdio.h>
#include <string.h>

#include "cli/options/options.h"

enum { KEY_PLOT = 400, KEY_OUT, KEY_FORMAT, KEY_CHART };

static void add_chart(struct argp_state *state, const char *name, ChartOptions *charts)
{
    ChartKinds kind = chart_kind(name);
    if (!kind) {
        char names[200] = "";
        size_t used = 0;
        for (size_t i = 0; i < CHART_COUNT && used < sizeof names; i++)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                     i == 0                ? ""
                                     : i + 1 < CHART_COUNT ? ", "
                                                           : " or ",
                                     chart_name(i));
        argp_error(state, "--chart %s: give %s", name, names);
    }
    charts->wish.kinds |= kind;
}

/* Whether the scan has serial, and whether it has another executor. */
static void find_executors(const Scan *scan, bool *serial, bool *others)
{
    *serial = *others = scan->executor_count == 0;
    for (size_t i = 0; i < scan->executor_count; i++)
        *(strcmp(scan->executors[i], "serial") == 0 ? serial : others) = true;
}

void options_check_charts(struct argp_state *state, const ChartOptions *charts, const Scan *scan, size_t maps)
{
    bool serial, others;
    const size_t rows = scan->rows.count > 0 ? scan->rows.count : 1,
                 rounds = scan->rounds.count > 0 ? scan->rounds.count : 1;
    find_executors(scan, &serial, &others);
    for (size_t i = 0; charts->plot && i < CHART_COUNT; i++) {
        const bool workers = strcmp(chart_name(i), "workers") == 0,
                   pieces = strcmp(chart_name(i), "break-even") == 0;
        if (!(charts->wish.kinds & 1u << i) || !(workers || pieces))
            continue;
        if (!serial || !others || (workers && scan->workers.count < 2) ||
            (pieces && maps * rows * rounds < 3))
            argp_error(state, "--chart %s: nothing that is measured here can be drawn so: it needs %s",
                       chart_name(i), chart_needs(i));
    }
}

static error_t parse_chart_files(int key, char *argument, struct argp_state *state)
{
    ChartOptions *charts = state->input;
    switch (key) {
    case KEY_OUT:
        if (!*argument)
            argp_error(state, "--out: give the name of a folder");
        charts->wish.directory = argument;
        return 0;
    case KEY_CHART:
        add_chart(state, argument, charts);
        return 0;
    case KEY_FORMAT: {
        ChartFormats format = chart_format(argument);
        if (!format)
            argp_error(state, "--format %s: give svg, png, pdf or txt", argument);
        charts->wish.formats |= format;
        return 0;
    }
    case ARGP_KEY_END:
        if (!charts->wish.formats)
            charts->wish.formats = CHART_SVG;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option chart_files_table[] = {
    {"chart", KEY_CHART, "NAME", 0,
     "executors, history, workers, break-even, samples or timeline; may be repeated (those that the recorded "
     "data supports)",
     0},
    {"out", KEY_OUT, "DIR", 0, "The folder for charts (pricereport-charts)", 0},
    {"format", KEY_FORMAT, "FORMAT", 0, "svg, png, pdf or txt; may be repeated (svg)", 0},
    {0},
};

const struct argp options_chart_files = {.options = chart_files_table, .parser = parse_chart_files};

static const struct argp_child charts_children[] = {{&options_chart_files, 0, NULL, 0}, {0}};

static error_t parse_charts(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    ChartOptions *charts = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = charts;
        return 0;
    case KEY_PLOT:
        charts->plot = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option charts_table[] = {
    {"plot", KEY_PLOT, NULL, 0, "Draw charts, too", 0},
    {0},
};

const struct argp options_charts = {
    .options = charts_table, .parser = parse_charts, .children = charts_children};
