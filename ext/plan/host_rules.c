#include "ext/plan/host_rules.h"

#include <limits.h>
#include <string.h>

#include "ext/base/error.h"
#include "ext/base/sqlite_limits.h"
#include "ext/evaluate/like_setting.h"
#include "ext/functions/own_functions.h"
#include "ext/plan/extension_functions.h"
#include "sql/ext_sql.h"

/* How a connection knows a name. */
typedef struct KnownFunction {
    bool listed;
    /* Whether a form of the function is not one of SQLite's own. */
    bool own;
    /* Whether such a form takes texts in UTF-16, as no form does that a pragma registers. */
    bool utf16;
    /* Number of arguments of one form; -1: any number. */
    int arguments;
    /* Hash of all forms, with their arguments and flags. */
    uint64_t forms;
} KnownFunction;

/* FNV-1a, over a text and the NUL after it. */
static uint64_t add_text(uint64_t hash, const unsigned char *text)
{
    for (; text && *text; text++)
        hash = (hash ^ *text) * 0x100000001b3u;
    return hash * 0x100000001b3u;
}

/* `*list` is the prepared list of the functions of `db`, made at the first need and finalized by the caller:
   its program is as long as the list. SQLITE_AUTH: it is empty, as the host's authorizer has it ignored. */
static int find_function(sqlite3 *db, sqlite3_stmt **list, const char *name, KnownFunction *known)
{
    /* The columns of the pragma. As a table it would begin a read transaction on main. */
    enum {
        FUNCTION_NAME,
        FUNCTION_BUILTIN,
        FUNCTION_TYPE,
        FUNCTION_ENCODING,
        FUNCTION_ARGUMENTS,
        FUNCTION_FLAGS
    };
    int rc = *list ? SQLITE_OK : sqlite3_prepare_v2(db, sql_ext_host_functions, -1, list, NULL);
    *known = (KnownFunction){0};
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_stmt *statement = *list;
    bool any = false;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        any = true;
        const char *listed = (const char *)sqlite3_column_text(statement, FUNCTION_NAME);
        if (!listed || sqlite3_stricmp(listed, name))
            continue;
        known->listed = true;
        uint64_t form = 0xcbf29ce484222325u;
        for (int column = FUNCTION_BUILTIN; column <= FUNCTION_FLAGS; column++)
            form = add_text(form, sqlite3_column_text(statement, column));
        /* A sum, because the lists need not have the same order. */
        known->forms += form;
        if (!sqlite3_column_int(statement, FUNCTION_BUILTIN)) {
            const char *encoding = (const char *)sqlite3_column_text(statement, FUNCTION_ENCODING);
            known->own = true;
            known->utf16 = known->utf16 || !encoding || sqlite3_stricmp(encoding, "utf8") != 0;
        }
        known->arguments = sqlite3_column_int(statement, FUNCTION_ARGUMENTS);
    }
    sqlite3_reset(statement);
    return rc != SQLITE_DONE ? rc : any ? SQLITE_OK : SQLITE_AUTH;
}

bool host_rules_defines(sqlite3 *db, const char *name)
{
    sqlite3_stmt *list = NULL;
    KnownFunction known;
    int rc = find_function(db, &list, name, &known);
    sqlite3_finalize(list);
    return rc == SQLITE_OK && known.own;
}

/* Whether the authorizer refused: about a function, SQLite's message alone shows that. */
static bool is_denial(sqlite3 *db, int rc)
{
    return rc == SQLITE_AUTH || (rc == SQLITE_ERROR && !strncmp(sqlite3_errmsg(db), "not authorized", 14));
}

/* Whether a program that is explained gives NULL and does nothing else: so does a call that the authorizer
   has ignored (SQLITE_IGNORE), and none that it lets through. SQLITE_OK, or why it could not be read to its
   end: the host may be interrupted at any step. */
