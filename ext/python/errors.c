/* Exceptions as texts of SQL errors: type, reason and position. */
#include <Python.h>

#include <stdio.h>
#include <string.h>

#include "ext/python/interpreter.h"

enum { WHY_BYTES = 500, TYPE_BYTES = 100, PLACE_BYTES = 260, FILE_BYTES = 200 };

/* Copies a str object's text, as much of it as there is room for, and no part of a character. Leaves `to`
   empty, and no exception, where there is no text. */
static void copy_text(PyObject *object, char *to, size_t size)
{
    Py_ssize_t length = 0;
    const char *text = object && PyUnicode_Check(object) ? PyUnicode_AsUTF8AndSize(object, &length) : NULL;
    PyObject *replaced = NULL;
    *to = 0;
    if (!text && object && PyUnicode_Check(object)) {
        /* A surrogate has no form in UTF-8. */
        PyErr_Clear();
        replaced = PyUnicode_AsEncodedString(object, "utf-8", "backslashreplace");
        text = replaced ? PyBytes_AsString(replaced) : NULL;
        length = text ? (Py_ssize_t)strlen(text) : 0;
    }
    if (text) {
        size_t kept = (size_t)length < size ? (size_t)length : size - 1;
        while (kept < (size_t)length && kept && ((unsigned char)text[kept] & 0xc0) == 0x80)
            kept--;
        memcpy(to, text, kept);
        to[kept] = 0;
    }
    Py_XDECREF(replaced);
    PyErr_Clear();
}

/* The object's attribute, a new reference; NULL, without an exception, where there is none. */
static PyObject *attribute(PyObject *object, const char *name)
{
    PyObject *value = object ? PyObject_GetAttrString(object, name) : NULL;
    PyErr_Clear();
    return value;
}

static void copy_attribute(PyObject *object, const char *name, char *to, size_t size)
{
    PyObject *value = attribute(object, name);
    copy_text(value, to, size);
    Py_XDECREF(value);
}

/* As Python prints it: with its module, unless that is Python's own or the script's. */
static void copy_type(PyObject *type, char *to, size_t size)
{
    char module[TYPE_BYTES], name[TYPE_BYTES];
    copy_attribute(type, "__module__", module, sizeof module);
    copy_attribute(type, "__qualname__", name, sizeof name);
    bool plain = !*module || !strcmp(module, "builtins") || !strcmp(module, "__main__") ||
                 !strcmp(module, "__mp_main__");
    snprintf(to, size, "%s%s%s", plain ? "" : module, plain ? "" : ".", *name ? name : "exception");
}

/* The file whose code the callable is, "" where that is not known. */
static void copy_file(PyObject *callable, char *to, size_t size)
{
    PyObject *code = attribute(callable, "__code__");
    copy_attribute(code, "co_filename", to, size);
    Py_XDECREF(code);
}

/* Writes the file, line and function of one entry of a traceback, the end of a long path; `file` gets the
 * path. */
static void write_place(PyObject *entry, char *place, size_t size, char *file, size_t file_size)
{
    char function[TYPE_BYTES];
    PyObject *frame = attribute(entry, "tb_frame"), *code = attribute(frame, "f_code");
    PyObject *line = attribute(entry, "tb_lineno");
    copy_attribute(code, "co_filename", file, file_size);
    copy_attribute(code, "co_name", function, sizeof function);
    long number = line ? PyLong_AsLong(line) : 0;
    PyErr_Clear();
    size_t length = strlen(file);
    const char *end = length > FILE_BYTES ? file + length - FILE_BYTES : file;
    while (end > file && ((unsigned char)*end & 0xc0) == 0x80)
        end++;
    snprintf(place, size, " (%s%.*s:%ld, in %.40s)", end > file ? "..." : "", (int)FILE_BYTES, end, number,
             function);
    Py_XDECREF(line);
    Py_XDECREF(code);
    Py_XDECREF(frame);
}

/* Writes the deepest entry that is in the callable's own file, else the deepest of all. */
static void find_place(PyObject *traceback, PyObject *callable, char *place, size_t size)
{
    char own[4096], file[4096], here[PLACE_BYTES];
    copy_file(callable, own, sizeof own);
    bool in_own = false;
    *place = 0;
    Py_XINCREF(traceback);
    while (traceback && traceback != Py_None) {
        write_place(traceback, here, sizeof here, file, sizeof file);
        bool is_own = *own && !strcmp(own, file);
        /* Python's own import of a module is no code of the user's. */
        if ((is_own || !in_own) && *file != '<')
            snprintf(place, size, "%s", here);
        in_own = in_own || is_own;
        PyObject *next = attribute(traceback, "tb_next");
        Py_DECREF(traceback);
        traceback = next;
    }
    Py_XDECREF(traceback);
}

bool python_describe_exception(PyObject *callable, char *text, size_t size)
{
    PyObject *type = NULL, *value = NULL, *traceback = NULL;
    char name[2 * TYPE_BYTES], why[WHY_BYTES], place[PLACE_BYTES];
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (!type) {
        snprintf(text, size, "no exception was set");
        return false;
    }
    bool interrupt = PyErr_GivenExceptionMatches(type, PyExc_KeyboardInterrupt);
    PyObject *words = value ? PyObject_Str(value) : NULL;
    PyErr_Clear();
    copy_type(type, name, sizeof name);
    copy_text(words, why, sizeof why);
    find_place(traceback, callable, place, sizeof place);
    snprintf(text, size, "%s%s%s%s", name, *why ? ": " : "", why, place);
    Py_XDECREF(words);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    PyErr_Clear();
    return interrupt;
}
