#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/history/go_text.h"

/* Keys of the configuration; further ones are not kept, so that a hostile file stays cheap. */
enum { KEYS_MAX = 100 };

/* A part of the text. */
typedef struct Slice {
    const char *start;
    size_t length;
} Slice;

typedef struct Setting {
    Slice key, value;
} Setting;

/* The state while the lines are read. */
typedef struct GoText {
    FILE *json;
    Setting settings[KEYS_MAX];
    size_t setting_count;
    /* Whether the settings have to be written before the next result. */
    bool changed;
    /* Number of the line, from 1, and of the elements that were written. */
    long line, written;
} GoText;

static const char prefix[] = "Benchmark";

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes the next word out of a line; an empty one at its end. */
static Slice next_word(Slice *line)
{
    const char *at = line->start, *end = at + line->length;
    while (at < end && is_space(*at))
        at++;
    Slice word = {at, 0};
    while (at < end && !is_space(*at))
        at++;
    word.length = (size_t)(at - word.start);
    *line = (Slice){at, (size_t)(end - at)};
    return word;
}

/* Takes the next line out of the text, without its end; false at the end of the text. */
static bool next_line(const char **text, Slice *line)
{
    if (!**text)
        return false;
    *line = (Slice){*text, strcspn(*text, "\n")};
    *text += line->length + (line->start[line->length] == '\n');
    if (line->length && line->start[line->length - 1] == '\r')
        line->length--;
    return true;
}

static bool begins_with(Slice slice, const char *text)
{
    return slice.length >= strlen(text) && memcmp(slice.start, text, strlen(text)) == 0;
}

static size_t count_digits(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && isdigit((unsigned char)*at))
        at++;
    return (size_t)(at - start);
}

static bool is_count(Slice word)
{
    return word.length > 0 && word.length < 19 &&
           count_digits(word.start, word.start + word.length) == word.length;
}

/* Whether the word is a decimal number, which JSON can have too but for a + before it and zeros. */
static bool is_number(Slice word)
{
    const char *at = word.start, *end = at + word.length;
    at += at < end && (*at == '-' || *at == '+');
    size_t digits = count_digits(at, end);
    at += digits;
    if (at < end && *at == '.') {
        size_t more = count_digits(at + 1, end);
        at += 1 + more;
        digits += more;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '-' || *at == '+');
        size_t exponent = count_digits(at, end);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return digits > 0 && at == end && word.length < 400;
}

static bool is_odd_number(Slice word)
{
    static const char *const names[] = {"NaN", "Inf", "+Inf", "-Inf"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (word.length == strlen(names[i]) && begins_with(word, names[i]))
            return true;
    return false;
}

static bool is_result(Slice line)
{
    if (!begins_with(line, prefix))
        return false;
    next_word(&line);
    if (!is_count(next_word(&line)))
        return false;
    Slice value = next_word(&line);
    return (is_number(value) || is_odd_number(value)) && next_word(&line).length > 0;
}

bool go_text_recognised(const char *text)
{
    Slice line;
    while (next_line(&text, &line))
        if (is_result(line))
            return true;
    return false;
}

static void put_string(FILE *json, Slice text)
{
    fputc('"', json);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.start[i];
        if (c == '"' || c == '\\')
            fputc('\\', json);
        if (c < 0x20)
            fprintf(json, "\\u%04x", c);
        else
            fputc(c, json);
    }
    fputc('"', json);
}

/* A number as JSON writes one; null for one that JSON does not have. */
static void put_number(FILE *json, Slice word)
{
    char text[400];
    if (!is_number(word)) {
        fputs("null", json);
        return;
    }
    memcpy(text, word.start, word.length);
    text[word.length] = '\0';
    double number = strtod(text, NULL);
    if (number - number != 0) /* beyond the greatest one */
        fputs("null", json);
    else
        fprintf(json, "%.17g", number);
}

static bool same(Slice one, Slice other)
{
    return one.length == other.length && memcmp(one.start, other.start, one.length) == 0;
}

