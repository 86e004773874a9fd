#include "ext/evaluate/runner.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ext/base/processor_time.h"
#include "ext/evaluate/evaluator.h"
#include "ext/evaluate/foreign_functions.h"

/* Enough for the statements that a connection has open at one time; an evaluator holds about 100 kB. */
enum { RUNNER_EVALUATORS = 8 };

struct ChunkRunner {
    /* Evaluators, the last used first; NULL after the last. */
    Evaluator *evaluators[RUNNER_EVALUATORS];
    EvaluatorWatch watch;
    /* Mutex of the rest, which chunk_runner_stop reads on another thread. */
    pthread_mutex_t mutex;
    /* Language of the functions that the thread `thread`, by its own number, may be in; NULL: none. */
    const Language *language;
    uintptr_t thread;
};

ChunkRunner *chunk_runner_create(bool own_thread)
{
    ChunkRunner *runner = calloc(1, sizeof *runner);
    if (runner && pthread_mutex_init(&runner->mutex, NULL) != 0) {
        free(runner);
        return NULL;
    }
    if (runner)
        runner->watch.own_thread = own_thread;
    return runner;
}

void chunk_runner_free(ChunkRunner *runner)
{
    if (!runner)
        return;
    for (int i = 0; i < RUNNER_EVALUATORS; i++)
        evaluator_close(runner->evaluators[i]);
    pthread_mutex_destroy(&runner->mutex);
    free(runner);
}

void chunk_runner_watch(ChunkRunner *runner, sqlite3 *db, int (*stop)(void *), void *arg)
{
    runner->watch.stop = stop;
    runner->watch.arg = arg;
    runner->watch.db = db;
}

/* Names the language that this thread is about to call, or calls no more (NULL): a stop from now on reaches
   it, and one that came too late before does not. A thread of the host's is the host's to stop. */
static void enter_language(ChunkRunner *runner, const Language *language)
{
    uintptr_t thread = language ? language->thread() : 0;
    if (!runner->watch.own_thread)
        return;
    if (language) {
        int held = language->hold();
        if (held >= 0)
            language->forget_stop(thread);
        language->let_go(held);
    }
    pthread_mutex_lock(&runner->mutex);
    runner->language = language;
    runner->thread = thread;
    pthread_mutex_unlock(&runner->mutex);
}

bool chunk_runner_is_lost(ChunkRunner *runner)
{
    pthread_mutex_lock(&runner->mutex);
    bool lost = runner->language && !runner->language->present();
    pthread_mutex_unlock(&runner->mutex);
    return lost;
}

void chunk_runner_stop(ChunkRunner *runner)
{
    pthread_mutex_lock(&runner->mutex);
    if (runner->language)
        runner->language->stop(runner->thread);
    pthread_mutex_unlock(&runner->mutex);
}

bool chunk_runner_end_scan(ChunkRunner *runner, uint64_t scan)
{
    int kept = 0;
    bool reads = false;
    for (int i = 0; i < RUNNER_EVALUATORS; i++) {
        Evaluator *evaluator = runner->evaluators[i];
        runner->evaluators[i] = NULL;
        uint64_t of = evaluator ? evaluator_recipe(evaluator)->scan : 0;
        if (of && (!scan || of == scan))
            evaluator_close(evaluator);
        else if (evaluator)
            runner->evaluators[kept++] = evaluator;
        reads = reads || (of && scan && of != scan);
    }
    return reads;
}

int chunk_runner_evaluator(ChunkRunner *runner, const Recipe *recipe, Evaluator **out, char *message)
{
    int index = 0;
    while (index < RUNNER_EVALUATORS && runner->evaluators[index] &&
           !recipe_is_same_map(evaluator_recipe(runner->evaluators[index]), recipe))
        index++;
    Evaluator *evaluator = index < RUNNER_EVALUATORS ? runner->evaluators[index] : NULL;
    if (!evaluator) {
        Recipe *own = recipe_copy(recipe, recipe->size);
        if (!own) {
            sqlite3_snprintf(TASK_MESSAGE_SIZE, message, "%s", sqlite3_errstr(SQLITE_NOMEM));
            return SQLITE_NOMEM;
        }
        int rc = evaluator_open(own, &runner->watch, &evaluator, message);
        recipe_unref(own);
        if (rc != SQLITE_OK)
            return rc;
        if (index == RUNNER_EVALUATORS)
            evaluator_close(runner->evaluators[--index]);
    }
    memmove(runner->evaluators + 1, runner->evaluators, (size_t)index * sizeof *runner->evaluators);
    runner->evaluators[0] = evaluator;
    *out = evaluator;
    return SQLITE_OK;
}

static void run_measured(Evaluator *evaluator, const TaskOrder *order, const void *input, size_t input_size,
                         TaskControl *control, Buffer *output, TaskReport *report)
{
    ProcessorTime begin = {0}, end = {0};
    void (*read_time)(ProcessorTime *) =
        order->measures_queue ? processor_time_read_queued : processor_time_read;
    if (order->measured)
        read_time(&begin);
    evaluator_run(evaluator, order, input, input_size, control, output, report);
    if (!order->measured)
        return;
    read_time(&end);
    report->processor_ns = end.ns - begin.ns;
    report->blocked = (int32_t)(end.blocked - begin.blocked);
    report->preempted = (int32_t)(end.preempted - begin.preempted);
    report->queued_ns = end.queued_ns - begin.queued_ns;
}

int chunk_runner_run(ChunkRunner *runner, const Recipe *recipe, const TaskOrder *order, const void *input,
                     size_t input_size, TaskControl *control, Buffer *output, TaskReport *report)
{
    Evaluator *evaluator;
    *report = (TaskReport){.worker = -1, .next_row = order->first_row};
    report->rc = chunk_runner_evaluator(runner, recipe, &evaluator, report->message);
    if (report->rc != SQLITE_OK) {
        report->unprepared = 1;
        return report->rc;
    }
    const Language *language = evaluator_foreign(evaluator)->library.language;
    if (language)
        enter_language(runner, language);
    run_measured(evaluator, order, input, input_size, control, output, report);
    if (language)
        enter_language(runner, NULL);
    return report->rc;
}
