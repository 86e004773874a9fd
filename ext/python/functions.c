/* A function of Python as a function of SQL. */
#include <Python.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/python/interpreter.h"

/* A part of the stable ABI since 3.12, and there since 3.9: without it a call takes a tuple. */
extern PyObject *PyObject_Vectorcall(PyObject *callable, PyObject *const *arguments, size_t count,
                                     PyObject *keywords) __attribute__((weak));

/* Arguments of a call that are kept on the stack; the slot before them is the callee's, as vectorcall has
   it. */
enum { STACK_ARGUMENTS = 16 };

static const size_t place_before = (size_t)1 << (8 * sizeof(size_t) - 1);

/* Whether targets are resolved when they are bound. Set once in a worker process, never in a host. */
static bool is_worker;

/* Forks between the worker and this process: 0 in the worker itself. Stays 0 in a host. */
static unsigned forks;

typedef struct BoundFunction {
    /* Function, once it was resolved; owned. */
    PyObject *callable;
    PriceStop stop;
    /* Chunk of the connection, and the calls of a whole-chunk function; NULL: it is called for each row. */
    LanguageChunk *chunk;
    ChunkCalls *calls;
    /* Name in SQL and target, in the same allocation. */
    const char *name, *target;
} BoundFunction;

static void count_fork(void)
{
    forks++;
}

void python_is_worker(void)
{
    is_worker = true;
    if (pthread_atfork(NULL, NULL, count_fork) != 0)
        _exit(1);
}

unsigned python_forks(void)
{
    return forks;
}

void python_end_copy(unsigned before)
{
    if (forks != before)
        _exit(1);
}

/* The attribute at the end of a path of names with dots, a new reference; takes over `object`. */
static PyObject *follow(PyObject *object, const char *path)
{
    while (object && *path) {
        char name[256];
        size_t length = strcspn(path, ".");
        if (length >= sizeof name) {
            PyErr_SetString(PyExc_ValueError, "a name is too long");
            Py_DECREF(object);
            return NULL;
        }
        memcpy(name, path, length);
        name[length] = 0;
        PyObject *next = PyObject_GetAttrString(object, name);
        Py_DECREF(object);
        object = next;
        path += length + (path[length] == '.');
    }
    return object;
}

/* The function of a target, module:function; imports the module. A new reference; NULL with an exception. */
static PyObject *resolve(const char *target)
{
    const char *colon = strchr(target, ':');
    PyObject *name = colon ? PyUnicode_FromStringAndSize(target, colon - target) : NULL;
    if (!name) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "expected module:function");
        return NULL;
    }
    PyObject *function = follow(PyImport_Import(name), colon + 1);
    Py_DECREF(name);
    if (function && !PyCallable_Check(function)) {
        PyErr_SetString(PyExc_TypeError, "it is no function, nor anything else that can be called");
        Py_DECREF(function);
        return NULL;
    }
    return function;
}

/* ---- a call ---- */

static PyObject *call_with_tuple(PyObject *callable, PyObject **arguments, int count)
{
    PyObject *tuple = PyTuple_New(count);
    if (!tuple)
        return NULL;
    for (int i = 0; i < count; i++) {
        Py_INCREF(arguments[i]);
        PyTuple_SetItem(tuple, i, arguments[i]);
    }
    PyObject *result = PyObject_CallObject(callable, tuple);
    Py_DECREF(tuple);
    return result;
}

/* Calls it with the values; `arguments` has room for them, and a slot before it. NULL with an exception. */
static PyObject *call(PyObject *callable, PyObject **arguments, sqlite3_value **values, int count)
{
    PyObject *result = NULL;
    const unsigned before = python_forks();
    int made = 0;
    while (made < count && (arguments[made] = python_from_value(values[made])))
        made++;
    if (made == count)
        result = PyObject_Vectorcall
                     ? PyObject_Vectorcall(callable, arguments, (size_t)count | place_before, NULL)
                     : call_with_tuple(callable, arguments, count);
    python_end_copy(before);
    for (int i = 0; i < made; i++)
        Py_DECREF(arguments[i]);
    return result;
}

/* Makes the exception that is set the error of the call; one that stopped the function is an interrupt. Want
   of memory is an error as others are: the code for it would end a transaction of the host. */
