#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/format.h"

static const char dash[] = "–";

/* Room for two figures and what stands between them. */
enum { RANGE_SIZE = 2 * FORMAT_SIZE + 8 };

typedef struct Unit {
    double seconds;
    const char *name;
} Unit;

/* The greatest unit of which there is at least one, after rounding to three digits. */
static const Unit *unit_for(double seconds)
{
    static const Unit units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}};
    size_t i = 0;
    while (i < 3 && fabs(seconds) < 0.9995 * units[i].seconds)
        i++;
    return &units[i];
}

static int decimals_for(double number)
{
    number = fabs(number);
    return number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
}

void format_duration(double seconds, char text[FORMAT_SIZE])
{
    if (!isfinite(seconds)) {
        snprintf(text, FORMAT_SIZE, "%s", dash);
        return;
    }
    if (seconds == 0) {
        snprintf(text, FORMAT_SIZE, "0 s");
        return;
    }
    const Unit *unit = unit_for(seconds);
    double number = seconds / unit->seconds;
    snprintf(text, FORMAT_SIZE, "%.*f %s", decimals_for(number), number, unit->name);
}

void format_duration_range(double low, double high, char text[FORMAT_SIZE])
{
    if (!isfinite(low) || !isfinite(high)) {
        snprintf(text, FORMAT_SIZE, "%s", dash);
        return;
    }
    const Unit *unit = unit_for(high);
    int decimals = decimals_for(high / unit->seconds);
    snprintf(text, FORMAT_SIZE, "%.*f … %.*f %s", decimals, low / unit->seconds, decimals,
             high / unit->seconds, unit->name);
}

/* The power of 1024 that a number of bytes is written in. */
static int binary_power(double bytes)
{
    int power = 0;
    for (bytes = fabs(bytes); power < 5 && bytes >= 1023.5; power++)
        bytes /= 1024;
    return power;
}

static void format_bytes(double bytes, int power, int decimals, char text[FORMAT_SIZE])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    snprintf(text, FORMAT_SIZE, "%.*f %s", decimals, ldexp(bytes, -10 * power), units[power]);
}

static bool is_bytes(const char *unit)
{
    return unit && strcmp(unit, "B") == 0;
}

/* A figure of a metric with its unit, NULL where it has none: "1234 rows/s", "0.125"; of the unit B with the
   binary prefix that fits: "12.3 MiB". A dash where it is not finite. */
static void format_metric(double value, const char *unit, char text[FORMAT_SIZE])
{
    if (!isfinite(value)) {
        snprintf(text, FORMAT_SIZE, "%s", dash);
    } else if (is_bytes(unit)) {
        int power = binary_power(value);
        bool whole = power == 0 && value == floor(value);
        format_bytes(value, power, whole ? 0 : decimals_for(ldexp(value, -10 * power)), text);
    } else {
        snprintf(text, FORMAT_SIZE, "%.*g%s%.40s", fabs(value) < 1e9 && value == floor(value) ? 9 : 4, value,
                 unit ? " " : "", unit ? unit : "");
    }
}

/* Two figures of a metric: "12 … 14 rows/s". */
static void format_metric_range(double low, double high, const char *unit, char text[RANGE_SIZE])
{
    char first[FORMAT_SIZE], second[FORMAT_SIZE];
    if (!isfinite(low) || !isfinite(high)) {
        snprintf(text, RANGE_SIZE, "%s", dash);
        return;
    }
    format_metric(low, is_bytes(unit) ? unit : NULL, first);
    format_metric(high, unit, second);
    snprintf(text, RANGE_SIZE, "%s … %s", first, second);
}

void format_times(double ratio, char text[FORMAT_SIZE])
{
    if (!isfinite(ratio))
        snprintf(text, FORMAT_SIZE, "%s", dash);
    else if (ratio >= 0.1)
        snprintf(text, FORMAT_SIZE, "%.*f ×", decimals_for(ratio), ratio);
    else if (ratio >= 0.0001)
        snprintf(text, FORMAT_SIZE, "%.2g ×", ratio);
    else
        snprintf(text, FORMAT_SIZE, "< 0.0001 ×");
}

static double number_of(sqlite3_value *value)
{
    return sqlite3_value_type(value) == SQLITE_NULL ? NAN : sqlite3_value_double(value);
}

static void sql_duration(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    char text[FORMAT_SIZE];
    format_duration(number_of(values[0]), text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void sql_duration_range(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    char text[FORMAT_SIZE];
    format_duration_range(number_of(values[0]), number_of(values[1]), text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void sql_times(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    char text[FORMAT_SIZE];
    format_times(number_of(values[0]), text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void sql_figure(sqlite3_context *context, int count, sqlite3_value **values)
{
    char text[FORMAT_SIZE];
    if (sqlite3_value_type(values[1]) == SQLITE_NULL) {
        sql_duration(context, count, values);
        return;
    }
    format_metric(number_of(values[0]), (const char *)sqlite3_value_text(values[2]), text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void sql_figure_range(sqlite3_context *context, int count, sqlite3_value **values)
{
    char text[RANGE_SIZE];
    if (sqlite3_value_type(values[2]) == SQLITE_NULL) {
        sql_duration_range(context, count, values);
        return;
    }
    format_metric_range(number_of(values[0]), number_of(values[1]),
                        (const char *)sqlite3_value_text(values[3]), text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

int format_register(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = sqlite3_create_function(db, "duration", 1, flags, NULL, sql_duration, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "duration_range", 2, flags, NULL, sql_duration_range, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "times", 1, flags, NULL, sql_times, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "figure", 3, flags, NULL, sql_figure, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "figure_range", 4, flags, NULL, sql_figure_range, NULL, NULL);
    return rc;
}
