#include "ext/base/environment.h"

#include <errno.h>
#include <langinfo.h>
#include <string.h>
#include <sys/resource.h>

#include "ext/base/float_mode.h"

static const struct {
    int category, mask;
} categories[ENVIRONMENT_CATEGORIES] = {
    {LC_CTYPE, LC_CTYPE_MASK},     {LC_NUMERIC, LC_NUMERIC_MASK},   {LC_TIME, LC_TIME_MASK},
    {LC_COLLATE, LC_COLLATE_MASK}, {LC_MONETARY, LC_MONETARY_MASK}, {LC_MESSAGES, LC_MESSAGES_MASK},
};

/* ---- reading ---- */

/* The name of a category of this thread's locale; NULL: not known. */
static const char *category_name(int category, bool own_locale)
{
#ifdef NL_LOCALE_NAME
    if (own_locale)
        return nl_langinfo_l(NL_LOCALE_NAME(category), uselocale((locale_t)0));
#else
    if (own_locale)
        return NULL;
#endif
    return setlocale(category, NULL);
}

static void read_locale(Environment *environment)
{
    environment->own_locale = uselocale((locale_t)0) != LC_GLOBAL_LOCALE;
    memset(environment->locales, 0, sizeof environment->locales);
    for (int i = 0; i < ENVIRONMENT_CATEGORIES; i++) {
        const char *name = category_name(categories[i].category, environment->own_locale);
        if (name && strlen(name) < ENVIRONMENT_LOCALE_NAME)
            memcpy(environment->locales[i], name, strlen(name));
    }
}

static void read_rest(Environment *environment)
{
    environment->floats = float_mode_read();
    errno = 0;
    /* Of this thread: on Linux each has its own. */
    int nice = getpriority(PRIO_PROCESS, 0);
    environment->priority = errno ? 0 : (uint32_t)(20 - nice);
    read_locale(environment);
}

void environment_read(Environment *environment)
{
    time_zone_read(&environment->zone);
    read_rest(environment);
}

void environment_update(Environment *environment)
{
    time_zone_update(&environment->zone);
    read_rest(environment);
}

/* ---- adopting ---- */

static void adopt_zone(AdoptedEnvironment *adopted, const TimeZone *zone)
{
    if (!memcmp(&adopted->last.zone, zone, sizeof *zone))
        return;
    TimeZone wanted = *zone;
    wanted.name[sizeof wanted.name - 1] = 0;
    wanted.earlier_name[sizeof wanted.earlier_name - 1] = 0;
    time_zone_adopt(&wanted, &adopted->known_zone);
}

static void adopt_priority(uint32_t priority)
{
    if (priority >= 1 && priority <= 40)
        setpriority(PRIO_PROCESS, 0, 20 - (int)priority);
}

/* The locale of a process. */
static void adopt_process_locale(const Environment *wanted)
{
    for (int i = 0; i < ENVIRONMENT_CATEGORIES; i++)
        if (wanted->locales[i][0])
            setlocale(categories[i].category, wanted->locales[i]);
}

/* The locale of a thread: its process's, or one of its own with the same names as the host's thread has. */
static void adopt_thread_locale(AdoptedEnvironment *adopted, const Environment *wanted)
{
    locale_t own = (locale_t)0;
    for (int i = 0; wanted->own_locale && i < ENVIRONMENT_CATEGORIES; i++) {
        const char *name = wanted->locales[i];
        locale_t with = *name ? newlocale(categories[i].mask, name, own) : (locale_t)0;
        own = with ? with : own;
    }
    if (!own && !adopted->locale)
        return;
    uselocale(own ? own : LC_GLOBAL_LOCALE);
    if (adopted->locale)
        freelocale(adopted->locale);
    adopted->locale = own;
}

static void adopt_locale(AdoptedEnvironment *adopted, const Environment *wanted)
{
    const Environment *last = &adopted->last;
    Environment named = *wanted;
    if (last->own_locale == wanted->own_locale &&
        !memcmp(last->locales, wanted->locales, sizeof wanted->locales))
        return;
    for (int i = 0; i < ENVIRONMENT_CATEGORIES; i++)
        named.locales[i][ENVIRONMENT_LOCALE_NAME - 1] = 0;
    if (adopted->process)
        adopt_process_locale(&named);
    else
        adopt_thread_locale(adopted, &named);
}

void adopted_environment_begin(AdoptedEnvironment *adopted, bool process)
{
    *adopted = (AdoptedEnvironment){.process = process};
    /* A thread has the zone and the locale of its process, and must not read what the host may be changing.
     */
    if (!process)
        return;
    environment_read(&adopted->last);
    adopted->known_zone = adopted->last.zone;
}

void environment_adopt(AdoptedEnvironment *adopted, const Environment *wanted)
{
    /* A function of a map may have changed this one. */
    float_mode_set(wanted->floats);
    if (!memcmp(&adopted->last, wanted, sizeof *wanted))
        return;
    if (adopted->process)
        adopt_zone(adopted, &wanted->zone);
    if (adopted->last.priority != wanted->priority)
        adopt_priority(wanted->priority);
    adopt_locale(adopted, wanted);
    adopted->last = *wanted;
}

void adopted_environment_end(AdoptedEnvironment *adopted)
{
    if (!adopted->locale)
        return;
    uselocale(LC_GLOBAL_LOCALE);
    freelocale(adopted->locale);
    adopted->locale = (locale_t)0;
}
