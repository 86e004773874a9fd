#include "tests/sameness/select_text.h"

#include <stddef.h>

#include <sqlite3.h>

/* ---- tables ---- */

/* Kinds of columns: I an ascending key, N integers, R reals, T texts, G integers and texts, Z zeros and ones
   that are integers, reals and texts. */
static void append_value(sqlite3_str *sql, Random *random, char kind)
{
    static const char *const words[] = {"'a'", "'A'", "'b'", "'Bee'", "'bee'", "''", "'a '", "'7'"};
    static const char *const ones[] = {"0", "0.0", "-0.0", "1", "1.0", "'1'", "'1.0'"};
    if (random_once_in(random, 9))
        sqlite3_str_appendall(sql, "NULL");
    else if (kind == 'Z')
        sqlite3_str_appendall(sql, random_pick(random, ones));
    else if (kind == 'T' || (kind == 'G' && random_once_in(random, 3)))
        sqlite3_str_appendall(sql, random_pick(random, words));
    else if (kind == 'R') /* sums of quarters are exact in any order */
        sqlite3_str_appendf(sql, "%d.%s", random_below(random, 40) - 10,
                            random_once_in(random, 2) ? "5" : "25");
    else
        sqlite3_str_appendf(sql, "%d", random_below(random, kind == 'G' ? 8 : 60) - 3);
}

static void append_rows(sqlite3_str *sql, Random *random, const char *table, const char *kinds, int rows)
{
    int key = random_below(random, 100) - 50;
    sqlite3_str_appendf(sql, "INSERT OR IGNORE INTO %s VALUES ", table);
    for (int i = 0; i < rows; i++) {
        key += random_once_in(random, 40) ? 100 : 1;
        for (const char *kind = kinds; *kind; kind++) {
            sqlite3_str_appendall(sql, kind != kinds ? ", " : i ? ", (" : "(");
            if (*kind == 'I')
                sqlite3_str_appendf(sql, "%d", key);
            else
                append_value(sql, random, *kind);
        }
        sqlite3_str_appendall(sql, ")");
    }
    sqlite3_str_appendall(sql, ";");
}

char *select_text_world(Random *random)
{
    static const char *const indexes[] = {"a(g)",         "a(h, n)",
                                          "a(n)",         "a(x)",
                                          "a(g DESC, h)", "a(h COLLATE BINARY)",
                                          "a(h DESC, x)", "a(n DESC) WHERE n > 5",
                                          "a(n % 3, x)",  "a(n, x, g)",
                                          "b(g)",         "b(t)",
                                          "c(g)",         "c(w, g)"};
    /* Rows that a primary key does not take are left out. */
    static const char *const keys[] = {"id", "n, id", "h, id", "h COLLATE BINARY DESC, g, id", "g, x, id"};
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (random_once_in(random, 3))
        sqlite3_str_appendf(
            sql,
            "CREATE TABLE a(id INT, g, h TEXT COLLATE NOCASE, x REAL, n INT, z, PRIMARY KEY(%s)) "
            "WITHOUT ROWID;",
            random_pick(random, keys));
    else
        sqlite3_str_appendall(
            sql, "CREATE TABLE a(id INTEGER PRIMARY KEY, g, h TEXT COLLATE NOCASE, x REAL, n INT, z);");
    sqlite3_str_appendall(
        sql, "CREATE TABLE b(k INTEGER PRIMARY KEY, g, t TEXT, v REAL); CREATE TABLE c(g, w INT);"
             "CREATE VIEW big AS SELECT id, g, h, x, n, z FROM a WHERE n > 5;"
             "CREATE VIEW totals AS SELECT h AS th, max(n) AS tn, sum(x) AS tx FROM a GROUP BY h;");
    append_rows(sql, random, "a", "IGTRNZ", 20 + random_below(random, 500));
    append_rows(sql, random, "b", "IGTR", 1 + random_below(random, 60));
    append_rows(sql, random, "c", "GN", 1 + random_below(random, 20));
    for (int i = 0; i < (int)(sizeof indexes / sizeof *indexes); i++)
        if (random_once_in(random, 4))
            sqlite3_str_appendf(sql, "CREATE INDEX i%d ON %s;", i, indexes[i]);
    if (random_once_in(random, 2))
        sqlite3_str_appendall(sql, "ANALYZE;");
    return sqlite3_str_finish(sql);
}

/* ---- expressions ---- */

/* What a SELECT reads: whether b, c and a grouped subquery s are joined to a, and the only columns of a that
   are read where an index may have all of them; 0: any are. */
