#include "ext/connection/run_log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Room for the first records of a run. */
enum { FIRST_RECORDS = 16 };

void run_log_set(char **field, const char *text)
{
    free(*field);
    *field = text ? strdup(text) : NULL;
}

static void drop_tasks(RunLog *log, RunRecord *run)
{
    log->tasks -= run->record_count;
    free(run->records);
    run->records = NULL;
    run->record_count = run->record_room = 0;
}

static void free_run(RunLog *log, RunRecord *run)
{
    drop_tasks(log, run);
    free(run->started_at);
    free(run->source);
    free(run->map);
    free(run->requested);
    free(run->executor);
    free(run->reason);
    free(run->access);
    free(run->error);
    free(run);
}

void run_log_clear(RunLog *log)
{
    for (int i = 0; i < log->count; i++)
        free_run(log, log->runs[i]);
    for (uint32_t i = 0; i < log->machine_count; i++)
        free(log->machines[i]);
    free(log->machines);
    *log = (RunLog){0};
}

static char *timestamp(void)
{
    struct timespec now;
    struct tm utc;
    char text[80], seconds[40];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    sqlite3_snprintf(sizeof text, text, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
    return strdup(text);
}

RunRecord *run_log_add(RunLog *log, const char *source, const char *map, const char *requested)
{
    RunRecord *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    if (log->count == RUN_LOG_RUNS) {
        free_run(log, log->runs[0]);
        memmove(log->runs, log->runs + 1, (size_t)--log->count * sizeof(RunRecord *));
    }
    run->run = ++log->last_run;
    run->started_at = timestamp();
    run_log_set(&run->source, source);
    run_log_set(&run->map, map);
    run_log_set(&run->requested, requested);
    log->runs[log->count++] = run;
    return run;
}

RunRecord *run_log_find(RunLog *log, int64_t run)
{
    int64_t index = log->count ? run - log->runs[0]->run : -1;
    return index >= 0 && index < log->count ? log->runs[index] : NULL;
}

/* Drops the task records of the oldest runs until there is room for one more. */
static void make_room(RunLog *log)
{
    for (int i = 0; log->tasks >= RUN_LOG_TASKS && i < log->count; i++)
        drop_tasks(log, log->runs[i]);
}

/* The number of a machine of this name, which is added where the log does not have it. */
static uint32_t machine_number(RunLog *log, const char *name)
{
    for (uint32_t i = 0; name && i < log->machine_count; i++)
        if (!strcmp(log->machines[i], name))
            return i + 1;
    char *copy = name ? strdup(name) : NULL;
    char **grown = copy ? realloc(log->machines, (log->machine_count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(copy);
        return 0;
    }
    log->machines = grown;
    grown[log->machine_count++] = copy;
    return log->machine_count;
}

const char *run_log_machine(const RunLog *log, uint32_t machine)
{
    return machine && machine <= log->machine_count ? log->machines[machine - 1] : NULL;
}

void run_log_task(RunLog *log, RunRecord *run, const TaskReport *report, const char *machine,
                  uint32_t rows_in, int64_t run_start_ns)
{
    if (log->tasks >= RUN_LOG_TASKS)
        make_room(log);
    if (run->record_count == run->record_room) {
        uint32_t room = run->record_room + run->record_room / 2 + FIRST_RECORDS;
        TaskRecord *grown = realloc(run->records, room * sizeof *grown);
        if (!grown)
            return;
        run->records = grown;
        run->record_room = room;
    }
    run->records[run->record_count++] = (TaskRecord){.worker = report->worker,
                                                     .pid = report->pid,
                                                     .machine = machine_number(log, machine),
                                                     .start_ns = report->start_ns - run_start_ns,
                                                     .end_ns = report->end_ns - run_start_ns,
                                                     .rows_in = rows_in,
                                                     .rows_out = report->rows_out};
    log->tasks++;
}
