#include "ext/functions/price_functions.h"

#include <math.h>
#include <string.h>

#include "ext/base/error.h"
#include "ext/base/interrupt.h"

/* Lengths of the part of a bad value that an error message repeats. */
enum { SHOWN_CHARACTERS = 40, SHOWN_BLOB_BYTES = 16 };

/* Bytes of the first SHOWN_CHARACTERS characters of a UTF-8 text, ending earlier at a NUL. */
static int shown_bytes(const unsigned char *text, int bytes)
{
    int characters = 0;
    int i = 0;
    for (; i < bytes && text[i] != 0; i++) {
        bool starts_character = (text[i] & 0xc0) != 0x80;
        if (starts_character && characters++ == SHOWN_CHARACTERS)
            break;
    }
    return i;
}

static char *describe_text(sqlite3_value *value)
{
    const unsigned char *text = sqlite3_value_text(value);
    if (!text)
        return NULL;
    int bytes = sqlite3_value_bytes(value);
    int shown = shown_bytes(text, bytes);
    if (shown == bytes)
        return sqlite3_mprintf("'%.*q'", shown, text);
    return sqlite3_mprintf("'%.*q'... (%d bytes)", shown, text, bytes);
}

static char *describe_blob(sqlite3_value *value)
{
    const unsigned char *blob = sqlite3_value_blob(value);
    int bytes = sqlite3_value_bytes(value);
    int shown = bytes < SHOWN_BLOB_BYTES ? bytes : SHOWN_BLOB_BYTES;
    char hex[2 * SHOWN_BLOB_BYTES + 1] = "";
    if (shown > 0 && !blob)
        return NULL;
    for (size_t i = 0; i < (size_t)shown; i++)
        sqlite3_snprintf(3, hex + 2 * i, "%02x", blob[i]);
    if (shown == bytes)
        return sqlite3_mprintf("x'%s'", hex);
    return sqlite3_mprintf("x'%s'... (%d bytes)", hex, bytes);
}

/* The value as a message names it. To be freed with sqlite3_free; NULL when out of memory. */
static char *describe(sqlite3_value *value)
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        return sqlite3_mprintf("%lld", sqlite3_value_int64(value));
    case SQLITE_FLOAT:
        return sqlite3_mprintf("%!.15g", sqlite3_value_double(value));
    case SQLITE_TEXT:
        return describe_text(value);
    default:
        return describe_blob(value);
    }
}

static void fail_argument(sqlite3_context *context, const char *function, const char *argument,
                          sqlite3_value *value, const char *expected)
{
    char *shown = describe(value);
    error_result(context,
                 shown ? sqlite3_mprintf("%s: %s is %s: expected %s", function, argument, shown, expected)
                       : NULL);
    sqlite3_free(shown);
}

/* From 3.53 on SQLite reads a text up to its first NUL as a number; a text with one is none as a whole. */
static bool has_nul(sqlite3_value *value)
{
    const unsigned char *text = sqlite3_value_text(value);
    return text && memchr(text, 0, (size_t)sqlite3_value_bytes(value));
}

