#include "ext/executors/mpi/machines.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- lists ---- */

/* The length of the name of a machine in a list, of which the entries are 'name' or 'name:slots'. */
static size_t name_length(const char *entry)
{
    return strcspn(entry, ":,");
}

static const char *next_entry(const char *entry)
{
    entry += strcspn(entry, ",");
    return entry + (*entry == ',');
}

static bool is_left_out(const LostMachines *lost, const char *entry)
{
    size_t length = name_length(entry);
    for (const char *name = lost->names; *name; name = next_entry(name))
        if (name_length(name) == length && !strncmp(name, entry, length))
            return true;
    return false;
}

/* Appends a text of a list, after a comma where it is not the first. */
static bool append(char **list, size_t *size, const char *text, size_t length)
{
    char *grown = realloc(*list, *size + length + 2);
    if (!grown)
        return false;
    *list = grown;
    if (*size)
        grown[(*size)++] = ',';
    memcpy(grown + *size, text, length);
    *size += length;
    grown[*size] = 0;
    return true;
}

/* Appends the machines of a file: the first word of each line, which may be a comment. */
static bool append_file(char **list, size_t *size, const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    bool complete = true;
    while (file && complete && getline(&line, &room, file) > 0) {
        const char *name = line + strspn(line, " \t");
        size_t length = strcspn(name, " \t\r\n#");
        if (length)
            complete = append(list, size, name, length);
    }
    free(line);
    if (file)
        fclose(file);
    return complete;
}

char *machines_list(const MachineSettings *settings, const LostMachines *lost)
{
    char *all = strdup(settings->hosts ? settings->hosts : ""), *list = strdup("");
    size_t size = all ? strlen(all) : 0;
    bool complete = all && list;
    if (complete && !settings->hosts && settings->hostfile)
        complete = append_file(&all, &size, settings->hostfile);
    size = 0;
    for (const char *entry = all; complete && *entry; entry = next_entry(entry)) {
        size_t length = strcspn(entry, ",");
        if (length && !is_left_out(lost, entry))
            complete = append(&list, &size, entry, length);
    }
    free(all);
    if (complete)
        return list;
    free(list);
    return NULL;
}

/* ---- lost machines ---- */

/* The position of a name in words, the last one that is not within a longer name; NULL: the words do not have
   it. */
static const char *last_mention(const char *words, const char *name, size_t length)
{
    const char *last = NULL;
    for (const char *at = words; *at; at++) {
        bool begins = at == words || !(isalnum((unsigned char)at[-1]) || at[-1] == '-' || at[-1] == '.');
        if (begins && !strncmp(at, name, length) && !isalnum((unsigned char)at[length]) && at[length] != '-')
            last = at;
    }
    return last;
}

static bool is_here(const char *entry)
{
    char name[MACHINE_NAME_BYTES] = "";
    gethostname(name, sizeof name - 1);
    return strlen(name) == name_length(entry) && !strncmp(name, entry, name_length(entry));
}

/* The machine of a list that words name last; NULL: they name none. The host's own counts only where no other
   is named: a launcher begins its messages with it. */
static const char *named_last(const char *list, const char *words)
{
    const char *found = NULL, *position = NULL;
    for (const char *entry = list; *entry; entry = next_entry(entry)) {
        const char *mention = name_length(entry) ? last_mention(words, entry, name_length(entry)) : NULL;
        if (!mention || (found && is_here(entry)))
            continue;
        if (!found || is_here(found) || mention > position) {
            found = entry;
            position = mention;
        }
    }
    return found;
}

static int count(const char *list)
{
    int entries = 0;
    for (const char *entry = list; *entry; entry = next_entry(entry))
        entries++;
    return entries;
}

/* The machine of a rank: by its name, or, where the list has addresses, by its position. */
static const char *machine_of(const char *list, const Job *job, int rank)
{
    const char *entry = named_last(list, job->ranks[rank].machine);
    if (entry || count(list) != job->rank_count)
        return entry;
    for (entry = list; rank; rank--)
        entry = next_entry(entry);
    return entry;
}

/* Leaves the machine of an entry out of the list. */
static bool leave_out(LostMachines *lost, const char *list, const char *entry)
{
    size_t used = strlen(lost->names), length = name_length(entry);
    if (!length || count(list) < 2 || used + length + 2 > sizeof lost->names)
        return false;
    snprintf(lost->names + used, sizeof lost->names - used, "%.*s,", (int)length, entry);
    *lost->suspect = 0;
    return true;
}

static void suspect(LostMachines *lost, const char *entry)
{
    snprintf(lost->suspect, sizeof lost->suspect, "%.*s", (int)name_length(entry), entry);
}

bool machines_lose(LostMachines *lost, const MachineSettings *settings, const Job *job)
{
    static const char lost_touch[] = "lost communication";
    char *list = machines_list(settings, lost);
    const char *named = list ? named_last(list, job->error) : NULL;
    bool left_out = false;
    if (!list)
        return false;
    if (!job->was_ready && !named && *lost->suspect)
        named = named_last(list, lost->suspect);
    if (!job->was_ready)
        left_out = named && leave_out(lost, list, named);
    else if (job->lost_rank >= 0 && machine_of(list, job, job->lost_rank))
        left_out = leave_out(lost, list, machine_of(list, job, job->lost_rank));
    else if (named && strstr(job->error, lost_touch))
        suspect(lost, named);
    free(list);
    return left_out;
}
