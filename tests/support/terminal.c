#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/terminal.h"

Terminal terminal_begin(void)
{
    Terminal terminal = {.end = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    assert_true(terminal.end >= 0);
    assert_int_equal(grantpt(terminal.end), 0);
    assert_int_equal(unlockpt(terminal.end), 0);
    int side = open(ptsname(terminal.end), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(side >= 0);
    struct termios mode;
    assert_int_equal(tcgetattr(side, &mode), 0);
    mode.c_oflag &= ~(tcflag_t)OPOST; /* bytes as they are written */
    assert_int_equal(tcsetattr(side, TCSANOW, &mode), 0);
    fflush(stderr);
    terminal.saved = dup(STDERR_FILENO);
    assert_true(terminal.saved >= 0);
    assert_int_equal(dup2(side, STDERR_FILENO), STDERR_FILENO);
    close(side);
    return terminal;
}

char *terminal_end(Terminal *terminal)
{
    enum { TEXT_BYTES = 1 << 14 };
    char *text = calloc(1, TEXT_BYTES);
    size_t length = 0;
    ssize_t got = 0;
    assert_non_null(text);
    assert_int_equal(fcntl(terminal->end, F_SETFL, O_NONBLOCK), 0);
    while (length < TEXT_BYTES - 1 && (got = read(terminal->end, text + length, TEXT_BYTES - 1 - length)) > 0)
        length += (size_t)got;
    assert_int_equal(dup2(terminal->saved, STDERR_FILENO), STDERR_FILENO);
    close(terminal->saved);
    close(terminal->end);
    return text;
}
