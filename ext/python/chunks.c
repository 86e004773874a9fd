/*
 * Whole-chunk functions: the arguments of all calls in a chunk are put into columns of numbers, of which the
 * function is given memoryviews, and the function gives a sequence with as many values. SQL has a mark for
 * each call meanwhile.
 */
#include <Python.h>

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ext/python/interpreter.h"

enum { FIRST_ROOM = 1024 };

typedef union Number {
    int64_t integer;
    double real;
} Number;

/* The cell of an output that a call's value belongs into. */
typedef struct Cell {
    uint32_t call, row, column;
} Cell;

struct ChunkCalls {
    LanguageChunk *chunk;
    const char *name;
    /* Number of the function on its connection. */
    uint32_t index;
    /* Next function that was called in the chunk. */
    ChunkCalls *next;
    /* Function and hook of the last call, borrowed. */
    PyObject *callable;
    const PriceStop *stop;
    /* Columns of the arguments, with room for so many calls each, and whether a column is of reals. */
    Number **columns;
    bool *real;
    int arguments;
    /* Number of calls in the chunk; for each, whether its value has a cell. */
    uint32_t calls, room;
    bool *placed;
    Cell *cells;
    uint32_t cell_count, cell_room;
};

bool python_is_whole_chunk(PyObject *callable)
{
    PyObject *mark = PyObject_GetAttrString(callable, "pricemap_whole_chunk");
    bool is = mark && PyObject_IsTrue(mark) == 1;
    Py_XDECREF(mark);
    PyErr_Clear();
    return is;
}

ChunkCalls *python_calls_create(LanguageChunk *chunk, const char *name)
{
    ChunkCalls *calls = calloc(1, sizeof *calls);
    if (!calls)
        return NULL;
    while (!chunk->mark)
        if (getrandom(&chunk->mark, sizeof chunk->mark, 0) != (ssize_t)sizeof chunk->mark)
            chunk->mark = 0;
    calls->chunk = chunk;
    calls->name = name;
    calls->index = chunk->functions++;
    return calls;
}

static void free_columns(ChunkCalls *calls)
{
    for (int i = 0; calls->columns && i < calls->arguments; i++)
        free(calls->columns[i]);
    free(calls->columns);
    free(calls->real);
    calls->columns = NULL;
    calls->real = NULL;
    calls->room = 0;
}

void python_calls_free(ChunkCalls *calls)
{
    if (!calls)
        return;
    free_columns(calls);
    free(calls->placed);
    free(calls->cells);
    free(calls);
}

/* ---- calls ---- */

/* Makes columns for so many arguments. False when out of memory. */
static bool make_columns(ChunkCalls *calls, int arguments)
{
    free_columns(calls);
    calls->arguments = arguments;
    calls->columns = calloc((size_t)arguments, sizeof *calls->columns);
    calls->real = calloc((size_t)arguments, sizeof *calls->real);
    return calls->columns && calls->real;
}

static bool grow(ChunkCalls *calls)
{
    uint32_t room = calls->room ? 2 * calls->room : FIRST_ROOM;
    bool *placed = realloc(calls->placed, room * sizeof *placed);
    if (!placed)
        return false;
    calls->placed = placed;
    for (int i = 0; i < calls->arguments; i++) {
        Number *grown = realloc(calls->columns[i], room * sizeof *grown);
        if (!grown)
            return false;
        calls->columns[i] = grown;
    }
    calls->room = room;
    return true;
}

/* Writes an argument of the next call. False where it is no number. */
static bool add_argument(ChunkCalls *calls, int column, sqlite3_value *value)
{
    Number *numbers = calls->columns[column], *number = &numbers[calls->calls];
    int type = sqlite3_value_type(value);
    if (type == SQLITE_FLOAT && !calls->real[column]) {
        for (uint32_t i = 0; i < calls->calls; i++)
            numbers[i].real = (double)numbers[i].integer;
        calls->real[column] = true;
    }
    if (calls->real[column])
        number->real = sqlite3_value_double(value);
    else
        number->integer = sqlite3_value_int64(value);
    return type == SQLITE_FLOAT || type == SQLITE_INTEGER;
}

static void fail_call(sqlite3_context *context, const ChunkCalls *calls, const char *what)
{
    char *text = sqlite3_mprintf("%s: %s", calls->name, what);
    sqlite3_result_error(context, text ? text : "out of memory", -1);
    sqlite3_free(text);
}

