#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/measure/words.h"

static const char blanks[] = " \t\n";

/* Copies one word without its quotes, and ends it with NUL. Returns where the text goes on; NULL where a
 * quote does not end. */
static const char *copy_word(const char *text, char **to)
{
    char quote = '\0';
    for (; *text && (quote || !strchr(blanks, *text)); text++) {
        if (*text == quote) {
            quote = '\0';
        } else if (!quote && (*text == '\'' || *text == '"')) {
            quote = *text;
        } else if (*text == '\\' && quote != '\'' && text[1]) {
            *(*to)++ = *++text;
        } else {
            *(*to)++ = *text;
        }
    }
    *(*to)++ = '\0';
    return quote ? NULL : text;
}

int words_split(const char *text, char ***words, Failure *failure)
{
    /* Every word but the last has a blank after it, so that half the characters bound their number. */
    size_t length = strlen(text), most = length / 2 + 2, count = 0;
    *words = malloc(most * sizeof **words + length + 1);
    if (!*words)
        return failure_set(failure, "out of memory for the words of a command");
    char *to = (char *)(*words + most);
    const char *from = text + strspn(text, blanks);
    while (from && *from) {
        (*words)[count++] = to;
        from = copy_word(from, &to);
        if (from)
            from += strspn(from, blanks);
    }
    (*words)[count] = NULL;
    if (from && count > 0)
        return 0;
    free(*words);
    *words = NULL;
    return failure_set(failure, from ? "%s: there is no program in it" : "%s: a quote in it does not end",
                       text);
}
