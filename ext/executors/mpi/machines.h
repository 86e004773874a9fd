/* The machines of an MPI job, as the settings list them, without those that were lost. */
#ifndef PRICEMAP_MACHINES_H
#define PRICEMAP_MACHINES_H

#include "ext/executors/mpi/job.h"

enum { MACHINES_BYTES = 4096, MACHINE_NAME_BYTES = 256 };

/* Machines that are left out of further jobs. Zeros: none. */
typedef struct LostMachines {
    /* Names, each with a comma after it. */
    char names[MACHINES_BYTES];
    /* Machine that the last job lost touch with: it is left out once a start fails that names no other. */
    char suspect[MACHINE_NAME_BYTES];
} LostMachines;

/*
 * The machines of the settings, of mpi_hosts or else in the file mpi_hostfile, that are not left out: a list
 * as of mpi_hosts, to be freed with free. "": the settings name none, or all are left out. NULL when out of
 * memory.
 */
char *machines_list(const MachineSettings *settings, const LostMachines *lost);

/* Takes note of a job that failed. True: a machine more is left out, so that another start may do. The last
   machine that is left is never left out. */
bool machines_lose(LostMachines *lost, const MachineSettings *settings, const Job *job);

#endif
