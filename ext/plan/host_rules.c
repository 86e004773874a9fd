#include "ext/plan/host_rules.h"

#include <limits.h>
#include <string.h>

#include "ext/base/error.h"
#include "ext/base/sqlite_limits.h"
#include "ext/connection/language_functions.h"
#include "ext/evaluate/like_setting.h"
#include "ext/evaluate/program.h"

/* How a connection knows a name. */
typedef struct KnownFunction {
    bool listed;
    /* Whether a form of the function is not one of SQLite's own. */
    bool own;
    /* Whether such a form takes texts in UTF-16, as no form does that a pragma registers. */
    bool utf16;
    /* Number of arguments of one form; -1: any number. */
    int arguments;
    /* Sum of the hashes of all forms: lists need not have the same order. */
    uint64_t forms;
} KnownFunction;

static KnownFunction find_function(const FunctionList *list, uint64_t name)
{
    KnownFunction known = {0};
    for (int i = 0; i < list->count; i++) {
        const FunctionForm *form = &list->items[i];
        if (form->name != name)
            continue;
        known.listed = true;
        known.own = known.own || form->own;
        known.utf16 = known.utf16 || (form->own && form->utf16);
        known.arguments = form->arguments;
        known.forms += form->traits;
    }
    return known;
}

bool host_rules_defines(sqlite3 *db, const char *name)
{
    static const FunctionNames none = {0};
    FunctionList list = {0};
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = function_list_read(db, &none, &list);
    limits_restore(db, &own);
    bool defines = rc == SQLITE_OK && find_function(&list, function_name(name, (int)strlen(name))).own;
    function_list_free(&list);
    return defines;
}

/* Whether the authorizer refused: about a function, SQLite's message alone shows that. */
static bool is_denial(int rc, const char *text)
{
    return rc == SQLITE_AUTH || (rc == SQLITE_ERROR && !strncmp(text, "not authorized", 14));
}

/* Checks whether a program gives NULL and does nothing else: so does a call that the authorizer has ignored
   (SQLITE_IGNORE), and none that it lets through. */
static int see_null(void *arg, const Instruction *instruction)
{
    static const char *const allowed[] = {"Init", "Explain", "Noop", "Null", "ResultRow", "Halt", "Goto"};
    bool *null = arg, found = false;
    for (size_t i = 0; !found && i < sizeof allowed / sizeof *allowed; i++)
        found = instruction_is(instruction, allowed[i]);
    *null = found;
    return found ? SQLITE_OK : SQLITE_DONE;
}

/*
 * Has the host's authorizer check one function at a time: the host cannot prepare the whole map when it uses
 * functions that only workers have, and then its authorizer is never called for the rest.
 */
static int check_denial(sqlite3 *db, const char *name, int arguments, char **message)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "SELECT \"%w\"(", name);
    /* Two are enough for every function that takes any number. */
    for (int i = 0; i < (arguments < 0 ? 2 : arguments); i++)
        sqlite3_str_appendall(sql, i ? ", 'a'" : "'a'");
    sqlite3_str_appendall(sql, ")");
    char *text = sqlite3_str_finish(sql);
    bool ignored = false;
    int rc = text ? program_each(db, text, see_null, &ignored) : SQLITE_NOMEM;
    sqlite3_free(text);
    if (rc == SQLITE_NOMEM)
        return rc;
    if ((rc == SQLITE_OK && ignored) || is_denial(rc, sqlite3_errmsg(db))) {
        *message = sqlite3_mprintf("parallel_map: not authorized to use function: %s", name);
        return rc == SQLITE_OK ? SQLITE_AUTH : rc;
    }
    if (rc == SQLITE_INTERRUPT)
        *message = sqlite3_mprintf("%s", sqlite3_errmsg(db));
    /* Another error (wrong argument types, say) does not mean that the host forbids the function. */
    return rc == SQLITE_INTERRUPT ? rc : SQLITE_OK;
}

typedef struct HostFunctions {
    ConnectionState *state;
    sqlite3 *worker;
    /* Names that map and source call, the host's functions, and why they could not be read. */
    HostView *view;
    FunctionList host_list;
    int host_rc;
    /* The worker's functions, once they are needed. */
    FunctionList worker_list;
    bool has_worker_list;
    char **message;
} HostFunctions;

/* Whether what a connection has in the place of LIKE is from PRAGMA case_sensitive_like. */
static int is_pragmas_like(sqlite3 *db, const char *name, const KnownFunction *known, bool *is)
{
    LikeSetting setting = LIKE_UNKNOWN;
    int rc = known->own && !known->utf16 && !sqlite3_stricmp(name, "like") ? like_setting_read(db, &setting)
                                                                           : SQLITE_OK;
    *is = setting != LIKE_UNKNOWN;
    return rc;
}

