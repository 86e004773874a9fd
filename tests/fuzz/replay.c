/* Runs a fuzz target over files, without libFuzzer: every file that is named, every file of a folder that is
 * named. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

static int replay_file(const char *path)
{
    FILE *stream = fopen(path, "re");
    struct stat status;
    if (!stream || fstat(fileno(stream), &status) != 0) {
        perror(path);
        if (stream)
            fclose(stream);
        return -1;
    }
    size_t size = (size_t)status.st_size;
    /* Exactly as long as the input, so that reading beyond it is seen. */
    uint8_t *data = malloc(size ? size : 1);
    int result = data && fread(data, 1, size, stream) == size ? 0 : -1;
    fclose(stream);
    if (result)
        perror(path);
    else
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    return result;
}

static int replay_folder(const char *path, int *count)
{
    struct dirent **entries;
    int found = scandir(path, &entries, NULL, alphasort), result = found < 0 ? -1 : 0;
    if (found < 0)
        perror(path);
    for (int i = 0; i < found; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && result == 0) {
            result = replay_file(file);
            (*count)++;
        }
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    return result;
}

int main(int argc, char **argv)
{
    int count = 0, result = LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc && result == 0; i++) {
        struct stat status;
        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode)) {
            result = replay_folder(argv[i], &count);
        } else {
            result = replay_file(argv[i]);
            count++;
        }
    }
    fprintf(stderr, "%d inputs\n", count);
    /* A corpus that was not found proves nothing. */
    return result || count == 0;
}
