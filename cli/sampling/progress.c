#include <math.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/base/format.h"
#include "cli/sampling/progress.h"

enum { PAUSE_NS = 100000000, NARROWEST = 20, USUAL_WIDTH = 80 };

void progress_begin(Progress *progress)
{
    *progress = (Progress){.shown = isatty(STDERR_FILENO)};
}

/* The bytes of `text` that fill at most `columns` columns, ending between characters. */
static int bytes_within(const char *text, int columns)
{
    int bytes = 0;
    for (; text[bytes]; bytes++)
        if (((unsigned char)text[bytes] & 0xc0) != 0x80 && columns-- == 0)
            break;
    return bytes;
}

static int terminal_width(void)
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
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
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
    fprintf(stderr, "\r%.*s\033[K", bytes_within(line, terminal_width() - 1), line);
    fflush(stderr);
}

void progress_end(Progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