/* Begins the calls of a chunk with the first one. False, with an error set, where that cannot be. */
static bool begin(ChunkCalls *calls, sqlite3_context *context, int argc)
{
    if (calls->calls && argc == calls->arguments)
        return true;
    if (calls->calls || !argc) {
        fail_call(context, calls,
                  argc ? "a whole-chunk function is called with one number of arguments in a map"
                       : "a whole-chunk function has an argument at least");
        return false;
    }
    if (argc != calls->arguments && !make_columns(calls, argc)) {
        sqlite3_result_error_nomem(context);
        return false;
    }
    memset(calls->real, 0, (size_t)argc * sizeof *calls->real);
    calls->next = calls->chunk->called;
    calls->chunk->called = calls;
    return true;
}

void python_calls_add(ChunkCalls *calls, PyObject *callable, const PriceStop *stop, sqlite3_context *context,
                      int argc, sqlite3_value **argv)
{
    if (!begin(calls, context, argc))
        return;
    calls->callable = callable;
    calls->stop = stop;
    if (calls->calls == calls->room && !grow(calls)) {
        sqlite3_result_error_nomem(context);
        return;
    }
    for (int i = 0; i < argc; i++)
        if (!add_argument(calls, i, argv[i])) {
            char what[96];
            snprintf(what, sizeof what, "a whole-chunk function takes numbers, and argument %d is %s", i + 1,
                     sqlite3_value_type(argv[i]) == SQLITE_NULL   ? "NULL"
                     : sqlite3_value_type(argv[i]) == SQLITE_TEXT ? "a text"
                                                                  : "a blob");
            fail_call(context, calls, what);
            return;
        }
    calls->placed[calls->calls] = false;
    const LanguageMark mark = {.mark = calls->chunk->mark,
                               .chunk = calls->chunk->chunk,
                               .function = calls->index,
                               .call = calls->calls++};
    sqlite3_result_blob(context, &mark, sizeof mark, SQLITE_TRANSIENT);
}

bool python_place(const LanguageChunk *chunk, const LanguageMark *mark, uint32_t row, uint32_t column)
{
    ChunkCalls *calls = chunk->called;
    while (calls && calls->index != mark->function)
        calls = calls->next;
    if (!calls || mark->call >= calls->calls)
        return true;
    if (calls->cell_count == calls->cell_room) {
        uint32_t room = calls->cell_room ? 2 * calls->cell_room : FIRST_ROOM;
        Cell *grown = realloc(calls->cells, room * sizeof *grown);
        if (!grown)
            return false;
        calls->cells = grown;
        calls->cell_room = room;
    }
    calls->cells[calls->cell_count++] = (Cell){mark->call, row, column};
    calls->placed[mark->call] = true;
    return true;
}

/* ---- the end of a chunk ---- */

/* The column as Python has it, a memoryview of its own; NULL with an exception. */
static PyObject *view_of(const ChunkCalls *calls, int column)
{
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)calls->columns[column],
                                                (Py_ssize_t)(calls->calls * sizeof(Number)));
    PyObject *view = bytes ? PyMemoryView_FromObject(bytes) : NULL;
    PyObject *numbers = view ? PyObject_CallMethod(view, "cast", "s", calls->real[column] ? "d" : "q") : NULL;
    Py_XDECREF(view);
    Py_XDECREF(bytes);
    return numbers;
}

static PyObject *call(const ChunkCalls *calls)
{
    PyObject *arguments = PyTuple_New(calls->arguments);
    for (int i = 0; arguments && i < calls->arguments; i++) {
        PyObject *view = view_of(calls, i);
        if (!view) {
            Py_DECREF(arguments);
            return NULL;
        }
        PyTuple_SetItem(arguments, i, view);
    }
    const unsigned before = python_forks();
    PyObject *result = arguments ? PyObject_CallObject(calls->callable, arguments) : NULL;
    python_end_copy(before);
    Py_XDECREF(arguments);
    return result;
}

/* Numbers of a buffer, as 8 bytes each. */
typedef struct Results {
    /* Bytes of an array of numbers, of the format 'd' or 'q'; NULL: `list` has the values. Owned, as `list`.
     */
    PyObject *bytes, *list;
    const char *numbers;
    bool real;
} Results;

static void free_results(Results *results)
{
    Py_XDECREF(results->bytes);
    Py_XDECREF(results->list);
}

/* The format of a memoryview with one dimension of 8-byte numbers: 'd' or 'q'; 0: it is another. */
static char number_format(PyObject *view)
{
    char found = 0;
    PyObject *format = PyObject_GetAttrString(view, "format"),
             *dimensions = PyObject_GetAttrString(view, "ndim");
    const char *text = format ? PyUnicode_AsUTF8AndSize(format, NULL) : NULL;
    if (text && dimensions && PyLong_AsLong(dimensions) == 1)
        found = !strcmp(text, "d") ? 'd' : !strcmp(text, "q") || !strcmp(text, "l") ? 'q' : 0;
    Py_XDECREF(format);
    Py_XDECREF(dimensions);
    PyErr_Clear();
    return sizeof(long) == 8 ? found : found == 'd' ? 'd' : 0;
}

