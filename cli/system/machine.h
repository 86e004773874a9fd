/* Where pricereport runs: what makes timings of two machines differ, and how busy it is. */
#ifndef PRICEREPORT_MACHINE_H
#define PRICEREPORT_MACHINE_H

#include <stdint.h>

/* The fingerprint: timings of machines that differ in any of these are not compared. */
typedef struct Machine {
    /* Model of the processor, as the kernel names it. */
    char processor[128];
    /* Number of logical processors that are online. */
    int64_t processors;
    /* Architecture, as uname -m prints it. */
    char architecture[65];
    /* Memory in GiB, rounded. */
    int64_t memory_gib;
    /* System and its version, major.minor. */
    char kernel[132];
    /* Version of the SQLite library that runs; static. */
    const char *sqlite;
    /* Compiler and flags of pricereport and the extension; static. */
    const char *compiler;
    const char *flags;
    /* Name of the host, which is no part of the fingerprint. */
    char host[65];
} Machine;

/* Makes the fingerprint that of a machine with a name of the user's, of less bytes than `processor` has: the
 * same whatever it is in truth, as for containers of one kind. Its host stays. */
void machine_name(Machine *machine, const char *name);

/* Reads the machine; members that cannot be read are "unknown" or 0. */
void machine_read(Machine *machine);

/* Load average of the last minute; NAN where the system does not say. */
double machine_load(void);

/* The greatest resident set this process ever had, in KiB. */
int64_t machine_peak_memory_kib(void);

#endif
