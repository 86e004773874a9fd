#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expression.h"

/* Runs one statement and keeps it; one that fails here would fail there too, and is left out. */
static void run(World *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void run(World *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    if (sql && sqlite3_exec(world->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        sqlite3_str_appendf(world->script, "%s;\n", sql);
    sqlite3_free(sql);
}

static WorldSource *add_source(World *world, const char *name, const char *rowid, bool indexed)
{
    WorldSource *source = &world->sources[world->source_count++];
    *source = (WorldSource){.indexed = indexed};
    snprintf(source->name, sizeof source->name, "%s", name);
    snprintf(source->rowid, sizeof source->rowid, "%s", rowid);
    return source;
}

static void add_column(WorldSource *source, const char *name)
{
    snprintf(source->columns[source->column_count++], sizeof source->columns[0], "%s", name);
}

/* ---- tables ---- */

typedef enum TableKind {
    TABLE_PLAIN,
    TABLE_WITH_ID,
    TABLE_WITHOUT_ROWID,
    TABLE_STRICT,
    TABLE_KINDS
} TableKind;

/* c0 is called so in every table: queries name it. Some others need quotes. */
static void name_column(char *name, size_t size, Random *random, int number)
{
    static const char *const patterns[] = {"c%d",          "c%d",        "\"c %d\"",  "\"c\"\"%d\"",
                                           "\"select%d\"", "[rowid %d]", "\"É%d'--\""};
    const char *pattern = number ? random_pick(random, patterns) : patterns[0];
    const char *place = strchr(pattern, '%');
    snprintf(name, size, "%.*s%d%s", (int)(place - pattern), pattern, number, place + 2);
}

static void append_column(sqlite3_str *sql, Random *random, const char *name, bool strict)
{
    static const char *const types[] = {
        "INTEGER",          "INT",     "REAL", "TEXT", "BLOB", "NUMERIC", "", "VARCHAR(10)",
        "DOUBLE PRECISION", "BOOLEAN", "DATE"};
    static const char *const strict_types[] = {"INTEGER", "INT", "REAL", "TEXT", "BLOB", "ANY"};
    static const char *const rest[] = {"", "", "", " COLLATE NOCASE", " COLLATE RTRIM", " DEFAULT 5"};
    sqlite3_str_appendf(sql, "%s %s%s", name,
                        strict ? random_pick(random, strict_types) : random_pick(random, types),
                        random_pick(random, rest));
}

/* Creates the table; its columns that values are given for come first in the source. */
static int create_table(World *world, Random *random, WorldSource *source, TableKind kind)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    /* More than 64 have no bit each in what SQLite says of the columns that are read. */
    int columns = random_once_in(random, 15) ? 70 : 1 + random_below(random, 5);
    sqlite3_str_appendf(sql, "CREATE TABLE %s(", source->name);
    if (kind != TABLE_PLAIN) {
        add_column(source, "id");
        sqlite3_str_appendf(sql, "id INTEGER%s, ", kind == TABLE_WITHOUT_ROWID ? "" : " PRIMARY KEY");
    }
    for (int i = 0; i < columns; i++) {
        char name[24];
        name_column(name, sizeof name, random, i);
        add_column(source, name);
        sqlite3_str_appendall(sql, i ? ", " : "");
        append_column(sql, random, name, kind == TABLE_STRICT);
    }
    int given = source->column_count;
    if (random_once_in(random, 3)) {
        sqlite3_str_appendf(sql, ", g %s AS (%s) %s", kind == TABLE_STRICT ? "TEXT" : "",
                            random_once_in(random, 2) ? "typeof(c0)" : "quote(c0)",
                            random_once_in(random, 2) ? "STORED" : "VIRTUAL");
        add_column(source, "g");
    }
    if (kind == TABLE_WITHOUT_ROWID)
        sqlite3_str_appendall(sql, ", PRIMARY KEY(id DESC)) WITHOUT ROWID");
    else
        sqlite3_str_appendall(sql, kind == TABLE_STRICT ? ") STRICT" : ")");
    char *text = sqlite3_str_finish(sql);
    run(world, "%s", text ? text : "");
    sqlite3_free(text);
    return given;
}

/* Rowids in one of four styles: close together, with gaps, over a range that workers read themselves, and at
   the edges. */
static void append_rowid(sqlite3_str *sql, Random *random, int style, int row)
{
    static const char *const edges[] = {
        "9223372036854775807", "-9223372036854775807", "-9223372036854775807 - 1", "0", "-1",
        "4294967296",          "9223372036854775806"};
    if (style == 0)
        sqlite3_str_appendf(sql, "%d", row + 1);
    else if (style == 3 && random_once_in(random, 4))
        sqlite3_str_appendall(sql, random_pick(random, edges));
    else
        sqlite3_str_appendf(sql, "%d",
                            style == 1 ? 3 * row - 40 + random_below(random, 3) : row * 977 - 20000);
}

static void fill_table(World *world, Random *random, const WorldSource *source, TableKind kind, int given)
{
    static const int sizes[] = {0, 1, 3, 7, 20, 60, 60, 150};
    int rows = random_pick(random, sizes), style = random_below(random, 4);
    for (int row = 0; row < rows; row++) {
        sqlite3_str *sql = sqlite3_str_new(NULL);
        bool by_rowid = kind == TABLE_PLAIN;
        sqlite3_str_appendf(sql, "INSERT OR IGNORE INTO %s(%s", source->name,
                            by_rowid ? "rowid" : source->columns[0]);
        for (int i = by_rowid ? 0 : 1; i < given; i++)
            sqlite3_str_appendf(sql, ", %s", source->columns[i]);
        sqlite3_str_appendall(sql, ") VALUES(");
        append_rowid(sql, random, style, row);
        for (int i = by_rowid ? 0 : 1; i < given; i++) {
            sqlite3_str_appendall(sql, ", ");
            expression_value(sql, random);
        }
        sqlite3_str_appendall(sql, ")");
        char *text = sqlite3_str_finish(sql);
        run(world, "%s", text ? text : "");
        sqlite3_free(text);
    }
}

static void make_table(World *world, Random *random, const char *schema, int number)
{
    char name[32];
    TableKind kind = (TableKind)random_below(random, TABLE_KINDS);
    bool rowid = kind != TABLE_WITHOUT_ROWID;
    snprintf(name, sizeof name, "%s%st%d", schema, *schema ? "." : "", number);
    WorldSource *source = add_source(world, name, rowid ? "rowid" : "", false);
    source->damaged = world->damaged && !strcmp(schema, "other");
    int given = create_table(world, random, source, kind);
    fill_table(world, random, source, kind, given);
    /* In a damaged file an index and its table need not say the same. */
    if (!source->damaged && random_once_in(random, 3)) {
        source->indexed = true;
        run(world, "CREATE INDEX %s%si%d ON t%d(c0%s)", schema, *schema ? "." : "", number, number,
            random_once_in(random, 2) ? " DESC" : "");
    }
}

/* ---- what is made of tables ---- */

static void make_view(World *world, Random *random, const char *name, const WorldSource *table)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    WorldSource *view = add_source(world, name, "", table->indexed);
    sqlite3_str_appendf(sql, "CREATE VIEW %s AS SELECT c0, ", name);
    /* SQLite itself leaves out what it need not compute of a view, and so would not meet an error in it. */
    expression_append(sql, random, table, 2, false);
    sqlite3_str_appendf(sql, " AS e FROM %s", table->name);
    view->is_view = true;
    view->damaged = table->damaged;
    add_column(view, "c0");
    add_column(view, "e");
    char *text = sqlite3_str_finish(sql);
    run(world, "%s", text ? text : "");
    sqlite3_free(text);
}

/* Turns one bit of the attached file around, which no connection has open meanwhile. */
static void damage_other_file(World *world, Random *random)
{
    run(world, "DETACH other");
    FILE *file = fopen(WORLD_OTHER_FILE, "r+b");
    if (!file || fseek(file, 0, SEEK_END))
        abort();
    long offset = random_below(random, (int)ftell(file));
    fseek(file, offset, SEEK_SET);
    int byte = fgetc(file) ^ 1 << random_below(random, 8);
    fseek(file, offset, SEEK_SET);
    fputc(byte, file);
    fclose(file);
    sqlite3_str_appendf(world->script,
                        ".shell printf '\\%03o' | dd of=" WORLD_OTHER_FILE " bs=1 seek=%d conv=notrunc\n",
                        byte, (int)offset);
    run(world, "ATTACH '" WORLD_OTHER_FILE "' AS other");
}

static void make_tables(World *world, Random *random)
{
    run(world, "PRAGMA encoding = '%s'",
        random_once_in(random, 5) ? random_once_in(random, 2) ? "UTF-16le" : "UTF-16be" : "UTF-8");
    if (world->on_file) {
        static const char *const modes[] = {"wal", "wal", "delete", "truncate", "persist", "memory"};
        run(world, "PRAGMA journal_mode = %s", random_pick(random, modes));
        run(world, "ATTACH '" WORLD_OTHER_FILE "' AS other");
    }
    if (world->damaged)
        run(world, "PRAGMA other.page_size = 512");
    run(world, "BEGIN");
    make_table(world, random, "", 0);
    make_table(world, random, "", 1);
    make_table(world, random, "temp", 2);
    if (world->on_file)
        make_table(world, random, "other", 3);
    make_view(world, random, "v0", &world->sources[random_below(random, 2)]);
    make_view(world, random, "temp.v1", &world->sources[random_below(random, world->source_count - 1)]);
    run(world, "COMMIT");
    if (world->damaged)
        damage_other_file(world, random);
    /* Changes of its own that the host has not committed. */
    if (random_once_in(random, 4)) {
        run(world, "BEGIN");
        run(world, "UPDATE t0 SET c0 = 'changed' WHERE rowid %% 3 = 0");
        run(world, "DELETE FROM t1 WHERE c0 IS NULL");
    }
}

/* What the host has set for all its statements: pragmas, and some limits so low that maps meet them. The
   views of the world stay within them: SQLite reads its schema under them, too. */
static void make_settings(World *world, Random *random)
{
    static const char *const pragmas[] = {"case_sensitive_like = 0", "case_sensitive_like = 1",
                                          "full_column_names = 1",   "short_column_names = 0",
                                          "read_uncommitted = 1",    "trusted_schema = 0",
                                          "automatic_index = 0"};
    static const struct {
        int code, least, most;
        const char *name; /* to the shell */
    } limits[] = {{SQLITE_LIMIT_EXPR_DEPTH, 12, 20, "expr_depth"},
                  {SQLITE_LIMIT_COMPOUND_SELECT, 2, 3, "compound_select"},
                  {SQLITE_LIMIT_VARIABLE_NUMBER, 2, 4, "variable_number"},
                  {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 2, 5, "like_pattern_length"}};
    for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++)
        if (random_once_in(random, 6))
            run(world, "PRAGMA %s", pragmas[i]);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        int value = limits[i].least + random_below(random, limits[i].most - limits[i].least + 1);
        if (!random_once_in(random, 12))
            continue;
        sqlite3_limit(world->db, limits[i].code, value);
        world->may_exceed = world->may_exceed || limits[i].code == SQLITE_LIMIT_LIKE_PATTERN_LENGTH;
        sqlite3_str_appendf(world->script, ".limit %s %d\n", limits[i].name, value);
    }
}

