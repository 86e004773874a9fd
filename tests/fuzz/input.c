#include "input.h"

#include <stdlib.h>
#include <string.h>

bool input_ended(const Input *input)
{
    return input->size == 0;
}

void input_bytes(Input *input, void *to, size_t size)
{
    size_t there = size < input->size ? size : input->size;
    memset(to, 0, size);
    if (there)
        memcpy(to, input->data, there);
    input->data += there;
    input->size -= there;
}

uint8_t input_byte(Input *input)
{
    uint8_t byte;
    input_bytes(input, &byte, sizeof byte);
    return byte;
}

uint32_t input_u32(Input *input)
{
    uint8_t bytes[4];
    input_bytes(input, bytes, sizeof bytes);
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

char *input_text(Input *input, char separator, size_t *size)
{
    if (input_ended(input))
        return NULL;
    const uint8_t *end = memchr(input->data, separator, input->size);
    *size = end ? (size_t)(end - input->data) : input->size;
    char *text = malloc(*size + 1);
    if (!text)
        abort();
    input_bytes(input, text, *size);
    text[*size] = '\0';
    if (end)
        input_byte(input);
    return text;
}
