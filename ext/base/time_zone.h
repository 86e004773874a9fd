/*
 * The time zone of a process, which SQLite's 'localtime' and 'utc' go by. The environment alone does not name
 * it: a TZ that is set there counts from the process's next tzset() on. So a zone is known by the text of TZ
 * and by its offsets at some instants, which show whether that text is the zone in effect.
 */
#ifndef PRICEMAP_TIME_ZONE_H
#define PRICEMAP_TIME_ZONE_H

#include <stdint.h>

enum { TIME_ZONE_SAMPLES = 4, TIME_ZONE_NAME = 256 };

/* Plain data, all of it set: two are the same zone where their bytes are the same. */
typedef struct TimeZone {
    /* Text of TZ after a '='; "" where TZ is not set, or too long to be sent. */
    char name[TIME_ZONE_NAME];
    /* Text of TZ, in the same form, when these offsets were first seen: where TZ was set since without
     * tzset(), this text still names the zone in effect. */
    char earlier_name[TIME_ZONE_NAME];
    /* Seconds east of Greenwich, at the instants of time_zone.c. */
    int32_t offsets[TIME_ZONE_SAMPLES];
} TimeZone;

/* Reads the zone of this process. Changes nothing; on any thread that may read the environment. */
void time_zone_read(TimeZone *zone);

/* Brings *zone, which was read in this process before, up to date. `earlier_name` stays as long as the
 * offsets are the same. */
void time_zone_update(TimeZone *zone);

/*
 * Gives this process the zone of another process, `zone`. Of four texts for TZ the first one is set that
 * gives the offsets of `zone`: its name; its earlier name; the name of `known`; none. `known` is the last
 * zone that gave the right offsets, at first the process's own; it becomes the one that was set. Only for a
 * process of one thread that owns its environment.
 */
void time_zone_adopt(const TimeZone *zone, TimeZone *known);

#endif
