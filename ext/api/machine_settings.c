#include "ext/api/machine_settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ext/base/error.h"

enum {
    LEAST_HEARTBEAT = 1,
    MOST_HEARTBEAT = 3600,
    MOST_BYTES = 8192,
    MOST_ADDRESS = 255,
    MOST_SLOTS = 65536
};

/* ---- what each setting takes ---- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

/* The length of the name of a machine that a text begins with; 0: there is none. A name that begins with a
 * hyphen would be an option of the launcher. */
static size_t name_length(const char *text)
{
    size_t length = 0;
    while (text[length] && (strchr(letters, text[length]) || strchr(digits, text[length]) ||
                            (text[length] == '-' && length) || text[length] == '.' || text[length] == '_'))
        length++;
    return length;
}

/* Whether a text is 'name' or 'name:slots', and others of that kind with commas between. */
static bool are_machines(const char *text)
{
    for (;; text++) {
        size_t length = name_length(text);
        if (!length)
            return false;
        text += length;
        if (*text == ':') {
            length = strspn(text + 1, digits);
            long slots = strtol(text + 1, NULL, 10);
            if (!length || slots < 1 || slots > MOST_SLOTS)
                return false;
            text += 1 + length;
        }
        if (!*text)
            return true;
        if (*text != ',')
            return false;
    }
}

/* Whether a text is the name or the address of a machine, without a port: what has several colons, or none
 * but those of an address, is one of IPv6. */
static bool is_address(const char *text)
{
    size_t length = strlen(text);
    if (length > MOST_ADDRESS)
        return false;
    if (name_length(text) == length)
        return true;
    const char *colon = strchr(text, ':');
    const char *zone = text + strspn(text, "0123456789abcdefABCDEF:.");
    size_t zone_length = *zone == '%' ? strlen(zone + 1) : 0;
    return colon && strchr(colon + 1, ':') &&
           (!*zone || (zone_length && name_length(zone + 1) == zone_length));
}

static bool is_path(const char *text)
{
    return *text != '-' && !strpbrk(text, "\n\r");
}

/* Whether a text has a word, and each quote in it is closed. */
static bool is_command(const char *text)
{
    char quote = 0;
    for (const char *at = text; *at; at++)
        if (*at == quote)
            quote = 0;
        else if (!quote && (*at == '\'' || *at == '"'))
            quote = *at;
    return !quote && text[strspn(text, " \t\n")];
}

typedef struct TextSetting {
    const char *name;
    /* Whether the setting takes a text, and what is expected, for messages. */
    bool (*fits)(const char *text);
    const char *expected;
} TextSetting;

static const TextSetting launcher_setting = {"mpi_launcher", is_command,
                                             "a command with its quotes closed, as 'srun --mpi=pmix -N 4'"};
static const TextSetting text_settings[] = {
    {"mpi_hosts", are_machines, "names of machines, as 'a:16,b:16'"},
    {"mpi_hostfile", is_path, "the path of a file with a machine on each line"},
    {"mpi_address", is_address, "the name or the address of this machine, without a port"},
};

/* The setting of a text of this name, and where its text is kept; NULL: there is none. */
static const TextSetting *find_text(MachineSettings *machines, const char *name, char ***text)
{
    char **const texts[] = {&machines->hosts, &machines->hostfile, &machines->address};
    *text = &machines->launcher;
    if (!strcasecmp(name, launcher_setting.name))
        return &launcher_setting;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!strcasecmp(name, text_settings[i].name)) {
            *text = texts[i];
            return &text_settings[i];
        }
    return NULL;
}

/* Whether the host lets SQL name a program, as a launcher is one that is run. */
static bool may_name_programs(ConnectionState *state)
{
    int allowed = 0;
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, &allowed);
    return allowed;
}

/* The setters: false, with an error as the call's result, where the value cannot be taken. */

static bool set_text(sqlite3_context *context, ConnectionState *state, const TextSetting *setting,
                     char **text, sqlite3_value *value)
{
    const char *given = (const char *)sqlite3_value_text(value);
    if (setting == &launcher_setting && !may_name_programs(state)) {
        error_result(context, sqlite3_mprintf(
                                  "parallel_map_config: mpi_launcher is a command that is run: it can be set "
                                  "while the host allows loading extensions, or by PRICEMAP_MPI_LAUNCHER"));
        return false;
    }
    size_t length = given ? strlen(given) : 0;
    if (length > MOST_BYTES) {
        error_result(context, sqlite3_mprintf("parallel_map_config: %s has %lld bytes: expected %d at most",
                                              setting->name, (long long)length, MOST_BYTES));
        return false;
    }
    if (length && (length != (size_t)sqlite3_value_bytes(value) || !setting->fits(given))) {
        error_result(context, sqlite3_mprintf("parallel_map_config: %s is '%s': expected %s, or NULL",
                                              setting->name, given, setting->expected));
        return false;
    }
    char *copy = given && *given ? strdup(given) : NULL;
    if (given && *given && !copy) {
        sqlite3_result_error_nomem(context);
        return false;
    }
    free(*text);
    *text = copy;
    return true;
}

static bool set_heartbeat(sqlite3_context *context, MachineSettings *machines, sqlite3_value *value)
{
    int type = sqlite3_value_numeric_type(value);
    double seconds = sqlite3_value_double(value);
    if ((type == SQLITE_INTEGER || type == SQLITE_FLOAT) && seconds >= LEAST_HEARTBEAT &&
        seconds <= MOST_HEARTBEAT) {
        machines->heartbeat_seconds = seconds;
        return true;
    }
    const char *given = (const char *)sqlite3_value_text(value);
    error_result(context, sqlite3_mprintf("parallel_map_config: heartbeat_seconds is '%s': expected a number "
                                          "from %d to %d",
                                          given ? given : "NULL", LEAST_HEARTBEAT, MOST_HEARTBEAT));
    return false;
}

bool machine_setting_function(sqlite3_context *context, ConnectionState *state, const char *name,
                              sqlite3_value *value)
{
    MachineSettings *machines = &state->machines;
    if (!strcasecmp(name, "heartbeat_seconds")) {
        if (!value || set_heartbeat(context, machines, value))
            sqlite3_result_double(context, machines->heartbeat_seconds);
        return true;
    }
    char **text;
    const TextSetting *setting = find_text(machines, name, &text);
    if (!setting)
        return false;
    if ((!value || set_text(context, state, setting, text, value)) && *text)
        sqlite3_result_text(context, *text, -1, SQLITE_TRANSIENT);
    return true;
}
