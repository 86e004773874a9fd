/* Included before each file of pricemap-rank, to make a rank of it that differs from its host in one thing.
 */
#ifndef OTHER_RANK_H
#define OTHER_RANK_H

#include <fcntl.h>
#include <stdint.h>

#include "ext/base/sqlite_api.h"
#include "ext/link/frames.h"

/* Bytes of a message between ranks, few, so that a frame takes many. */
#define PEERS_PART_BYTES ((uint64_t)100000)

/* What pricemap-rank has in place of these, but for rank 1 where OTHER_RANK names the thing. */
Frame *other_greeting(int rank, int ranks);
const char *other_source_id(void);
int other_open(const char *path, int flags);

#undef sqlite3_sourceid
#define frame_greeting other_greeting
#define sqlite3_sourceid other_source_id
#define open other_open

#endif
