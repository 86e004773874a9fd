/* How many processors this process may use. */
#ifndef PRICEMAP_PROCESSORS_H
#define PRICEMAP_PROCESSORS_H

/*
 * The processors of the affinity mask, but no more than the CPU quota of the control group allows (150 %
 * counts as two). At least 1. Reads a few small files of /proc and /sys; callable on any thread.
 */
int processors_available(void);

/* The processors of this process's affinity mask alone, at least 1. Reads no files; callable on any thread.
 */
int processors_affinity(void);

/* Pauses the processor for one turn of a spin loop. */
static inline void processor_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Of `processors`, those that the quotas of this process's control groups leave: the groups as the file
 * `groups_path` lists them (/proc/self/cgroup), their quotas below `folder` (/sys/fs/cgroup), both versions.
 */
int processors_quota(const char *groups_path, const char *folder, int processors);

#endif
