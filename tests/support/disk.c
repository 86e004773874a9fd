#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/command.h"
#include "tests/support/disk.h"

enum { PLAN_SIZE = 64, OPTIONS_SIZE = 1024 };
static char plan[PLAN_SIZE];

static void preload(void)
{
    const char *module = getenv("PRICEREPORT_DISK_FAULTS"), *options = getenv("ASAN_OPTIONS");
    char complete[OPTIONS_SIZE];
    /* AddressSanitizer wants to be the first library, which matters to what the module does not lead. */
    snprintf(complete, sizeof complete, "%s%sverify_asan_link_order=0", options ? options : "",
             options ? ":" : "");
    if (!module || setenv("LD_PRELOAD", module, 1) || setenv("DISK_FAULTS", plan, 1) ||
        setenv("ASAN_OPTIONS", complete, 1))
        abort();
}

void disk_plan(const char *fault, long change)
{
    if (fault)
        snprintf(plan, sizeof plan, "%s %ld", fault, change);
    command_prepare(fault ? preload : NULL);
}

int disk_all(void)
{
    const char *wanted = getenv("PRICEMAP_FAULTS");
    return wanted && strcmp(wanted, "all") == 0;
}
