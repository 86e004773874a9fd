#include "expression.h"

static void append_text(sqlite3_str *sql, Random *random)
{
    static const char *const texts[] = {
        "''",
        "'a'",
        "'A'",
        "'abc'",
        "'ABC '",
        "'  b  '",
        "'12'",
        "' 7 '",
        "'12.50'",
        "'-3e2'",
        "'0x10'",
        "'it''s'",
        "'é'",
        "'日本'",
        "'%_'",
        "'a*[b]'",
        "'[1,2,{\"a\":3}]'",
        "'{\"a\":[1,null]}'",
        "'2016-04-06'",
        "'12:30:00.5'",
        "'\"quoted\"'",
        "'x' || char(10) || 'y'",
        "CAST(x'610062' AS TEXT)",
        "CAST(x'ff41' AS TEXT)",
        "CAST(x'fffe' AS TEXT)",
        "CAST(x'feff0041' AS TEXT)",
        "CAST(x'00' AS TEXT)",
        "char(65536, 97)",
    };
    if (random_once_in(random, 40))
        sqlite3_str_appendf(sql, "printf('%%.*c', %d, 'x')", random_below(random, 9000));
    else
        sqlite3_str_appendall(sql, random_pick(random, texts));
}

static void append_number(sqlite3_str *sql, Random *random)
{
    static const char *const edges[] = {
        "0",
        "1",
        "-1",
        "2",
        "9223372036854775807",
        "(-9223372036854775807 - 1)",
        "9007199254740993",
        "0.0",
        "-0.0",
        "0.1",
        "1.5",
        "-2.5",
        "1e308",
        "-1e308",
        "9e999",
        "-9e999",
        "1e-320",
        "9223372036854775808.0",
    };
    if (random_once_in(random, 3))
        sqlite3_str_appendall(sql, random_pick(random, edges));
    else if (random_once_in(random, 2))
        sqlite3_str_appendf(sql, "%d", random_below(random, 2001) - 1000);
    else
        sqlite3_str_appendf(sql, "%.3f", (random_below(random, 2000001) - 1000000) / 1000.0);
}

static void append_blob(sqlite3_str *sql, Random *random)
{
    static const char *const blobs[] = {"x''", "x'00'", "x'00ff'", "x'616263'", "x'31'", "zeroblob(5)"};
    if (random_once_in(random, 40))
        sqlite3_str_appendf(sql, "zeroblob(%d)", random_below(random, 9000));
    else
        sqlite3_str_appendall(sql, random_pick(random, blobs));
}

void expression_value(sqlite3_str *sql, Random *random)
{
    switch (random_below(random, 9)) {
    case 0:
        sqlite3_str_appendall(sql, "NULL");
        break;
    case 1:
        append_blob(sql, random);
        break;
    case 2:
    case 3:
    case 4:
        append_text(sql, random);
        break;
    default:
        append_number(sql, random);
    }
}

static void append_leaf(sqlite3_str *sql, Random *random, const WorldSource *source)
{
    if (random_once_in(random, 5)) {
        expression_value(sql, random);
        return;
    }
    int column = random_below(random, source->column_count + (source->rowid[0] != 0));
    sqlite3_str_appendall(sql, column < source->column_count ? source->columns[column] : source->rowid);
}

/* Each form is a text in which ? stands for an expression. Forms that fail for some values are rare: a map
 * that fails in its first row shows little.
 */
