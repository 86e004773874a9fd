/* PostgreSQL with the same C function, in one process and in a parallel query. A server of its own, in the
 * bench's folder, reached through a socket there. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peers.h"
#include "price_lists.h"
#include "figures.h"

static const char what[] = "PostgreSQL, the same C function";

#ifdef BENCH_POSTGRES_MODULE

enum { PRICES = 2000, ARGUMENTS_MAX = 40, OUTPUT_SIZE = 8192 };

typedef struct Server {
    Bench *bench;
    char folder[PATH_SIZE], data[PATH_SIZE], library[PATH_SIZE];
    char user[64]; /* that the server runs as, because it refuses root; empty: as we are */
    bool running;
    MappingAnswer expected;
} Server;

/* Runs a program of PostgreSQL, as the server's user where `as_server`. The arguments end with NULL. */
static int run(const Server *server, bool as_server, const char *program, const char *const *arguments,
               char *output, Failure *failure)
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
    return peer_run(argv, server->folder, output, OUTPUT_SIZE, failure);
}

/* The module has to be where the server's user can read it. */
static int copy_module(const Server *server, Failure *failure)
{
    char path[PATH_SIZE + 8], block[65536];
    snprintf(path, sizeof path, "%s.so", server->library);
    FILE *from = fopen(BENCH_POSTGRES_MODULE, "rbe"), *to = fopen(path, "wbe");
    size_t size;
    int result = from && to ? 0 : -1;
    while (result == 0 && (size = fread(block, 1, sizeof block, from)) > 0)
        result = fwrite(block, 1, size, to) == size ? 0 : -1;
    if (from && (ferror(from) || fclose(from)))
        result = -1;
    if (to && fclose(to))
        result = -1;
    if (result)
        return failure_set(failure, "cannot copy " BENCH_POSTGRES_MODULE " to %s: %s", path, strerror(errno));
    return 0;
}

/* Makes the server's folder. Where we are root it belongs to the user postgres, and may be reached through
 * ours. */
static int make_folder(Server *server, Failure *failure)
{
    const char *parent = server->bench->folder;
    snprintf(server->folder, sizeof server->folder, "%s/postgres", parent);
    snprintf(server->data, sizeof server->data, "%.*s/postgres/data", FOLDER_SIZE, parent);
    snprintf(server->library, sizeof server->library, "%.*s/postgres/price", FOLDER_SIZE, parent);
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
    return copy_module(server, failure);
}

static int write_settings(const Server *server, Failure *failure)
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

/* Runs one of our files in psql, with its variables. */
static int run_sql(const Server *server, const char *file, int helpers, char *output, Failure *failure)
{
    char path[PATH_SIZE], helper_count[32], prices[32], library[PATH_SIZE + 16];
    snprintf(path, sizeof path, BENCH_PEERS "/%s", file);
    snprintf(helper_count, sizeof helper_count, "helpers=%d", helpers);
    snprintf(prices, sizeof prices, "prices=%d", PRICES);
    snprintf(library, sizeof library, "library=%s", server->library);
    const char *const arguments[] = {
        "--no-psqlrc", "--quiet",    "--no-align", "--tuples-only", "--host",     server->folder,
        "--username",  "bench",      "--dbname",   "postgres",      "--variable", "ON_ERROR_STOP=1",
        "--variable",  helper_count, "--variable", prices,          "--variable", library,
        "--file",      path,         NULL};
    return run(server, false, "psql", arguments, output, failure);
}

static int start(Server *server, Failure *failure)
{
    char output[OUTPUT_SIZE], log[PATH_SIZE + 8];
    snprintf(log, sizeof log, "%s.log", server->data);
    const char *const create[] = {"--pgdata",   server->data, "--username",  "bench",     "--auth", "trust",
                                  "--encoding", "UTF8",       "--no-locale", "--no-sync", NULL};
    const char *const go[] = {"start", "--pgdata", server->data, "--log", log, "--wait", NULL};
    if (make_folder(server, failure) || run(server, true, "initdb", create, output, failure) ||
        write_settings(server, failure) || run(server, true, "pg_ctl", go, output, failure))
        return -1;
    server->running = true;
    return run_sql(server, "postgres_setup.sql", server->bench->settings.workers - 1, output, failure);
}

static void stop(Server *server)
{
    char output[OUTPUT_SIZE];
    Failure failure;
    const char *const end[] = {"stop", "--pgdata", server->data, "--mode", "immediate", "--wait", NULL};
    if (server->running && run(server, true, "pg_ctl", end, output, &failure))
        fprintf(stderr, "bench: %s\n", failure.text);
    server->running = false;
}

typedef struct PostgresRun {
    Server *server;
    int helpers;
} PostgresRun;

/* The time is the one that psql shows of the query, on a new connection that called the function once
 * before. */
static int take(void *context, int64_t loops, Sample *sample, Failure *failure)
{
    const PostgresRun *postgres = context;
    sample->wall_ns = 0;
    for (int64_t i = 0; i < loops; i++) {
        char output[OUTPUT_SIZE];
        double sum = 0, milliseconds = 0;
        if (run_sql(postgres->server, "postgres_round.sql", postgres->helpers, output, failure))
            return -1;
        const char *line = strstr(output, "sum|");
        if (!line || sscanf(line, "sum|%lf Time: %lf", &sum, &milliseconds) != 2)
            return failure_set(failure, "psql printed '%.200s'", output);
        sample->wall_ns += (int64_t)(milliseconds * 1e6);
        if (peer_check(postgres->server->bench, "PostgreSQL", sum, postgres->server->expected.sum, failure))
            return -1;
    }
    return 0;
}

int work_postgres(Bench *bench, Failure *failure)
{
    static const Effort effort = {.rounds = 7, .quick_rounds = 3, .warm = true};
    char table[TABLE_NAME_SIZE], label[LABEL_SIZE];
    if (!peer_installed(BENCH_POSTGRES_PROGRAMS "/initdb") ||
        !peer_installed(BENCH_POSTGRES_PROGRAMS "/psql"))
        return report_skip(bench, what,
                           "no server in " BENCH_POSTGRES_PROGRAMS " (Debian package postgresql)", failure);
    Server server = {.bench = bench};
    PostgresRun one = {&server, 0}, all = {&server, bench->settings.workers - 1};
    snprintf(label, sizeof label, "PostgreSQL, same C function, parallel query, %d processes",
             bench->settings.workers);
    const PeerSubject peers[] = {
        {.label = "PostgreSQL, same C function, 1 process", .sampled = {take, &one}, .ours = 0},
        {.label = label, .sampled = {take, &all}, .ours = 2},
    };
    int result = price_list(bench, PRICES, table, failure);
    if (result == 0)
        result = start(&server, failure);
    if (result == 0)
        result = peers_measure(bench, table, peers, sizeof peers / sizeof *peers, &effort, &server.expected,
                               failure);
    stop(&server);
    return result;
}

#else

int work_postgres(Bench *bench, Failure *failure)
{
    return report_skip(
        bench, what,
        "its server's headers were not there at build time (Debian package postgresql-server-dev-all)",
        failure);
}

#endif
