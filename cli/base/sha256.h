/* SHA-256 digests (FIPS 180-4), as content security policies name a script by. */
#ifndef PRICEREPORT_SHA256_H
#define PRICEREPORT_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32, SHA256_TEXT_SIZE = 45 };

/* Computes the digest of `size` bytes. */
void sha256(const void *bytes, size_t size, uint8_t digest[SHA256_SIZE]);

/* Writes the digest of `size` bytes in base64. */
void sha256_base64(const void *bytes, size_t size, char text[SHA256_TEXT_SIZE]);

#endif
