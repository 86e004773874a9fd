#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/unicode.h"
#include "cli/report/drawable.h"
#include "cli/system/process.h"

/* Further characters are taken for ones that no font has. */
enum { MOST_CHARACTERS = 400 };

typedef struct Unusual {
    uint32_t characters[MOST_CHARACTERS];
    bool drawable[MOST_CHARACTERS];
    size_t count;
} Unusual;

/* Latin, Greek and Cyrillic letters, punctuation, arrows and mathematical signs are in every usual font. */
static bool is_usual(uint32_t character)
{
    return character < 0x500 || (character >= 0x2000 && character < 0x2300) || character == 0xfffd;
}

static size_t find(const Unusual *unusual, uint32_t character)
{
    size_t i = 0;
    while (i < unusual->count && unusual->characters[i] != character)
        i++;
    return i;
}

static void collect(const char *text, Unusual *unusual)
{
    for (uint32_t character; (character = unicode_next(&text)) != 0;)
        if (!is_usual(character) && find(unusual, character) == unusual->count &&
            unusual->count < MOST_CHARACTERS)
            unusual->characters[unusual->count++] = character;
}

/* Whether one font has `count` characters. Without fc-list nothing is known, and all are drawn as they are.
 */
static bool has_font(const uint32_t *characters, size_t count)
{
    enum { DIGITS = 9 };
    char program[] = "fc-list", pattern[16 + MOST_CHARACTERS * DIGITS] = ":charset=", family[] = "family",
         said[2];
    size_t used = strlen(pattern);
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(pattern + used, sizeof pattern - used, "%s%x", i > 0 ? " " : "",
                                 (unsigned)characters[i]);
    char *const argv[] = {program, pattern, family, NULL};
    int status = process_run(argv, NULL, 1, said, sizeof said);
    return status != 0 || *said;
}

/* Returns whether all are drawable. */
static bool ask_fonts(Unusual *unusual)
{
    bool all = unusual->count == 0 || has_font(unusual->characters, unusual->count);
    bool each = true;
    for (size_t i = 0; i < unusual->count; i++) {
        unusual->drawable[i] = all || has_font(&unusual->characters[i], 1);
        each = each && unusual->drawable[i];
    }
    return each;
}

static void write_drawable(const char *text, const Unusual *unusual, FILE *file)
{
    for (;;) {
        const char *start = text;
        uint32_t character = unicode_next(&text);
        if (character == 0)
            return;
        size_t i = find(unusual, character);
        if (is_usual(character) || (i < unusual->count && unusual->drawable[i]))
            fwrite(start, 1, (size_t)(text - start), file);
        else if (unicode_columns(character) > 0)
            putc('?', file);
    }
}

static int write_copy(const char *text, const Unusual *unusual, const char *copy, Failure *failure)
{
    FILE *file = fopen(copy, "we");
    bool failed = !file;
    if (file) {
        write_drawable(text, unusual, file);
        failed = ferror(file) != 0;
        failed = fclose(file) != 0 || failed;
    }
    return failed ? failure_set(failure, "cannot write %s: %s: make room, or name another folder with --out",
                                copy, strerror(errno))
                  : 0;
}

int drawable_copy(const char *path, const char *copy, bool *made, Failure *failure)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;
    Unusual unusual = {.count = 0};
    *made = false;
    if (!file)
        return failure_set(failure, "cannot read %s: %s", path, strerror(errno));
    int result = 0;
    if (getdelim(&text, &size, '\0', file) > 0) {
        collect(text, &unusual);
        if (!ask_fonts(&unusual)) {
            result = write_copy(text, &unusual, copy, failure);
            *made = result == 0;
        }
    }
    fclose(file);
    free(text);
    return result;
}
