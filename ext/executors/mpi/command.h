/* The command that starts the ranks of an MPI job. */
#ifndef PRICEMAP_MPI_COMMAND_H
#define PRICEMAP_MPI_COMMAND_H

#include "ext/executors/mpi/machines.h"

/*
 * The launcher's command: the one that the settings name, or $PRICEMAP_MPI_LAUNCHER, or the mpirun of the MPI
 * that pricemap-rank is built for, with one rank on each of the settings' machines, without those that are
 * lost. The rank program comes last. False, with a message that names the setting, from sqlite3_mprintf
 * (NULL: out of memory), where the settings contradict each other, the command is too long, or a file of
 * machines cannot be read.
 */
bool mpi_command_make(JobCommand *command, const MachineSettings *settings, const LostMachines *lost,
                      const char *rank, char **message);

#endif
