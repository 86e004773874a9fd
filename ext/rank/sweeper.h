/* Removes what Open MPI leaves in files on a machine that is not the host's, whose guard removes them there.
 */
#ifndef PRICEMAP_SWEEPER_H
#define PRICEMAP_SWEEPER_H

/*
 * Starts a process that waits for the end of this rank and of its parent, Open MPI's daemon on the machine,
 * and then removes the daemon's session. A daemon that stays after its only rank, as no network leads to the
 * launcher any more, is killed. Does nothing where the parent is another program. To be called before
 * MPI_Init, as the process is a fork.
 */
void sweeper_start(void);

#endif
