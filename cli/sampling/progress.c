#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/base/clock.h"
#include "cli/base/format.h"
#include "cli/base/unicode.h"
#include "cli/sampling/progress.h"

enum { PAUSE_NS = 100000000, NARROWEST = 20, USUAL_WIDTH = 80 };

bool progress_possible(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && !(kind && strcmp(kind, "dumb") == 0);
}

void progress_begin(Progress *progress)
{
    *progress = (Progress){.shown = progress_possible()};
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < NARROWEST)
        return USUAL_WIDTH;
    return size.ws_col;
}

/* Whether the line is to be written now. */
static bool is_due(Progress *progress)
{
    if (!progress->shown)
        return false;
    int64_t now_ns = clock_ns();
    if (progress->last_ns != 0 && now_ns - progress->last_ns < PAUSE_NS)
        return false;
    progress->last_ns = now_ns;
    return true;
}

static void write_line(const char *line)
{
    size_t width;
    fprintf(stderr, "\r%.*s\033[K", (int)unicode_fitting(line, terminal_width() - 1, &width), line);
    fflush(stderr);
}

void progress_show(Progress *progress, const char *name, const char *variant, const SamplingEvent *event)
{
    if (!is_due(progress))
        return;
    char left[FORMAT_SIZE] = "", median[FORMAT_SIZE], line[512];
    format_duration(event->summary->median, median);
    if (isfinite(event->seconds_left))
        snprintf(left, sizeof left, "at most %.0f s left", ceil(event->seconds_left));
    if (event->sample->round == 0)
        snprintf(line, sizeof line, "warming up  %s  %s %s", left, name, variant);
    else
        snprintf(line, sizeof line, "round %lld  %s  %s %s: %s, %zu samples", (long long)event->sample->round,
                 left, name, variant, median, event->summary->count);
    write_line(line);
}

/* A time that may be days, in the unit that fits. */
static void format_left(double seconds, char text[FORMAT_SIZE])
{
    static const struct {
        double seconds;
        const char *unit;
    } units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;
    while (i < sizeof units / sizeof *units - 1 && seconds < 2 * units[i].seconds)
        i++;
    snprintf(text, FORMAT_SIZE, "%.0f %s", ceil(seconds / units[i].seconds), units[i].unit);
}

void progress_show_rows(Progress *progress, const char *name, int64_t done, int64_t wanted, double rate)
{
    if (!is_due(progress))
        return;
    char left[FORMAT_SIZE], line[512];
    format_left(fmax((double)(wanted - done), 0) / rate, left);
    snprintf(line, sizeof line, "%s: %lld of %lld rows, %.3g rows/s, %s left", name, (long long)done,
             (long long)wanted, rate, left);
    write_line(line);
}

void progress_end(Progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
