#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/chart_data.h"
#include "cli/report/html.h"
#include "cli/report/page.h"
#include "cli/base/query.h"
#include "sql/sql.h"
#include "cli/report/template.h"

/* The page shows so many parts of each chart; those of a run with thousands of measurements would be too many
 * for a browser. */
enum { MOST_PARTS = 12 };

/* Pieces that are made of queries. */
typedef struct QueryPiece {
    const char *name;
    const char *sql;
    int (*write)(sqlite3 *db, const char *sql, int64_t run, FILE *file, Failure *failure);
} QueryPiece;

static int write_text(sqlite3 *db, const char *sql, int64_t run, FILE *file, Failure *failure)
{
    char *text;
    if (query_text(db, &text, failure, sql, "i", run))
        return -1;
    html_text(text ? text : "", file);
    sqlite3_free(text);
    return 0;
}

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
    {"heading", sql_page_heading, write_text},
    {"findings", sql_page_findings, html_list},
    {"published", sql_experiment_experiment_table, write_published},
    {"maps", sql_page_of_maps, write_text},
    {"others", sql_page_of_others, write_text},
    {"measurements", sql_page_measurements, write_measurements},
    {"measurements-left-out", sql_page_left_out, write_text},
    {"break-even-table", sql_page_break_even, html_table},
    {"changes", sql_page_changes, html_table},
    {"changes-left-out", sql_page_changes_left_out, write_text},
    {"details", sql_show_run_details_table, html_table},
    {"runs", sql_page_runs, html_table},
};
enum { QUERY_PIECES = sizeof query_pieces / sizeof *query_pieces, PIECES = QUERY_PIECES + CHART_COUNT + 3 };

/* The pieces of one page. Those from QUERY_PIECES on are not made of queries. */
typedef struct Page {
    TemplatePiece pieces[PIECES];
    /* Texts to be freed; NULL for a piece that is static. */
    char *owned[PIECES];
    size_t count;
} Page;

static void page_free(Page *page)
{
    for (size_t i = 0; i < page->count; i++)
        free(page->owned[i]);
}

/* Takes `text`, which may be NULL for an empty piece. */
static void add_piece(Page *page, const char *name, char *text)
{
    page->owned[page->count] = text;
    page->pieces[page->count++] = (TemplatePiece){name, text ? text : ""};
}

static int add_query(Page *page, const QueryPiece *piece, sqlite3 *db, int64_t run, Failure *failure)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return failure_set(failure, "out of memory for the page");
    int result = piece->write(db, piece->sql, run, file, failure);
    if (fclose(file) && result == 0)
        result = failure_set(failure, "out of memory for the page");
    add_piece(page, piece->name, text);
    return result;
}

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

static int add_chart(Page *page, size_t chart, const ChartsDrawn *drawn, const char *directory,
                     Failure *failure)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return failure_set(failure, "out of memory for the page");
    int result = 0;
    for (int part = 1; part <= drawn->parts[chart] && result == 0; part++)
        result = write_part(chart, part, directory, file, failure);
    if (drawn->unfinished & 1u << chart)
        fprintf(file, "<p class=\"left-out\">The further parts are drawn by pricereport plot --chart %s.</p>",
                chart_name(chart));
    if (fclose(file) && result == 0)
        result = failure_set(failure, "out of memory for the page");
    add_piece(page, chart_name(chart), text);
    return result;
}

/* Without charts, their pieces are empty, and the template leaves out their sections. */
static int add_charts(Page *page, const ChartsDrawn *drawn, const char *directory, Failure *failure)
{
    for (size_t i = 0; i < CHART_COUNT; i++) {
        if (drawn->parts[i] == 0)
            add_piece(page, chart_name(i), NULL);
        else if (add_chart(page, i, drawn, directory, failure))
            return -1;
    }
    return 0;
}

static int add_problem(Page *page, const Failure *missing, Failure *failure)
{
    char *text = NULL;
    size_t size = 0;
    if (*missing->text) {
        FILE *file = open_memstream(&text, &size);
        if (!file)
            return failure_set(failure, "out of memory for the page");
        fputs("The charts are missing: ", file);
        html_text(missing->text, file);
        fclose(file);
    }
    add_piece(page, "problem", text);
    return 0;
}

static int fill(Page *page, sqlite3 *db, int64_t run, const ChartsDrawn *drawn, const ChartWish *wish,
                const Failure *missing, Failure *failure)
{
    static const TemplatePiece fixed[] = {{"style", reports_page_css}, {"version", PRICEMAP_VERSION}};
    for (size_t i = 0; i < QUERY_PIECES; i++)
        if (add_query(page, &query_pieces[i], db, run, failure))
            return -1;
    if (add_charts(page, drawn, wish->directory, failure) || add_problem(page, missing, failure))
        return -1;
    for (size_t i = 0; i < 2; i++)
        page->pieces[page->count++] = fixed[i];
    return 0;
}

static int write_page(const Page *page, const char *path, Failure *failure)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return failure_set(failure, "cannot write %s: %s: name another folder with --out", path,
                           strerror(errno));
    int result = template_expand(reports_page_html, page->pieces, page->count, file, failure);
    int failed = ferror(file);
    if ((fclose(file) || failed) && result == 0)
        result = failure_set(failure, "cannot write %s: %s: make room, or name another folder with --out",
                             path, strerror(errno));
    return result;
}

int page_write(sqlite3 *db, int64_t run, const ChartWish *wish, char **path, Failure *missing,
               Failure *failure)
{
    Page page = {.count = 0};
    ChartsDrawn drawn = {{0}, 0};
    *path = NULL;
    missing->text[0] = '\0';
    if (chart_data_prepare(db, run, failure) || charts_make_directory(wish->directory, failure))
        return -1;
    ChartWish svg = *wish;
    svg.formats = CHART_SVG;
    svg.most_parts = MOST_PARTS;
    if (charts_draw(db, run, &svg, NULL, &drawn, missing))
        drawn = (ChartsDrawn){{0}, 0};
    *path = sqlite3_mprintf("%s/report.html", wish->directory);
    int result = *path ? fill(&page, db, run, &drawn, wish, missing, failure)
                       : failure_set(failure, "out of memory for the page");
    if (result == 0)
        result = write_page(&page, *path, failure);
    page_free(&page);
    if (result) {
        sqlite3_free(*path);
        *path = NULL;
    }
    return result;
}
