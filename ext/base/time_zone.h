/*
 * The time zone of a process, which SQLite's 'localtime' and 'utc' go by: it is not in the environment alone,
 * since what is set there counts from the process's next tzset() on. Known are the text of TZ and the zone's
 * offsets at some instants, which tell whether that text is the zone in effect.
 */
#ifndef PRICEMAP_TIME_ZONE_H
#define PRICEMAP_TIME_ZONE_H

#include <stdint.h>

enum { TIME_ZONE_SAMPLES = 4, TIME_ZONE_NAME = 256 };

/* Plain data, all of it set: two are the same zone where their bytes are the same. */
typedef struct TimeZone {
    /* Text of TZ after a '='; "" where TZ is not set, or too long to be sent. */
    char name[TIME_ZONE_NAME];
    /* The same of TZ when these offsets were first seen: the zone in effect where TZ was set without tzset().
     */
    char earlier_name[TIME_ZONE_NAME];
    /* Seconds east of Greenwich, at the instants of time_zone.c. */
    int32_t offsets[TIME_ZONE_SAMPLES];
} TimeZone;

/* The zone of this process now. Changes nothing; on any thread that may read the environment. */
void time_zone_read(TimeZone *zone);

/* Brings *zone, which an earlier look at this process gave, up to date. `earlier_name` stays as long as the
 * offsets are the same. */
void time_zone_update(TimeZone *zone);

/*
 * Gives this process the zone of another one: TZ as it stands there, or, where that is not what is in effect
 * there (it was set without tzset()), as it stood before, `known` or none. `known` is the last zone that was
 * found to be right, at first the process's own, and becomes this one. Only for a process of one thread that
 * owns its environment.
 */
void time_zone_adopt(const TimeZone *zone, TimeZone *known);

#endif
