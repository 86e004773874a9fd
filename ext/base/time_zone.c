#include "ext/base/time_zone.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Winters and summers of different years, in seconds since 1970. */
static const time_t instants[TIME_ZONE_SAMPLES] = {648000000, 1105747200, 1705276800, 1721001600};

static void read_offsets(int32_t *offsets)
{
    for (int i = 0; i < TIME_ZONE_SAMPLES; i++) {
        struct tm local;
        offsets[i] = localtime_r(&instants[i], &local) ? (int32_t)local.tm_gmtoff : 0;
    }
}

void time_zone_read(TimeZone *zone)
{
    const char *name = getenv("TZ");
    memset(zone, 0, sizeof *zone);
    if (name && strlen(name) + 2 <= sizeof zone->name) {
        zone->name[0] = '=';
        memcpy(zone->name + 1, name, strlen(name));
    }
    memcpy(zone->earlier_name, zone->name, sizeof zone->earlier_name);
    read_offsets(zone->offsets);
}

void time_zone_update(TimeZone *zone)
{
    const TimeZone last = *zone;
    time_zone_read(zone);
    if (!memcmp(zone->offsets, last.offsets, sizeof last.offsets))
        memcpy(zone->earlier_name, last.earlier_name, sizeof last.earlier_name);
}

static void set_zone(const char *name)
{
    if (*name)
        setenv("TZ", name + 1, 1);
    else
        unsetenv("TZ");
    tzset();
}

void time_zone_adopt(const TimeZone *zone, TimeZone *known)
{
    const char *const names[] = {zone->name, zone->earlier_name, known->name, ""};
    for (int i = 0; i < 4; i++) {
        TimeZone found;
        set_zone(names[i]);
        time_zone_read(&found);
        if (memcmp(found.offsets, zone->offsets, sizeof found.offsets) != 0)
            continue;
        *known = found;
        return;
    }
    set_zone(zone->name);
}
