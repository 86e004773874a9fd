/* The temporary folder of one run of the bench, and the price lists in its database. */
#ifndef BENCH_PRICE_LISTS_H
#define BENCH_PRICE_LISTS_H

#include "bench.h"

enum { TABLE_NAME_SIZE = 64 };

/* A map over such a list that makes texts: every row allocates and frees several. */
#define TEXT_MAP "upper(replace(printf('price %.2f of article %d', p, id), 'a', 'ae'))"

/* Makes the folder, in $TMPDIR or /tmp, and the empty database in it. */
int price_lists_open(Bench *bench, Failure *failure);

/* Removes the folder with all that is in it. */
void price_lists_remove(Bench *bench);

/* The table `prices_ROWS`: columns id and p; made at the first call. Sums of it and of what the price
 * functions give for it are exact. No other connection may be using the database. */
int price_list(Bench *bench, int64_t rows, char name[TABLE_NAME_SIZE], Failure *failure);

/* The table `articles_ROWS`: columns id, name and p. */
int article_list(Bench *bench, int64_t rows, char name[TABLE_NAME_SIZE], Failure *failure);

/* The table `published`: the 20 prices of the experiment. */
int published_list(Bench *bench, Failure *failure);

/* A database `path` of its own with every price of the table whose id leaves the remainder `shard`. */
int price_shard(const Bench *bench, const char *table, int shards, int shard, const char *path,
                Failure *failure);

#endif
