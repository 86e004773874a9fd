/* The bytes of SQL as SQLite's tokenizer takes them: what is between tokens, names and quotes. Both readers
 * of SQL build on them: of pieces of a map (plan/sql_text), and of a whole SELECT (select/tokens). */
#ifndef PRICEMAP_SQL_BYTES_H
#define PRICEMAP_SQL_BYTES_H

#include <stdbool.h>

/* Whether a byte can be in a name without quotes. */
bool sql_is_name_byte(unsigned char byte);

/* The text after white space and comments; NULL where a comment never ends. A vertical tab is white space to
   SQLite after other white space only, so that one at the begin of a token is no token; a byte order mark
   is white space. */
const char *sql_skip_space(const char *text);

/* The text after the quoted one at `text`; NULL where that never ends. A doubled quote stands for itself,
   except with ']'. */
const char *sql_skip_quoted(const char *text);

#endif
