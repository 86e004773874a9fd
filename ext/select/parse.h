/*
 * The parser of one SELECT: text in, tree out. Operators bind as in SQLite's grammar. The parser is never
 * trusted: the user of a tree writes it out again and has SQLite compile both texts.
 *
 * A text that SQLite takes may be refused, with a reason: windows, VALUES and some spellings have no tree.
 */
#ifndef PRICEMAP_SELECT_PARSE_H
#define PRICEMAP_SELECT_PARSE_H

#include "ext/select/tree.h"

typedef struct ParsedSelect {
    /* Tree, in the arena; NULL: there is a reason, which is a constant text or in the arena. */
    Select *select;
    const char *reason;
    /* Names of the parameters by their numbers, from 1, the mark in front included; NULL: a parameter without
       a name, or none of that number. */
    NameList parameters;
} ParsedSelect;

/* Parses a text that holds one SELECT, and after it no more than a semicolon. Where memory is short the arena
   has failed and there is no tree. */
ParsedSelect select_parse(Arena *arena, const char *text);

/*
 * Parses a CREATE VIEW as a schema keeps it; `columns` are the names in brackets after the view's, none where
 * it has none.
 */
ParsedSelect select_parse_view(Arena *arena, const char *text, NameList *columns);

#endif