static void fail(sqlite3_context *context, const BoundFunction *function)
{
    char text[PYTHON_TEXT_SIZE];
    bool interrupt = python_describe_exception(function->callable, text, sizeof text);
    if (interrupt && function->stop.stop && function->stop.stop(function->stop.arg)) {
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
        return;
    }
    char *message = sqlite3_mprintf("%s: %s", function->callable ? function->name : function->target, text);
    sqlite3_result_error(context, message ? message : "out of memory", -1);
    sqlite3_free(message);
}

/* Finds the function. False with an exception. */
static bool find_callable(BoundFunction *function)
{
    const unsigned before = python_forks();
    PyObject *callable = resolve(function->target);
    python_end_copy(before);
    if (callable && python_is_whole_chunk(callable) && !function->calls) {
        function->calls = python_calls_create(function->chunk, function->name);
        if (!function->calls) {
            Py_DECREF(callable);
            callable = PyErr_NoMemory();
        }
    }
    function->callable = callable;
    return callable != NULL;
}

static void python_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    BoundFunction *function = sqlite3_user_data(context);
    PyObject *on_stack[STACK_ARGUMENTS + 1], **arguments = on_stack;
    if (!python_is_present()) {
        sqlite3_result_error(context, "Python is ending", -1);
        return;
    }
    if (!function->callable && !find_callable(function)) {
        fail(context, function);
        return;
    }
    if (function->calls) {
        python_calls_add(function->calls, function->callable, &function->stop, context, argc, argv);
        return;
    }
    if (argc > STACK_ARGUMENTS)
        arguments = malloc((size_t)(argc + 1) * sizeof(PyObject *));
    if (!arguments) {
        sqlite3_result_error_nomem(context);
        return;
    }
    PyObject *result = call(function->callable, arguments + 1, argv, argc);
    if (!result || !python_set_result(context, result))
        fail(context, function);
    Py_XDECREF(result);
    if (arguments != on_stack)
        free(arguments);
}

/* ---- binding ---- */

/* The connection is closed with the interpreter held, unless the interpreter has ended. */
static void free_function(void *arg)
{
    BoundFunction *function = arg;
    if (python_is_present())
        Py_XDECREF(function->callable);
    python_calls_free(function->calls);
    free(function);
}

static BoundFunction *create_function(const LanguageFunction *wanted, const PriceStop *stop,
                                      LanguageChunk *chunk)
{
    size_t name_size = strlen(wanted->name) + 1, target_size = strlen(wanted->target) + 1;
    BoundFunction *function = calloc(1, sizeof *function + name_size + target_size);
    if (!function)
        return NULL;
    char *texts = (char *)(function + 1);
    memcpy(texts, wanted->name, name_size);
    memcpy(texts + name_size, wanted->target, target_size);
    function->name = texts;
    function->target = texts + name_size;
    function->chunk = chunk;
    if (stop)
        function->stop = *stop;
    return function;
}

/* The library has SQLite's functions from the code that loads it: one copy of SQLite serves a process. */
static void set_api(const sqlite3_api_routines *routines)
{
    if (sqlite3_api != routines)
        sqlite3_api = routines;
}

int python_bind(const sqlite3_api_routines *routines, sqlite3 *db, const LanguageFunction *wanted,
                const PriceStop *stop, LanguageChunk *chunk, char *message, size_t size)
{
    set_api(routines);
    BoundFunction *function = create_function(wanted, stop, chunk);
    if (!function)
        return SQLITE_NOMEM;
    if (is_worker) {
        if (!find_callable(function)) {
            char text[PYTHON_TEXT_SIZE];
            python_describe_exception(NULL, text, sizeof text);
            sqlite3_snprintf((int)size, message, "%s: %s", wanted->target, text);
            free_function(function);
            return SQLITE_ERROR;
        }
    }
    /* SQLite frees it where it does not register it, too. */
    int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY | (wanted->deterministic ? SQLITE_DETERMINISTIC : 0);
    return sqlite3_create_function_v2(db, wanted->name, wanted->arguments, flags, function, python_function,
                                      NULL, NULL, free_function);
}
