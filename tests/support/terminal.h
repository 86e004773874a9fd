/* A terminal in place of standard error. Include the cmocka headers before this one. */
#ifndef TERMINAL_H
#define TERMINAL_H

typedef struct Terminal {
    int end;   /* where what is written on the terminal can be read */
    int saved; /* standard error as it was */
} Terminal;

/* Standard error is a terminal from here on. */
Terminal terminal_begin(void);

/* Standard error is what it was again. Returns what was written meanwhile, to be freed: at most some KiB. */
char *terminal_end(Terminal *terminal);

#endif
