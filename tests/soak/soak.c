#include "soak.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

const char *const soak_count_names[SOAK_COUNTS] = {
    [SOAK_COMPARE] = "compared",
    [SOAK_SUM] = "sums",
    [SOAK_EARLY_CLOSE] = "closed early",
    [SOAK_IN_TURN] = "stepped in turn",
    [SOAK_ERROR] = "with an error",
    [SOAK_TIMEOUT] = "with a time limit",
    [SOAK_OWN_CHANGES] = "over own changes",
    [SOAK_COPY] = "copied",
    [SOAK_UPDATE] = "updated",
    [SOAK_SETTINGS] = "settings",
    [SOAK_LOG] = "logs read",
    [SOAK_JOURNAL] = "journal modes",
    [SOAK_SCHEMA] = "schema changes",
    [SOAK_REST] = "rests",
    [SOAK_REOPEN] = "reopened",
    [SOAK_WORKERS_KILLED] = "workers killed",
    [SOAK_ZYGOTES_KILLED] = "zygotes killed",
    [SOAK_STOPPED] = "processes stopped",
    [SOAK_INTERRUPTED] = "interrupts",
    [SOAK_FORKED] = "forks",
    [SOAK_COMMITTED] = "commits beside",
    [SOAK_ENDED_BY_INTERRUPT] = "ended by interrupt",
    [SOAK_ENDED_BY_TIMEOUT] = "by time limit",
    [SOAK_ENDED_BY_KILLS] = "by kills",
    [SOAK_ENDED_BY_LOCK] = "by locks",
};

static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

void soak_finding(Soak *soak, int actor, long operation, const char *format, ...)
{
    va_list arguments;
    if (atomic_fetch_add(&soak->findings, 1) >= SOAK_FINDINGS_SHOWN)
        return;
    pthread_mutex_lock(&printing);
    printf("FINDING seed %" PRIu64 ", era %d", soak->seed, soak->era);
    if (actor >= 0)
        printf(", connection %d, operation %ld", actor, operation);
    printf(": ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    pthread_mutex_unlock(&printing);
}

void soak_print_counts(Soak *soak)
{
    pthread_mutex_lock(&printing);
    for (int i = 0; i < SOAK_COUNTS; i++) {
        long count = atomic_load(&soak->counts[i]);
        if (count)
            printf("%s %ld, ", soak_count_names[i], count);
    }
    printf("findings %d\n", atomic_load(&soak->findings));
    fflush(stdout);
    pthread_mutex_unlock(&printing);
}
