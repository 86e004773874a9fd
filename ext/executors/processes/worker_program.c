#include "ext/executors/processes/worker_program.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/channel/channel.h"
#include "ext/base/sqlite_api.h"

extern char **environ;

static const char program_name[] = "pricemap-worker";

/* The file that the code or data at `address` was loaded from, absolute; NULL when that cannot be found out.
 */
static char *file_of(const void *address)
{
    Dl_info info;
    if (!dladdr(address, &info) || !info.dli_fname)
        return NULL;
    char *path = realpath(info.dli_fname, NULL);
    /* For the program itself the name is whatever it was called by. */
    return path ? path : realpath("/proc/self/exe", NULL);
}

static char *beside_this_code(void)
{
    char *here = file_of(program_name);
    if (!here)
        return strdup(program_name);
    char *slash = strrchr(here, '/');
    size_t folder = slash ? (size_t)(slash - here) + 1 : 0;
    char *path = malloc(folder + sizeof program_name);
    if (path) {
        memcpy(path, here, folder);
        memcpy(path + folder, program_name, sizeof program_name);
    }
    free(here);
    return path;
}

char *spawn_worker_path(void)
{
    const char *chosen = secure_getenv("PRICEMAP_WORKER");
    if (chosen && *chosen)
        return strdup(chosen);
    char *path = beside_this_code();
#ifdef PRICEMAP_LIBEXECDIR
    static const char installed[] = PRICEMAP_LIBEXECDIR "/pricemap-worker";
    if (path && access(path, X_OK) != 0 && access(installed, X_OK) == 0) {
        free(path);
        return strdup(installed);
    }
#endif
    return path;
}

char *spawn_sqlite_path(void)
{
    char *library = file_of((const void *)sqlite3_api);
    if (!library)
        return strdup("");
    char *program = realpath("/proc/self/exe", NULL);
    if (program && strcmp(program, library) == 0)
        *library = 0;
    free(program);
    return library;
}

int spawn_program(const char *path, int socket, pid_t *pid)
{
    char name[sizeof program_name];
    memcpy(name, program_name, sizeof name);
    char *arguments[] = {name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);

    int failure = posix_spawn_file_actions_init(&actions);
    if (failure)
        return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    /* Where both numbers are the same this clears the close-on-exec flag, which plain dup2 would not. */
    failure = posix_spawn_file_actions_adddup2(&actions, socket, CHANNEL_SOCKET);
    if (!failure)
        failure = posix_spawnattr_setsigmask(&attributes, &none);
    if (!failure)
        failure = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!failure)
        failure = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!failure)
        failure = posix_spawn(pid, path, &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}
