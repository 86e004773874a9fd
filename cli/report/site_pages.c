#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/judging/comparison.h"
#include "cli/report/chart_data.h"
#include "cli/report/html.h"
#include "cli/report/html_table.h"
#include "cli/report/page.h"
#include "cli/report/site_charts.h"
#include "cli/report/site_pages.h"
#include "sql/script_hash.h"
#include "sql/sql.h"

static const char advice[] = "name another folder with --all";

/* A piece of a page that is made of a query. */
typedef struct Part {
    const char *name;
    PieceWriter *write;
    const char *sql;
} Part;

static int add_parts(Pieces *pieces, const Part *parts, size_t count, sqlite3 *db, int64_t id,
                     Failure *failure)
{
    for (size_t i = 0; i < count; i++)
        if (pieces_query(pieces, parts[i].name, parts[i].write, db, parts[i].sql, id, failure))
            return -1;
    return 0;
}

/* Adds the pieces that every page of the site has. */
static void add_frame(Pieces *pieces, const Site *site)
{
    pieces_add(pieces, "site", "yes");
    pieces_add(pieces, "style", site->style);
    pieces_add(pieces, "script", reports_site_site_js);
    pieces_add(pieces, "script-hash", SITE_SCRIPT_HASH);
    pieces_add(pieces, "version", PRICEMAP_VERSION);
}

/* Expands a template into a further piece of the same pieces. */
static int expand_piece(Pieces *pieces, const char *name, const char *template, Failure *failure)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return failure_set(failure, "out of memory for the page");
    int result = template_expand(template, pieces->pieces, pieces->count, file, failure);
    if (fclose(file) && result == 0)
        result = failure_set(failure, "out of memory for the page");
    pieces_take(pieces, name, text);
    return result;
}

/* Writes a page whose body has this template. */
static int write_page(const Site *site, Pieces *pieces, const char *name, const char *body, Failure *failure)
{
    char *path = site_folder_path(&site->folder, name);
    int result = path ? expand_piece(pieces, "body", body, failure)
                      : failure_set(failure, "out of memory for the page");
    add_frame(pieces, site);
    if (result == 0)
        result = pieces_write(pieces, reports_site_frame_html, path, advice, failure);
    sqlite3_free(path);
    return result;
}

int site_write_overview(const Site *site, Failure *failure)
{
    enum { RUNS_SHOWN = 25 };
    static const Part parts[] = {
        {"summary", html_list, sql_site_summary},
        {"series", html_table, sql_site_overview},
        {"changes", html_table, sql_site_changes},
        {"changes-left-out", pieces_text, sql_site_changes_left_out},
        {"runs", html_table, sql_site_runs},
        {"runs-left-out", pieces_text, sql_site_runs_left_out},
    };
    Pieces pieces = {.count = 0};
    pieces_add(&pieces, "heading", "Benchmarks");
    pieces_add(&pieces, "inner", "");
    int result = add_parts(&pieces, parts, sizeof parts / sizeof *parts, history_db(site->history),
                           RUNS_SHOWN, failure);
    if (result == 0)
        result = page_add_problem(&pieces, site->missing, failure);
    if (result == 0)
        result = write_page(site, &pieces, "index.html", reports_site_overview_html, failure);
    pieces_free(&pieces);
    return result;
}

int site_write_runs(const Site *site, Failure *failure)
{
    enum { ALL = -1 };
    static const Part parts[] = {{"runs", html_table, sql_site_runs}};
    Pieces pieces = {.count = 0};
    pieces_add(&pieces, "heading", "All runs");
    pieces_add(&pieces, "inner", "yes");
    int result = add_parts(&pieces, parts, 1, history_db(site->history), ALL, failure);
    if (result == 0)
        result = write_page(site, &pieces, "runs.html", reports_site_runs_html, failure);
    pieces_free(&pieces);
    return result;
}

static int add_series_chart(Pieces *pieces, const Site *site, int64_t series, Failure *failure)
{
    char *text = NULL;
    size_t size = 0;
    if (*site->missing) {
        pieces_add(pieces, "chart", "");
        return 0;
    }
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return failure_set(failure, "out of memory for the page");
    int result = site_charts_write(history_db(site->history), site->folder.staging, series, file, failure);
    if (fclose(file) && result == 0)
        result = failure_set(failure, "out of memory for the page");
    pieces_take(pieces, "chart", text);
    return result;
}

/* Writes the section of a benchmark's page that is about one machine. */
static int write_series(const Site *site, int64_t series, FILE *file, Failure *failure)
{
    static const Part parts[] = {
        {"machine", pieces_text, sql_site_series_machine},
        {"summary", html_list, sql_site_series_summary},
        {"changes", html_table, sql_site_series_changes},
        {"rows", html_table, sql_site_series_rows},
        {"rows-left-out", pieces_text, sql_site_series_left_out},
    };
    Pieces pieces = {.count = 0};
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, series);
    pieces_add(&pieces, "number", number);
    int result =
        add_parts(&pieces, parts, sizeof parts / sizeof *parts, history_db(site->history), series, failure);
    if (result == 0)
        result = add_series_chart(&pieces, site, series, failure);
    if (result == 0)
        result = template_expand(reports_site_series_html, pieces.pieces, pieces.count, file, failure);
    pieces_free(&pieces);
    return result;
}

