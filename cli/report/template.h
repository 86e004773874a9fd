/* Fills in templates: {{name}} is replaced by a piece, and {{?name}} … {{/name}} is there only where that
 * piece is not empty. Sections may stand in each other. */
#ifndef PRICEREPORT_TEMPLATE_H
#define PRICEREPORT_TEMPLATE_H

#include <stddef.h>
#include <stdio.h>

#include "cli/base/failure.h"

/* The text that replaces a name. It is written unchanged, so that it has to be escaped already. */
typedef struct TemplatePiece {
    const char *name;
    const char *text;
} TemplatePiece;

/* Writes the template with its pieces. Returns 0, or -1 with a failure that names what the template has and
 * the pieces have not, or the section that does not end. */
int template_expand(const char *text, const TemplatePiece *pieces, size_t count, FILE *file,
                    Failure *failure);

#endif
