#include "ext/executors/mpi/command.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/sqlite_api.h"

enum { NAME_BYTES = 256 };

/* Appends a word. False: there is no room. */
static bool add(JobCommand *command, const char *word, size_t length)
{
    if (length + 1 > sizeof command->words - command->size)
        return false;
    memcpy(command->words + command->size, word, length);
    command->words[command->size + length] = 0;
    command->size += (uint32_t)length + 1;
    return true;
}

/* Appends the words of a text, which are between spaces, or in quotes of either kind. */
static bool add_text(JobCommand *command, const char *text)
{
    while (*text) {
        char word[GUARD_COMMAND_BYTES], quote = 0;
        size_t length = 0;
        text += strspn(text, " \t\n");
        if (!*text)
            break;
        for (; *text && (quote || !isspace((unsigned char)*text)); text++) {
            if (*text == quote)
                quote = 0;
            else if (!quote && (*text == '\'' || *text == '"'))
                quote = *text;
            else if (length + 1 < sizeof word)
                word[length++] = *text;
        }
        if (quote || !add(command, word, length))
            return false;
    }
    return true;
}

/* Whether the rank program is built for MPICH, and not for Open MPI. */
#ifdef PRICEMAP_MPICH
static const bool is_mpich = true;
#else
static const bool is_mpich = false;
#endif