/* Keeps a setting; without a value it is gone from there on. */
static void set(GoText *go, Slice key, Slice value)
{
    size_t i = 0;
    while (i < go->setting_count && !same(go->settings[i].key, key))
        i++;
    if (i == KEYS_MAX)
        return;
    go->changed = true;
    if (value.length > 0) {
        go->settings[i] = (Setting){key, value};
        go->setting_count += i == go->setting_count;
    } else if (i < go->setting_count) {
        go->settings[i] = go->settings[--go->setting_count];
    }
}

/* A line "key: value" or "key:", whose key begins with a small letter and has no capital letter or space. */
static bool read_setting(GoText *go, Slice line)
{
    size_t length = 0;
    while (length < line.length && line.start[length] != ':' && !is_space(line.start[length]) &&
           !isupper((unsigned char)line.start[length]))
        length++;
    if (length == 0 || length == line.length || line.start[length] != ':' ||
        !islower((unsigned char)line.start[0]))
        return false;
    Slice value = {line.start + length + 1, line.length - length - 1};
    if (value.length > 0 && *value.start != ' ' && *value.start != '\t')
        return false;
    while (value.length > 0 && is_space(*value.start))
        value = (Slice){value.start + 1, value.length - 1};
    while (value.length > 0 && is_space(value.start[value.length - 1]))
        value.length--;
    set(go, (Slice){line.start, length}, value);
    return true;
}

static void put_separator(GoText *go)
{
    fputs(go->written++ ? ",\n" : "\n", go->json);
}

static void put_settings(GoText *go)
{
    put_separator(go);
    fputs("{\"config\":{", go->json);
    for (size_t i = 0; i < go->setting_count; i++) {
        fputs(i ? "," : "", go->json);
        put_string(go->json, go->settings[i].key);
        fputc(':', go->json);
        put_string(go->json, go->settings[i].value);
    }
    fputs("}}", go->json);
    go->changed = false;
}

static void put_values(GoText *go, Slice line)
{
    const char *before = "";
    for (;;) {
        Slice value = next_word(&line), unit = next_word(&line);
        if (unit.length == 0)
            return;
        fprintf(go->json, "%s[", before);
        put_number(go->json, value);
        fputc(',', go->json);
        put_string(go->json, unit);
        fputc(']', go->json);
        before = ",";
    }
}

/* A result. A name alone, as -v prints one before it begins, is none. */
static void read_result(GoText *go, Slice line)
{
    Slice rest = line, name = next_word(&rest), copy = rest, count = next_word(&copy);
    if (count.length == 0)
        return;
    if (go->changed)
        put_settings(go);
    put_separator(go);
    name = name.length == strlen(prefix) ? name
                                         : (Slice){name.start + strlen(prefix), name.length - strlen(prefix)};
    fprintf(go->json, "{\"line\":%ld,\"name\":", go->line);
    put_string(go->json, name);
    if (is_result(line)) {
        fprintf(go->json, ",\"iterations\":%.*s,\"values\":[", (int)count.length,
                count.start + strspn(count.start, "0") - (strspn(count.start, "0") == count.length));
        put_values(go, copy);
        fputc(']', go->json);
    }
    fputc('}', go->json);
}

/* "Unit UNIT better=higher", of which the direction is kept. */
static void read_unit(GoText *go, Slice line)
{
    next_word(&line);
    Slice unit = next_word(&line);
    for (Slice word = next_word(&line); unit.length > 0 && word.length > 0; word = next_word(&line)) {
        if (!begins_with(word, "better="))
            continue;
        put_separator(go);
        fputs("{\"unit\":", go->json);
        put_string(go->json, unit);
        fputs(",\"better\":", go->json);
        put_string(go->json, (Slice){word.start + 7, word.length - 7});
        fputc('}', go->json);
    }
}

char *go_text_json(const char *text)
{
    char *json = NULL;
    size_t size = 0;
    GoText go = {.json = open_memstream(&json, &size)};
    Slice line;
    if (!go.json)
        return NULL;
    fputs("{\"go\":[", go.json);
    while (next_line(&text, &line)) {
        go.line++;
        if (begins_with(line, prefix))
            read_result(&go, line);
        else if (begins_with(line, "Unit "))
            read_unit(&go, line);
        else
            read_setting(&go, line);
    }
    fputs("\n]}", go.json);
    bool whole = !ferror(go.json);
    if (fclose(go.json) != 0 || !whole) {
        free(json);
        return NULL;
    }
    return json;
}
