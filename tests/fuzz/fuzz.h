/*
 * What every fuzz target is: the two functions that libFuzzer calls. Without libFuzzer replay.c calls them,
 * once for each file of the target's corpus.
 *
 * A target ends the process (abort, or a sanitizer's report) when it finds something; what it returns means
 * nothing.
 */
#ifndef PRICEMAP_FUZZ_H
#define PRICEMAP_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
