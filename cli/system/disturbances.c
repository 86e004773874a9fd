#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/system/disturbances.h"

/* Where a share of that much is gone, medians move. */
static const double load_allowed = 0.25;  /* of each processor, by others */
static const double steal_allowed = 0.01; /* of all time since the machine started */
static const double memory_needed = 0.1;  /* of all, available */

static void conclude(Disturbance *finding, const char *advice, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets what was found: with advice it is a warning, with NULL all is well. A check that cannot find out what
 * it wants to know leaves the finding as it is, unknown. */
static void conclude(Disturbance *finding, const char *advice, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->found, sizeof finding->found, format, arguments);
    va_end(arguments);
    finding->state = advice ? DISTURBANCE_WARNING : DISTURBANCE_OK;
    finding->advice = advice;
}

/* Up to size - 1 bytes of a file without the newline at its end. False where it cannot be read. */
static bool read_text(const char *root, const char *name, char *text, size_t size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", root, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t length = fread(text, 1, size - 1, file);
    fclose(file);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    return true;
}

/* The files that match, below the root; to be freed with globfree also where there are none. */
static void find_files(const char *root, const char *pattern, glob_t *files)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", root, pattern);
    if (glob(path, 0, NULL, files) != 0)
        files->gl_pathc = 0;
}

/* Logical processors of the machine, from the lines "cpu0", "cpu1", … of /proc/stat; at least 1. */
static int count_processors(const char *stat)
{
    int count = 0;
    for (const char *line = stat; (line = strstr(line, "\ncpu")); line++)
        count++;
    return count > 0 ? count : 1;
}

static int processors_of(const char *root)
{
    static const size_t size = 1 << 18;
    char *stat = malloc(size);
    int count = stat && read_text(root, "/proc/stat", stat, size) ? count_processors(stat) : 1;
    free(stat);
    return count;
}

static void check_governor(const char *root, Disturbance *finding)
{
    glob_t files;
    char governor[64], worst[64] = "";
    size_t others = 0;
    find_files(root, "/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor", &files);
    for (size_t i = 0; i < files.gl_pathc; i++)
        if (read_text("", files.gl_pathv[i], governor, sizeof governor) &&
            strcmp(governor, "performance") != 0) {
            others++;
            memcpy(worst, governor, sizeof worst);
        }
    if (others > 0)
        conclude(finding,
                 "let the processors keep their clock: sudo cpupower frequency-set --governor performance",
                 "%s on %zu of %zu processors: the clock follows the load", worst, others, files.gl_pathc);
    else if (files.gl_pathc > 0)
        conclude(finding, NULL, "performance on all %zu processors", files.gl_pathc);
    globfree(&files);
}

static void check_turbo(const char *root, Disturbance *finding)
{
    char text[16];
    bool on;
    const char *advice;
    if (read_text(root, "/sys/devices/system/cpu/intel_pstate/no_turbo", text, sizeof text)) {
        on = strcmp(text, "0") == 0;
        advice =
            "turn it off while measuring: echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo";
    } else if (read_text(root, "/sys/devices/system/cpu/cpufreq/boost", text, sizeof text)) {
        on = strcmp(text, "1") == 0;
        advice = "turn it off while measuring: echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost";
    } else {
        return;
    }
    if (on)
        conclude(
            finding, advice,
            "on: the clock depends on heat and on how many processors work, which makes parallel runs look "
            "worse");
    else
        conclude(finding, NULL, "off");
}

static void check_load(const char *root, Disturbance *finding)
{
    char text[128];
    double load;
    int processors = processors_of(root);
    if (!read_text(root, "/proc/loadavg", text, sizeof text) || sscanf(text, "%lf", &load) != 1)
        return;
    if (load > load_allowed * processors)
        conclude(finding, "end what else runs (top shows it), or measure when the machine is quiet",
                 "load average %.2f over the last minute, on %d processors", load, processors);
    else
        conclude(finding, NULL, "load average %.2f over the last minute, on %d processors", load, processors);
}

