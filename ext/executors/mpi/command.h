/* The command that starts the ranks of an MPI job. */
#ifndef PRICEMAP_MPI_COMMAND_H
#define PRICEMAP_MPI_COMMAND_H

#include "ext/executors/mpi/job.h"

/*
 * The launcher's command: the one that the settings name, or $PRICEMAP_MPI_LAUNCHER, or the mpirun of the MPI
 * that pricemap-rank is built for, with one rank on each of the settings' machines, without those that are in
 * `without` (a list of names with a comma after each). The rank program comes last. False, with a
 * message that names the setting, from sqlite3_mprintf (NULL: out of memory), where the settings contradict
 * each other, the command is too long, or a file of machines cannot be read.
 */
bool mpi_command_make(JobCommand *command, const MachineSettings *settings, const char *without,
                      const char *rank, char **message);

/*
 * Adds to `without` (of `size` bytes) the first of the settings' machines that `words` name and that is not
 * in it yet, unless none would be left. False: there is none. This machine counts only where no other is
 * named: a launcher begins its messages with the name of the machine that it runs on.
 */
bool mpi_command_leave_out(const MachineSettings *settings, const char *words, char *without, size_t size);

#endif
