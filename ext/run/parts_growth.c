#include "ext/run/parts_growth.h"

/* Nanoseconds that a part costs to hand over and to combine, measured. */
static const double part_ns = 800;

/* Share of the work that combining may take in any case. */
static const double small_share = 0.05;

void parts_growth_add(PartsGrowth *growth, double rowids, double parts)
{
    if (!growth->ranges++) {
        growth->first_rowids = rowids;
        growth->first_parts = parts;
    }
    growth->rowids = rowids;
    growth->parts = parts;
}

double parts_growth_rowids(const PartsGrowth *growth)
{
    return 4 * growth->first_rowids;
}

bool parts_growth_is_known(const PartsGrowth *growth, double rowid_ns)
{
    return growth->parts * part_ns <= small_share * growth->rowids * rowid_ns ||
           (growth->ranges > 1 && growth->rowids >= parts_growth_rowids(growth));
}

/* Groups that new rows keep bringing grow with the rows. Otherwise the last range has seen a good part of
   them, and each worker comes to see all. */
bool parts_are_too_many(const PartsGrowth *growth, double rowids, double rowid_ns, int workers,
                        double *estimate)
{
    double first = growth->first_parts / growth->first_rowids, last = growth->parts / growth->rowids;
    double parts = last * rowids;
    if (last < 0.8 * first && 2 * workers * growth->parts < parts)
        parts = 2 * workers * growth->parts;
    *estimate = parts;
    return parts * part_ns > rowids * rowid_ns * (1 - 1.0 / workers);
}
