#include "ext/evaluate/interrupter.h"

#include <signal.h>
#include <time.h>

#include "ext/base/interrupt.h"
#include "ext/base/clock.h"

enum { CHECK_NANOSECONDS = 10000000, STACK_BYTES = 256 << 10 };

bool interrupter_is_needed(void)
{
    return !sqlite3_api->progress_handler;
}

bool interrupter_reaches_host(void)
{
    return !interrupter_is_needed() || interrupt_can_be_read();
}

/* Waits until the computation is over, at most until the next check. */
static void wait_locked(Interrupter *interrupter)
{
    int64_t until = clock_ns() + CHECK_NANOSECONDS;
    struct timespec time = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    pthread_cond_timedwait(&interrupter->ended, &interrupter->mutex, &time);
}

static void *watch(void *arg)
{
    Interrupter *interrupter = arg;
    pthread_mutex_lock(&interrupter->mutex);
    while (!interrupter->over) {
        wait_locked(interrupter);
        /* Again and again: an interrupt of a connection without a running statement is forgotten. */
        if (!interrupter->over && interrupter->stop(interrupter->arg)) {
            interrupter->interrupted = true;
            sqlite3_interrupt(interrupter->db);
        }
    }
    pthread_mutex_unlock(&interrupter->mutex);
    return NULL;
}

static int start_thread(Interrupter *interrupter)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    /* The host's signals are for its own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&interrupter->thread, &attributes, watch, interrupter);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

void interrupter_begin(Interrupter *interrupter, sqlite3 *db, int (*stop)(void *arg), void *arg)
{
    pthread_condattr_t attributes;
    *interrupter = (Interrupter){.db = db, .stop = stop, .arg = arg};
    if (!interrupter_is_needed() || pthread_condattr_init(&attributes) != 0)
        return;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool made = pthread_cond_init(&interrupter->ended, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (!made)
        return;
    pthread_mutex_init(&interrupter->mutex, NULL);
    interrupter->running = start_thread(interrupter) == 0;
    if (!interrupter->running) {
        pthread_mutex_destroy(&interrupter->mutex);
        pthread_cond_destroy(&interrupter->ended);
    }
}

bool interrupter_end(Interrupter *interrupter)
{
    if (!interrupter->running)
        return false;
    pthread_mutex_lock(&interrupter->mutex);
    interrupter->over = true;
    pthread_cond_signal(&interrupter->ended);
    pthread_mutex_unlock(&interrupter->mutex);
    pthread_join(interrupter->thread, NULL);
    pthread_mutex_destroy(&interrupter->mutex);
    pthread_cond_destroy(&interrupter->ended);
    interrupter->running = false;
    return interrupter->interrupted;
}
