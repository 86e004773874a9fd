/*
 * The guard of an MPI job: a mode of pricemap-worker. The guard starts the launcher (mpirun, srun, …) in a
 * process group of its own, keeps its last words and a folder for all that MPI leaves in files, and sees to
 * it that nothing of both is left once the host has ended, or the job.
 *
 * The guard is no child of the host, and learns of the host's end through a pidfd. Processes that lose their
 * parents below the guard become its children, so that it can end those as well that left the launcher's
 * group. Should the guard itself be killed, the kernel ends the launcher.
 */
#ifndef PRICEMAP_GUARD_H
#define PRICEMAP_GUARD_H

/* Serves the host at the other end of `socket` until the job has ended. To be called once, in a process
   without threads that was made for this. Returns the exit status. */
int guard_run(int socket);

#endif
