/*
 * Machines that are made of namespaces on this one, for the tests of executors with workers elsewhere: each
 * has processes, a network, a host name, shared memory and a folder for temporary files of its own, and is
 * joined to this program's own network by a cable. Needs root.
 */
#ifndef MACHINES_H
#define MACHINES_H

#include <stdbool.h>
#include <sys/types.h>

enum { MACHINES = 3 };

/* Machine `number` is "m1" …; this program has this address among them. */
#define MACHINES_HOSTS "m1:1,m2:1,m3:1"
#define MACHINES_ADDRESS "10.77.0.254"

/* Gives this program a network of its own, without a way out. To be called first of all in main; false, with
   a sentence on standard output: machines cannot be made here. */
bool machines_possible(void);

/* Makes the machines, in place of those that a failed test has left; their temporary files are in a file
   system of their own at $TMPDIR. A script that starts a command on one of them, 'agent NAME COMMAND…', as a
   remote shell would, is in `folder`, which all have. Fails the test where it cannot. */
void machines_begin(const char *folder);

/* Ends all machines and removes the script. */
void machines_end(void);

/* Path of the script. */
const char *machines_agent(void);

/* Kills all processes of a machine, which no command reaches any more. */
void machines_crash(int number);

/* Pulls a machine's cable, or puts it in again. */
void machines_plug(int number, bool plugged);

/* Has a machine another file at a path: the one at `other`. */
void machines_replace(int number, const char *path, const char *other);

/* Number of processes on a machine, the one that makes it apart; of entries of its folder for temporary files
   and of its shared memory. 0 for one that has crashed. */
int machines_processes(int number);
int machines_files(int number);

#endif
