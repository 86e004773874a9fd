#include "ext/api/machine_settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ext/base/error.h"

enum { LEAST_HEARTBEAT = 1, MOST_HEARTBEAT = 3600, MOST_BYTES = 8192 };

/* The text that a setting is kept in; NULL: no setting of a text has this name. */
static char **find_text(MachineSettings *machines, const char *name)
{
    if (!strcasecmp(name, "mpi_hosts"))
        return &machines->hosts;
    if (!strcasecmp(name, "mpi_hostfile"))
        return &machines->hostfile;
    if (!strcasecmp(name, "mpi_launcher"))
        return &machines->launcher;
    return strcasecmp(name, "mpi_address") ? NULL : &machines->address;
}

/* Whether the host lets SQL name a program, as a launcher is one that is run. */
static bool may_name_programs(ConnectionState *state)
{
    int allowed = 0;
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, &allowed);
    return allowed;
}

/* The setters: false, with an error as the call's result, where the value cannot be taken. */

static bool set_text(sqlite3_context *context, ConnectionState *state, const char *name, char **text,
                     sqlite3_value *value)
{
    const char *given = (const char *)sqlite3_value_text(value);
    bool runs = text == &state->machines.launcher;
    if (runs && !may_name_programs(state)) {
        error_result(context, sqlite3_mprintf(
                                  "parallel_map_config: mpi_launcher is a command that is run: it can be set "
                                  "while the host allows loading extensions, or by PRICEMAP_MPI_LAUNCHER"));
        return false;
    }
    if (given && (strlen(given) > MOST_BYTES || (!runs && (*given == '-' || strpbrk(given, "\n"))))) {
        error_result(context, sqlite3_mprintf("parallel_map_config: %s is '%s': expected %s", name, given,
                                              text == &state->machines.hosts
                                                  ? "names of machines, as 'a:16,b:16', or NULL"
                                                  : "a name, or NULL"));
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
    char **text = find_text(machines, name);
    if (!text)
        return false;
    if ((!value || set_text(context, state, name, text, value)) && *text)
        sqlite3_result_text(context, *text, -1, SQLITE_TRANSIENT);
    return true;
}