/* A name in both connections. */
typedef struct NameKnown {
    /* The host's function, and the worker's where it was needed. */
    KnownFunction host, worker;
    bool same;
    /* Whether workers have a function in another language, which the user named to them. */
    bool language;
} NameKnown;

static int read_worker_list(HostFunctions *check)
{
    int rc = check->has_worker_list
                 ? SQLITE_OK
                 : function_list_read(check->worker, &check->view->names, &check->worker_list);
    check->has_worker_list = rc == SQLITE_OK;
    return rc;
}

/* Functions of one name on both sides that neither has from SQLite: the same where all their forms are, and
   where the extension that has them in workers is in the host as a whole. */
static int compare_own(HostFunctions *check, uint64_t name, NameKnown *known)
{
    ConnectionState *state = check->state;
    known->same = known->host.forms == known->worker.forms;
    if (!known->same || !known->worker.own || !state->extension_count)
        return SQLITE_OK;
    int rc =
        extension_functions_update(&state->extension_functions, state->extensions, state->extension_count);
    known->same =
        rc == SQLITE_OK && extension_functions_in_host(&state->extension_functions, &check->host_list, name);
    return rc;
}

/* Finds the host's function of a name, and whether workers would call the same; a function that only workers
 * have counts as the same. Functions of pricemap are recognised by their answer, which costs less than the
 * list; and without an extension workers have nothing that could replace SQLite's own functions. */
static int find_name(HostFunctions *check, const char *name, NameKnown *known)
{
    KnownFunction *host = &known->host, *worker = &known->worker;
    bool host_pragmas = false, worker_pragmas = false;
    OwnFunction own = own_function_named(name, (int)strlen(name));
    uint64_t hash = function_name(name, (int)strlen(name));
    *known = (NameKnown){.same = true, .language = language_functions_has(&check->state->language, name)};
    if (own != OWN_FUNCTIONS) {
        *host = (KnownFunction){.listed = true, .own = true, .arguments = 1};
        return own_function_present(check->state->db, own, &known->same);
    }
    if (check->host_rc != SQLITE_OK)
        return check->host_rc;
    *host = find_function(&check->host_list, hash);
    if (known->language) {
        known->same = !host->listed || host->own;
        return SQLITE_OK;
    }
    int rc = is_pragmas_like(check->state->db, name, host, &host_pragmas);
    if (rc != SQLITE_OK || !host->listed || (!check->state->extension_count && (!host->own || host_pragmas)))
        return rc;
    rc = read_worker_list(check);
    if (rc != SQLITE_OK)
        return rc;
    *worker = find_function(&check->worker_list, hash);
    rc = is_pragmas_like(check->worker, name, worker, &worker_pragmas);
    if (rc != SQLITE_OK)
        return rc;
    /* The pragma's functions in the host are the same in workers, which get the same setting. */
    if (host_pragmas || worker_pragmas) {
        worker->own = worker->own && !worker_pragmas;
        known->same = (host_pragmas || !host->own) && !worker->own;
        return rc;
    }
    return compare_own(check, hash, known);
}

static char *other_function_text(const char *name, const NameKnown *known)
{
    if (known->language)
        return sqlite3_mprintf("parallel_map: map: %s() is SQLite's own on this connection, and in workers a "
                               "function of Python: give that another name, "
                               "parallel_map_python('module:function', 'my_%s')",
                               name, name);
    if (!known->worker.own)
        return sqlite3_mprintf(
            "parallel_map: map: %s() was defined by the host on this connection; workers would call "
            "another function of that name. Put it into an extension and load that into "
            "workers with parallel_map_load(path)",
            name);
    return sqlite3_mprintf("parallel_map: map: %s() is %s on this connection, and in workers the function of "
                           "an extension that was named "
                           "with parallel_map_load: load that extension into this connection as well%s",
                           name, known->host.own ? "a function of the host" : "SQLite's own",
                           known->host.own ? ", and define no other function of its names" : "");
}

/* Refuses a name under which workers would call another function than the host, and a function that the host
   forbids. */
static int check_function(void *arg, const char *name)
{
    HostFunctions *check = arg;
    NameKnown known;
    int rc = find_name(check, name, &known);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM && rc != SQLITE_INTERRUPT)
        *check->message =
            sqlite3_mprintf("parallel_map: map: cannot see whether %s() is the host's own: PRAGMA "
                            "function_list: %s",
                            name, rc == SQLITE_AUTH ? "not authorized" : sqlite3_errmsg(check->state->db));
    if (rc == SQLITE_OK && !known.same)
        return error_text(check->message, other_function_text(name, &known));
    return rc == SQLITE_OK && known.host.listed
               ? check_denial(check->state->db, name, known.host.arguments, check->message)
               : rc;
}

