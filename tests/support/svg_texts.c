#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/svg_texts.h"

typedef struct Text {
    const char *start;
    int length;
    bool rotated;
    double left, right, top, bottom;
} Text;

/* Widths of the letters in parts of the size of the font, a little less than those of the widest common ones.
 */
static double width_of(const char *text, int length)
{
    double width = 0;
    for (int i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c & 0xc0) == 0x80 || strncmp(text + i, "\xc2\xa0", 2) == 0)
            continue;
        if (c == '&') /* an entity is one letter */
            while (i < length && text[i] != ';')
                i++;
        width += c >= 0xe3 && c < 0xf0               ? 1.0
                 : strchr(" iljtfrI.,:;'|!()[]-", c) ? 0.33
                 : strchr("mwMW%@", c)               ? 0.85
                                                     : 0.58;
    }
    return width;
}

static bool read_text(const char *group, Text *text)
{
    double x, y, size;
    const char *end = strchr(group, '>'), *font = strstr(group, "font-size=\""),
               *anchor = strstr(group, "text-anchor=\"");
    const char *tag = end ? strstr(end, "<text>") : NULL;
    if (!end || !font || !anchor || font > end || anchor > end || !tag || tag - end > 8 ||
        sscanf(group, "<g transform=\"translate(%lf,%lf)", &x, &y) != 2 ||
        sscanf(font, "font-size=\"%lf", &size) != 1)
        return false;
    text->start = tag + strlen("<text>");
    text->length = (int)(strstr(text->start, "</text>") - text->start);
    const char *rotate = strstr(group, "rotate(");
    text->rotated = rotate && rotate < end;
    double width = size * width_of(text->start, text->length);
    anchor += strlen("text-anchor=\"");
    double before = *anchor == 's' ? 0 : *anchor == 'e' ? width : width / 2;
    if (text->rotated) {
        *text = (Text){text->start, text->length, true, x - size, x, y - before, y - before + width};
    } else {
        *text = (Text){text->start, text->length, false, x - before, x - before + width, y - 0.7 * size, y};
    }
    return true;
}

static void expect_inside(const Text *text, double width, double height, const char *name)
{
    if (text->left < -0.5 || text->right > width + 0.5 || text->top < -0.5 || text->bottom > height + 0.5)
        fail_msg("%s: '%.*s' is cut off, from %.0f, %.0f to %.0f, %.0f", name, text->length, text->start,
                 text->left, text->top, text->right, text->bottom);
    char copy[256];
    snprintf(copy, sizeof copy, "%.*s", text->length, text->start);
    if (strstr(copy, "NaN") || strcmp(copy, "inf") == 0 || strstr(copy, "-nan"))
        fail_msg("%s: '%s' is no figure", name, copy);
}

void svg_texts_check(const char *svg, const char *name)
{
    enum { MOST = 4000 };
    Text *texts = malloc(MOST * sizeof *texts);
    size_t count = 0;
    double width, height;
    const char *box = strstr(svg, "viewBox=\"0 0 ");
    assert_non_null(texts);
    assert_non_null(box);
    assert_int_equal(sscanf(box, "viewBox=\"0 0 %lf %lf", &width, &height), 2);
    for (const char *group = svg; (group = strstr(group, "<g transform=\"translate(")) && count < MOST;
         group++) {
        if (!read_text(group, &texts[count]) || width_of(texts[count].start, texts[count].length) < 0.2)
            continue;
        const Text *text = &texts[count];
        expect_inside(text, width, height, name);
        for (size_t i = 0; i < count; i++) {
            const Text *other = &texts[i];
            if (text->left < other->right && other->left < text->right && text->top < other->bottom &&
                other->top < text->bottom)
                fail_msg("%s: '%.*s' lies over '%.*s'", name, text->length, text->start, other->length,
                         other->start);
        }
        count++;
    }
    assert_true(count > 3);
    free(texts);
}
