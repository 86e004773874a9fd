#include "ext/executors/mpi/last_words.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const struct {
    const char *said, *remedy;
} remedies[] = {
    {"cannot run", "install Open MPI (Debian: openmpi-bin), or set mpi_launcher to the launcher's command"},
    {"not enough slots", "add slots in mpi_hosts ('a:16'), or --oversubscribe to mpi_launcher"},
    {"as root", "start the host as another user, or set OMPI_ALLOW_RUN_AS_ROOT=1 and "
                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 in its environment"},
    {"plm_rsh_agent", "install an ssh client, or set mpi_launcher to a launcher that needs none"},
    /* Its name from Open MPI 5 on. */
    {"plm_ssh_agent", "install an ssh client, or set mpi_launcher to a launcher that needs none"},
    {"unable to find or launch", "install pricemap at the same path on every machine, or set PRICEMAP_RANK"},
    {"unable to launch", "install pricemap at the same path on every machine, or set PRICEMAP_RANK"},
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
