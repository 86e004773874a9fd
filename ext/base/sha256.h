/* SHA-256 (FIPS 180-4), by which machines compare files: the same digest as sha256sum's. */
#ifndef PRICEMAP_SHA256_H
#define PRICEMAP_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a digest as a text of hexadecimal digits, with its NUL. */
enum { SHA256_TEXT_BYTES = 65 };

typedef struct Sha256 {
    uint32_t state[8];
    /* Bytes that were added so far; those of the block that is not full are in `block`. */
    uint64_t count;
    unsigned char block[64];
} Sha256;

/* Begins a digest. */
void sha256_begin(Sha256 *digest);

/* Adds bytes to a digest. */
void sha256_add(Sha256 *digest, const void *bytes, size_t size);

/* Ends a digest, and writes it as a text into SHA256_TEXT_BYTES bytes. */
void sha256_end(Sha256 *digest, char *text);

#endif