static int gives_null(sqlite3_stmt *explained, bool *null)
{
    static const char *const allowed[] = {"Init", "Explain", "Noop", "Null", "ResultRow", "Halt", "Goto"};
    int rc;
    *null = true;
    while ((rc = sqlite3_step(explained)) == SQLITE_ROW) {
        const char *opcode = (const char *)sqlite3_column_text(explained, 1);
        bool found = false;
        for (size_t i = 0; opcode && !found && i < sizeof allowed / sizeof *allowed; i++)
            found = !strcmp(opcode, allowed[i]);
        *null = *null && found;
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/*
 * Has the host's authorizer check one function at a time: the host cannot prepare the whole map when it uses
 * functions that only workers have, and then its authorizer is never called for the rest.
 */
static int check_denial(sqlite3 *db, const char *name, int arguments, char **message)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_stmt *statement = NULL;
    sqlite3_str_appendf(sql, "EXPLAIN SELECT \"%w\"(", name);
    /* Two are enough for every function that takes any number. */
    for (int i = 0; i < (arguments < 0 ? 2 : arguments); i++)
        sqlite3_str_appendall(sql, i ? ", 'a'" : "'a'");
    sqlite3_str_appendall(sql, ")");
    char *text = sqlite3_str_finish(sql);
    int rc = text ? sqlite3_prepare_v2(db, text, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    bool ignored = false;
    /* An error other than a denial (wrong argument types, say) does not mean that the host forbids the
     * function. */
    int explained = rc == SQLITE_OK ? gives_null(statement, &ignored) : SQLITE_OK;
    if (explained == SQLITE_OK && (ignored || is_denial(db, rc))) {
        rc = ignored ? SQLITE_AUTH : rc;
        *message = sqlite3_mprintf("parallel_map: not authorized to use function: %s", name);
    } else if (explained != SQLITE_OK) {
        rc = explained;
        *message = sqlite3_mprintf("%s", sqlite3_errmsg(db));
    } else if (rc != SQLITE_NOMEM) {
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return rc;
}

typedef struct HostFunctions {
    sqlite3 *host;
    sqlite3 *worker;
    const Recipe *recipe;
    /* Lists of functions, and functions of extensions; NULL: not needed yet. */
    sqlite3_stmt *host_list, *worker_list;
    ExtensionFunctions *extensions;
    char **message;
} HostFunctions;

static bool is_price_function(const char *name)
{
    return !sqlite3_stricmp(name, "increase_price") || !sqlite3_stricmp(name, "increase_price_crazy");
}

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
} NameKnown;

/* Functions of one name on both sides that neither has from SQLite: the same where all their forms are, and
   where the extension that has them in workers is in the host as a whole. */
static int compare_own(HostFunctions *check, const char *name, NameKnown *known)
{
    int rc = SQLITE_OK;
    known->same = known->host.forms == known->worker.forms;
    if (!known->same || !known->worker.own || !check->recipe->extension_count)
        return rc;
    if (!check->extensions)
        rc = extension_functions_read(check->host, check->recipe, &check->extensions);
    known->same = rc == SQLITE_OK && extension_functions_in_host(check->extensions, name);
    return rc;
}

/* Finds the host's function of a name, and whether workers would call the same; a function that only workers
 * have counts as the same. Functions of pricemap are recognised by their answer, which costs less than the
 * list; and without an extension workers have nothing that could replace SQLite's own functions. */
static int find_name(HostFunctions *check, const char *name, NameKnown *known)
{
    KnownFunction *host = &known->host, *worker = &known->worker;
    bool host_pragmas = false, worker_pragmas = false;
    *known = (NameKnown){.same = true};
    if (is_price_function(name)) {
        *host = (KnownFunction){.listed = true, .own = true, .arguments = 1};
        return own_functions_present(check->host, &known->same);
    }
    int rc = find_function(check->host, &check->host_list, name, host);
    if (rc == SQLITE_OK)
        rc = is_pragmas_like(check->host, name, host, &host_pragmas);
    if (rc != SQLITE_OK || !host->listed || (!check->recipe->extension_count && (!host->own || host_pragmas)))
        return rc;
    rc = find_function(check->worker, &check->worker_list, name, worker);
    if (rc == SQLITE_OK)
        rc = is_pragmas_like(check->worker, name, worker, &worker_pragmas);
    if (rc != SQLITE_OK)
        return rc;
    /* The pragma's functions in the host are the same in workers, which get the same setting. */
    if (host_pragmas || worker_pragmas) {
        worker->own = worker->own && !worker_pragmas;
        known->same = (host_pragmas || !host->own) && !worker->own;
        return rc;
    }
    return compare_own(check, name, known);
}

static char *other_function_text(const char *name, const NameKnown *known)
{
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
                            name, rc == SQLITE_AUTH ? "not authorized" : sqlite3_errmsg(check->host));
    if (rc == SQLITE_OK && !known.same)
        return error_text(check->message, other_function_text(name, &known));
    return rc == SQLITE_OK && known.host.listed
               ? check_denial(check->host, name, known.host.arguments, check->message)
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

int host_rules_check_limits(sqlite3 *db, const PlainSelect *plain, char **message)
{
    int rc = prepare_plain(db, plain);
    if (rc == SQLITE_OK || rc == SQLITE_NOMEM)
        return rc;
    char *text = sqlite3_mprintf("parallel_map: map: %s", sqlite3_errmsg(db));
    SqliteLimits own;
    limits_lift(db, &own);
    bool limited = text && prepare_plain(db, plain) == SQLITE_OK;
    limits_restore(db, &own);
    if (limited)
        *message = text;
    else
        sqlite3_free(text);
    return !text ? SQLITE_NOMEM : limited ? rc : SQLITE_OK;
}

/* Checks that the host's authorizer and limits allow the whole statement. A function that only workers have
 * is no failure. */
static int check_statement(sqlite3 *db, const PlainSelect *plain, char **message)
{
    int rc = prepare_plain(db, plain);
    if (is_denial(db, rc)) {
        *message =
            sqlite3_mprintf("parallel_map: %s%s", rc == SQLITE_AUTH ? "source: " : "", sqlite3_errmsg(db));
        return rc;
    }
    return rc == SQLITE_OK || rc == SQLITE_NOMEM ? rc : host_rules_check_limits(db, plain, message);
}

int host_rules_check(sqlite3 *db, const Evaluator *evaluator, const PlainSelect *plain, char **message)
{
    HostFunctions functions = {.host = db,
                               .worker = evaluator_connection(evaluator),
                               .recipe = evaluator_recipe(evaluator),
                               .message = message};
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = evaluator_functions(evaluator, check_function, &functions);
    sqlite3_finalize(functions.host_list);
    sqlite3_finalize(functions.worker_list);
    extension_functions_free(functions.extensions);
    limits_restore(db, &own);
    return rc == SQLITE_OK ? check_statement(db, plain, message) : rc;
}

uint64_t host_rules_program(sqlite3 *db, const char *sql)
{
    enum { OPCODE = 1, P5 = 6 }; /* columns of EXPLAIN */
    sqlite3_stmt *statement = NULL;
    uint64_t hash = 0xcbf29ce484222325u;
    char *explain = sqlite3_mprintf("EXPLAIN %s", sql);
    SqliteLimits own;
    limits_lift(db, &own);
    int rc = explain ? sqlite3_prepare_v2(db, explain, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(explain);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int column = OPCODE; column <= P5; column++)
            hash = add_text(hash, sqlite3_column_text(statement, column));
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    limits_restore(db, &own);
    return rc != SQLITE_DONE ? 0 : hash ? hash : 1;
}
