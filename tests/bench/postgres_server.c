#include "postgres_server.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peers.h"

#ifndef BENCH_POSTGRES_PROGRAMS
#define BENCH_POSTGRES_PROGRAMS ""
#endif

enum { ARGUMENTS_MAX = 40, OUTPUT_SIZE = 8192 };

bool postgres_installed(void)
{
    return *BENCH_POSTGRES_PROGRAMS && peer_installed(BENCH_POSTGRES_PROGRAMS "/initdb") &&
           peer_installed(BENCH_POSTGRES_PROGRAMS "/psql");
}

/* Runs a program of PostgreSQL, as the server's user where `as_server`. The arguments end with NULL. */
static int run(const PostgresServer *server, bool as_server, const char *program,
               const char *const *arguments, char *output, size_t size, Failure *failure)
{
    char texts[ARGUMENTS_MAX][PATH_SIZE];
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    size_t count = 0;
    if (as_server && server->user[0]) {
        const char *const change[] = {"setpriv", "--reuid",    server->user,
                                      "--regid", server->user, "--init-groups"};
        for (size_t i = 0; i < sizeof change / sizeof *change; i++)
            snprintf(texts[count++], PATH_SIZE, "%s", change[i]);
    }
    snprintf(texts[count++], PATH_SIZE, BENCH_POSTGRES_PROGRAMS "/%s", program);
    while (*arguments && count < ARGUMENTS_MAX)
        snprintf(texts[count++], PATH_SIZE, "%s", *arguments++);
    for (size_t i = 0; i < count; i++)
        argv[i] = texts[i];
    return peer_run(argv, server->folder, output, size, failure);
}

/* Makes the server's folder. Where we are root it belongs to the user postgres, and may be reached through
 * ours. */
static int make_folder(PostgresServer *server, Failure *failure)
{
    const char *parent = server->bench->folder;
    snprintf(server->folder, sizeof server->folder, "%s/postgres", parent);
    snprintf(server->data, sizeof server->data, "%.*s/postgres/data", FOLDER_SIZE, parent);
    int error = mkdir(server->folder, 0755);
    if (!error && geteuid() == 0) {
        const struct passwd *user = getpwnam("postgres");
        if (!user)
            return failure_set(failure, "PostgreSQL does not run as root, and there is no user postgres");
        snprintf(server->user, sizeof server->user, "%s", user->pw_name);
        error = chown(server->folder, user->pw_uid, user->pw_gid) || chmod(parent, 0711);
    }
    if (error)
        return failure_set(failure, "cannot make the folder %s: %s", server->folder, strerror(errno));
    return 0;
}

static int write_settings(const PostgresServer *server, Failure *failure)
{
    char path[PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/postgresql.conf", server->data);
    FILE *file = fopen(path, "ae");
    if (!file)
        return failure_set(failure, "cannot write %s: %s", path, strerror(errno));
    FILE *common = fopen(BENCH_PEERS "/postgres.conf", "re");
    int c;
    while (common && (c = getc(common)) != EOF)
        putc(c, file);
    fprintf(file, "unix_socket_directories = '%s'\n", server->folder);
    int failed = !common || ferror(common);
    if (common)
        fclose(common);
    failed |= fclose(file) != 0;
    return failed ? failure_set(failure, "cannot copy settings to %s", path) : 0;
}

int postgres_start(PostgresServer *server, Failure *failure)
{
    char output[OUTPUT_SIZE], log[PATH_SIZE + 8];
    if (make_folder(server, failure))
        return -1;
    snprintf(log, sizeof log, "%s.log", server->data);
    const char *const create[] = {"--pgdata",   server->data, "--username",  "bench",     "--auth", "trust",
                                  "--encoding", "UTF8",       "--no-locale", "--no-sync", NULL};
    const char *const go[] = {"start", "--pgdata", server->data, "--log", log, "--wait", NULL};
    if (run(server, true, "initdb", create, output, sizeof output, failure) ||
        write_settings(server, failure) || run(server, true, "pg_ctl", go, output, sizeof output, failure))
        return -1;
    server->running = true;
    return 0;
}

void postgres_stop(PostgresServer *server)
{
    char output[OUTPUT_SIZE];
    Failure failure;
    const char *const end[] = {"stop", "--pgdata", server->data, "--mode", "immediate", "--wait", NULL};
    if (server->running && run(server, true, "pg_ctl", end, output, sizeof output, &failure))
        fprintf(stderr, "bench: %s\n", failure.text);
    server->running = false;
}

int postgres_run_file(const PostgresServer *server, const char *path, const char *const *variables,
                      char *output, size_t size, Failure *failure)
{
    const char *arguments[ARGUMENTS_MAX] = {
        "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--host",     server->folder,
        "--username",  "bench",   "--dbname",   "postgres",      "--variable", "ON_ERROR_STOP=1",
        "--file",      path};
    size_t count = 14;
    for (int i = 0; i < POSTGRES_VARIABLES_MAX && variables[i]; i++) {
        arguments[count++] = "--variable";
        arguments[count++] = variables[i];
    }
    return run(server, false, "psql", arguments, output, size, failure);
}
