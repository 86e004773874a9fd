/* Packed files of gzip, unpacked by the program of that name, which every system here has. */
#ifndef PRICEREPORT_GUNZIP_H
#define PRICEREPORT_GUNZIP_H

#include <stdio.h>
#include <sys/types.h>

/* Starts the unpacking of the descriptor `packed`, from its present offset on, which the caller keeps.
 * Returns the stream of what comes out, and the process in `pid`, both for gunzip_end; NULL with errno set
 * (ENOENT: there is no gzip). */
FILE *gunzip_begin(int packed, pid_t *pid);

/* Closes the stream and waits for the process. Returns 0, or -1 where the file was damaged, or its end had
 * not been read. */
int gunzip_end(FILE *stream, pid_t pid);

#endif