/* Prepares it under the limits that the host has set for what it says itself. */
static int prepare_plain(sqlite3 *db, const PlainSelect *plain)
{
    sqlite3_stmt *statement = NULL;
    int allowed = sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, -1);
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH,
                  allowed < INT_MAX - plain->added ? allowed + plain->added : INT_MAX);
    int rc = sqlite3_prepare_v2(db, plain->sql, -1, &statement, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, allowed);
    sqlite3_finalize(statement);
    return rc;
}

/* Whether one of the host's limits, and nothing else, keeps it from preparing the statement, which failed
   with `rc` and `text`. */
static int check_limits(sqlite3 *db, const PlainSelect *plain, int rc, const char *text, char **message)
{
    SqliteLimits own;
    limits_lift(db, &own);
    bool limited = prepare_plain(db, plain) == SQLITE_OK;
    limits_restore(db, &own);
    if (!limited)
        return SQLITE_OK;
    *message = sqlite3_mprintf("parallel_map: map: %s", text);
    return *message ? rc : SQLITE_NOMEM;
}

int host_rules_check_limits(sqlite3 *db, const PlainSelect *plain, char **message)
{
    int rc = prepare_plain(db, plain);
    if (rc == SQLITE_OK || rc == SQLITE_NOMEM)
        return rc;
    char *text = sqlite3_mprintf("%s", sqlite3_errmsg(db));
    rc = text ? check_limits(db, plain, rc, text, message) : SQLITE_NOMEM;
    sqlite3_free(text);
    return rc;
}

/* Checks that the host's authorizer and limits allow the whole statement, which the host has prepared with
 * `rc` and `text`. A function that only workers have is no failure. */
static int check_statement(sqlite3 *db, const PlainSelect *plain, int rc, const char *text, char **message)
{
    if (rc == SQLITE_OK || rc == SQLITE_NOMEM)
        return rc;
    if (is_denial(rc, text)) {
        *message = sqlite3_mprintf("parallel_map: %s%s", rc == SQLITE_AUTH ? "source: " : "", text);
        return rc;
    }
    if (rc == SQLITE_INTERRUPT) {
        *message = sqlite3_mprintf("%s", text);
        return rc;
    }
    return check_limits(db, plain, rc, text, message);
}

static int note_function(void *arg, const char *name)
{
    return host_view_add_function(arg, name, (int)strlen(name));
}

/* Functions by their names, of an evaluator's map or of a list; one of both is NULL. */
typedef struct NamedFunctions {
    const Evaluator *evaluator;
    char *const *names;
    int count;
} NamedFunctions;

static int each_function(const NamedFunctions *named, int (*visit)(void *arg, const char *name), void *arg)
{
    int rc = named->evaluator ? evaluator_functions(named->evaluator, visit, arg) : SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < named->count; i++)
        rc = visit(arg, named->names[i]);
    return rc;
}

/* Reads what the host has under the names that map and source call, and checks the named ones. A host that
 * does not list its functions is no failure where there are none of them. */
static int check_functions(HostFunctions *check, const NamedFunctions *named)
{
    SqliteLimits own;
    sqlite3 *db = check->state->db;
    int rc = each_function(named, note_function, check->view);
    if (rc != SQLITE_OK)
        return rc;
    limits_lift(db, &own);
    if (check->view->names.count)
        check->host_rc = function_list_read(db, &check->view->names, &check->host_list);
    rc = check->host_rc == SQLITE_NOMEM || check->host_rc == SQLITE_INTERRUPT ? check->host_rc : SQLITE_OK;
    if (rc == SQLITE_OK)
        rc = each_function(named, check_function, check);
    if (rc == SQLITE_OK && check->host_rc == SQLITE_OK)
        host_view_take_functions(check->view, &check->host_list);
    function_list_free(&check->host_list);
    function_list_free(&check->worker_list);
    limits_restore(db, &own);
    return rc;
}

int host_rules_check_functions(ConnectionState *state, sqlite3 *worker, char *const *names, int count,
                               HostView *view, char **message)
{
    HostFunctions check = {.state = state, .worker = worker, .view = view, .message = message};
    return check_functions(&check, &(NamedFunctions){.names = names, .count = count});
}

int host_rules_check(ConnectionState *state, const Evaluator *evaluator, const PlainSelect *plain,
                     HostView *view, char **message)
{
    HostFunctions check = {
        .state = state, .worker = evaluator_connection(evaluator), .view = view, .message = message};
    int asked = host_view_read_whole(view, state->db, plain);
    char *text = asked == SQLITE_OK ? NULL : sqlite3_mprintf("%s", sqlite3_errmsg(state->db));
    int rc = asked == SQLITE_OK || text ? check_functions(&check, &(NamedFunctions){.evaluator = evaluator})
                                        : SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = check_statement(state->db, plain, asked, text, message);
    sqlite3_free(text);
    return rc;
}
