#include "authorizer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Whether SQL writes the name without quotes, and so as an authorizer gets it. Not the key, which may be the
   rowid: by that a map recognises rows. */
static bool is_bare(const char *name)
{
    if (!strcmp(name, "id"))
        return false;
    while (isalnum((unsigned char)*name))
        name++;
    return !*name;
}

void authorizer_make(Authorizer *authorizer, Random *random, const WorldSource *source)
{
    static const int words[] = {SQLITE_OK, SQLITE_DENY, SQLITE_IGNORE, SQLITE_IGNORE};
    *authorizer = (Authorizer){0};
    if (!random_once_in(random, 8))
        return;
    const char *column = source->columns[random_below(random, source->column_count)];
    snprintf(authorizer->column, sizeof authorizer->column, "%s", is_bare(column) ? column : "c0");
    authorizer->now = random_pick(random, words);
    authorizer->before = random_once_in(random, 2) ? authorizer->now : random_pick(random, words);
    authorizer->set_anew = random_once_in(random, 2);
}

/* What is made of the source is the case's own: its columns may have the same names. */
static int say(void *arg, int action, const char *table, const char *column, const char *schema,
               const char *via)
{
    const Authorizer *authorizer = arg;
    (void)schema;
    (void)via;
    bool meant = action == SQLITE_READ && column && table && strcmp(table, "m") != 0 &&
                 strcmp(table, "kept") != 0 && !sqlite3_stricmp(column, authorizer->column);
    return meant ? authorizer->said : SQLITE_OK;
}

void authorizer_set_before(Authorizer *authorizer, sqlite3 *db)
{
    if (!*authorizer->column)
        return;
    authorizer->said = authorizer->before;
    sqlite3_set_authorizer(db, say, authorizer);
}

void authorizer_set_now(Authorizer *authorizer, sqlite3 *db)
{
    if (!*authorizer->column)
        return;
    authorizer->said = authorizer->now;
    if (authorizer->set_anew)
        sqlite3_set_authorizer(db, authorizer->now == SQLITE_OK ? NULL : say, authorizer);
}

void authorizer_unset(sqlite3 *db)
{
    sqlite3_set_authorizer(db, NULL, NULL);
}

static const char *word(int said)
{
    return said == SQLITE_OK ? "is read" : said == SQLITE_DENY ? "is denied" : "is NULL";
}

void authorizer_print(const Authorizer *authorizer)
{
    if (*authorizer->column)
        printf("-- by an authorizer %s %s, and after a first map %s%s\n", authorizer->column,
               word(authorizer->before), word(authorizer->now),
               authorizer->set_anew ? ", by one that is set then" : "");
}
