/*
 * embed NAME=FILE ... : writes C source to standard output in which each FILE's bytes are a NUL-terminated
 * array `const char NAME[]`, with `const unsigned long NAME_size` without the NUL. A header is not needed:
 * who uses an array declares it where it is used. Exit status 1 with a message where a file cannot be read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int embed_file(const char *name, int name_length, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "embed: %s: %s\n", path, strerror(errno));
        return 1;
    }
    printf("extern const char %.*s[];\nextern const unsigned long %.*s_size;\n", name_length, name,
           name_length, name);
    printf("const char %.*s[] = {", name_length, name);
    unsigned long size = 0;
    int byte;
    while ((byte = fgetc(file)) != EOF) {
        printf("%s%d,", size % 24 == 0 ? "\n" : "", byte < 128 ? byte : byte - 256);
        size++;
    }
    printf("\n0};\nconst unsigned long %.*s_size = %lu;\n", name_length, name, size);
    int failed = ferror(file);
    fclose(file);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        if (!equals) {
            fprintf(stderr, "embed: %s: write NAME=FILE\n", argv[i]);
            return 1;
        }
        if (embed_file(argv[i], (int)(equals - argv[i]), equals + 1))
            return 1;
    }
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