typedef struct Sources {
    bool b, c, s;
    int narrow;
} Sources;

static const char *column(Random *random, Sources sources)
{
    static const char *const of_a[] = {"a.id", "a.g", "a.h", "a.x", "a.n", "a.n", "a.g"};
    static const char *const of_b[] = {"b.k", "b.g", "b.t", "b.v"};
    static const char *const of_c[] = {"c.g", "c.w"};
    static const char *const narrow[][2] = {{"a.g", "a.h"}, {"a.h", "a.n"}, {"a.n", "a.x"}, {"a.h", "a.h"}};
    if (sources.narrow)
        return narrow[sources.narrow - 1][random_below(random, 2)];
    if (sources.b && random_once_in(random, 3))
        return random_pick(random, of_b);
    static const char *const of_s[] = {"s.sg", "s.sn", "s.sh"};
    if (sources.s && random_once_in(random, 4))
        return random_pick(random, of_s);
    if (sources.c && random_once_in(random, 4))
        return random_pick(random, of_c);
    return random_pick(random, of_a);
}

static char *expression(Random *random, Sources sources)
{
    const char *first = column(random, sources), *second = column(random, sources);
    switch (random_below(random, 14)) {
    case 0:
        return sqlite3_mprintf("%s + %s", first, second);
    case 1:
        return sqlite3_mprintf("a.n %% %d", 2 + random_below(random, 5));
    case 2:
        return sqlite3_mprintf("upper(%s)", first);
    case 3:
        return sqlite3_mprintf("coalesce(%s, %s, -1)", first, second);
    case 4:
        return sqlite3_mprintf("CASE WHEN %s > 3 THEN %s ELSE 'x' END", first, second);
    case 5:
        return sqlite3_mprintf("length(%s) * 2", first);
    case 6:
        return sqlite3_mprintf("%s || '-'", first);
    case 7:
        return sqlite3_mprintf("abs(a.n) / 7");
    default:
        return sqlite3_mprintf("%s", first);
    }
}

static char *condition(Random *random, Sources sources)
{
    static const char *const comparisons[] = {"=", "<", ">=", "<>", "IS", "IS NOT"};
    static const char *const values[] = {"3", "10", "'a'", "'bee'", "7", "0.5"};
    const char *name = column(random, sources);
    /* Subqueries that are computed once, by which rows may be found. */
    static const char *const once[] = {
        "a.id IN (SELECT max(id) FROM a AS i GROUP BY g)",
        "a.id IN (SELECT n FROM a AS i WHERE x > 3)",
        "a.id IN (SELECT g FROM big GROUP BY g HAVING count(*) > 1)",
        "a.id IN (SELECT k FROM b AS i WHERE k IN (SELECT n FROM a AS j WHERE h > 'a' GROUP BY n))",
        "a.n NOT IN (SELECT tn FROM totals WHERE tx > 10)",
        "a.id = (SELECT max(n) FROM a AS i WHERE g > 2)",
        "a.id > (SELECT max(tn) FROM totals) - (SELECT min(tn) FROM totals)",
        "EXISTS (SELECT 1 FROM b AS i WHERE i.k = a.n AND i.v IN (SELECT x FROM a AS j WHERE n > 9))",
    };
    switch (random_below(random, 14)) {
    case 0:
        return sqlite3_mprintf("%s IN (1, 2, 'A', 5)", name);
    case 8:
    case 9:
        return sqlite3_mprintf("%s", random_pick(random, once));
    case 1:
        return sqlite3_mprintf("%s IS %sNULL", name, random_once_in(random, 3) ? "" : "NOT ");
    case 2:
        return sqlite3_mprintf("%s BETWEEN %d AND 30", name, random_below(random, 10));
    case 3:
        return sqlite3_mprintf("%s LIKE '%%b%%'", name);
    case 4:
        return sqlite3_mprintf("%s IN (SELECT w FROM c)", name);
    case 5:
        return sqlite3_mprintf("EXISTS (SELECT 1 FROM c AS e WHERE e.g = %s)", name);
    case 6:
        return sqlite3_mprintf("a.x > (SELECT avg(v) FROM b AS f)");
    case 7:
        return sqlite3_mprintf("(%s > 4 OR %s < 2)", name, column(random, sources));
    default:
        return sqlite3_mprintf("%s %s %s", name, random_pick(random, comparisons),
                               random_pick(random, values));
    }
}

/* Aggregates that depend on the order of rows, or on which values are equal. Distinct texts that are joined
   may differ in which of equal ones is shown; lines are compared without regard to case. */
