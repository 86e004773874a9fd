#include "price_lists.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/bench_sql.h"
#include "cli/base/query.h"
#include "sql_template.h"

int price_lists_open(Bench *bench, Failure *failure)
{
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent)
        parent = "/tmp";
    int length = snprintf(bench->folder, sizeof bench->folder, "%s/pricemap-bench-XXXXXX", parent);
    if (length < 0 || (size_t)length >= sizeof bench->folder) {
        bench->folder[0] = '\0';
        return failure_set(failure, "TMPDIR is too long a name for a folder: %.100s…", parent);
    }
    if (!mkdtemp(bench->folder)) {
        bench->folder[0] = '\0';
        return failure_set(failure, "cannot make a folder in %s: %s", parent, strerror(errno));
    }
    snprintf(bench->database, sizeof bench->database, "%s/prices.db", bench->folder);
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void price_lists_remove(Bench *bench)
{
    enum { OPEN_FOLDERS = 16 };
    if (bench->folder[0] && nftw(bench->folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS))
        fprintf(stderr, "bench: cannot remove %s: %s\n", bench->folder, strerror(errno));
    bench->folder[0] = '\0';
}

static int run_on_new_connection(const char *path, const char *sql, Failure *failure)
{
    sqlite3 *db = NULL;
    int result = 0;
    if (!sql)
        result = failure_set(failure, "out of memory");
    else if (sqlite3_open(path, &db) != SQLITE_OK)
        result = failure_set(failure, "cannot make the database %s: %s", path, sqlite3_errmsg(db));
    if (result == 0)
        result = query_script(db, bench_sql_fast_writes, failure);
    if (result == 0)
        result = query_script(db, sql, failure);
    sqlite3_close(db);
    return result;
}

static int has_table(const Bench *bench, const char *name, bool *has, Failure *failure)
{
    sqlite3 *db = NULL;
    int64_t found = 0;
    int result = 0;
    if (sqlite3_open(bench->database, &db) != SQLITE_OK)
        result = failure_set(failure, "cannot make the database %s: %s", bench->database, sqlite3_errmsg(db));
    else
        result = query_run(db, &found, failure, bench_sql_has_table, "t", name);
    sqlite3_close(db);
    *has = found > 0;
    return result;
}

static int make_list(Bench *bench, const char *sql, const char *prefix, int64_t rows,
                     char name[TABLE_NAME_SIZE], Failure *failure)
{
    char count[32];
    snprintf(name, TABLE_NAME_SIZE, "%s_%lld", prefix, (long long)rows);
    snprintf(count, sizeof count, "%lld", (long long)rows);
    bool has;
    int result = has_table(bench, name, &has, failure);
    if (result || has)
        return result;
    const Slot slots[] = {{"table", name}, {"rows", count}};
    char *filled = template_fill(sql, slots, sizeof slots / sizeof *slots);
    result = run_on_new_connection(bench->database, filled, failure);
    sqlite3_free(filled);
    return result;
}

int price_list(Bench *bench, int64_t rows, char name[TABLE_NAME_SIZE], Failure *failure)
{
    return make_list(bench, bench_sql_prices, "prices", rows, name, failure);
}

int article_list(Bench *bench, int64_t rows, char name[TABLE_NAME_SIZE], Failure *failure)
{
    return make_list(bench, bench_sql_articles, "articles", rows, name, failure);
}

int published_list(Bench *bench, Failure *failure)
{
    bool has;
    int result = has_table(bench, "published", &has, failure);
    if (result || has)
        return result;
    return run_on_new_connection(bench->database, bench_sql_published, failure);
}

int price_shard(const Bench *bench, const char *table, int shards, int shard, const char *path,
                Failure *failure)
{
    char count[16], number[16];
    snprintf(count, sizeof count, "%d", shards);
    snprintf(number, sizeof number, "%d", shard);
    char *quoted = sqlite3_mprintf("%Q", bench->database);
    if (!quoted)
        return failure_set(failure, "out of memory");
    const Slot slots[] = {{"database", quoted}, {"table", table}, {"shards", count}, {"shard", number}};
    char *filled = template_fill(bench_sql_shard, slots, sizeof slots / sizeof *slots);
    int result = run_on_new_connection(path, filled, failure);
    sqlite3_free(filled);
    sqlite3_free(quoted);
    return result;
}