static void check_steal(const char *root, Disturbance *finding)
{
    char text[512];
    unsigned long long user, nice, system, idle, wait, irq, soft, steal;
    if (!read_text(root, "/proc/stat", text, sizeof text) ||
        sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq,
               &soft, &steal) != 8)
        return;
    /* Of the time in which something wanted to run here. */
    double busy = (double)(user + nice + system + irq + soft + steal);
    double share = busy > 0 ? (double)steal / busy : 0;
    if (share > steal_allowed)
        conclude(finding,
                 "other virtual machines take processor time: trust ratios within one run only, take more "
                 "samples, or use a "
                 "machine of your own",
                 "%.1f %% of the busy time since the start was taken by the host", 100 * share);
    else
        conclude(finding, NULL, "%.1f %% of the busy time since the start was taken by the host",
                 100 * share);
}

static void check_virtual(const char *root, Disturbance *finding)
{
    static const size_t size = 1 << 16;
    char *text = malloc(size);
    bool known = text && read_text(root, "/proc/cpuinfo", text, size);
    if (known && strstr(text, " hypervisor"))
        conclude(
            finding,
            "its host may move or slow it unseen: compare within one run, and repeat a surprising run at "
            "another time",
            "a virtual machine");
    else if (known)
        conclude(finding, NULL, "no virtual machine");
    free(text);
}

/* The folder of this process's control group in version 2, below /sys/fs/cgroup; "" for the root of it. */
static void read_group(const char *root, char *group, size_t size)
{
    char text[4096];
    group[0] = '\0';
    if (!read_text(root, "/proc/self/cgroup", text, sizeof text))
        return;
    const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    if (!line)
        return;
    line = strstr(line, "0::") + 3;
    snprintf(group, size, "%.*s", (int)strcspn(line, "\n"), line);
    if (strcmp(group, "/") == 0)
        group[0] = '\0';
}

/* Processors' worth of time that the group may use; 0 for no limit. Version 2 first, which allows less the
 * higher up it is said; then version 1. */
