#include "ext/base/sql_bytes.h"

#include <ctype.h>
#include <string.h>

bool sql_is_name_byte(unsigned char byte)
{
    return isalnum(byte) || byte == '_' || byte == '$' || byte >= 0x80;
}

const char *sql_skip_space(const char *text)
{
    for (;;) {
        if (*text && strchr(" \t\n\f\r", *text)) {
            text += strspn(text, " \t\n\v\f\r");
        } else if (!strncmp(text, "\xef\xbb\xbf", 3)) {
            text += 3;
        } else if (text[0] == '-' && text[1] == '-') {
            text += strcspn(text, "\n");
        } else if (text[0] == '/' && text[1] == '*') {
            text = strstr(text + 2, "*/");
            if (!text)
                return NULL;
            text += 2;
        } else {
            return text;
        }
    }
}

const char *sql_skip_quoted(const char *text)
{
    char quote = *text == '[' ? ']' : *text;
    for (text++; *text; text++)
        if (*text == quote) {
            if (quote == ']' || text[1] != quote)
                return text + 1;
            text++;
        }
    return NULL;
}
