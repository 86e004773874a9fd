/* Sites of report --all for tests, and checks of their pages. Everything here fails the running cmocka test
 * when it cannot do its work. Include the cmocka headers before this one. */
#ifndef SITE_H
#define SITE_H

/* Whether there is a gnuplot, which draws the charts. */
int site_can_be_drawn(void);

/* pricereport.db with so many runs of four benchmarks (tests/support/history_small.sql); the last benchmark
 * becomes slower half way. */
void site_make_history(int runs);

/* Adds a run of one benchmark, both of that name. */
void site_add_named_run(const char *name);

/* Writes the site into the folder `site`, with up to two further arguments (NULL: none). Returns the
 * overview, to be freed. */
char *site_write(const char *first, const char *second);

/* Expects that a text, which `what` names, has that part, or has it not. */
void site_expect_part(const char *what, const char *text, const char *part);
void site_expect_no_part(const char *what, const char *text, const char *part);

/* Expects that every page of the folder is whole, and that every link leads to a file of the folder or is an
 * https address. */
void site_expect_links(const char *folder);

#endif
