#include "ext/run/query_keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/made_tables.h"

enum {
    /* Keys that differ up to which each gets a range of its own. */
    FEW_KEYS = 32,
    /* Rows of a range at the least. */
    RANGE_ROWS = 256,
    LEAST_RANGES = 8,
};

typedef struct KeySearch {
    const Query *query;
    const SplitStage *stage;
    sqlite3 *db;
    /* Text after SELECT and the column, with the table and the condition; and the key as it compares. */
    char *from, *key;
    /* Keys that begin a range, `count` of them, the least key not among them. */
    sqlite3_value *found[QUERY_KEYS_MOST];
    int count;
    sqlite3_value *least, *greatest;
} KeySearch;

/* ---- searches ---- */

static int prepare(const KeySearch *search, char *sql, sqlite3_stmt **statement)
{
    const Query *query = search->query;
    int rc = sql ? sqlite3_prepare_v2(search->db, sql, -1, statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (rc == SQLITE_OK && query->parameters->size)
        rc = made_tables_bind_row(*statement, SPLIT_FIRST_PARAMETER, query->parameters->data,
                                  query->parameters->size, query->encoding);
    return rc;
}

/* A search for the key that is next to ?1 in a direction: `comparison` is as ">=", "" for the first one. */
static int prepare_search(const KeySearch *search, const char *comparison, bool descending,
                          sqlite3_stmt **statement)
{
    return prepare(search,
                   sqlite3_mprintf("SELECT %s %s%s%s%s%s ORDER BY %s%s LIMIT 1", search->key, search->from,
                                   *comparison ? " AND " : "", *comparison ? search->key : "", comparison,
                                   *comparison ? " ?1" : "", search->key, descending ? " DESC" : ""),
                   statement);
}

/* Runs a search from `from` (NULL: none). SQLITE_ROW with *key set, for sqlite3_value_free; SQLITE_DONE:
   there is no such key; else an error. */
static int step(sqlite3_stmt *statement, const sqlite3_value *from, sqlite3_value **key)
{
    int rc = from ? sqlite3_bind_value(statement, 1, from) : SQLITE_OK;
    *key = NULL;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW && !(*key = sqlite3_value_dup(sqlite3_column_value(statement, 0))))
        rc = SQLITE_NOMEM;
    sqlite3_reset(statement);
    return rc;
}

static int find_end(const KeySearch *search, bool descending, sqlite3_value **key)
{
    sqlite3_stmt *statement = NULL;
    int rc = prepare_search(search, "", descending, &statement);
    if (rc == SQLITE_OK)
        rc = step(statement, NULL, key);
    sqlite3_finalize(statement);
    return rc;
}

static void forget_found(KeySearch *search)
{
    for (int i = 0; i < search->count; i++)
        sqlite3_value_free(search->found[i]);
    search->count = 0;
}

