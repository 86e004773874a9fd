#include <string.h>

#include "cli/report/template.h"

enum { SECTIONS_MAX = 8, NAME_SIZE = 64 };

/* A {{…}} of a template: its kind is '?' or '/' or, for a piece, 0. */
typedef struct Tag {
    char kind;
    char name[NAME_SIZE];
    /* Text after the tag. */
    const char *end;
} Tag;

static int read_tag(const char *start, Tag *tag, Failure *failure)
{
    const char *name = start + 2, *end = strstr(name, "}}");
    tag->kind = *name == '?' || *name == '/' ? *name++ : '\0';
    if (!end || end - name <= 0 || end - name >= NAME_SIZE)
        return failure_set(failure, "a template has a {{ without a name and }}: %.40s", start);
    snprintf(tag->name, sizeof tag->name, "%.*s", (int)(end - name), name);
    tag->end = end + 2;
    return 0;
}

static const char *find_piece(const TemplatePiece *pieces, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(pieces[i].name, name) == 0)
            return pieces[i].text;
    return NULL;
}

/* The sections that are open, outermost first; `hidden` is the depth from which on nothing is written. */
typedef struct Sections {
    char names[SECTIONS_MAX][NAME_SIZE];
    int depth, hidden;
} Sections;

static int open_section(Sections *sections, const Tag *tag, const char *piece, Failure *failure)
{
    if (sections->depth == SECTIONS_MAX)
        return failure_set(failure, "a template has sections in each other, too deep at %s", tag->name);
    memcpy(sections->names[sections->depth++], tag->name, NAME_SIZE);
    if (!*piece && sections->hidden == 0)
        sections->hidden = sections->depth;
    return 0;
}

static int close_section(Sections *sections, const Tag *tag, Failure *failure)
{
    if (sections->depth == 0 || strcmp(sections->names[sections->depth - 1], tag->name) != 0)
        return failure_set(failure, "a template ends the section %s, which is not open there", tag->name);
    if (sections->hidden == sections->depth)
        sections->hidden = 0;
    sections->depth--;
    return 0;
}

int template_expand(const char *text, const TemplatePiece *pieces, size_t count, FILE *file, Failure *failure)
{
    Sections sections = {.depth = 0};
    for (const char *next; (next = strstr(text, "{{"));) {
        Tag tag;
        if (read_tag(next, &tag, failure))
            return -1;
        if (sections.hidden == 0)
            fwrite(text, 1, (size_t)(next - text), file);
        const char *piece = find_piece(pieces, count, tag.name);
        if (!piece)
            return failure_set(failure, "a template names %s, which there is not", tag.name);
        if (tag.kind == '?' ? open_section(&sections, &tag, piece, failure)
                            : tag.kind == '/' && close_section(&sections, &tag, failure))
            return -1;
        if (tag.kind == '\0' && sections.hidden == 0)
            fputs(piece, file);
        text = tag.end;
    }
    if (sections.depth > 0)
        return failure_set(failure, "a template does not end the section %s",
                           sections.names[sections.depth - 1]);
    fputs(text, file);
    return 0;
}
