#include "ext/split/plan_lines.h"

#include <string.h>

static void add_indented(sqlite3_str *lines, int level, const char *text)
{
    while (text && *text) {
        size_t length = strcspn(text, "\n");
        sqlite3_str_appendf(lines, "%s%*s%.*s", sqlite3_str_length(lines) ? "\n" : "", 2 * level, "",
                            (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void add_line(sqlite3_str *lines, int level, char *text)
{
    add_indented(lines, level, text);
    sqlite3_free(text);
}

static void add_stage(sqlite3_str *lines, const SplitStage *stage)
{
    bool merged = stage->sorted_count > 0;
    const char *order = merged || stage->kind == SPLIT_GROUPS ? "" : ", in their order";
    if (stage->name)
        add_line(lines, 0, sqlite3_mprintf("Stage %s (once):", stage->name));
    if (stage->form == SPLIT_COMBINED) {
        add_line(lines, 0, sqlite3_mprintf("Combine: %s", stage->combine_words));
        add_line(lines, 1, sqlite3_mprintf("SQL: %s", stage->combine_sql));
        return;
    }
    if (stage->combine_sql) {
        add_line(lines, 0, sqlite3_mprintf("Combine: %s", stage->combine_words));
        add_line(lines, 1, sqlite3_mprintf("SQL: %s", stage->combine_sql));
        add_line(lines, 1,
                 sqlite3_mprintf("%s: %s of %s of %s%s", merged ? "Gather Merge" : "Gather",
                                 stage->form == SPLIT_MORSELS ? "morsels" : "ranges",
                                 stage->key.column ? stage->key.column : "rowids", stage->cut_table,
                                 stage->form == SPLIT_RANGES ? order : ""));
    }
    add_line(lines, 2, sqlite3_mprintf("%s", stage->worker_words));
    add_line(lines, 3, sqlite3_mprintf("SQL: %s", stage->worker_sql));
    add_indented(lines, 3, stage->worker_plan);
}

char *split_plan_lines(const SplitPlan *plan)
{
    sqlite3_str *lines = sqlite3_str_new(NULL);
    if (plan->plain)
        add_line(lines, 0, sqlite3_mprintf("Plain: %s", plan->plain));
    for (int i = 0; i < plan->stage_count; i++)
        add_stage(lines, &plan->stages[i]);
    return sqlite3_str_finish(lines);
}
