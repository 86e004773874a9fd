#include "ext/split/loops.h"

#include <string.h>

/* Columns of EXPLAIN QUERY PLAN. */
enum { ID, PARENT, NOT_USED, DETAIL };

/* Nodes of the plan that have children of which a line needs to know its level. */
enum { DEPTH_MAX = 32 };

typedef struct Levels {
    int ids[DEPTH_MAX];
    int depth;
} Levels;

/* The level of a line whose parent is `parent`; lines come after their parents. */
static int find_level(Levels *levels, int id, int parent)
{
    while (levels->depth > 0 && levels->ids[levels->depth - 1] != parent)
        levels->depth--;
    int level = levels->depth;
    if (levels->depth < DEPTH_MAX)
        levels->ids[levels->depth++] = id;
    return level;
}

static bool starts(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

/* Whether the text is the name, and after it nothing or a space; what follows is *rest then. */
static bool is_name(const char *text, const char *name, const char **rest)
{
    if (!starts(text, name) || (text[strlen(name)] && text[strlen(name)] != ' '))
        return false;
    *rest = text + strlen(name) + (text[strlen(name)] == ' ');
    return true;
}

static const FromItem *find_item(const FromList *from, const char *text, const char **rest)
{
    const FromItem *found = NULL;
    const char *after = text;
    /* A name may be the beginning of another one: the longer one counts. */
    for (int i = 0; i < from->count; i++)
        if (is_name(text, from->items[i]->written_as, &after) && (!found || after > *rest)) {
            found = from->items[i];
            *rest = after;
        }
    return found;
}

static bool append_loop(Splitting *splitting, LoopList *loops, Loop loop)
{
    Loop *grown = arena_grow(&splitting->arena, loops->items, loops->count, sizeof loop);
    if (!grown)
        return split_fail(splitting, SQLITE_NOMEM);
    loops->items = grown;
    grown[loops->count++] = loop;
    return true;
}

static bool add_loop(Splitting *splitting, const FromList *from, LoopList *loops, const char *detail)
{
    Loop loop = {.search = starts(detail, "SEARCH ")};
    const char *text = detail + strlen(loop.search ? "SEARCH " : "SCAN "), *access = text;
    bool morsels = is_name(text, SPLIT_MORSEL_TABLE, &access);
    loop.item = morsels ? NULL : find_item(from, text, &access);
    if (!morsels && !loop.item)
        return split_refuse(splitting, "its plan is not understood: %s", detail);
    loop.access = arena_copy(&splitting->arena, access, strlen(access));
    return append_loop(splitting, loops, loop);
}

/* A line below a loop over several indexes is of one of them. */
static bool add_index(Splitting *splitting, const FromList *from, LoopList *loops, const char *detail)
{
    Loop *loop = loops->count ? &loops->items[loops->count - 1] : NULL;
    if (!loop || !starts(loop->access, LOOP_OF_INDEXES))
        return true;
    const char *name = detail + strlen("SEARCH "), *rest = name;
    if (starts(detail, "SEARCH ") && !loop->item)
        loop->item = find_item(from, name, &rest);
    loop->access = split_keep(splitting, sqlite3_mprintf("%s, %s", loop->access, detail));
    return split_goes_on(splitting);
}

static bool read_line(Splitting *splitting, const FromList *from, LoopList *loops, const char *detail)
{
    if (starts(detail, "SCAN ") || starts(detail, "SEARCH "))
        return strcmp(detail, "SCAN CONSTANT ROW") == 0 || add_loop(splitting, from, loops, detail);
    if (starts(detail, "USE TEMP B-TREE FOR GROUP BY"))
        loops->sorts_groups = true;
    else if (starts(detail, "USE TEMP B-TREE FOR "))
        loops->sorts_rows = true;
    else if (starts(detail, "CO-ROUTINE "))
        loops->coroutines++;
    else if (starts(detail, LOOP_OF_INDEXES))
        return append_loop(splitting, loops, (Loop){.search = true, .access = LOOP_OF_INDEXES});
    else if (starts(detail, "COMPOUND"))
        return split_refuse(splitting, "its plan has another form than loops: %s", detail);
    return true;
}

bool loops_read(Splitting *splitting, const char *sql, const FromList *from, LoopList *loops)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_str *lines = sqlite3_str_new(NULL);
    Levels levels = {0};
    *loops = (LoopList){0};
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    int rc = explain ? sqlite3_prepare_v2(splitting->shadow.db, explain, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(explain);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(statement, DETAIL);
        int level =
            find_level(&levels, sqlite3_column_int(statement, ID), sqlite3_column_int(statement, PARENT));
        rc = detail ? SQLITE_OK : SQLITE_NOMEM;
        if (detail)
            sqlite3_str_appendf(lines, "%s%*s%s", sqlite3_str_length(lines) ? "\n" : "", 2 * level, "",
                                detail);
        if (detail && from &&
            !(level ? add_index(splitting, from, loops, detail) : read_line(splitting, from, loops, detail)))
            break;
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        split_refuse_unprepared(splitting, rc);
    sqlite3_finalize(statement);
    loops->lines = sqlite3_str_length(lines) ? split_keep(splitting, sqlite3_str_finish(lines)) : "";
    if (loops->lines && !*loops->lines)
        sqlite3_free(sqlite3_str_finish(lines));
    return split_goes_on(splitting);
}

/* Number of the lines that are loops, at any level. */
static int count_loops(const char *lines)
{
    int count = 0;
    for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        line += strspn(line, " ");
        count += starts(line, "SCAN ") || starts(line, "SEARCH ");
    }
    return count;
}

bool loops_walk_once(const LoopList *loops)
{
    static const char *const walks[] = {"USING INTEGER PRIMARY KEY", "USING PRIMARY KEY",
                                        "USING COVERING INDEX"};
    const Loop *last = loops->count ? &loops->items[loops->count - 1] : NULL;
    int morsels = last && !loops->items[0].item;
    bool walks_along = false;
    for (size_t i = 0; last && i < sizeof walks / sizeof *walks; i++)
        walks_along = walks_along || starts(last->access, walks[i]);
    return walks_along && last->item && loops->count == 1 + morsels &&
           count_loops(loops->lines) == loops->count;
}

bool loops_lines(Splitting *splitting, const char *sql, LoopList *loops)
{
    return loops_read(splitting, sql, NULL, loops);
}