static char *ordered_aggregate(Random *random, Sources sources)
{
    static const char *const forms[] = {"group_concat(%s)",
                                        "group_concat(%s, '; ')",
                                        "json_group_array(%s)",
                                        "json_group_object(coalesce(%s, ''), a.id)",
                                        "group_concat(DISTINCT %s)",
                                        "sum(DISTINCT %s)",
                                        "avg(DISTINCT %s)",
                                        "total(DISTINCT %s)",
                                        "count(DISTINCT %s COLLATE NOCASE)",
                                        "group_concat(DISTINCT %s COLLATE BINARY)",
                                        "sum(DISTINCT a.z)",
                                        "group_concat(DISTINCT a.z)",
                                        "group_concat(a.z)",
                                        "json_group_array(a.z)"};
    return sqlite3_mprintf(random_pick(random, forms), column(random, sources));
}

/* The column, or another where which of the texts that NOCASE takes for equal is the least or the greatest is
   open: it would decide about the order of rows. */
static const char *compared_exactly(const char *name)
{
    return sqlite3_stricmp(name, "a.h") ? name : "a.g";
}

static char *aggregate(Random *random, Sources sources)
{
    static const char *const forms[] = {"count(%s)",
                                        "sum(a.n)",
                                        "avg(a.x)",
                                        "total(%s)",
                                        "min(%s)",
                                        "max(%s)",
                                        "count(DISTINCT %s)",
                                        "sum(DISTINCT a.n)",
                                        "count(*)",
                                        "sum(%s)",
                                        "sum(a.x) + count(*)",
                                        "avg(%s)",
                                        "max(a.n) - min(a.n)",
                                        "sum(a.x * 2)"};
    const char *form = random_pick(random, forms), *of = column(random, sources);
    return sqlite3_mprintf(form, !sqlite3_strglob("m*(%s)", form) ? compared_exactly(of) : of);
}

/* An aggregate, which may have a FILTER. */
static char *any_aggregate(Random *random, Sources sources)
{
    char *text = random_once_in(random, 3) ? ordered_aggregate(random, sources) : aggregate(random, sources);
    if (!random_once_in(random, 6) || !sqlite3_strglob("*) [+-] *", text))
        return text;
    char *filter = condition(random, sources);
    char *filtered = sqlite3_mprintf("%s FILTER (WHERE %s)", text, filter);
    sqlite3_free(text);
    sqlite3_free(filter);
    return filtered;
}

/* The only min() or max() of a SELECT, whose row other columns are of. */
static char *extreme(Random *random, Sources sources)
{
    static const char *const forms[] = {"min(%s)", "max(%s)", "max(%s) || ''", "min(nullif(%s, a.n))"};
    return sqlite3_mprintf(random_pick(random, forms), compared_exactly(column(random, sources)));
}

/* ---- statements ---- */

static void append_from(sqlite3_str *sql, Random *random, Sources sources)
{
    const char *first =
        random_once_in(random, 8) ? "big AS a"
        : random_once_in(random, 12)
            ? "(SELECT max(id) AS id, g, lower(h) AS h, max(x) AS x, n, min(z) AS z FROM a GROUP BY g, lower(h), n) AS a"
        : random_once_in(random, 12)
            ? "totals JOIN a ON a.id = totals.tn AND totals.tn >= (SELECT avg(tn) FROM totals)"
        : random_once_in(random, 10) ? "(SELECT id, g, h, x, n, z FROM a WHERE id % 3 > 0) AS a"
                                     : "a";
    sqlite3_str_appendf(sql, " FROM %s", first);
    if (sources.b)
        sqlite3_str_appendall(sql, random_once_in(random, 3)   ? " LEFT JOIN b ON b.g = a.g AND b.v > 1"
                                   : random_once_in(random, 2) ? " JOIN b ON b.k = a.n"
                                                               : ", b");
    if (sources.c)
        sqlite3_str_appendall(sql, random_once_in(random, 2) ? " JOIN c ON c.w = a.n"
                                                             : " LEFT JOIN c ON c.g = a.g");
    if (sources.s)
        sqlite3_str_appendall(
            sql,
            random_once_in(random, 2)
                ? " JOIN (SELECT g AS sg, count(n) AS sn, max(x) AS sh FROM a GROUP BY g, h) AS s ON s.sg = a.g"
                : " LEFT JOIN (SELECT DISTINCT n + 1 AS sn, g AS sg, x AS sh FROM a) AS s ON s.sn = a.n");
    int conditions = random_below(random, 3) + sources.b;
    for (int i = 0; i < conditions; i++) {
        char *text = condition(random, sources);
        sqlite3_str_appendf(sql, "%s%s", i ? " AND " : " WHERE ", text);
        sqlite3_free(text);
    }
    if (sources.b)
        sqlite3_str_appendall(sql, " AND b.k < a.id + 20");
}

