/* Where pricereport runs: what makes timings of two machines differ, and how busy it is. */
#ifndef PRICEREPORT_MACHINE_H
#define PRICEREPORT_MACHINE_H

#include <stdint.h>

/* The fingerprint: timings of machines that differ in any of these are not compared. */
typedef struct Machine {
    char processor[128];   /* model, as the kernel names it */
    int64_t processors;    /* logical, online */
    char architecture[65]; /* as uname -m */
    int64_t memory_gib;    /* rounded */
    char kernel[132];      /* system and major.minor */
    const char *sqlite;    /* version of the library that runs; static */
    const char *compiler;  /* of pricereport and the extension; static, as is the next */
    const char *flags;
    char host[65]; /* its name; no part of the fingerprint */
} Machine;

/* What of the machine cannot be read is "unknown" or 0. */
void machine_read(Machine *machine);

/* Load average of the last minute; NAN where the system does not tell. */
double machine_load(void);

/* The greatest resident set this process ever had, in KiB. */
int64_t machine_peak_memory_kib(void);

#endif
