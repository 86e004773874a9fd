#include "case_around.h"

#include <stddef.h>
#include <string.h>

#include "expression.h"

static void append_bare_value(sqlite3_str *sql, Random *random)
{
    for (;;) {
        sqlite3_str *value = sqlite3_str_new(NULL);
        expression_value(value, random);
        char *text = sqlite3_str_finish(value);
        bool bare = !text || !strstr(text, "CAST");
        sqlite3_str_appendf(sql, "%s", bare && text ? text : "");
        sqlite3_free(text);
        if (bare)
            return;
    }
}

/* A value without an affinity, which a CAST would have. */
static void append_value(sqlite3_str *sql, Random *random)
{
    static const char *const parameters[] = {"$i5", "$r5", "$i0", "$r1"};
    if (random_once_in(random, 6))
        sqlite3_str_appendall(sql, random_pick(random, parameters));
    else
        append_bare_value(sql, random);
}

/* One condition on a column; of the expressions what compares them, too. */
static void append_condition(sqlite3_str *sql, Random *random)
{
    static const char *const columns[] = {"e0", "e1", "e2", "e2", "e3", "e3"};
    static const char *const operators[] = {
        "=", "=", "IS", "IS NOT", "<", "<=", ">", ">=", "<>", "LIKE", "GLOB"};
    const char *column = random_pick(random, columns);
    sqlite3_str_appendf(sql, "m.%s ", column);
    switch (random_below(random, 7)) {
    case 0:
        sqlite3_str_appendall(sql, random_once_in(random, 2) ? "IS NULL" : "IS NOT NULL");
        break;
    case 1:
        sqlite3_str_appendall(sql, "BETWEEN ");
        append_value(sql, random);
        sqlite3_str_appendall(sql, " AND ");
        append_value(sql, random);
        break;
    case 2:
        sqlite3_str_appendall(sql, random_once_in(random, 4) ? "NOT IN (" : "IN (");
        for (int i = random_below(random, 6); i >= 0; i--) {
            append_value(sql, random);
            sqlite3_str_appendall(sql, i ? ", " : ")");
        }
        break;
    case 3:
        sqlite3_str_appendf(sql, "> %d", random_below(random, 400) - 100);
        break;
    default:
        sqlite3_str_appendf(sql, "%s ", random_pick(random, operators));
        append_value(sql, random);
        if (random_once_in(random, 8))
            sqlite3_str_appendall(sql, " COLLATE NOCASE");
    }
}

static void append_conditions(sqlite3_str *sql, Random *random, const char *before, Around *around)
{
    for (int i = random_below(random, 3); i >= 0; i--) {
        bool either = random_once_in(random, 4);
        sqlite3_str_appendf(sql, " %s ", before);
        sqlite3_str_appendall(sql, either ? "(" : "");
        append_condition(sql, random);
        if (either) {
            sqlite3_str_appendall(sql, " OR ");
            append_condition(sql, random);
            sqlite3_str_appendall(sql, ")");
            around->any_order = true;
        }
        before = "AND";
    }
}

/* Values of an outer loop, which have no affinity. VALUES alone give their columns no name under
   full_column_names in SQLite 3.46. */
static void append_join(sqlite3_str *sql, Random *random, Around *around)
{
    static const char *const joins[] = {"LEFT JOIN", "CROSS JOIN", "JOIN"};
    static const char *const columns[] = {"e0", "e2", "e3", "e3"};
    static const char *const operators[] = {"=", "=", "=", "IS", "<", ">="};
    sqlite3_str_appendall(sql, "SELECT o.n, m.e0, m.e2 FROM (SELECT NULL AS n");
    for (int i = random_below(random, 6); i >= 0; i--) {
        sqlite3_str_appendall(sql, " UNION ALL VALUES (");
        if (random_once_in(random, 2))
            sqlite3_str_appendf(sql, "%d", random_below(random, 60) - 5);
        else
            append_value(sql, random);
        sqlite3_str_appendall(sql, ")");
    }
    sqlite3_str_appendf(sql, ") AS o %s %%s AS m ON m.%s %s o.n", random_pick(random, joins),
                        random_pick(random, columns), random_pick(random, operators));
    if (random_once_in(random, 2))
        append_conditions(sql, random, "AND", around);
    around->any_order = true;
}

bool around_make(Around *around, Random *random, bool ordered, bool unique)
{
    static const char *const read[] = {"*", "e0", "e2", "e1, e3", "count(*), min(e2), max(e3)"};
    static const char *const orders[] = {"", "", " ORDER BY e3", " ORDER BY e3 DESC", " ORDER BY e2, e3"};
    *around = (Around){0};
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (random_once_in(random, 3)) {
        append_join(sql, random, around);
    } else {
        const char *columns = random_pick(random, read);
        sqlite3_str_appendf(sql, "SELECT %s FROM %%s AS m", columns);
        if (!random_once_in(random, 4))
            append_conditions(sql, random, "WHERE", around);
        /* Rows that are equal in what they are ordered by come in any order, and a limit takes any of them.
         */
        const char *order = random_pick(random, orders);
        sqlite3_str_appendall(sql, order);
        around->says_order = unique && !strncmp(order, " ORDER BY e3", strlen(" ORDER BY e3"));
        if ((around->says_order || (ordered && !around->any_order && !*order)) && random_once_in(random, 2)) {
            sqlite3_str_appendf(sql, " LIMIT %d", 1 + random_below(random, 12));
            if (random_once_in(random, 2))
                sqlite3_str_appendf(sql, " OFFSET %d", random_below(random, 12));
        }
        around->any_order = around->any_order || *order;
    }
    around->query = sqlite3_str_finish(sql);
    return around->query != NULL;
}
