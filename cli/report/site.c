#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/query.h"
#include "cli/report/chart_data.h"
#include "cli/report/site.h"
#include "cli/report/site_charts.h"
#include "cli/report/site_pages.h"
#include "sql/sql.h"

/* Numbers that a query gives, read before anything else is done: the tables that it reads are made anew
 * meanwhile. */
typedef struct RunList {
    SiteRun *runs;
    size_t count;
} RunList;

/* Reads rows of a number and, where the query has them, two flags. The list is to be freed. */
static int read_list(sqlite3 *db, const char *sql, RunList *list, Failure *failure)
{
    sqlite3_stmt *statement;
    size_t rows = 0;
    *list = (RunList){.count = 0};
    if (query_prepare(db, &statement, failure, sql, ""))
        return -1;
    int result = query_count(statement, &rows, failure);
    if (result == 0 && !(list->runs = calloc(rows + 1, sizeof *list->runs)))
        result = failure_set(failure, "out of memory for %zu pages", rows);
    int more = 0;
    while (result == 0 && list->count < rows && (more = query_next(statement, failure)) > 0)
        list->runs[list->count++] = (SiteRun){.run = sqlite3_column_int64(statement, 0),
                                              .detailed = sqlite3_column_int64(statement, 1),
                                              .drawn = sqlite3_column_int64(statement, 2)};
    sqlite3_finalize(statement);
    return result || more < 0 ? -1 : 0;
}

static int prepare(sqlite3 *db, const SiteWish *wish, Failure *failure)
{
    return chart_data_prepare(db, 0, failure) || query_script(db, sql_site_setup, failure) ||
                   query_run(db, NULL, failure, sql_site_commit_url, "t", wish->commit_url) ||
                   query_script(db, sql_site_sparklines, failure) ||
                   query_script(db, sql_site_once, failure) ||
                   query_run(db, NULL, failure, sql_site_choose_runs, "i", wish->run)
               ? -1
               : 0;
}

/* Returns 0, or -1 with the failure set where the user wishes an end. */
static int go_on(const SiteWish *wish, Failure *failure)
{
    return wish->stopped(wish->context)
               ? failure_set(failure, "interrupted: %s is as it was before", wish->directory)
               : 0;
}

static int write_benchmarks(const Site *site, const SiteWish *wish, Failure *failure)
{
    RunList list;
    int result = read_list(history_db(site->history), sql_site_benchmarks, &list, failure);
    for (size_t i = 0; i < list.count && result == 0; i++)
        result = go_on(wish, failure) || site_write_benchmark(site, list.runs[i].run, failure) ? -1 : 0;
    free(list.runs);
    return result;
}

static int write_runs(const Site *site, const SiteWish *wish, Failure *failure)
{
    RunList list;
    int result = read_list(history_db(site->history), sql_site_run_pages, &list, failure);
    for (size_t i = 0; i < list.count && result == 0; i++)
        result = go_on(wish, failure) || site_write_run(site, &list.runs[i], failure) ? -1 : 0;
    free(list.runs);
    return result;
}

/* A history without runs has no site. */
static int expect_runs(const Site *site, Failure *failure)
{
    RunList list;
    int result = read_list(history_db(site->history), sql_site_run_pages, &list, failure);
    if (result == 0 && list.count == 0)
        result = failure_set(failure,
                             "%s has no run yet: record one with pricereport or pricereport run, then write "
                             "the site",
                             history_file(site->history));
    free(list.runs);
    return result;
}

/* Writes all pages and publishes them. The runs come last, as they change temporary tables. */
static int write_all(Site *site, const SiteWish *wish, Failure *missing, Failure *failure)
{
    sqlite3 *db = history_db(site->history);
    if (prepare(db, wish, failure) || expect_runs(site, failure) ||
        site_folder_open(&site->folder, wish->directory, failure))
        return -1;
    if (site_charts_draw(db, site->folder.staging, missing) == 0)
        missing->text[0] = '\0';
    return site_write_overview(site, failure) || site_write_runs(site, failure) ||
                   write_benchmarks(site, wish, failure) || write_runs(site, wish, failure) ||
                   go_on(wish, failure) || site_folder_publish(&site->folder, failure)
               ? -1
               : 0;
}

int site_write(History *history, const SiteWish *wish, char **path, Failure *missing, Failure *failure)
{
    Site site = {.history = history, .folder = {.lock = -1}, .missing = missing->text};
    *path = NULL;
    missing->text[0] = '\0';
    site.style = sqlite3_mprintf("%s%s", reports_page_css, reports_site_site_css);
    int result = site.style ? write_all(&site, wish, missing, failure)
                            : failure_set(failure, "out of memory for the site");
    site_folder_close(&site.folder);
    sqlite3_free(site.style);
    if (result == 0 && !(*path = sqlite3_mprintf("%s/index.html", wish->directory)))
        result = failure_set(failure, "out of memory for the site");
    return result;
}