static double read_quota(const char *root)
{
    char group[2048], path[PATH_MAX], text[128], period_text[64];
    double least = 0, quota, period;
    read_group(root, group, sizeof group);
    for (;;) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
        if (read_text(root, path, text, sizeof text) && sscanf(text, "%lf %lf", &quota, &period) == 2 &&
            period > 0)
            least = least > 0 && least < quota / period ? least : quota / period;
        char *slash = strrchr(group, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    if (least == 0 && read_text(root, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", text, sizeof text) &&
        read_text(root, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", period_text, sizeof period_text) &&
        atof(text) > 0 && atof(period_text) > 0)
        least = atof(text) / atof(period_text);
    return least;
}

static void check_quota(const char *root, Disturbance *finding)
{
    double quota = read_quota(root);
    int processors = processors_of(root);
    if (quota > 0 && quota < processors)
        conclude(finding,
                 "a container that has used its share is stopped for the rest of each period: give it whole "
                 "processors "
                 "(--cpuset-cpus) instead of a quota (--cpus)",
                 "%.2f processors of %d are allowed by the control group", quota, processors);
    else
        conclude(finding, NULL, "no quota below the %d processors", processors);
}

static void check_battery(const char *root, Disturbance *finding)
{
    glob_t files;
    char state[32];
    size_t discharging = 0;
    find_files(root, "/sys/class/power_supply/*/status", &files);
    for (size_t i = 0; i < files.gl_pathc; i++)
        discharging +=
            read_text("", files.gl_pathv[i], state, sizeof state) && strcmp(state, "Discharging") == 0;
    size_t batteries = files.gl_pathc;
    globfree(&files);
    if (discharging > 0)
        conclude(finding, "plug it in: on battery the processor is slowed", "running on battery");
    else
        conclude(finding, NULL, batteries > 0 ? "plugged in" : "no battery");
}

static void check_threads(const char *root, Disturbance *finding)
{
    char text[16];
    if (!read_text(root, "/sys/devices/system/cpu/smt/active", text, sizeof text))
        return;
    if (strcmp(text, "1") == 0)
        conclude(finding,
                 "two workers on one core are not twice as fast as one: read the speed-up up to half of the "
                 "processors, or "
                 "echo off | sudo tee /sys/devices/system/cpu/smt/control",
                 "two logical processors share a core");
    else
        conclude(finding, NULL, "every processor is a core of its own");
}

static void check_clock(const char *root, Disturbance *finding)
{
    static const char *const good[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "xen",
                                       "arch_sys_counter"};
    char text[64];
    if (!read_text(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", text,
                   sizeof text))
        return;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (strcmp(text, good[i]) == 0) {
            conclude(finding, NULL, "%s", text);
            return;
        }
    conclude(
        finding,
        "reading this clock takes a microsecond and more: boot with clocksource=tsc where the processor has "
        "a steady one",
        "%s", text);
}

/* A line "Name:   123 kB" of /proc/meminfo, in KiB; -1 where there is none. */
static double memory_field(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    double kib;
    return line && sscanf(line + strlen(name), " %lf", &kib) == 1 ? kib : -1;
}

static void check_memory(const char *root, Disturbance *finding)
{
    char text[8192];
    if (!read_text(root, "/proc/meminfo", text, sizeof text))
        return;
    double total = memory_field(text, "MemTotal:"), available = memory_field(text, "MemAvailable:");
    double gib = 1024 * 1024;
    if (total <= 0 || available < 0)
        return;
    if (available < memory_needed * total)
        conclude(finding, "end what holds it: when memory runs short, pages are written out and read again",
                 "%.1f GiB of %.1f GiB are available", available / gib, total / gib);
    else
        conclude(finding, NULL, "%.1f GiB of %.1f GiB are available", available / gib, total / gib);
}

static void check_affinity(const char *root, Disturbance *finding)
{
    char text[4096], *line;
    int processors = processors_of(root), allowed = 0;
    line =
        read_text(root, "/proc/self/status", text, sizeof text) ? strstr(text, "\nCpus_allowed_list:") : NULL;
    if (!line)
        return;
    line += strlen("\nCpus_allowed_list:");
    line[strcspn(line, "\n")] = '\0';
    /* "0-3,8" */
    for (char *next = line; *next;) {
        char *end;
        long first = strtol(next, &end, 10), last = first;
        if (end == next)
            break;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        allowed += (int)(last - first) + 1;
        next = *end == ',' ? end + 1 : end + strlen(end);
    }
    if (allowed < processors)
        conclude(
            finding,
            "more workers than these share them: give --workers no more than that, or start without taskset",
            "this process may use %d of %d processors", allowed, processors);
    else
        conclude(finding, NULL, "all %d processors may be used", processors);
}

static void check_build(const char *root, Disturbance *finding)
{
    (void)root;
    if (strncmp(PRICEREPORT_FLAGS, "debug", 5) == 0 && strcmp(PRICEREPORT_FLAGS, "debugoptimized") != 0)
        conclude(
            finding,
            "build with meson setup --buildtype=release: what a debug build takes says nothing about the "
            "code",
            "built as %s", PRICEREPORT_FLAGS);
    else
        conclude(finding, NULL, "built as %s", PRICEREPORT_FLAGS);
}

static void check_gnuplot(const char *root, Disturbance *finding)
{
    (void)root;
    const char *path = getenv("PATH");
    char file[PATH_MAX];
    for (const char *next = path ? path : ""; *next; next += *next == ':') {
        int length = (int)strcspn(next, ":");
        snprintf(file, sizeof file, "%.*s/gnuplot", length, next);
        if (access(file, X_OK) == 0) {
            conclude(finding, NULL, "%s", file);
            return;
        }
        next += length;
    }
    conclude(finding, "install it for the charts (Debian, Ubuntu: apt-get install gnuplot-nox)",
             "not in PATH");
}

void disturbances_examine(const char *root, Disturbance findings[DISTURBANCES])
{
    static const struct {
        const char *name;
        void (*examine)(const char *root, Disturbance *finding);
    } checks[DISTURBANCES] = {
        {"governor", check_governor}, {"turbo", check_turbo},     {"load", check_load},
        {"steal", check_steal},       {"virtual", check_virtual}, {"quota", check_quota},
        {"affinity", check_affinity}, {"threads", check_threads}, {"battery", check_battery},
        {"memory", check_memory},     {"clock", check_clock},     {"build", check_build},
        {"gnuplot", check_gnuplot},
    };
    for (size_t i = 0; i < DISTURBANCES; i++) {
        findings[i] = (Disturbance){.check = checks[i].name,
                                    .state = DISTURBANCE_UNKNOWN,
                                    .found = "not known: usual in a virtual machine or a container"};
        checks[i].examine(root, &findings[i]);
    }
}

const char *disturbances_state_name(DisturbanceState state)
{
    return state == DISTURBANCE_OK ? "ok" : state == DISTURBANCE_WARNING ? "warning" : "unknown";
}
