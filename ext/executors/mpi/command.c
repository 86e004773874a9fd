#include "ext/executors/mpi/command.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/base/sqlite_api.h"

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

/* Appends the machines that are not left out. A hostfile says how many slots each has, and is passed as a
   whole unless a machine of it is left out. */
static bool add_machines(JobCommand *command, const MachineSettings *settings, const LostMachines *lost)
{
    bool fits = true, listed = settings->hosts || *lost->names;
    if (listed) {
        char *list = machines_list(settings, lost);
        fits = list && *list && add_text(command, is_mpich ? "-hosts" : "--host") &&
               add(command, list, strlen(list));
        free(list);
    }
    /* MPICH takes one of both. */
    if (settings->hostfile && !(is_mpich && listed))
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

/* Has daemons end by themselves where they lose the launcher, long after the signs of life between ranks have
   shown which machine it was: the launcher's own words do not name it. */
static bool add_keepalive(JobCommand *command, const MachineSettings *settings)
{
    char words[256];
    snprintf(
        words, sizeof words,
        "--mca oob_tcp_keepalive_time %d --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3",
        (int)(3 * settings->heartbeat_seconds) + 1);
    return add_text(command, words);
}

/* Appends the options of this MPI's launcher for one rank a machine. */
static bool add_options(JobCommand *command, const MachineSettings *settings, bool remote)
{
    if (is_mpich)
        return add_text(command, remote ? "-bind-to none -ppn 1" : "-bind-to none -launcher fork -n 1");
    if (!add_text(command, "--bind-to none --mca odls_base_sigkill_timeout 0"))
        return false;
    return remote ? add_text(command, "--map-by ppr:1:node --mca btl_tcp_eager_limit 1048576") &&
                        add_keepalive(command, settings)
                  : add_text(command, "--mca plm isolated --mca btl self,vader --oversubscribe -n 1");
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

bool mpi_command_make(JobCommand *command, const MachineSettings *settings, const LostMachines *lost,
                      const char *rank, char **message)
{
    const char *launcher = settings->launcher ? settings->launcher : secure_getenv("PRICEMAP_MPI_LAUNCHER");
    bool remote = settings->hosts || settings->hostfile, fits;
    *command = (JobCommand){.size = 0};
    launcher = launcher && *launcher ? launcher : NULL;
    command->local = !remote && !launcher;
    command->by_shell = remote && !launcher && !is_mpich;
    *message = contradiction(settings, launcher);
    if (*message)
        return false;
    if (launcher)
        fits = add_text(command, launcher) && command->size;
    else
        fits = add_launcher(command) && add_options(command, settings, remote) &&
               add_machines(command, settings, lost);
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
