/* File descriptors, and those that stand for a process. Callable on any thread. */
#ifndef PRICEMAP_DESCRIPTORS_H
#define PRICEMAP_DESCRIPTORS_H

#include <sys/types.h>

/*
 * Moves a descriptor above 2, where no code takes it for standard output, and closes `fd`. Returns the new
 * one, close on exec, or -1 with errno. A negative `fd` is returned unchanged.
 */
int descriptor_above_standard(int fd);

/*
 * Makes a pair of sockets for messages (SOCK_SEQPACKET), close on exec and above 2. 0, or an errno with both
 * -1.
 */
int descriptor_pair(int ends[2]);

/* A pidfd (close on exec) of a process, or -1 with errno: ENOSYS where the kernel has none. Close it. */
int descriptor_of_process(pid_t pid);

/* Sends a signal to the process that a pidfd stands for. Errors are ignored: the process has ended then. */
void process_signal(int process, int signal);

#endif
