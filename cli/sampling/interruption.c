#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/sampling/interruption.h"

enum { TICK_NS = 100000000 };

struct Interruption {
    pthread_t thread;
    /* Signals that are watched, and SIGRTMIN, by which interruption_end wakes the thread. */
    sigset_t signals;
    /* Signal mask of the thread that began. */
    sigset_t previous;
    pthread_mutex_t mutex;
    /* under the mutex: */
    bool requested, ended;
    void (*stop)(void *context);
    void *context;
};

/* A signal that was ignored from the start stays so: nohup and background jobs rely on it. */
static void choose_signals(sigset_t *signals)
{
    static const int candidates[] = {SIGINT, SIGTERM, SIGHUP};
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        struct sigaction action;
        if (sigaction(candidates[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(signals, candidates[i]);
    }
    sigaddset(signals, SIGRTMIN);
}

static void die_of(int number)
{
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    signal(number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
}

static void *watch(void *argument)
{
    Interruption *interruption = argument;
    const struct timespec tick = {.tv_nsec = TICK_NS};
    bool ended = false;
    while (!ended) {
        int number = sigtimedwait(&interruption->signals, NULL, &tick);
        const bool asked = number > 0 && number != SIGRTMIN;
        pthread_mutex_lock(&interruption->mutex);
        if (asked && interruption->requested)
            die_of(number);
        interruption->requested |= asked;
        if (interruption->requested && interruption->stop)
            interruption->stop(interruption->context);
        ended = interruption->ended;
        pthread_mutex_unlock(&interruption->mutex);
    }
    return NULL;
}

int interruption_begin(Interruption **interruption, Failure *failure)
{
    *interruption = calloc(1, sizeof **interruption);
    if (!*interruption)
        return failure_set(failure, "out of memory");
    choose_signals(&(*interruption)->signals);
    pthread_mutex_init(&(*interruption)->mutex, NULL);
    pthread_sigmask(SIG_BLOCK, &(*interruption)->signals, &(*interruption)->previous);
    int error = pthread_create(&(*interruption)->thread, NULL, watch, *interruption);
    if (error == 0)
        return 0;
    pthread_sigmask(SIG_SETMASK, &(*interruption)->previous, NULL);
    pthread_mutex_destroy(&(*interruption)->mutex);
    free(*interruption);
    *interruption = NULL;
    return failure_set(failure, "cannot start a thread: %s", strerror(error));
}

void interruption_set_stop(Interruption *interruption, void (*stop)(void *context), void *context)
{
    pthread_mutex_lock(&interruption->mutex);
    interruption->stop = stop;
    interruption->context = context;
    pthread_mutex_unlock(&interruption->mutex);
}

bool interruption_requested(Interruption *interruption)
{
    pthread_mutex_lock(&interruption->mutex);
    bool requested = interruption->requested;
    pthread_mutex_unlock(&interruption->mutex);
    return requested;
}

const sigset_t *interruption_previous_mask(const Interruption *interruption)
{
    return &interruption->previous;
}

void interruption_end(Interruption **interruption)
{
    if (!*interruption)
        return;
    pthread_mutex_lock(&(*interruption)->mutex);
    (*interruption)->ended = true;
    pthread_mutex_unlock(&(*interruption)->mutex);
    pthread_kill((*interruption)->thread, SIGRTMIN);
    pthread_join((*interruption)->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &(*interruption)->previous, NULL);
    pthread_mutex_destroy(&(*interruption)->mutex);
    free(*interruption);
    *interruption = NULL;
}
