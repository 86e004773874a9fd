#include "ext/executors/processes/program_files.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/base/descriptors.h"
#include "ext/channel/messages.h"
#include "ext/executors/processes/starter.h"

enum {
    /* Bytes of the longest list, which only a fault reaches. */
    LIST_BYTES_MAX = 1 << 26,
    /* Digits of a digest that messages show; versions are shorter. */
    DIGITS_SHOWN = 12,
};

void program_files_init(ProgramFiles *files)
{
    *files = (ProgramFiles){.socket = -1, .starter_process = -1};
}

/* ---- the request ---- */

int program_files_request(ProgramFiles *files, const WorkerProgram *program)
{
    const HostMessage request = {.kind = MESSAGE_FILES};
    int ends[2];
    int failure = descriptor_pair(ends);
    if (!failure)
        failure = messages_send(ends[0], &request, sizeof request, NULL, 0);
    if (!failure)
        failure = launch_program(program, ends[1], &files->starter);
    if (ends[1] >= 0)
        close(ends[1]);
    if (failure) {
        files->starter = 0;
        if (ends[0] >= 0)
            close(ends[0]);
        return failure;
    }
    files->socket = ends[0];
    files->starter_process = descriptor_of_process(files->starter);
    return 0;
}

/* ---- the answer ---- */

static bool add_part(ProgramFiles *files, const FilesReply *part)
{
    if (part->size > sizeof part->bytes || files->size + part->size > LIST_BYTES_MAX)
        return false;
    char *grown = realloc(files->list, files->size + part->size);
    if (!grown)
        return false;
    files->list = grown;
    memcpy(grown + files->size, part->bytes, part->size);
    files->size += part->size;
    return true;
}

/* Whether the list is of entries of three texts. */
static bool is_list(const ProgramFiles *files)
{
    size_t texts = 0;
    for (size_t i = 0; i < files->size; i++)
        texts += !files->list[i];
    return texts && texts % 3 == 0 && !files->list[files->size - 1];
}

int program_files_hear(ProgramFiles *files, char *error, size_t room)
{
    Message message;
    while (!files->whole) {
        ssize_t size = messages_receive(files->socket, &message, NULL, NULL);
        if (size < 0 && errno == EAGAIN)
            return 0;
        if (size > 0 && message.kind == MESSAGE_FILE_LIST && message.files.size &&
            add_part(files, &message.files))
            continue;
        if (size > 0 && message.kind == MESSAGE_FILE_LIST && !message.files.size && is_list(files)) {
            files->whole = true;
            break;
        }
        if (size > 0 && message.kind == MESSAGE_WELCOME)
            snprintf(error, room, "%.*s", (int)sizeof message.welcome.error - 1, message.welcome.error);
        else
            snprintf(error, room,
                     "the program ended, or did not answer as it should, when it was sent a request for "
                     "the files of its modules");
        return -1;
    }
    return 1;
}

/* ---- the comparison ---- */

/* An entry of a list; name is NULL after the last one. */
typedef struct Entry {
    const char *name, *path, *digest, *end;
} Entry;

static Entry entry_at(const char *at, const char *end)
{
    Entry entry = {.end = end};
    if (at >= end)
        return entry;
    entry.name = at;
    entry.path = entry.name + strlen(entry.name) + 1;
    entry.digest = entry.path + strlen(entry.path) + 1;
    return entry;
}

static Entry next_entry(const Entry *entry)
{
    return entry_at(entry->digest + strlen(entry->digest) + 1, entry->end);
}

bool program_files_same(const ProgramFiles *own, const char *hosts, size_t hosts_size, char *error,
                        size_t room)
{
    const ProgramFiles theirs = {.list = (char *)(uintptr_t)hosts, .size = hosts_size};
    static const char remedy[] = "put the host's files on every machine";
    if (!is_list(&theirs)) {
        snprintf(error, room, "it was sent a list of modules that is none");
        return false;
    }
    Entry host = entry_at(hosts, hosts + hosts_size), here = entry_at(own->list, own->list + own->size);
    while (host.name || here.name) {
        int order = !host.name ? 1 : !here.name ? -1 : strcmp(host.name, here.name);
        if (order > 0)
            snprintf(error, room, "its functions import the module %s (%s), the host's do not: %s", here.name,
                     here.path, remedy);
        else if (order < 0)
            snprintf(error, room, "its functions do not import the module %s, as the host's do (%s): %s",
                     host.name, host.path, remedy);
        else if (strcmp(host.digest, here.digest) != 0)
            snprintf(error, room, "its %s (%s: %.*s) is another one than the host's (%s: %.*s): %s",
                     here.name, here.path, DIGITS_SHOWN, here.digest, host.path, DIGITS_SHOWN, host.digest,
                     remedy);
        if (order || strcmp(host.digest, here.digest) != 0)
            return false;
        host = next_entry(&host);
        here = next_entry(&here);
    }
    return true;
}

void program_files_end(ProgramFiles *files, bool ours)
{
    if (files->socket >= 0)
        close(files->socket);
    if (ours)
        starter_reap(&files->starter, &files->starter_process, !files->whole);
    if (files->starter_process >= 0)
        close(files->starter_process);
    free(files->list);
    program_files_init(files);
}
