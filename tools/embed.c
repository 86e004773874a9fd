/*
 * embed HEADER SOURCE ROOT FILE ... : writes C in which the bytes of each FILE are a NUL-terminated array,
 * and the header that declares these arrays. An array is named after its file's path below ROOT, without the
 * ending .sql or .gp: sql/show/run.sql is sql_show_run. Exit status 1 with a message where a file cannot be
 * read or written.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

static int complain(const char *path, const char *text)
{
    fprintf(stderr, "embed: %s: %s\n", path, text);
    return 1;
}

/* Writes the name of the array for `file` into `name`; `root` is a path without links. 0, or 1 with a
 * message. */
static int array_name(const char *root, const char *file, char name[NAME_SIZE])
{
    char whole[PATH_MAX];
    if (!realpath(file, whole))
        return complain(file, strerror(errno));
    size_t root_length = strlen(root);
    if (strncmp(whole, root, root_length) != 0 || whole[root_length] != '/')
        return complain(file, "is not below the root");
    const char *path = whole + root_length + 1;
    size_t length = strlen(path);
    const char *ending = strrchr(path, '.');
    if (ending && (!strcmp(ending, ".sql") || !strcmp(ending, ".gp")))
        length = (size_t)(ending - path);
    if (length >= NAME_SIZE)
        return complain(file, "has too long a name");
    for (size_t i = 0; i < length; i++)
        name[i] = isalnum((unsigned char)path[i]) ? path[i] : '_';
    name[length] = '\0';
    return 0;
}

static int embed_file(const char *root, const char *path, FILE *header, FILE *source)
{
    char name[NAME_SIZE];
    if (array_name(root, path, name))
        return 1;
    FILE *file = fopen(path, "rb");
    if (!file)
        return complain(path, strerror(errno));
    fprintf(header, "extern const char %s[];\n", name);
    fprintf(source, "const char %s[] = {", name);
    unsigned long size = 0;
    int byte;
    while ((byte = fgetc(file)) != EOF) {
        fprintf(source, "%s%d,", size % 24 == 0 ? "\n" : "", byte < 128 ? byte : byte - 256);
        size++;
    }
    fprintf(source, "\n0};\n");
    int failed = ferror(file);
    fclose(file);
    return failed ? complain(path, "cannot be read") : 0;
}

static int embed_files(const char *root, int count, char **paths, FILE *header, FILE *source)
{
    fprintf(header, "/* Made by tools/embed. */\n#pragma once\n");
    for (int i = 0; i < count; i++) {
        /* Each array is declared before it is defined. */
        char name[NAME_SIZE];
        if (array_name(root, paths[i], name))
            return 1;
        fprintf(source, "extern const char %s[];\n", name);
    }
    for (int i = 0; i < count; i++)
        if (embed_file(root, paths[i], header, source))
            return 1;
    return 0;
}

/* Closes what was written; 1 with a message where it did not arrive whole. */
static int finish(FILE *file, const char *path)
{
    int failed = ferror(file);
    return fclose(file) || failed ? complain(path, "cannot be written") : 0;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return complain("usage", "embed HEADER SOURCE ROOT FILE ...");
    char root[PATH_MAX];
    if (!realpath(argv[3], root))
        return complain(argv[3], strerror(errno));
    FILE *header = fopen(argv[1], "wb");
    if (!header)
        return complain(argv[1], strerror(errno));
    FILE *source = fopen(argv[2], "wb");
    if (!source) {
        fclose(header);
        return complain(argv[2], strerror(errno));
    }
    int failed = embed_files(root, argc - 4, argv + 4, header, source);
    failed |= finish(header, argv[1]);
    failed |= finish(source, argv[2]);
    return failed;
}
