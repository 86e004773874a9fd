#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/html.h"
#include "cli/base/query.h"
#include "cli/base/unicode.h"

void html_text(const char *text, FILE *file)
{
    for (;;) {
        const char *start = text;
        uint32_t character = unicode_next(&text);
        switch (character) {
        case 0:
            return;
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        case '\'':
            fputs("&#39;", file);
            break;
        case 0xfffd:
            fputs("�", file);
            break;
        default:
            if (unicode_is_control(character))
                putc(' ', file);
            else
                fwrite(start, 1, (size_t)(text - start), file);
        }
    }
}

static const char *cell_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

int html_list(sqlite3 *db, const char *sql, int64_t run, FILE *file, Failure *failure)
{
    sqlite3_stmt *statement;
    if (query_prepare(db, &statement, failure, sql, "i", run))
        return -1;
    int more;
    while ((more = query_next(statement, failure)) > 0) {
        fputs("<li>", file);
        html_text(cell_text(statement, 0), file);
        fputs("</li>\n", file);
    }
    sqlite3_finalize(statement);
    return more;
}

/* The length of the colour at `text`, rgb(1, 2, 3) or #rrggbb; 0: no colour is there. */
static int read_colour(const char *text, unsigned *colour)
{
    unsigned red, green, blue;
    int length = 0;
    if (*text == '#' && strspn(text + 1, "0123456789abcdefABCDEF") == 6) {
        *colour = (unsigned)strtoul(text + 1, NULL, 16);
        return 7;
    }
    if (strncmp(text, "rgb", 3) != 0)
        return 0;
    /* sscanf measures its whole text first, which would be the rest of the file for each colour. */
    char beginning[40];
    snprintf(beginning, sizeof beginning, "%.*s", (int)sizeof beginning - 1, text);
    if (sscanf(beginning, "rgb( %3u , %3u , %3u )%n", &red, &green, &blue, &length) == 3)
        *colour = (red & 0xff) << 16 | (green & 0xff) << 8 | (blue & 0xff);
    return length;
}

/* Copies one piece of a tag, and moves `text` after it. */
static void copy_in_tag(const char **text, const char *name, FILE *file)
{
    static const char *const identifiers[] = {"id='", "id=\"", "href='#", "href=\"#", "url(#"};
    for (size_t i = 0; i < sizeof identifiers / sizeof *identifiers; i++) {
        size_t length = strlen(identifiers[i]);
        if (strncmp(*text, identifiers[i], length) != 0)
            continue;
        fprintf(file, "%s%s-", identifiers[i], name);
        *text += length;
        return;
    }
    unsigned colour = 0;
    int length = read_colour(*text, &colour);
    *text += length;
    if (length > 0)
        fprintf(file, "var(--c%06x,#%06x)", colour, colour);
    /* Within HTML, links of SVG need no prefix, for which there is no declaration here. */
    else if (strncmp(*text, "xlink:", 6) == 0)
        *text += 6;
    else
        putc(*(*text)++, file);
}

/* The text after the end of the element that begins at `text`. */
static const char *skip_element(const char *text, const char *end)
{
    const char *found = strstr(text, end);
    return found ? found + strlen(end) : text + strlen(text);
}

void html_svg(const char *svg, const char *name, const char *title, FILE *file)
{
    const char *box = strstr(svg, "viewBox=\"");
    int box_length = box ? (int)strcspn(box + 9, "\"") : 0;
    const char *text = strstr(svg, "<svg");
    text = text ? strchr(text, '>') : NULL;
    if (!text || !box)
        return;
    fprintf(file, "<svg viewBox=\"%.*s\" role=\"img\" aria-label=\"", box_length, box + 9);
    html_text(title, file);
    fputs("\">", file);
    text++;
    for (bool in_tag = false; *text;) {
        /* Titles show up under the mouse, and gnuplot's say nothing. */
        if (strncmp(text, "<title>", 7) == 0) {
            text = skip_element(text, "</title>");
        } else if (strncmp(text, "<desc>", 6) == 0) {
            text = skip_element(text, "</desc>");
        } else if (in_tag && *text != '>') {
            copy_in_tag(&text, name, file);
        } else {
            /* gnuplot escapes < in texts, but not >. */
            in_tag = *text == '<';
            putc(*text++, file);
        }
    }
}
