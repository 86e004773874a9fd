#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/chart_data.h"
#include "cli/report/html.h"
#include "cli/report/html_table.h"
#include "cli/report/page.h"
#include "cli/base/query.h"
#include "sql/sql.h"

/* Pieces that are made of queries. */
typedef struct QueryPiece {
    const char *name;
    const char *sql;
    PieceWriter *write;
    /* Whether only a page that stands for itself has the piece: elsewhere other pages have what it says. */
    bool alone;
} QueryPiece;

/* Commands have no executors, but user and system time and memory. */
static int write_measurements(sqlite3 *db, const char *sql, int64_t run, FILE *file, Failure *failure)
{
    int64_t has_maps = 0;
    if (query_run(db, &has_maps, failure, sql_show_has_maps, "i", run))
        return -1;
    return html_table(db, has_maps ? sql : sql_page_commands, run, file, failure);
}

/* The published figures stand only beside those of the experiment. */
static int write_published(sqlite3 *db, const char *sql, int64_t run, FILE *file, Failure *failure)
{
    int64_t experiment = 0;
    if (query_run(db, &experiment, failure, sql_page_is_experiment, "i", run))
        return -1;
    if (!experiment)
        return 0;
    return query_script(db, sql_experiment_published, failure) || html_table(db, sql, run, file, failure) ? -1
                                                                                                          : 0;
}

static const QueryPiece query_pieces[] = {
    {"heading", sql_page_heading, pieces_text, false},
    {"findings", sql_page_findings, html_list, false},
    {"published", sql_experiment_experiment_table, write_published, false},
    {"maps", sql_page_of_maps, pieces_text, false},
    {"others", sql_page_of_others, pieces_text, false},
    {"measurements", sql_page_measurements, write_measurements, false},
    {"measurements-left-out", sql_page_left_out, pieces_text, false},
    {"break-even-table", sql_page_break_even, html_table, false},
    {"changes", sql_page_changes, html_table, true},
    {"changes-left-out", sql_page_changes_left_out, pieces_text, true},
    {"machines", sql_page_machines, html_table, false},
    {"details", sql_show_run_details_table, html_table, false},
    {"runs", sql_page_runs, html_table, true},
};
enum { QUERY_PIECES = sizeof query_pieces / sizeof *query_pieces };

/* The whole file, to be freed; NULL with errno set where it cannot be read. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;
    if (!file)
        return NULL;
    if (getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static int write_part(size_t chart, int part, const char *directory, FILE *file, Failure *failure)
{
    char name[CHART_NAME_SIZE];
    chart_part_name(chart, part, name);
    char *path = sqlite3_mprintf("%s/%s.svg", directory, name);
    char *svg = path ? read_file(path) : NULL;
    int result = 0;
    if (svg)
        html_svg(svg, name, chart_title(chart), file);
    else
        result = failure_set(failure, "cannot read the chart %s: %s", path ? path : name, strerror(errno));
    free(svg);
    sqlite3_free(path);
    return result;
}

static int add_chart(Pieces *pieces, size_t chart, const PageCharts *charts, Failure *failure)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return failure_set(failure, "out of memory for the page");
    int result = 0;
    for (int part = 1; part <= charts->drawn.parts[chart] && result == 0; part++)
        result = write_part(chart, part, charts->directory, file, failure);
    if (charts->drawn.unfinished & 1u << chart)
        fprintf(file, "<p class=\"left-out\">The further parts are drawn by pricereport plot --chart %s.</p>",
                chart_name(chart));
    if (fclose(file) && result == 0)
        result = failure_set(failure, "out of memory for the page");
    pieces_take(pieces, chart_name(chart), text);
    return result;
}

int page_add_run(Pieces *pieces, sqlite3 *db, int64_t run, const PageCharts *charts, bool alone,
                 Failure *failure)
{
    for (size_t i = 0; i < QUERY_PIECES; i++) {
        const QueryPiece *piece = &query_pieces[i];
        if (piece->alone && !alone)
            pieces_add(pieces, piece->name, "");
        else if (pieces_query(pieces, piece->name, piece->write, db, piece->sql, run, failure))
            return -1;
    }
    /* Without charts, their pieces are empty, and the template leaves out their sections. */
    for (size_t i = 0; i < CHART_COUNT; i++) {
        if (charts->drawn.parts[i] == 0)
            pieces_add(pieces, chart_name(i), "");
        else if (add_chart(pieces, i, charts, failure))
            return -1;
    }
    return 0;
}

int page_add_problem(Pieces *pieces, const char *problem, Failure *failure)
{
    char *text = NULL;
    size_t size = 0;
    if (*problem) {
        FILE *file = open_memstream(&text, &size);
        if (!file)
            return failure_set(failure, "out of memory for the page");
        fputs("The charts are missing: ", file);
        html_text(problem, file);
        fclose(file);
    }
    pieces_take(pieces, "problem", text);
    return 0;
}

/* The pieces of a page that stands for itself. */
static int fill(Pieces *pieces, sqlite3 *db, int64_t run, const PageCharts *charts, const Failure *missing,
                Failure *failure)
{
    static const char *const of_sites[] = {"site",          "script",   "script-hash", "earlier",
                                           "later",         "commit",   "commit-href", "baseline",
                                           "baseline-note", "no-charts"};
    if (page_add_run(pieces, db, run, charts, true, failure) ||
        page_add_problem(pieces, missing->text, failure))
        return -1;
    for (size_t i = 0; i < sizeof of_sites / sizeof *of_sites; i++)
        pieces_add(pieces, of_sites[i], "");
    pieces_add(pieces, "style", reports_page_css);
    pieces_add(pieces, "version", PRICEMAP_VERSION);
    return 0;
}

int page_write(sqlite3 *db, int64_t run, const ChartWish *wish, char **path, Failure *missing,
               Failure *failure)
{
    Pieces pieces = {.count = 0};
    PageCharts charts = {.directory = wish->directory};
    *path = NULL;
    missing->text[0] = '\0';
    if (chart_data_prepare(db, run, failure) || charts_make_directory(wish->directory, "--out", failure))
        return -1;
    ChartWish svg = *wish;
    svg.formats = CHART_SVG;
    svg.most_parts = PAGE_MOST_PARTS;
    if (charts_draw(db, run, &svg, NULL, &charts.drawn, missing))
        charts.drawn = (ChartsDrawn){{0}, 0};
    *path = sqlite3_mprintf("%s/report.html", wish->directory);
    int result = *path ? fill(&pieces, db, run, &charts, missing, failure)
                       : failure_set(failure, "out of memory for the page");
    if (result == 0)
        result = pieces_write(&pieces, reports_page_html, *path, "name another folder with --out", failure);
    pieces_free(&pieces);
    if (result) {
        sqlite3_free(*path);
        *path = NULL;
    }
    return result;
}
