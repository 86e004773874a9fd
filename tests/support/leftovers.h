/*
 * The closing checks that every test of an executor ends with: nothing of ours is left that was not there
 * before.
 */
#ifndef PRICEMAP_LEFTOVERS_H
#define PRICEMAP_LEFTOVERS_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct Leftovers {
    int descriptors, threads, shared_files, shared_mappings;
} Leftovers;

/*
 * Marks this process in its environment, so that whatever it starts can be distinguished from what others
 * start. To be called once, before anything is started.
 */
void leftovers_mark(void);

/* The number that /proc/PID/status has after `name` ("Threads:", "PPid:"); -1 where there is none. */
int leftovers_status(pid_t pid, const char *name);

/* What there is now. */
Leftovers leftovers_look(void);

/* Processes (zombies included) that carry the mark of leftovers_mark, this one and its given child excepted.
 */
int leftovers_processes(pid_t except);

/* The pids of those whose name is `name` ("pricemap-zygote", "pricemap-worker"): at most `room`; the count.
 */
int leftovers_find(const char *name, pid_t *pids, int room);

/* Sends a signal to one of those processes: the `choice`-th, counted round. Its pid; 0 when there is none.
 * Never meets a process of others, even if one ends just now and its pid is given away again. */
pid_t leftovers_signal(const char *name, unsigned choice, int number);

/* How many things of any kind are more, or fewer, than before; 0 where all are as they were. */
int leftovers_differences(const Leftovers *before, const Leftovers *now);

/* Gives the kernel some time until all is as in `before` and no process is left. False when it is not; *now
 * and *processes say what there is. */
bool leftovers_settle(const Leftovers *before, Leftovers *now, int *processes);

/* Fails the running cmocka test unless all is as in `before` and no process is left. Gives the kernel some
 * time. */
void leftovers_check(const Leftovers *before);

#endif
