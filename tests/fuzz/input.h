/* An input as a fuzz target takes it apart, from its beginning. What is beyond its end reads as zeros. */
#ifndef PRICEMAP_FUZZ_INPUT_H
#define PRICEMAP_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Input {
    const uint8_t *data;
    size_t size; /* what is left */
} Input;

bool input_ended(const Input *input);
uint8_t input_byte(Input *input);
/* Little-endian. */
uint32_t input_u32(Input *input);
/* Copies `size` bytes. */
void input_bytes(Input *input, void *to, size_t size);

/*
 * The text up to `separator`, which is skipped, or to the end, NUL-terminated; to be freed with free(). *size
 * is its length, NULs within included. NULL when the input has ended.
 */
char *input_text(Input *input, char separator, size_t *size);

#endif
