/* Values, from SQLite to Python and back, as Python's own sqlite3 module has them; but scalars of numpy are
   the numbers that they are, and arrays are refused. */
#include <Python.h>

#include <string.h>

#include "ext/python/interpreter.h"

PyObject *python_from_value(sqlite3_value *value)
{
    const char *text;
    const void *blob;
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        return PyLong_FromLongLong(sqlite3_value_int64(value));
    case SQLITE_FLOAT:
        return PyFloat_FromDouble(sqlite3_value_double(value));
    case SQLITE_TEXT:
        text = (const char *)sqlite3_value_text(value);
        return text ? PyUnicode_FromStringAndSize(text, sqlite3_value_bytes(value)) : PyErr_NoMemory();
    case SQLITE_BLOB:
        /* The pointer comes before the size, which it may change. */
        blob = sqlite3_value_blob(value);
        return PyBytes_FromStringAndSize(blob, sqlite3_value_bytes(value));
    default:
        Py_INCREF(Py_None);
        return Py_None;
    }
}

static bool set_integer(sqlite3_context *context, PyObject *value)
{
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow) {
        PyErr_SetString(PyExc_OverflowError, "it returned an int of more than 64 bits");
        return false;
    }
    if (number == -1 && PyErr_Occurred())
        return false;
    sqlite3_result_int64(context, number);
    return true;
}

static bool set_text(sqlite3_context *context, PyObject *value)
{
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(value, &size);
    if (!text)
        return false;
    sqlite3_result_text64(context, text, (sqlite3_uint64)size, SQLITE_TRANSIENT, SQLITE_UTF8);
    return true;
}

static bool set_bytes(sqlite3_context *context, PyObject *value)
{
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(value, &bytes, &size) != 0)
        return false;
    sqlite3_result_blob64(context, bytes, (sqlite3_uint64)size, SQLITE_TRANSIENT);
    return true;
}

/* The types that numpy's have for their scalars. */
static bool set_plain(sqlite3_context *context, PyObject *value, bool *known)
{
    *known = true;
    if (value == Py_None) {
        sqlite3_result_null(context);
        return true;
    }
    if (PyFloat_Check(value)) {
        sqlite3_result_double(context, PyFloat_AsDouble(value));
        return true;
    }
    if (PyLong_Check(value))
        return set_integer(context, value);
    if (PyUnicode_Check(value))
        return set_text(context, value);
    if (PyBytes_Check(value))
        return set_bytes(context, value);
    *known = false;
    return false;
}

static bool refuse(PyObject *value)
{
    PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(value), "__qualname__");
    if (name)
        PyErr_Format(PyExc_TypeError,
                     "it returned a value of type %U: expected None, int, float, str or bytes", name);
    Py_XDECREF(name);
    return false;
}

/* Whether the value is of a type of numpy, by the type's name there; false also where numpy is not loaded. */
static bool is_numpys(PyObject *value, const char *type_name)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *numpy = PyDict_GetItemString(modules, "numpy");
    PyObject *type = numpy ? PyObject_GetAttrString(numpy, type_name) : NULL;
    int is = type ? PyObject_IsInstance(value, type) : 0;
    Py_XDECREF(type);
    PyErr_Clear();
    return is == 1;
}

static bool set_numpy_scalar(sqlite3_context *context, PyObject *value)
{
    bool known = false;
    PyObject *plain = PyObject_CallMethod(value, "item", NULL);
    bool set = plain && set_plain(context, plain, &known);
    if (plain && !known)
        refuse(value);
    Py_XDECREF(plain);
    return set;
}

/* An object with the buffer protocol is bytes: bytearray, memoryview, array. */
static bool set_buffer(sqlite3_context *context, PyObject *value)
{
    PyObject *view = PyMemoryView_FromObject(value);
    if (!view) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError))
            return false;
        PyErr_Clear();
        return refuse(value);
    }
    PyObject *bytes = PyBytes_FromObject(view);
    bool set = bytes && set_bytes(context, bytes);
    Py_XDECREF(bytes);
    Py_DECREF(view);
    return set;
}

bool python_set_result(sqlite3_context *context, PyObject *value)
{
    bool known;
    bool set = set_plain(context, value, &known);
    if (known)
        return set;
    if (is_numpys(value, "generic"))
        return set_numpy_scalar(context, value);
    return is_numpys(value, "ndarray") ? refuse(value) : set_buffer(context, value);
}

/* ---- cells ---- */

static const char *native_utf16(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first ? "utf-16-le" : "utf-16-be";
}

static bool set_text_cell(RowsetWriter *writer, uint32_t column, int encoding, PyObject *value, int *rc)
{
    PyObject *bytes = encoding == SQLITE_UTF8 ? PyUnicode_AsUTF8String(value)
                                              : PyUnicode_AsEncodedString(value, native_utf16(), "strict");
    char *text;
    Py_ssize_t size;
    bool is_text = bytes && PyBytes_AsStringAndSize(bytes, &text, &size) == 0 && size <= INT32_MAX;
    if (is_text)
        *rc = rowset_set_bytes(writer, column, SQLITE_TEXT, text, (uint32_t)size);
    else if (bytes)
        PyErr_SetString(PyExc_OverflowError, "it returned too long a text");
    Py_XDECREF(bytes);
    return is_text;
}

static bool set_bytes_cell(RowsetWriter *writer, uint32_t column, PyObject *value, int *rc)
{
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(value, &bytes, &size) != 0)
        return false;
    if (size > INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "it returned too many bytes");
        return false;
    }
    *rc = rowset_set_bytes(writer, column, SQLITE_BLOB, bytes, (uint32_t)size);
    return true;
}

bool python_set_cell(RowsetWriter *writer, uint32_t column, int encoding, PyObject *value, int *rc)
{
    int overflow = 0;
    if (value == Py_None) {
        *rc = rowset_set_null(writer, column);
    } else if (PyFloat_Check(value)) {
        /* SQLite has no NaN. */
        double number = PyFloat_AsDouble(value);
        *rc = number == number ? rowset_set_real(writer, column, number) : rowset_set_null(writer, column);
    } else if (PyLong_Check(value)) {
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow)
            PyErr_SetString(PyExc_OverflowError, "it returned an int of more than 64 bits");
        else
            *rc = rowset_set_integer(writer, column, number);
    } else if (PyUnicode_Check(value)) {
        return set_text_cell(writer, column, encoding, value, rc);
    } else if (PyBytes_Check(value)) {
        return set_bytes_cell(writer, column, value, rc);
    } else {
        return refuse(value);
    }
    return !overflow;
}
