#include "ext/base/processors.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int processors_affinity(void)
{
    /* The mask may be larger than a cpu_set_t on a large machine. */
    for (int bits = CPU_SETSIZE; bits <= 1 << 20; bits *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)bits);
        if (!set)
            return 1;
        size_t size = CPU_ALLOC_SIZE((size_t)bits);
        int failed = sched_getaffinity(0, size, set);
        int count = failed ? 0 : CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (!failed)
            return count > 0 ? count : 1;
    }
    return 1;
}

static int quota_in(const char *folder, const char *group, int processors)
{
    char path[4096 + 64], text[64];
    long long quota = -1, period = 0;
    snprintf(path, sizeof path, "%s%s/cpu.max", folder, group);
    FILE *file = fopen(path, "re");
    if (file) {
        if (fgets(text, sizeof text, file) && sscanf(text, "%lld %lld", &quota, &period) != 2)
            quota = -1;
        fclose(file);
    } else {
        snprintf(path, sizeof path, "%s%s/cpu.cfs_quota_us", folder, group);
        if ((file = fopen(path, "re"))) {
            if (fscanf(file, "%lld", &quota) != 1)
                quota = -1;
            fclose(file);
        }
        snprintf(path, sizeof path, "%s%s/cpu.cfs_period_us", folder, group);
        if (quota > 0 && (file = fopen(path, "re"))) {
            if (fscanf(file, "%lld", &period) != 1)
                period = 0;
            fclose(file);
        }
    }
    if (quota <= 0 || period <= 0)
        return processors;
    long long whole = (quota + period - 1) / period;
    return whole < processors ? (int)whole : processors;
}

/* The quota holds for a group and all above it: the least of them counts. */
static int quota_of_group(const char *folder, char *group, int processors)
{
    for (;;) {
        processors = quota_in(folder, group, processors);
        char *slash = strrchr(group, '/');
        if (!slash)
            return processors;
        *slash = 0;
    }
}

int processors_quota(const char *groups_path, const char *folder, int processors)
{
    FILE *groups = fopen(groups_path, "re");
    if (!groups)
        return processors;
    char line[4096], cpu_folder[4096];
    snprintf(cpu_folder, sizeof cpu_folder, "%s/cpu", folder);
    while (fgets(line, sizeof line, groups)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = 0;
        if (!strcmp(group, "/"))
            *group = 0;
        if (!*++controllers)
            processors = quota_of_group(folder, group, processors);
        else if (!strcmp(controllers, "cpu") || !strcmp(controllers, "cpu,cpuacct") ||
                 !strcmp(controllers, "cpuacct,cpu"))
            processors = quota_of_group(cpu_folder, group, processors);
    }
    fclose(groups);
    return processors > 0 ? processors : 1;
}

int processors_available(void)
{
    return processors_quota("/proc/self/cgroup", "/sys/fs/cgroup", processors_affinity());
}
