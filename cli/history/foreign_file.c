#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/history/foreign_file.h"
#include "cli/system/gunzip.h"

/* SQLite holds no longer text; with a byte to spare for the end. */
enum { LARGEST_FILE = 1000000000 - 1 };

static int read_stream(FILE *stream, ForeignFile *file, Failure *failure)
{
    size_t capacity = 1 << 16, got;
    file->size = 0;
    file->text = malloc(capacity);
    while (file->text && (got = fread(file->text + file->size, 1, capacity - file->size - 1, stream)) > 0) {
        file->size += got;
        if (file->size > LARGEST_FILE)
            return failure_set(failure, "%s is larger than %d bytes, and cannot be imported at once",
                               file->name, (int)LARGEST_FILE);
        if (file->size + 1 < capacity)
            continue;
        capacity *= 2;
        char *larger = realloc(file->text, capacity);
        if (!larger)
            free(file->text);
        file->text = larger;
    }
    if (!file->text)
        return failure_set(failure, "out of memory for %s", file->name);
    file->text[file->size] = '\0';
    return ferror(stream) ? failure_set(failure, "cannot read %s: %s", file->name, strerror(errno)) : 0;
}

static int read_packed_or_not(ForeignFile *file, const char *name, Failure *failure)
{
    struct stat status;
    if (strcmp(name, "-") == 0) {
        file->name = "standard input";
        file->modified = (double)time(NULL);
        return read_stream(stdin, file, failure);
    }
    FILE *stream = fopen(name, "re");
    if (!stream || fstat(fileno(stream), &status) != 0) {
        if (stream)
            fclose(stream);
        return failure_set(failure, "cannot read %s: %s", name, strerror(errno));
    }
    file->modified = (double)status.st_mtim.tv_sec;
    int result = read_stream(stream, file, failure);
    fclose(stream);
    return result;
}

/* The bytes as a file in memory, read from its beginning; -1 with errno set. */
static int memory_file(const char *bytes, size_t size)
{
    int memory = memfd_create("packed", MFD_CLOEXEC);
    for (size_t written = 0; memory >= 0 && written < size;) {
        ssize_t more = pwrite(memory, bytes + written, size - written, (off_t)written);
        if (more > 0) {
            written += (size_t)more;
        } else if (errno != EINTR) {
            close(memory);
            memory = -1;
        }
    }
    return memory;
}

static int unpack(ForeignFile *file, Failure *failure)
{
    pid_t pid;
    int memory = memory_file(file->text, file->size);
    FILE *stream = memory < 0 ? NULL : gunzip_begin(memory, &pid);
    int error = errno;
    if (memory >= 0)
        close(memory);
    if (!stream)
        return failure_set(failure, "cannot unpack %s: %s", file->name,
                           error == ENOENT ? "the program gzip is missing" : strerror(error));
    free(file->text);
    int result = read_stream(stream, file, failure);
    if (gunzip_end(stream, pid) && result == 0)
        return failure_set(failure, "cannot unpack %s: gzip found it damaged", file->name);
    return result;
}

/* The unit of UTF-16 at `bytes`. */
static uint32_t unit_at(const unsigned char *bytes, bool little)
{
    return little ? (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8
                  : (uint32_t)bytes[1] | (uint32_t)bytes[0] << 8;
}

/* Writes a code point in UTF-8. Returns its end. */
static char *put_utf8(char *end, uint32_t code)
{
    if (code < 0x80) {
        *end++ = (char)code;
        return end;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    *end++ = (char)(first[more] | code >> (6 * more));
    while (more-- > 0)
        *end++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
    return end;
}

/* Replaces UTF-16, which begins with its byte order mark, by UTF-8. Half a pair, and a NUL, are U+FFFD. */
static int from_utf16(ForeignFile *file, Failure *failure)
{
    const unsigned char *bytes = (const unsigned char *)file->text;
    bool little = bytes[0] == 0xff;
    char *text = malloc(file->size / 2 * 3 + 1), *end = text;
    if (!text)
        return failure_set(failure, "out of memory for %s", file->name);
    for (size_t i = 2; i + 1 < file->size; i += 2) {
        uint32_t code = unit_at(bytes + i, little), next = 0;
        if (code - 0xd800 < 0x400 && i + 3 < file->size)
            next = unit_at(bytes + i + 2, little) - 0xdc00;
        if (code - 0xd800 < 0x400 && i + 3 < file->size && next < 0x400) {
            code = 0x10000 + ((code - 0xd800) << 10) + next;
            i += 2;
        } else if (code - 0xd800 < 0x800 || code == 0) {
            code = 0xfffd;
        }
        end = put_utf8(end, code);
    }
    *end = '\0';
    free(file->text);
    file->text = text;
    file->size = (size_t)(end - text);
    return 0;
}

int foreign_file_read(ForeignFile *file, const char *name, Failure *failure)
{
    *file = (ForeignFile){.name = name};
    if (read_packed_or_not(file, name, failure) ||
        (file->size > 2 && memcmp(file->text, "\x1f\x8b", 2) == 0 && unpack(file, failure)))
        return -1;
    if (file->size >= 2 && (memcmp(file->text, "\xff\xfe", 2) == 0 || memcmp(file->text, "\xfe\xff", 2) == 0))
        return from_utf16(file, failure);
    if (strncmp(file->text, "\xef\xbb\xbf", 3) == 0) {
        file->size -= 3;
        memmove(file->text, file->text + 3, file->size + 1);
    }
    return 0;
}

void foreign_file_free(ForeignFile *file)
{
    free(file->text);
    file->text = NULL;
}