/* Whether a folder of $PATH has this program. */
static bool is_in_path(const char *name)
{
    const char *path = getenv("PATH");
    char file[4096];
    while (path && *path) {
        size_t length = strcspn(path, ":");
        int size = snprintf(file, sizeof file, "%.*s/%s", (int)length, path, name);
        if (size < (int)sizeof file && access(file, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

/* The length of the name of a machine in a list, of which the entries are 'name' or 'name:slots'. */
static size_t name_length(const char *entry)
{
    return strcspn(entry, ":,");
}

static bool is_left_out(const char *without, const char *entry)
{
    size_t length = name_length(entry);
    for (const char *name = without; *name; name += strcspn(name, ",") + 1)
        if (strcspn(name, ",") == length && !strncmp(name, entry, length))
            return true;
    return false;
}

/* Appends an option with the machines that are not left out. */
static bool add_hosts(JobCommand *command, const char *option, const char *hosts, const char *without)
{
    char list[GUARD_COMMAND_BYTES];
    size_t used = 0;
    while (*hosts) {
        size_t length = strcspn(hosts, ",");
        if (length && !is_left_out(without, hosts)) {
            if (used + length + 2 > sizeof list)
                return false;
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", used ? "," : "", (int)length,
                                     hosts);
        }
        hosts += length + (hosts[length] == ',');
    }
    return used && add_text(command, option) && add(command, list, used);
}

/* Appends the machines of the settings, each option under its name in this MPI. */
static bool add_machines(JobCommand *command, const MachineSettings *settings, const char *without)
{
    bool fits = true;
    if (settings->hosts)
        fits = add_hosts(command, is_mpich ? "-hosts" : "--host", settings->hosts, without);
    if (settings->hostfile)
        fits = fits && add_text(command, is_mpich ? "-f" : "--hostfile") &&
               add(command, settings->hostfile, strlen(settings->hostfile));
    return fits;
}

/* Appends the launcher of this MPI under the first of its names that is in $PATH, else under its last. */
static bool add_launcher(JobCommand *command)
{
    static const char *const of_openmpi[] = {"mpirun.openmpi", "mpirun", NULL};
    static const char *const of_mpich[] = {"mpirun.mpich", "mpiexec.hydra", "mpiexec", NULL};
    const char *const *name = is_mpich ? of_mpich : of_openmpi;
    while (name[1] && !is_in_path(*name))
        name++;
    return add_text(command, *name);
}

/* Appends the options of this MPI's launcher for one rank a machine. */
static bool add_options(JobCommand *command, bool remote)
{
    if (is_mpich)
        return add_text(command, remote ? "-bind-to none -ppn 1" : "-bind-to none -launcher fork -n 1");
    return add_text(command, "--bind-to none --mca odls_base_sigkill_timeout 0") &&
           add_text(command, remote ? "--map-by ppr:1:node --mca btl_tcp_eager_limit 1048576 "
                                      "--mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 1 "
                                      "--mca oob_tcp_keepalive_probes 3"
                                    : "--mca plm isolated --mca btl self,vader --oversubscribe -n 1");
}

/* Why the settings contradict each other, or name a file that cannot be read, from sqlite3_mprintf; NULL:
 * they do not, or there is no memory. */
static char *contradiction(const MachineSettings *settings, const char *launcher)
{
    const char *machines = settings->hosts ? "mpi_hosts" : settings->hostfile ? "mpi_hostfile" : NULL;
    if (launcher && machines)
        return sqlite3_mprintf("parallel_map: %s is set, and %s, a command that names its machines itself: "
                               "leave one of them out",
                               machines, settings->launcher ? "mpi_launcher" : "PRICEMAP_MPI_LAUNCHER");
    if (settings->hostfile && access(settings->hostfile, R_OK) != 0)
        return sqlite3_mprintf("parallel_map: mpi_hostfile '%s' cannot be read: %s: expected a file with a "
                               "machine on each line",
                               settings->hostfile, strerror(errno));
    return NULL;
}

bool mpi_command_make(JobCommand *command, const MachineSettings *settings, const char *without,
                      const char *rank, char **message)
{
    const char *launcher = settings->launcher ? settings->launcher : secure_getenv("PRICEMAP_MPI_LAUNCHER");
    bool remote = settings->hosts || settings->hostfile, fits;
    *command = (JobCommand){.size = 0};
    launcher = launcher && *launcher ? launcher : NULL;
    command->local = !remote && !launcher;
    *message = contradiction(settings, launcher);
    if (*message)
        return false;
    if (launcher)
        fits = add_text(command, launcher) && command->size;
    else
        fits =
            add_launcher(command) && add_options(command, remote) && add_machines(command, settings, without);
    fits = fits && add(command, rank, strlen(rank));
    if (!fits)
        *message = sqlite3_mprintf("parallel_map: %s: expected a command with its quotes closed and %d "
                                   "characters at most, and a list of machines of that length",
                                   settings->launcher ? "mpi_launcher"
                                   : launcher         ? "PRICEMAP_MPI_LAUNCHER"
                                                      : "mpi_hosts, mpi_hostfile",
                                   GUARD_COMMAND_BYTES);
    return fits;
}

/* Whether words name a machine: its name is in them, and not within a longer one. */
static bool are_about(const char *words, const char *name, size_t length)
{
    for (const char *at = words; *at; at++) {
        bool begins = at == words || !(isalnum((unsigned char)at[-1]) || at[-1] == '-');
        bool ends = begins && !strncmp(at, name, length) &&
                    !(isalnum((unsigned char)at[length]) || at[length] == '-');
        if (ends)
            return true;
    }
    return false;
}

bool mpi_command_leave_out(const MachineSettings *settings, const char *words, char *without, size_t size)
{
    const char *named = NULL;
    char here[NAME_BYTES] = "";
    bool is_here = false;
    int left = 0;
    gethostname(here, sizeof here - 1);
    for (const char *host = settings->hosts ? settings->hosts : ""; *host;) {
        size_t length = name_length(host);
        if (length && !is_left_out(without, host)) {
            left++;
            if ((!named || is_here) && are_about(words, host, length)) {
                named = host;
                is_here = strlen(here) == length && !strncmp(here, host, length);
            }
        }
        host += strcspn(host, ",");
        host += *host == ',';
    }
    size_t used = strlen(without);
    if (!named || left < 2 || used + name_length(named) + 2 > size)
        return false;
    snprintf(without + used, size - used, "%.*s,", (int)name_length(named), named);
    return true;
}
