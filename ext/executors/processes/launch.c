#include "ext/executors/processes/launch.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/sqlite_api.h"
#include "ext/channel/messages.h"

extern char **environ;

static const char program_name[] = "pricemap-worker";

bool worker_program_copy(WorkerProgram *copy, const WorkerProgram *program)
{
    size_t count = 0;
    while (program->arguments[count])
        count++;
    char **arguments = calloc(count + 1, sizeof *arguments);
    *copy = (WorkerProgram){.path = strdup(program->path), .arguments = arguments, .needs = program->needs};
    bool complete = copy->path && arguments;
    for (size_t i = 0; complete && i < count; i++) {
        arguments[i] = strdup(program->arguments[i]);
        complete = arguments[i] != NULL;
    }
    if (!complete)
        worker_program_free(copy);
    return complete;
}

void worker_program_free(WorkerProgram *program)
{
    for (size_t i = 0; program->arguments && program->arguments[i]; i++)
        free(program->arguments[i]);
    free(program->arguments);
    free(program->path);
    *program = (WorkerProgram){0};
}

/* The file that is mapped at `address`, by the path that the kernel has for it, which does not depend on the
 * folder that the process stands in; NULL where there is none, or it cannot be read. */
static char *mapped_file(const void *address)
{
    static const char deleted[] = " (deleted)";
    FILE *maps = fopen("/proc/self/maps", "re");
    char *line = NULL, *path = NULL;
    size_t room = 0;
    while (maps && !path && getline(&line, &room, maps) > 0) {
        uintptr_t from, to;
        int name = 0;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %*s %n", &from, &to, &name) == 2 && name &&
            (uintptr_t)address >= from && (uintptr_t)address < to && line[name] == '/')
            path = strdup(line + name);
    }
    free(line);
    if (maps)
        fclose(maps);
    /* A file that was replaced since: its name is the new one's. */
    size_t length = path ? strlen(path) : 0;
    if (length >= sizeof deleted && !strcmp(path + length - (sizeof deleted - 1), deleted) &&
        access(path, F_OK) != 0)
        path[length - (sizeof deleted - 1)] = 0;
    return path;
}

/* The file that the code or data at `address` was loaded from, absolute; NULL when that is not known. */
static char *file_of(const void *address)
{
    char *path = mapped_file(address);
    Dl_info info;
    if (path)
        return path;
    if (!dladdr(address, &info) || !info.dli_fname)
        return NULL;
    path = realpath(info.dli_fname, NULL);
    /* For the program itself the linker has the name that the program was called by. */
    return path ? path : realpath("/proc/self/exe", NULL);
}

/* The file `name` in the folder that `way` leads to from the folder of the file `here`, to be freed. */
static char *file_near(const char *here, const char *way, const char *name)
{
    const char *slash = here ? strrchr(here, '/') : NULL;
    char *path = NULL;
    if (asprintf(&path, "%.*s%s%s", slash ? (int)(slash - here) + 1 : 0, here ? here : "", way, name) < 0)
        return NULL;
    return path;
}

/* The first path at which the file is that may be used in this way, to be freed: beside the file `here`, and
 * where it is installed. NULL where there is none. */
static char *find_file(const char *here, const char *name, int use)
{
    char *paths[3] = {file_near(here, "", name)}, *found = NULL;
#ifdef PRICEMAP_LIBEXECDIR
    paths[1] = file_near(here, PRICEMAP_WAY_TO_LIBEXECDIR "/", name);
    paths[2] = file_near(PRICEMAP_LIBEXECDIR "/", "", name);
#endif
    for (int i = 0; i < 3; i++) {
        if (!found && paths[i] && access(paths[i], use) == 0)
            found = paths[i];
        else
            free(paths[i]);
    }
    return found;
}

/* The path that a variable of the environment names, counted from `folder`; NULL: none, or no memory. */
static char *chosen_path(const char *variable, const char *folder, bool *is_set)
{
    const char *chosen = secure_getenv(variable);
    char *whole;
    *is_set = chosen && *chosen;
    if (!*is_set)
        return NULL;
    if (*chosen != '/' && folder)
        return asprintf(&whole, "%s/%s", folder, chosen) < 0 ? NULL : whole;
    return strdup(chosen);
}

char *launch_find_rank(const char *folder)
{
    bool is_set;
    char *path = chosen_path("PRICEMAP_RANK", folder, &is_set);
    if (is_set)
        return path;
    char *here = file_of(program_name);
    path = find_file(here, "pricemap-rank", X_OK);
    free(here);
    return path;
}

static char *worker_path(const char *folder)
{
    bool is_set;
    char *path = chosen_path("PRICEMAP_WORKER", folder, &is_set);
    if (is_set)
        return path;
    char *here = file_of(program_name);
    char *found = find_file(here, program_name, X_OK);
    if (!found)
        found = file_near(here, "", program_name);
    free(here);
    return found;
}

char *launch_find_library(const char *name)
{
    char *here = file_of(program_name);
    char *found = find_file(here, name, R_OK);
    free(here);
    return found;
}

bool launch_is_in_pool(void)
{
    char name[32] = "";
    FILE *file = fopen("/proc/self/comm", "re");
    if (!file)
        return false;
    if (!fgets(name, sizeof name, file))
        name[0] = 0;
    fclose(file);
    return !strcmp(name, "pricemap-zygote\n") || !strcmp(name, "pricemap-worker\n");
}

bool launch_find_worker(WorkerProgram *program, const char *folder)
{
    char *path = worker_path(folder), *name = strdup(program_name);
    char **arguments = calloc(2, sizeof *arguments);
    if (!path || !name || !arguments) {
        free(path);
        free(name);
        free(arguments);
        return false;
    }
    arguments[0] = name;
    *program = (WorkerProgram){.path = path, .arguments = arguments};
    return true;
}

char *launch_sqlite_path(void)
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

int launch_program(const WorkerProgram *program, int socket, pid_t *pid)
{
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
    failure = posix_spawn_file_actions_adddup2(&actions, socket, MESSAGES_SOCKET);
    if (!failure)
        failure = posix_spawnattr_setsigmask(&attributes, &none);
    if (!failure)
        failure = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!failure)
        failure = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!failure)
        failure = posix_spawn(pid, program->path, &actions, &attributes, program->arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}