/* Puts rows into an order by all of their columns, and may take some. */
static bool append_order(sqlite3_str *sql, Random *random, int columns)
{
    if (random_once_in(random, 2))
        return false;
    int first = random_below(random, columns);
    for (int i = 0; i < columns; i++)
        sqlite3_str_appendf(sql, "%s%d%s", i ? ", " : " ORDER BY ", (first + i) % columns + 1,
                            random_once_in(random, 3) ? " DESC" : "");
    if (random_once_in(random, 3))
        sqlite3_str_appendf(sql, " LIMIT %d", random_below(random, 20));
    return true;
}

typedef enum SelectForm { ROWS, DISTINCT_ROWS, ONE_GROUP, GROUPS } SelectForm;

/* One of the columns: of groups, an aggregate or, `beside` a min or max that is the first column, a value of
   its row or an aggregate that is neither. */
static char *output(Random *random, Sources sources, SelectForm form, bool beside, int number)
{
    static const char *const others[] = {"count(*)", "sum(a.n)", "group_concat(a.id)"};
    if (form != ONE_GROUP && form != GROUPS)
        return expression(random, sources);
    if (!beside)
        return any_aggregate(random, sources);
    return number == 0                 ? extreme(random, sources)
           : random_once_in(random, 4) ? sqlite3_mprintf("%s", random_pick(random, others))
                                       : expression(random, sources);
}

/* Appends the output columns: for groups their keys first. There are `columns` of them, 0: any number.
   Returns the number. */
static int append_columns(sqlite3_str *sql, Random *random, Sources sources, SelectForm form, char **keys,
                          int columns)
{
    int count = 0;
    bool beside = random_once_in(random, 6);
    for (int i = 0; i < 2 && keys[i]; i++)
        sqlite3_str_appendf(sql, "%s%s AS k%d", count++ ? ", " : " ", keys[i], i);
    if (!columns)
        columns = count + 1 + random_below(random, 3);
    for (int i = 0; count < columns; i++) {
        char *text = output(random, sources, form, beside, i);
        sqlite3_str_appendf(sql, "%s%s AS c%d", count++ ? ", " : " ", text, i);
        sqlite3_free(text);
    }
    return count;
}

/* Appends a SELECT of so many columns, 0: any number. Returns the number. */
static int append_select(sqlite3_str *sql, Random *random, int columns)
{
    static const SelectForm forms[] = {ROWS, DISTINCT_ROWS, ONE_GROUP, GROUPS, GROUPS, GROUPS};
    SelectForm form = random_pick(random, forms);
    Sources sources = {.b = random_once_in(random, 4), .c = random_once_in(random, 4)};
    char *keys[2] = {NULL, NULL};
    if (!sources.b && !sources.c && random_once_in(random, 5))
        sources.s = true;
    else if (!sources.b && !sources.c && random_once_in(random, 3))
        sources.narrow = 1 + random_below(random, 4);
    if (form == GROUPS)
        for (int i = 0; i < 1 + random_once_in(random, 3) && (!columns || i < columns); i++)
            keys[i] = expression(random, sources);
    sqlite3_str_appendall(sql, form == DISTINCT_ROWS ? "SELECT DISTINCT" : "SELECT");
    columns = append_columns(sql, random, sources, form, keys, columns);
    append_from(sql, random, sources);
    for (int i = 0; i < 2 && keys[i]; i++)
        sqlite3_str_appendf(sql, "%s%s", i ? ", " : " GROUP BY ", keys[i]);
    if (form == GROUPS && random_once_in(random, 4))
        sqlite3_str_appendf(sql,
                            random_once_in(random, 2) ? " HAVING count(*) > (SELECT min(w) + %d FROM c AS d)"
                                                      : " HAVING count(*) > %d",
                            random_below(random, 6));
    sqlite3_free(keys[0]);
    sqlite3_free(keys[1]);
    return columns;
}

SelectText select_text_make(Random *random)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    int columns = append_select(sql, random, 0);
    for (int i = 0; i < 2 && random_once_in(random, 6); i++) {
        sqlite3_str_appendall(sql, " UNION ALL ");
        append_select(sql, random, columns);
    }
    SelectText text = {.ordered = append_order(sql, random, columns)};
    text.sql = sqlite3_str_finish(sql);
    return text;
}