void world_remove_file(const char *name)
{
    static const char *const endings[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s%s", name, endings[i]);
        unlink(path);
    }
}

/* Loads an extension whose functions give subtypes and show them. */
static void load_tags(World *world)
{
    world->has_tags = sqlite3_load_extension(world->db, TAGS_EXTENSION, NULL, NULL) == SQLITE_OK;
    if (world->has_tags)
        sqlite3_str_appendall(world->script, ".load " TAGS_EXTENSION "\n");
    run(world, "SELECT parallel_map_load('" TAGS_EXTENSION "')");
}

int world_begin(World *world, Random *random, const char *extension)
{
    char *message = NULL;
    *world = (World){.script = sqlite3_str_new(NULL), .on_file = !random_once_in(random, 4)};
    world->damaged = world->on_file && random_once_in(random, 6);
    world_remove_file(WORLD_MAIN_FILE);
    world_remove_file(WORLD_OTHER_FILE);
    int rc = sqlite3_open(world->on_file ? WORLD_MAIN_FILE : ":memory:", &world->db);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(world->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_load_extension(world->db, extension, NULL, &message);
    if (rc != SQLITE_OK) {
        fprintf(stderr, "sameness: %s: %s\n", extension, message ? message : sqlite3_errmsg(world->db));
        sqlite3_free(message);
        return -1;
    }
    if (random_once_in(random, 3))
        load_tags(world);
    make_tables(world, random);
    make_settings(world, random);
    return 0;
}

int world_end(World *world)
{
    sqlite3_free(sqlite3_str_finish(world->script));
    world->script = NULL;
    sqlite3_exec(world->db, "ROLLBACK", NULL, NULL, NULL);
    return sqlite3_close(world->db) == SQLITE_OK ? 0 : -1;
}
