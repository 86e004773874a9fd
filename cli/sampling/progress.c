#include <math.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/base/clock.h"
#include "cli/base/format.h"
#include "cli/base/unicode.h"
#include "cli/sampling/progress.h"

enum { PAUSE_NS = 100000000, NARROWEST = 20, USUAL_WIDTH = 80 };

void progress_begin(Progress *progress)
{
    *progress = (Progress){.shown = isatty(STDERR_FILENO)};
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < NARROWEST)
        return USUAL_WIDTH;
    return size.ws_col;
}

void progress_show(Progress *progress, const char *name, const char *variant, const SamplingEvent *event)
{
    if (!progress->shown)
        return;
    int64_t now_ns = clock_ns();
    if (progress->last_ns != 0 && now_ns - progress->last_ns < PAUSE_NS)
        return;
    progress->last_ns = now_ns;

    char left[FORMAT_SIZE] = "", median[FORMAT_SIZE], line[512];
    format_duration(event->summary->median, median);
    if (isfinite(event->seconds_left))
        snprintf(left, sizeof left, "at most %.0f s left", ceil(event->seconds_left));
    if (event->sample->round == 0)
        snprintf(line, sizeof line, "warming up  %s  %s %s", left, name, variant);
    else
        snprintf(line, sizeof line, "round %lld  %s  %s %s: %s, %zu samples", (long long)event->sample->round,
                 left, name, variant, median, event->summary->count);
    size_t width;
    fprintf(stderr, "\r%.*s\033[K", (int)unicode_fitting(line, terminal_width() - 1, &width), line);
    fflush(stderr);
}

void progress_end(Progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
