/* Figures as people read them. */
#ifndef PRICEREPORT_FORMAT_H
#define PRICEREPORT_FORMAT_H

#include <stddef.h>
#include <sqlite3.h>

enum { FORMAT_SIZE = 64 };

/* Seconds with three digits and the unit that fits: "22.1 µs", "4.10 s". A dash for NAN and infinities. */
void format_duration(double seconds, char text[FORMAT_SIZE]);

/* Two durations in the unit of the greater one: "4.05 … 4.20 ms". A dash where either is not finite. */
void format_duration_range(double low, double high, char text[FORMAT_SIZE]);

/* A ratio: "1.93 ×". A dash where it is not finite. */
void format_times(double ratio, char text[FORMAT_SIZE]);

/* Gives the connection the SQL functions duration(seconds), duration_range(low, high) and times(ratio), which
 * write as above, and figure(value, metric, unit) and figure_range(low, high, metric, unit), which write a
 * duration where the metric is NULL; NULL is a dash. Returns an SQLite result code. */
int format_register(sqlite3 *db);

#endif