/* Takes all keys, one after the other, where they are few. SQLITE_DONE: those are all. */
static int take_few(KeySearch *search)
{
    sqlite3_stmt *statement = NULL;
    int rc = prepare_search(search, " >", false, &statement);
    const sqlite3_value *last = search->least;
    if (rc == SQLITE_OK)
        rc = SQLITE_ROW;
    while (rc == SQLITE_ROW && search->count < FEW_KEYS) {
        rc = step(statement, last, &search->found[search->count]);
        if (rc == SQLITE_ROW)
            last = search->found[search->count++];
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* ---- samples of many keys ---- */

static int ranges_wanted(const SplitStage *stage)
{
    /* A table that was not counted may have any number of rows. */
    if (!stage->cut_rowid && stage->key.rows <= SPLIT_LEAST_ROWS)
        return QUERY_KEYS_MOST / 2;
    int64_t ranges = stage->key.rows / RANGE_ROWS;
    return ranges < LEAST_RANGES ? LEAST_RANGES : ranges < QUERY_KEYS_MOST ? (int)ranges : QUERY_KEYS_MOST;
}

/* Adds the key that a statement's search from ?1, which is bound, comes to. */
static int add_sample(KeySearch *search, sqlite3_stmt *statement)
{
    int rc = step(statement, NULL, &search->found[search->count]);
    search->count += rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* The keys of rows that lie evenly among the rowids: where many rows have one key it comes often. */
static int sample_by_rowid(KeySearch *search, int wanted)
{
    const SplitStage *stage = search->stage;
    const char *schema = search->query->plan->schema;
    sqlite3_stmt *ends = NULL, *statement = NULL;
    int rc =
        prepare(search,
                sqlite3_mprintf("SELECT min(r), max(r) FROM (SELECT min(%s) AS r FROM \"%w\".\"%w\" UNION "
                                "ALL SELECT max(%s) FROM \"%w\".\"%w\")",
                                stage->cut_rowid, schema, stage->cut_table, stage->cut_rowid, schema,
                                stage->cut_table),
                &ends);
    if (rc == SQLITE_OK)
        rc = prepare(
            search,
            sqlite3_mprintf("SELECT \"%w\" FROM \"%w\".\"%w\" NOT INDEXED WHERE %s >= ?1 ORDER BY %s LIMIT 1",
                            stage->key.column, schema, stage->cut_table, stage->cut_rowid, stage->cut_rowid),
            &statement);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(ends) == SQLITE_ROW ? SQLITE_OK : sqlite3_errcode(search->db);
    double least = 0, width = 0;
    forget_found(search);
    if (rc == SQLITE_OK) {
        least = sqlite3_column_double(ends, 0);
        width = sqlite3_column_double(ends, 1) - least;
    }
    for (int i = 0; rc == SQLITE_OK && i < wanted; i++) {
        double rowid = least + width * i / wanted;
        sqlite3_bind_int64(statement, 1, rowid < 0x1p63 ? (sqlite3_int64)rowid : INT64_MAX);
        rc = add_sample(search, statement);
    }
    sqlite3_finalize(ends);
    sqlite3_finalize(statement);
    return rc;
}

static bool is_number(sqlite3_value *value)
{
    return sqlite3_value_type(value) == SQLITE_INTEGER || sqlite3_value_type(value) == SQLITE_FLOAT;
}

/* The nearest number whose distance from any other is one, too. */
static double finite(double number)
{
    static const double most = 8e307;
    return number > most ? most : number < -most ? -most : number;
}

static int sample_numbers(KeySearch *search, sqlite3_stmt *statement, int wanted)
{
    double least = finite(sqlite3_value_double(search->least));
    double width = finite(sqlite3_value_double(search->greatest)) - least;
    int rc = SQLITE_OK;
    for (int i = 1; rc == SQLITE_OK && i < wanted; i++) {
        sqlite3_bind_double(statement, 1, least + width * i / wanted);
        rc = add_sample(search, statement);
    }
    return rc;
}

typedef struct KeyBytes {
    const unsigned char *bytes;
    int size;
    bool folds;
} KeyBytes;

static KeyBytes bytes_of(const KeySearch *search, sqlite3_value *value)
{
    bool text = sqlite3_value_type(value) == SQLITE_TEXT;
    KeyBytes key = {.folds = text && !sqlite3_stricmp(search->stage->key.collation, "NOCASE")};
    key.bytes = text ? sqlite3_value_text(value) : sqlite3_value_blob(value);
    key.size = key.bytes ? sqlite3_value_bytes(value) : 0;
    return key;
}

static unsigned byte_at(const KeyBytes *key, int at)
{
    return key->folds ? (unsigned)tolower(key->bytes[at]) : key->bytes[at];
}

/* The bytes that keys have beyond what all begin with, as digits of a number: 0 is the end of a key. */
typedef struct Digits {
    int prefix;
    unsigned least, base;
    int count;
} Digits;

static void widen(Digits *digits, unsigned *most, const KeyBytes *key)
{
    for (int i = digits->prefix; i < key->size; i++) {
        unsigned byte = byte_at(key, i);
        digits->least = byte < digits->least ? byte : digits->least;
        *most = byte > *most ? byte : *most;
    }
}

/* Finds which bytes keys have, by the ends and the keys that were found. */
static Digits digits_of(const KeySearch *search)
{
    KeyBytes least = bytes_of(search, search->least), greatest = bytes_of(search, search->greatest);
    Digits digits = {.least = 255};
    unsigned most = 0;
    while (digits.prefix < least.size && digits.prefix < greatest.size &&
           byte_at(&least, digits.prefix) == byte_at(&greatest, digits.prefix))
        digits.prefix++;
    widen(&digits, &most, &least);
    widen(&digits, &most, &greatest);
    for (int i = 0; i < search->count; i++) {
        KeyBytes key = bytes_of(search, search->found[i]);
        widen(&digits, &most, &key);
    }
    digits.base = most >= digits.least ? most - digits.least + 2 : 2;
    for (uint64_t numbers = digits.base; numbers < UINT64_C(1) << 52; numbers *= digits.base)
        digits.count++;
    return digits;
}

static uint64_t number_of(const KeyBytes *key, const Digits *digits)
{
    uint64_t number = 0;
    for (int i = digits->prefix; i < digits->prefix + digits->count; i++)
        number = number * digits->base + (i < key->size ? byte_at(key, i) - digits->least + 1 : 0);
    return number;
}

/* Writes the bytes of a number after the prefix. Returns the number of bytes in all. */
static int write_number(uint64_t number, const Digits *digits, unsigned char *bytes)
{
    int size = digits->prefix;
    for (int i = digits->count - 1; i >= 0; i--) {
        unsigned digit = (unsigned)(number % digits->base);
        number /= digits->base;
        bytes[digits->prefix + i] = (unsigned char)(digit ? digit - 1 + digits->least : 0);
        if (digit && size < digits->prefix + i + 1)
            size = digits->prefix + i + 1;
    }
    return size;
}

/* Texts and blobs whose bytes lie evenly. Such a text need be none of the encoding's: it is only compared
 * with.
 */
static int sample_bytes(KeySearch *search, const Digits *digits, sqlite3_stmt *statement, int wanted)
{
    KeyBytes least = bytes_of(search, search->least), greatest = bytes_of(search, search->greatest);
    uint64_t first = number_of(&least, digits), last = number_of(&greatest, digits);
    unsigned char *bytes = last > first ? malloc((size_t)digits->prefix + (size_t)digits->count + 1) : NULL;
    if (!bytes)
        return last > first ? SQLITE_NOMEM : SQLITE_OK;
    int rc = SQLITE_OK;
    if (digits->prefix)
        memcpy(bytes, least.bytes, (size_t)digits->prefix);
    for (int i = 1; rc == SQLITE_OK && i < wanted; i++) {
        int size = write_number(first + (uint64_t)((double)(last - first) * i / wanted), digits, bytes);
        if (sqlite3_value_type(search->least) == SQLITE_TEXT)
            sqlite3_bind_text(statement, 1, (const char *)bytes, size, SQLITE_TRANSIENT);
        else
            sqlite3_bind_blob(statement, 1, bytes, size, SQLITE_TRANSIENT);
        rc = add_sample(search, statement);
    }
    free(bytes);
    return rc;
}

static int sample_by_value(KeySearch *search, int wanted)
{
    sqlite3_stmt *statement = NULL;
    int least = sqlite3_value_type(search->least), greatest = sqlite3_value_type(search->greatest);
    bool bytes = least == greatest && !is_number(search->least);
    const Digits digits = bytes ? digits_of(search) : (Digits){0};
    int rc = prepare_search(search, " >=", false, &statement);
    forget_found(search);
    if (rc == SQLITE_OK && is_number(search->least) && is_number(search->greatest))
        rc = sample_numbers(search, statement, wanted);
    else if (rc == SQLITE_OK && bytes)
        rc = sample_bytes(search, &digits, statement, wanted);
    sqlite3_finalize(statement);
    return rc;
}

/* Puts the samples into the order of the index, each once. */
static int sort_samples(KeySearch *search)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "SELECT column1 FROM (VALUES ");
    for (int i = 0; i < search->count; i++)
        sqlite3_str_appendf(sql, i ? ", (?%d)" : "(?%d)", i + 1);
    const char *collation = search->stage->key.collation;
    sqlite3_str_appendf(sql, ") GROUP BY column1 COLLATE \"%w\" ORDER BY column1 COLLATE \"%w\"", collation,
                        collation);
    char *text = sqlite3_str_finish(sql);
    int rc = text ? sqlite3_prepare_v2(search->db, text, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    for (int i = 0; rc == SQLITE_OK && i < search->count; i++)
        rc = sqlite3_bind_value(statement, i + 1, search->found[i]);
    forget_found(search);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        sqlite3_value *value = sqlite3_value_dup(sqlite3_column_value(statement, 0));
        rc = value ? SQLITE_OK : SQLITE_NOMEM;
        if (value)
            search->found[search->count++] = value;
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int take_samples(KeySearch *search)
{
    int wanted = ranges_wanted(search->stage);
    bool by_rowid = search->stage->cut_rowid && !search->stage->key.narrowed;
    int rc = by_rowid ? sample_by_rowid(search, wanted) : sample_by_value(search, wanted);
    return rc == SQLITE_OK && search->count ? sort_samples(search) : rc;
}

/* ---- ranges ---- */

/* Adds a range up to the key before `next`; NULL: to the greatest. A sample that nothing is before begins no
   range. */
static int add_range(KeySearch *search, RowsetWriter *writer, sqlite3_stmt *before, sqlite3_value **first,
                     sqlite3_value *next, int encoding)
{
    sqlite3_value *last = NULL;
    int rc = SQLITE_ROW;
    if (next)
        rc = step(before, next, &last);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? SQLITE_OK : rc;
    rc = rowset_set_value(writer, 0, *first, encoding);
    if (rc == SQLITE_OK)
        rc = rowset_set_value(writer, 1, next ? last : search->greatest, encoding);
    if (rc == SQLITE_OK)
        rc = rowset_end_row(writer);
    sqlite3_value_free(last);
    *first = next;
    return rc;
}

static int write_ranges(KeySearch *search, int encoding, Buffer *keys)
{
    RowsetWriter writer;
    sqlite3_stmt *before = NULL;
    sqlite3_value *first = search->least;
    int rc = prepare_search(search, " <", true, &before);
    if (rc == SQLITE_OK)
        rc = rowset_begin(&writer, keys, 2, QUERY_KEYS_MOST + 1);
    for (int i = 0; rc == SQLITE_OK && i <= search->count; i++)
        rc =
            add_range(search, &writer, before, &first, i < search->count ? search->found[i] : NULL, encoding);
    sqlite3_finalize(before);
    if (rc == SQLITE_OK) {
        rowset_finish(&writer);
        keys->size = (size_t)writer.bytes;
    }
    return rc;
}

/* Finds the ends and the keys between. SQLITE_ABORT with *why: they do not divide the table. */
static int find_keys(KeySearch *search, const char **why)
{
    int rc = find_end(search, false, &search->least);
    if (rc == SQLITE_ROW)
        rc = find_end(search, true, &search->greatest);
    if (rc != SQLITE_ROW) {
        *why = "no row has the key that would be cut";
        return rc == SQLITE_DONE ? SQLITE_ABORT : rc;
    }
    if (sqlite3_value_type(search->least) == SQLITE_NULL) {
        *why = "NULL is among the keys that would be cut";
        return SQLITE_ABORT;
    }
    rc = take_few(search);
    if (rc == SQLITE_OK)
        rc = take_samples(search);
    *why = "the keys that would be cut do not divide the table";
    return rc != SQLITE_OK && rc != SQLITE_DONE ? rc : search->count ? SQLITE_OK : SQLITE_ABORT;
}

static bool begin(KeySearch *search)
{
    const SplitStage *stage = search->stage;
    const SplitKey *key = &stage->key;
    char *by = key->index ? sqlite3_mprintf("INDEXED BY \"%w\"", key->index) : sqlite3_mprintf("NOT INDEXED");
    search->key =
        sqlite3_mprintf("\"%w\".\"%w\" COLLATE \"%w\"", key->table_name, key->column, key->collation);
    search->from =
        by ? sqlite3_mprintf("FROM \"%w\".\"%w\" AS \"%w\" %s WHERE %s", search->query->plan->schema,
                             stage->cut_table, key->table_name, by, key->condition)
           : NULL;
    sqlite3_free(by);
    return search->key && search->from;
}

int query_keys_read(const Query *query, const SplitStage *stage, int encoding, Buffer *keys, char **why)
{
    KeySearch search = {.query = query, .stage = stage, .db = query->state->db};
    SqliteLimits own;
    const char *reason = NULL;
    limits_lift(search.db, &own);
    int rc = begin(&search) ? find_keys(&search, &reason) : SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = write_ranges(&search, encoding, keys);
    limits_restore(search.db, &own);
    if (rc == SQLITE_ABORT)
        *why = sqlite3_mprintf("%s", reason);
    else if (rc != SQLITE_OK && rc != SQLITE_NOMEM && rc != SQLITE_INTERRUPT)
        *why = sqlite3_mprintf("the keys that would be cut cannot be read: %s", sqlite3_errmsg(search.db));
    forget_found(&search);
    sqlite3_value_free(search.least);
    sqlite3_value_free(search.greatest);
    sqlite3_free(search.from);
    sqlite3_free(search.key);
    if (rc == SQLITE_OK || rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT)
        return rc;
    return *why ? SQLITE_ABORT : SQLITE_NOMEM;
}