static bool is_number(sqlite3_value *value)
{
    if (sqlite3_value_type(value) == SQLITE_TEXT && has_nul(value))
        return false;
    int type = sqlite3_value_numeric_type(value);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* A NULL gives NULL. A NULL that carries the probe gives the version, by which a caller recognises the
 * function. */
static bool is_null_or_probe(sqlite3_context *context, int count, sqlite3_value **values)
{
    for (int i = 0; i < count; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL) {
            if (sqlite3_value_pointer(values[i], PRICE_FUNCTIONS_PROBE))
                sqlite3_result_text(context, PRICEMAP_VERSION, -1, SQLITE_STATIC);
            return true;
        }
    return false;
}

typedef struct PriceArguments {
    double price;
    double percent;
    int64_t rounds;
} PriceArguments;

/* Reads price and percent; false, having set the error of the call, where one of them is bad. */
static bool read_price_and_percent(sqlite3_context *context, const char *function, int count,
                                   sqlite3_value **values, PriceArguments *arguments)
{
    if (!is_number(values[0])) {
        fail_argument(context, function, "price", values[0], "a number");
        return false;
    }
    arguments->price = sqlite3_value_double(values[0]);
    arguments->percent = PRICE_DEFAULT_PERCENT;
    if (count > 1) {
        if (!is_number(values[1])) {
            fail_argument(context, function, "percent", values[1], "a number");
            return false;
        }
        arguments->percent = sqlite3_value_double(values[1]);
        if (!isfinite(arguments->percent)) {
            fail_argument(context, function, "percent", values[1], "a finite number");
            return false;
        }
    }
    return true;
}

/* As read_price_and_percent, for rounds. */
static bool read_rounds(sqlite3_context *context, const char *function, int count, sqlite3_value **values,
                        PriceArguments *arguments)
{
    arguments->rounds = PRICE_DEFAULT_ROUNDS;
    if (count < 3)
        return true;
    bool good = is_number(values[2]);
    if (good && sqlite3_value_type(values[2]) == SQLITE_INTEGER) {
        arguments->rounds = sqlite3_value_int64(values[2]);
        good = arguments->rounds >= 1 && arguments->rounds <= PRICE_MOST_ROUNDS;
    } else if (good) {
        double rounds = sqlite3_value_double(values[2]);
        good = rounds >= 1 && rounds <= PRICE_MOST_ROUNDS && rounds == trunc(rounds);
        arguments->rounds = good ? (int64_t)rounds : 0;
    }
    if (!good)
        fail_argument(context, function, "rounds", values[2], "a whole number from 1 to 1000000000");
    return good;
}

static void increase_price(sqlite3_context *context, int count, sqlite3_value **values)
{
    PriceArguments arguments;
    if (is_null_or_probe(context, count, values) ||
        !read_price_and_percent(context, "increase_price", count, values, &arguments))
        return;
    sqlite3_result_double(context, price_raise(arguments.price, arguments.percent));
}

/* The hook that may stop this call: the registered one, else the connection's interrupt where it can be
 * read. */
static const PriceStop *find_stop(sqlite3_context *context, PriceStop *own)
{
    PriceStop *stop = sqlite3_user_data(context);
    if (!stop && interrupt_can_be_read()) {
        own->stop = connection_is_interrupted;
        own->arg = sqlite3_context_db_handle(context);
        stop = own;
    }
    return stop;
}

static void fail_raise(sqlite3_context *context, const char *function, const PriceArguments *arguments,
                       PriceStatus status)
{
    if (status == PRICE_STOPPED) {
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
        return;
    }
    const char *why = status == PRICE_DOMAIN_ERROR
                          ? "math domain error (the raised price plus its square is negative)"
                          : "result out of range (the square of the raised price overflows)";
    error_result(context, sqlite3_mprintf("%s: price is %!.15g, percent is %!.15g: %s", function,
                                          arguments->price, arguments->percent, why));
}

static void increase_price_crazy(sqlite3_context *context, int count, sqlite3_value **values)
{
    static const char function[] = "increase_price_crazy";
    PriceArguments arguments;
    if (is_null_or_probe(context, count, values) ||
        !read_price_and_percent(context, function, count, values, &arguments) ||
        !read_rounds(context, function, count, values, &arguments))
        return;
    PriceStop own;
    double result = 0;
    PriceStatus status = price_raise_crazy(arguments.price, arguments.percent, arguments.rounds,
                                           find_stop(context, &own), &result);
    if (status == PRICE_OK)
        sqlite3_result_double(context, result);
    else
        fail_raise(context, function, &arguments, status);
}

int price_functions_register(sqlite3 *db)
{
    return price_functions_register_stoppable(db, NULL);
}

int price_functions_register_stoppable(sqlite3 *db, PriceStop *stop)
{
    static const struct {
        const char *name;
        int arguments;
        void (*call)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"increase_price", 1, increase_price},
        {"increase_price", 2, increase_price},
        {"increase_price_crazy", 1, increase_price_crazy},
        {"increase_price_crazy", 2, increase_price_crazy},
        {"increase_price_crazy", 3, increase_price_crazy},
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]) && rc == SQLITE_OK; i++)
        rc = sqlite3_create_function_v2(db, functions[i].name, functions[i].arguments,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, stop,
                                        functions[i].call, NULL, NULL, NULL);
    return rc;
}