/* Adds the sections of all machines. */
static int add_sections(Pieces *pieces, const Site *site, int64_t benchmark, Failure *failure)
{
    sqlite3_stmt *statement;
    char *text = NULL;
    size_t size = 0;
    if (query_prepare(history_db(site->history), &statement, failure, sql_site_series_of_benchmark, "i",
                      benchmark))
        return -1;
    int result = 0, more = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        result = failure_set(failure, "out of memory for the page");
    while (result == 0 && (more = query_next(statement, failure)) > 0)
        result = write_series(site, sqlite3_column_int64(statement, 0), file, failure);
    sqlite3_finalize(statement);
    if (file && fclose(file) && result == 0)
        result = failure_set(failure, "out of memory for the page");
    pieces_take(pieces, "sections", text);
    return result || more < 0 ? -1 : 0;
}

int site_write_benchmark(const Site *site, int64_t benchmark, Failure *failure)
{
    static const Part parts[] = {
        {"heading", pieces_text, sql_site_benchmark_heading},
        {"about", html_table, sql_site_benchmark_about},
    };
    Pieces pieces = {.count = 0};
    char name[48];
    snprintf(name, sizeof name, "benchmark-%" PRId64 ".html", benchmark);
    pieces_add(&pieces, "inner", "yes");
    int result = add_parts(&pieces, parts, sizeof parts / sizeof *parts, history_db(site->history), benchmark,
                           failure);
    if (result == 0)
        result = page_add_problem(&pieces, site->missing, failure);
    if (result == 0)
        result = add_sections(&pieces, site, benchmark, failure);
    if (result == 0)
        result = write_page(site, &pieces, name, reports_site_benchmark_html, failure);
    pieces_free(&pieces);
    return result;
}

/* Adds a paragraph where a table would be. */
static int add_paragraph(Pieces *pieces, const char *name, const char *words, Failure *failure)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return failure_set(failure, "out of memory for the page");
    fputs("<p>", file);
    html_text(words, file);
    fputs("</p>", file);
    int result = fclose(file) ? failure_set(failure, "out of memory for the page") : 0;
    pieces_take(pieces, name, text);
    return result;
}

/* Adds the run beside the measurements before it: tested, or, for the many older runs, only side by side. */
static int add_baseline(Pieces *pieces, const Site *site, const SiteRun *run, Failure *failure)
{
    const ComparisonPlan plan = {
        .base = {.kind = CHOICE_PREVIOUS}, .now = {.kind = CHOICE_RUN, .run = run->run}, .threshold = 5};
    Failure reason;
    pieces_add(pieces, "baseline-note",
               run->detailed
                   ? "Each benchmark beside the measurement before it, tested as pricereport compare "
                     "previous does."
                   : "Each benchmark beside the measurement before it, without a test: pricereport "
                     "compare previous with the number of the run makes one.");
    /* A run whose benchmarks only other machines measured has no baseline, and says so. */
    if (run->detailed && comparison_make(site->history, &plan, &reason))
        return add_paragraph(pieces, "baseline", reason.text, failure);
    return pieces_query(pieces, "baseline", html_table, history_db(site->history),
                        run->detailed ? sql_site_baseline_tested : sql_site_baseline_shown, run->run,
                        failure);
}

/* Draws the charts of a run into a folder beside the pages; `missing` gets the reason why there are none. */
static int draw_charts(const Site *site, const SiteRun *run, PageCharts *charts, Failure *missing,
                       Failure *failure)
{
    const ChartWish wish = {
        .formats = CHART_SVG, .directory = charts->directory, .most_parts = PAGE_MOST_PARTS};
    missing->text[0] = '\0';
    if (!run->drawn)
        return 0;
    if (*site->missing) {
        failure_write(missing, "%s", site->missing);
        return 0;
    }
    if (charts_make_directory(charts->directory, "--all", failure))
        return -1;
    if (charts_draw(history_db(site->history), run->run, &wish, NULL, &charts->drawn, missing)) {
        charts->drawn = (ChartsDrawn){{0}, 0};
        /* The files that a message of the charts names are removed. */
        char *kept = strstr(missing->text, "; the data and");
        if (kept)
            *kept = '\0';
    }
    return 0;
}

static int add_run(Pieces *pieces, const Site *site, const SiteRun *run, const char *directory,
                   Failure *failure)
{
    static const Part parts[] = {
        {"earlier", pieces_text, sql_site_run_earlier},
        {"later", pieces_text, sql_site_run_later},
        {"commit", pieces_text, sql_site_run_commit},
        {"commit-href", pieces_text, sql_site_run_commit_href},
    };
    PageCharts charts = {.directory = directory};
    Failure missing;
    sqlite3 *db = history_db(site->history);
    if (draw_charts(site, run, &charts, &missing, failure) || chart_data_name(db, run->run, failure) ||
        page_add_run(pieces, db, run->run, &charts, false, failure) ||
        add_parts(pieces, parts, sizeof parts / sizeof *parts, db, run->run, failure) ||
        add_baseline(pieces, site, run, failure) || page_add_problem(pieces, missing.text, failure))
        return -1;
    pieces_add(pieces, "no-charts",
               run->drawn
                   ? ""
                   : "Charts are drawn for the newest runs: pricereport report --all with the number of "
                     "this run draws them here, too.");
    add_frame(pieces, site);
    return 0;
}

int site_write_run(const Site *site, const SiteRun *run, Failure *failure)
{
    Pieces pieces = {.count = 0};
    char name[48];
    snprintf(name, sizeof name, "run-%" PRId64 ".html", run->run);
    char *path = site_folder_path(&site->folder, name), *charts = site_folder_path(&site->folder, "charts");
    int result = path && charts ? add_run(&pieces, site, run, charts, failure)
                                : failure_set(failure, "out of memory for the page");
    if (result == 0)
        result = pieces_write(&pieces, reports_page_html, path, advice, failure);
    pieces_free(&pieces);
    sqlite3_free(path);
    sqlite3_free(charts);
    return result;
}
