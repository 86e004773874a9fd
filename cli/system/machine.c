#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <sqlite3.h>

#include "cli/system/machine.h"

/* x86 and most others have "model name"; some name the processor or the machine otherwise. */
static int is_model_line(const char *line)
{
    static const char *const names[] = {"model name", "cpu model", "Model", "cpu\t", "uarch", "Processor"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(line, names[i], strlen(names[i])) == 0)
            return 1;
    return 0;
}

static void read_processor(char *model, size_t size, const char *fallback)
{
    snprintf(model, size, "%s", fallback);
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (!file)
        return;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (!colon || !is_model_line(line))
            continue;
        const char *value = colon + 1 + strspn(colon + 1, " \t");
        int length = (int)strcspn(value, "\n");
        if (length > 0) {
            snprintf(model, size, "%.*s", length, value);
            break;
        }
    }
    fclose(file);
}

void machine_read(Machine *machine)
{
    struct utsname system;
    if (uname(&system)) {
        memset(&system, 0, sizeof system);
        snprintf(system.sysname, sizeof system.sysname, "unknown");
        snprintf(system.machine, sizeof system.machine, "unknown");
    }
    int release = (int)strcspn(system.release, ".");
    if (system.release[release] == '.')
        release += 1 + (int)strspn(system.release + release + 1, "0123456789");
    snprintf(machine->kernel, sizeof machine->kernel, "%s %.*s", system.sysname, release, system.release);
    snprintf(machine->architecture, sizeof machine->architecture, "%s", system.machine);
    snprintf(machine->host, sizeof machine->host, "%s", system.nodename);
    read_processor(machine->processor, sizeof machine->processor, system.machine);

    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    machine->processors = processors > 0 ? processors : 0;
    double pages = (double)sysconf(_SC_PHYS_PAGES), page_size = (double)sysconf(_SC_PAGESIZE);
    machine->memory_gib = pages > 0 && page_size > 0 ? llround(pages * page_size / (1 << 30)) : 0;
    machine->sqlite = sqlite3_libversion();
    machine->compiler = PRICEREPORT_COMPILER;
    machine->flags = PRICEREPORT_FLAGS;
}

void machine_name(Machine *machine, const char *name)
{
    static const char any[] = "any";
    snprintf(machine->processor, sizeof machine->processor, "%s", name);
    snprintf(machine->architecture, sizeof machine->architecture, "%s", any);
    snprintf(machine->kernel, sizeof machine->kernel, "%s", any);
    machine->processors = machine->memory_gib = 0;
    machine->sqlite = machine->compiler = machine->flags = any;
}

double machine_load(void)
{
    double load;
    return getloadavg(&load, 1) == 1 ? load : NAN;
}

int64_t machine_peak_memory_kib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}
