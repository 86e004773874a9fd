#include "executor_list.h"
#include "question.h"

#include <stddef.h>
#include <sqlite3.h>

static const char *const executors[] = {EXECUTOR_STRINGS, "processes", "auto", "auto"};

/* Cheap ones, dear ones, one whose cost changes on the way, texts, values of all types. */
static const char *const expressions[] = {
    "increase_price(amount)",
    "increase_price_crazy(amount, 10, 300)",
    "iif(id % 4000 < 2000, amount, increase_price_crazy(amount, 10, 2000))",
    "iif(id > 11000, increase_price_crazy(amount, 10, 5000), id)",
    "upper(replace(printf('%d of %s', amount, note), 'a', 'ae'))",
    ("CASE id % 5 WHEN 0 THEN NULL WHEN 1 THEN amount WHEN 2 THEN note WHEN 3 THEN amount * 1.5"
     " ELSE CAST(note AS BLOB) END"),
    "substr(zeroblob(3000), 1, id % 3000)",
};

static const char *const sources[] = {
    "account",
    "account",
    "account",
    "SELECT id, amount, note FROM account WHERE id % 3 = 0 ORDER BY id",
    ("SELECT a.id, b.amount, a.note FROM account AS a JOIN account AS b ON b.id = 12001 - a.id"
     " WHERE a.id <= 3000 ORDER BY a.id"),
    "SELECT id, amount, note FROM account ORDER BY id LIMIT 20",
};

char *question_arguments(Random *random)
{
    static const int chunks[] = {1, 7, 100, 1000, 5000};
    switch (random_below(random, 4)) {
    case 0:
        return sqlite3_mprintf("");
    case 1:
        return sqlite3_mprintf(", '%s', %d, %d", random_pick(random, executors), 1 + random_below(random, 4),
                               random_pick(random, chunks));
    default:
        return sqlite3_mprintf(", '%s', %d", random_pick(random, executors), 1 + random_below(random, 3));
    }
}

static void make_function(Question *question, Random *random, const char *source, const char *expression)
{
    char *arguments = question_arguments(random);
    const char *key = source[0] == 'a' ? "id" : "0";
    question->map =
        sqlite3_mprintf("SELECT %s, value FROM parallel_map(%Q, %Q%s)", source[0] == 'a' ? "key" : "0",
                        source, expression, arguments ? arguments : "");
    question->plain = source[0] == 'a' ? sqlite3_mprintf("SELECT %s, %s FROM account", key, expression)
                                       : sqlite3_mprintf("WITH s AS MATERIALIZED (%s) SELECT %s, %s FROM s",
                                                         source, key, expression);
    question->setup = sqlite3_mprintf("");
    sqlite3_free(arguments);
}

static void make_table(Question *question, Random *random, const char *source, const char *expression)
{
    const char *where = random_once_in(random, 3) ? "id % 7 <> 3" : "1";
    question->any_order = random_once_in(random, 4);
    sqlite3_str *setup = sqlite3_str_new(NULL);
    sqlite3_str_appendf(
        setup,
        "DROP TABLE IF EXISTS temp.m; CREATE VIRTUAL TABLE temp.m USING parallel_map(source = "
        "%s%s%s, map = (id, %s AS v), where = (%s), ordered = %d",
        source[0] == 'a' ? "" : "(", source, source[0] == 'a' ? "" : ")", expression, where,
        !question->any_order);
    if (random_once_in(random, 2))
        sqlite3_str_appendf(setup, ", executor = %s, workers = %d", random_pick(random, executors),
                            1 + random_below(random, 4));
    sqlite3_str_appendall(setup, ")");
    question->setup = sqlite3_str_finish(setup);
    question->map = sqlite3_mprintf("SELECT id, v FROM temp.m");
    question->plain = source[0] == 'a'
                          ? sqlite3_mprintf("SELECT id, %s FROM account WHERE %s", expression, where)
                          : sqlite3_mprintf("WITH s AS MATERIALIZED (%s) SELECT id, %s FROM s WHERE %s",
                                            source, expression, where);
}

static void make_partial(Question *question, Random *random)
{
    question->setup = sqlite3_mprintf(
        "DROP TABLE IF EXISTS temp.m; CREATE VIRTUAL TABLE temp.m USING parallel_map(source = account, map = "
        "(id %% 3 AS g, sum(amount) AS s, count(*) AS n, max(note) AS most), partial = 1, group_by = (id %% "
        "3), "
        "executor = %s, workers = %d)",
        random_pick(random, executors), 1 + random_below(random, 4));
    question->map = sqlite3_mprintf("SELECT g, sum(s), sum(n), max(most) FROM temp.m GROUP BY g ORDER BY g");
    question->plain = sqlite3_mprintf(
        "SELECT id %% 3, sum(amount), count(*), max(note) FROM account GROUP BY id %% 3 ORDER BY id %% 3");
}

bool question_make(Question *question, Random *random)
{
    const char *source = random_pick(random, sources), *expression = random_pick(random, expressions);
    *question = (Question){0};
    switch (random_below(random, 8)) {
    case 0:
    case 1:
        question->setup = sqlite3_mprintf("");
        question->map = sqlite3_mprintf("SELECT id, raised, note FROM temp.kept");
        question->plain = sqlite3_mprintf("SELECT id, increase_price(amount), note FROM account");
        break;
    case 2:
        make_partial(question, random);
        break;
    case 3:
    case 4:
        make_table(question, random, source, expression);
        break;
    default:
        make_function(question, random, source, expression);
    }
    return question->setup && question->map && question->plain;
}

void question_free(Question *question)
{
    sqlite3_free(question->setup);
    sqlite3_free(question->map);
    sqlite3_free(question->plain);
    *question = (Question){0};
}
