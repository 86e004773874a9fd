#include "ext/run/parts_growth.h"

/* Nanoseconds that a part costs to hand over and to combine, measured. */
static const double part_ns = 800;

/* Parts per rowid that are few in any case. */
static const double few = 0.002;

void parts_growth_add(PartsGrowth *growth, double rowids, double parts)
{
    if (!growth->ranges++) {
        growth->first_rowids = rowids;
        growth->first_parts = parts;
    }
    growth->rowids = rowids;
    growth->parts = parts;
}

bool parts_growth_is_known(const PartsGrowth *growth)
{
    return growth->parts <= few * growth->rowids ||
           (growth->ranges > 1 && growth->rowids >= 4 * growth->first_rowids);
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
