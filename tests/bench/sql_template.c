#include "sql_template.h"

#include <stdbool.h>
#include <string.h>
#include <sqlite3.h>

static bool names_slot(const char *text, const Slot *slot)
{
    size_t length = strlen(slot->name);
    return strncmp(text + 1, slot->name, length) == 0 && text[1 + length] == '}';
}

char *template_fill(const char *text, const Slot *slots, size_t count)
{
    sqlite3_str *filled = sqlite3_str_new(NULL);
    while (*text) {
        int plain = (int)strcspn(text, "{");
        sqlite3_str_append(filled, text, plain);
        text += plain;
        if (!*text)
            break;
        size_t i = 0;
        while (i < count && !names_slot(text, &slots[i]))
            i++;
        if (i < count) {
            sqlite3_str_appendall(filled, slots[i].value);
            text += strlen(slots[i].name) + 2;
        } else {
            sqlite3_str_appendchar(filled, 1, *text++);
        }
    }
    return sqlite3_str_finish(filled);
}