static const char *const forms[] = {
    "(? + ?)",
    "(? - ?)",
    "(? * ?)",
    "(? / ?)",
    "(? % ?)",
    "(? || ?)",
    "(? & ?)",
    "(? | ?)",
    "(? << ?)",
    "(? >> ?)",
    "(- ?)",
    "(~?)",
    "(NOT ?)",
    "(? = ?)",
    "(? <> ?)",
    "(? < ?)",
    "(? <= ?)",
    "(? > ?)",
    "(? IS ?)",
    "(? IS NOT ?)",
    "(? AND ?)",
    "(? OR ?)",
    "(? BETWEEN ? AND ?)",
    "(? IN (?, ?, ?))",
    "(? NOT IN (?, ?))",
    "(? LIKE ?)",
    "(? GLOB ?)",
    "(? ISNULL)",
    "(? NOTNULL)",
    "(? COLLATE NOCASE)",
    "(? COLLATE BINARY = ?)",
    "(? COLLATE RTRIM < ?)",
    "CASE ? WHEN ? THEN ? ELSE ? END",
    "CASE WHEN ? THEN ? WHEN ? THEN ? END",
    "CAST(? AS INTEGER)",
    "CAST(? AS REAL)",
    "CAST(? AS TEXT)",
    "CAST(? AS BLOB)",
    "CAST(? AS NUMERIC)",
    "length(?)",
    "upper(?)",
    "lower(?)",
    "trim(?)",
    "ltrim(?, ?)",
    "rtrim(?)",
    "substr(?, 2)",
    "substr(?, -2, 1)",
    "replace(?, 'a', ?)",
    "instr(?, ?)",
    "hex(?)",
    "quote(?)",
    "typeof(?)",
    "coalesce(?, ?)",
    "ifnull(?, ?)",
    "nullif(?, ?)",
    "iif(?, ?, ?)",
    "round(?)",
    "round(?, 2)",
    "max(?, ?)",
    "min(?, ?, ?)",
    "unicode(?)",
    "char(? & 1023)",
    "printf('%s|%d|%.3f', ?, ?, ?)",
    "printf('%q %5.2e', ?, ?)",

    "json_quote(CAST(? AS TEXT))",
    "(json_array(hex(?), length(?)) -> 1)",
    "(json_object('k', quote(?)) ->> '$.k')",
    "json_set('{}', '$.x', json(json_array(typeof(?))))",
    "json_patch('{\"a\":1}', json_object('a', length(?)))",
    "json_valid(?)",
    "date('2016-04-06', CAST(? & 4095 AS TEXT) || ' days')",
    "strftime('%Y-%m-%d %H:%M', ? & 65535)",
    "julianday(?)",
    "time(? & 255, 'unixepoch')",
    "sign(?)",
    "likely(?)",
    "zeroblob(? & 63)",
    "increase_price(CAST(? AS REAL))",
    "increase_price(CAST(? AS REAL), 5)",
    "increase_price_crazy(CAST(? & 1023 AS REAL), 10, 3)",
    "((? + 0, ?) < (?, ?))",
    "like(?, ?, '\\')",
    "glob(?, ?)",
    "printf('%-10.3s|%+d|%x|%g|%!.15g', ?, ?, ?, ?, ?)",
    "format('%w %Q %c', ?, ?, ?)",
    "datetime(? & 65535, 'unixepoch', 'start of month')",
    "unlikely(?)",
    "(? IS DISTINCT FROM ?)",
    "(SELECT max(a.x) FROM (SELECT ? AS x UNION ALL SELECT ?) AS a)",
    "CASE WHEN ? < ? THEN (? COLLATE RTRIM) ELSE ? END",
};
/* These fail for some values. They are rare: a map that fails in its first row shows little. */
static const char *const failing_forms[] = {
    /* some row in the middle */
    "abs(iif(length(quote(?)) = 5, -9223372036854775807 - 1, 1))",
    "abs(iif(hex(?) LIKE '%3_2%', -9223372036854775807 - 1, ?))",
    "increase_price(iif(length(?) = 3, x'', 1), 3)",
    "json_extract(iif(hex(?) LIKE '%41%', '{', '[1]'), '$[0]')",
    "json_array(?, typeof(?))",
    "abs(?)",
    "increase_price(?)",
    "increase_price_crazy(?, 10, 2)",
    "json_extract(?, '$.a')",
    "json_type(?)",
    "json_object(?, ?)",
    "increase_price(1, ?)",
};

void expression_append(sqlite3_str *sql, Random *random, const WorldSource *source, int depth, bool may_fail)
{
    if (depth == 0 || random_once_in(random, 4)) {
        append_leaf(sql, random, source);
        return;
    }
    const char *form = may_fail && random_once_in(random, 25) ? random_pick(random, failing_forms)
                                                              : random_pick(random, forms);
    for (; *form; form++)
        if (*form == '?')
            expression_append(sql, random, source, depth - 1, may_fail);
        else
            sqlite3_str_appendchar(sql, 1, *form);
}