/* Takes a result: numbers of 8 bytes as they are, any other sequence as a list. False with an exception. */
static bool take_results(PyObject *result, uint32_t count, Results *results)
{
    PyObject *view = PyMemoryView_FromObject(result);
    PyErr_Clear();
    char format = view ? number_format(view) : 0;
    Py_ssize_t length = -1;
    *results = (Results){.real = format == 'd'};
    if (format) {
        results->bytes = PyBytes_FromObject(view);
        results->numbers = results->bytes ? PyBytes_AsString(results->bytes) : NULL;
        length = results->numbers ? PyBytes_Size(results->bytes) / (Py_ssize_t)sizeof(Number) : -1;
    } else if (PySequence_Check(result) && !PyUnicode_Check(result) && !PyBytes_Check(result)) {
        /* An array of numpy gives plain values of Python by itself. */
        results->list = PyObject_HasAttrString(result, "tolist") ? PyObject_CallMethod(result, "tolist", NULL)
                                                                 : PySequence_List(result);
        length = results->list && PyList_Check(results->list) ? PyList_Size(results->list) : -1;
    }
    Py_XDECREF(view);
    if (length == (Py_ssize_t)count)
        return true;
    if (!PyErr_Occurred() && length >= 0)
        PyErr_Format(PyExc_ValueError, "it returned %zd values for a chunk of %lu calls", length,
                     (unsigned long)count);
    else if (!PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "it is a whole-chunk function, and returned no sequence");
    free_results(results);
    return false;
}

static bool write_cell(const Results *results, const Cell *cell, RowsetWriter *writer, int encoding, int *rc)
{
    Number number;
    if (!results->numbers)
        return python_set_cell(writer, cell->column, encoding, PyList_GetItem(results->list, cell->call), rc);
    memcpy(&number, results->numbers + cell->call * sizeof number, sizeof number);
    if (!results->real)
        *rc = rowset_set_integer(writer, cell->column, number.integer);
    else
        *rc = number.real == number.real ? rowset_set_real(writer, cell->column, number.real)
                                         : rowset_set_null(writer, cell->column);
    return true;
}

/* Writes the results into their cells. False with an exception. */
static bool write_cells(const ChunkCalls *calls, PyObject *result, RowsetWriter *writer, int encoding,
                        int *rc)
{
    Results results;
    if (!take_results(result, calls->calls, &results))
        return false;
    bool written = true;
    for (uint32_t i = 0; written && *rc == SQLITE_OK && i < calls->cell_count; i++) {
        /* The rows are there already; only the heap grows. */
        RowsetWriter at = *writer;
        at.rows = calls->cells[i].row;
        written = write_cell(&results, &calls->cells[i], &at, encoding, rc);
        writer->bytes = at.bytes;
    }
    free_results(&results);
    return written;
}

static int fail(const ChunkCalls *calls, char *message, size_t size)
{
    char text[PYTHON_TEXT_SIZE];
    bool interrupt = python_describe_exception(calls->callable, text, sizeof text);
    sqlite3_snprintf((int)size, message, "%s: %s", calls->name, text);
    bool stopped = interrupt && calls->stop->stop && calls->stop->stop(calls->stop->arg);
    return stopped ? SQLITE_INTERRUPT : SQLITE_ERROR;
}

static int complete(const ChunkCalls *calls, RowsetWriter *writer, int encoding, char *message, size_t size)
{
    for (uint32_t i = 0; i < calls->calls; i++)
        if (!calls->placed[i]) {
            sqlite3_snprintf(
                (int)size, message,
                "%s() is a whole-chunk function: it has to be a column of the map by itself, and no "
                "part of an expression or a condition",
                calls->name);
            return SQLITE_ERROR;
        }
    int rc = SQLITE_OK;
    PyObject *result = call(calls);
    bool written = result && write_cells(calls, result, writer, encoding, &rc);
    Py_XDECREF(result);
    if (!written)
        return fail(calls, message, size);
    if (rc != SQLITE_OK)
        sqlite3_snprintf((int)size, message, "%s", sqlite3_errstr(rc));
    return rc;
}

int python_complete(LanguageChunk *chunk, RowsetWriter *writer, int encoding, bool discard, char *message,
                    size_t size)
{
    int rc = SQLITE_OK;
    ChunkCalls *calls = chunk->called;
    chunk->called = NULL;
    while (calls) {
        ChunkCalls *next = calls->next;
        if (rc == SQLITE_OK && !discard)
            rc = complete(calls, writer, encoding, message, size);
        calls->calls = calls->cell_count = 0;
        calls->next = NULL;
        calls = next;
    }
    return rc;
}
