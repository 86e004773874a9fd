/* A loadable extension whose functions give what the environment of the thread that calls them is.
 *
 *   nice_value(x)       the thread's nice value
 *   locale_name(x)      the names of its locale's categories for characters and numbers, and its character
 * set tiny_product(a, b)  a * b, computed by the processor */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <sys/resource.h>

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

int sqlite3_environmentextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines);

static void nice_value(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    sqlite3_result_int(context, getpriority(PRIO_PROCESS, 0));
}

static void locale_name(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    locale_t own = uselocale((locale_t)0);
    char text[256];
    snprintf(text, sizeof text, "%s %s %s",
             own == LC_GLOBAL_LOCALE ? setlocale(LC_CTYPE, NULL)
                                     : nl_langinfo_l(NL_LOCALE_NAME(LC_CTYPE), own),
             own == LC_GLOBAL_LOCALE ? setlocale(LC_NUMERIC, NULL)
                                     : nl_langinfo_l(NL_LOCALE_NAME(LC_NUMERIC), own),
             nl_langinfo(CODESET));
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void tiny_product(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    volatile double a = sqlite3_value_double(argv[0]), b = sqlite3_value_double(argv[1]);
    sqlite3_result_double(context, a * b);
}

int sqlite3_environmentextension_init(sqlite3 *db, char **message, const sqlite3_api_routines *routines)
{
    (void)message;
    SQLITE_EXTENSION_INIT2(routines);
    static const struct {
        const char *name;
        int arguments;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"nice_value", 1, nice_value}, {"locale_name", 1, locale_name}, {"tiny_product", 2, tiny_product}};
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof functions / sizeof *functions; i++)
        rc = sqlite3_create_function(db, functions[i].name, functions[i].arguments, SQLITE_UTF8, NULL,
                                     functions[i].function, NULL, NULL);
    return rc;
}
