/*
 * When workers may read the source's table from its file themselves, as far as the host's own statement over
 * it shows that. Whether the file is what the host sees is another question: run/snapshot.
 */
#ifndef PRICEMAP_PARTITION_RULES_H
#define PRICEMAP_PARTITION_RULES_H

#include "ext/plan/feed.h"

/*
 * Whether the feed is a plain walk over a table with rowids, in the order of the rowids, that does nothing
 * but take the inputs out of the table: then a worker that walks a range of the table sees what the host
 * would. `feed` has been started. On the connection's thread; prepares statements.
 */
bool partition_rules_allow(sqlite3 *db, const Source *source, const Feed *feed);

#endif
