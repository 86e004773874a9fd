#include "ext/run/progress_line.h"

#include <stdio.h>
#include <unistd.h>

#include "ext/base/clock.h"

/* Time before the first drawing, and between two of them. */
static const int64_t first_ns = 500000000;
static const int64_t interval_ns = 200000000;

/* Writes a text at once, so that the line never mixes with the host's output. A terminal that takes no more
   is not waited for. */
static void put(const char *text, int length)
{
    if (write(STDERR_FILENO, text, (size_t)length) < 0)
        return;
}

void progress_line_begin(ProgressLine *line, bool wanted, int64_t start_ns)
{
    *line = (ProgressLine){.start_ns = start_ns, .next_ns = start_ns + first_ns};
    line->wanted = wanted && isatty(STDERR_FILENO);
}

void progress_line_draw(ProgressLine *line, int64_t rows, double share)
{
    if (!line->wanted)
        return;
    int64_t now = clock_ns();
    if (now < line->next_ns)
        return;
    line->next_ns = now + interval_ns;
    line->drawn = true;
    double seconds = (double)(now - line->start_ns) / 1e9;
    char text[160];
    int length =
        share > 0 && share <= 1
            ? snprintf(text, sizeof text,
                       "\r\033[Kparallel_map: %lld rows, %.0f rows/s, %.0f %%, %.0f s left", (long long)rows,
                       (double)rows / seconds, share * 100, seconds / share - seconds)
            : snprintf(text, sizeof text, "\r\033[Kparallel_map: %lld rows, %.0f rows/s", (long long)rows,
                       (double)rows / seconds);
    if (length > 0 && length < (int)sizeof text)
        put(text, length);
}

void progress_line_end(ProgressLine *line)
{
    if (line->drawn)
        put("\r\033[K", 4);
    line->drawn = false;
}
