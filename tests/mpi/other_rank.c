/* The parts of a rank that differ from its host's. OTHER_RANK in the environment says which one does, for
 * rank 1 alone: version, layout, protocol, sqlite, or files: each file has ".other" after its path. */
#include "tests/mpi/other_rank.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef frame_greeting
#undef open

static bool differs(const char *thing)
{
    /* Variables of Open MPI and of MPICH. */
    const char *of_openmpi = getenv("OMPI_COMM_WORLD_RANK"), *which = getenv("OTHER_RANK");
    const char *rank = of_openmpi ? of_openmpi : getenv("PMI_RANK");
    return rank && !strcmp(rank, "1") && which && !strcmp(which, thing);
}

Frame *other_greeting(int rank, int ranks)
{
    Frame *frame = frame_greeting(rank, ranks);
    Greeting *greeting = frame ? (Greeting *)(void *)frame->bytes : NULL;
    if (!greeting)
        return NULL;
    if (differs("version"))
        snprintf(greeting->version, sizeof greeting->version, "0.0.2");
    greeting->layout += differs("layout");
    greeting->protocol += differs("protocol");
    snprintf(greeting->machine, sizeof greeting->machine, "machine%d", rank);
    return frame;
}

const char *other_source_id(void)
{
    return differs("sqlite") ? "2022-02-22 an SQLite of its own" : sqlite3_api->sourceid();
}

int other_open(const char *path, int flags)
{
    char other[4096];
    snprintf(other, sizeof other, "%s.other", path);
    return open(differs("files") ? other : path, flags);
}
