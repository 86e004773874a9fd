#include "ext/executors/mpi/last_words.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const char unknown_option[] =
    "mpi_launcher has an option that this launcher does not know: MPICH's are in "
    "`mpirun.mpich --help`, Open MPI's in `mpirun.openmpi --help`";

static const struct {
    const char *said, *remedy;
} remedies[] = {
#ifdef PRICEMAP_MPICH
    {"cannot run", "install MPICH (Debian: mpich), or set mpi_launcher to the launcher's command"},
#else
    {"cannot run", "install Open MPI (Debian: openmpi-bin), or set mpi_launcher to the launcher's command"},
#endif
    {"not enough slots", "add slots in mpi_hosts ('a:16'), or --oversubscribe to mpi_launcher"},
    {"as root", "start the host as another user, or set OMPI_ALLOW_RUN_AS_ROOT=1 and "
                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 in its environment"},
    {"plm_rsh_agent", "install an ssh client, or set mpi_launcher to a launcher that needs none"},
    /* Its name from Open MPI 5 on. */
    {"plm_ssh_agent", "install an ssh client, or set mpi_launcher to a launcher that needs none"},
    {"unable to find or launch", "install pricemap at the same path on every machine, or set PRICEMAP_RANK"},
    {"unable to launch", "install pricemap at the same path on every machine, or set PRICEMAP_RANK"},
    /* MPICH's launcher: a path is the rank's, a bare name that of ssh. */
    {"execvp error on file /", "install pricemap at the same path on every machine, or set PRICEMAP_RANK"},
    {"execvp error on file", "install an ssh client, or set mpi_launcher to a launcher that needs none"},
    {"unknown option", unknown_option},
    {"unrecognized argument", unknown_option},
    /* Open MPI from 5 on. */
    {"unrecognized option", unknown_option},
    {"nable to open host file", "set mpi_hostfile to a file that can be read"},
    {"hostfile", "set mpi_hostfile to a file with one machine a line, 'a slots=16' (MPICH: 'a:16')"},
    /* Messages of ssh. */
    {"Could not resolve hostname", "name machines in mpi_hosts that `ssh NAME` reaches"},
    {"Permission denied (", "let `ssh NAME` reach each machine without a password"},
    {"Host key verification failed", "call `ssh NAME` once by hand for each machine"},
    {"Connection refused", "let `ssh NAME` reach each machine"},
    {"No route to host", "let `ssh NAME` reach each machine"},
    {"Connection timed out", "let `ssh NAME` reach each machine"},
    /* Messages of Slurm's srun. */
    {"plugin name for mpi/", "give srun an --mpi that `srun --mpi=list` shows"},
    {"Unable to allocate resources",
     "start the host in an allocation (salloc), or give srun one that it gets"},
    {"Only allocated ", "give srun no more machines (-N) than the allocation has"},
    {"More processors requested than permitted",
     "allocate whole machines (salloc --exclusive), or leave --cpus-per-task out of mpi_launcher"},
};

/* Whether a line is a ruler, or empty. */
static bool is_ruler(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] != '-' && line[i] != '=' && !isspace((unsigned char)line[i]))
            return false;
    return true;
}

const char *last_words_read(const char *words, char *line, size_t size)
{
    size_t used = 0;
    for (const char *from = words; *from;) {
        size_t length = strcspn(from, "\n");
        bool ruler = is_ruler(from, length);
        for (size_t i = 0; !ruler && i < length && used + 2 < size; i++) {
            bool space = isspace((unsigned char)from[i]);
            if (!space || (used && line[used - 1] != ' '))
                line[used++] = space ? ' ' : from[i];
        }
        if (!ruler && used && line[used - 1] != ' ' && used + 2 < size)
            line[used++] = ' ';
        from += length + (from[length] == '\n');
    }
    while (used && line[used - 1] == ' ')
        used--;
    line[used] = 0;
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (strstr(words, remedies[i].said))
            return remedies[i].remedy;
    return "";
}
