/* The interpreter of a host that is a program of Python, as workers have to know it. */
#include <Python.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/python/interpreter.h"

/* Public since 3.13; before that it had the name with the underscore. */
extern int Py_IsFinalizing(void) __attribute__((weak));
extern int _Py_IsFinalizing(void) __attribute__((weak));

bool python_is_present(void)
{
    bool ending = Py_IsFinalizing ? Py_IsFinalizing() : _Py_IsFinalizing ? _Py_IsFinalizing() : false;
    return Py_IsInitialized() && !ending;
}

/* Inner functions of a Python without the lock, whose objects are laid out otherwise than the stable ABI has
   it; and the list of interpreters, which is no part of that ABI, and in every Python since 3.0. */
extern void _Py_MergeZeroLocalRefcount(PyObject *object) __attribute__((weak));
extern PyInterpreterState *PyInterpreterState_Head(void) __attribute__((weak));
extern PyInterpreterState *PyInterpreterState_Next(PyInterpreterState *interpreter) __attribute__((weak));

const char *python_refuse_host(void)
{
    if (_Py_MergeZeroLocalRefcount)
        return "a free-threaded Python, which has no lock, is not supported: use the usual build of Python";
    if (PyInterpreterState_Head && PyInterpreterState_Next &&
        PyInterpreterState_Next(PyInterpreterState_Head()))
        return "this program has sub-interpreters of Python, whose locks and modules pricemap does not know: "
               "name functions in a program with one interpreter";
    return NULL;
}

typedef struct Texts {
    char **items;
    size_t count;
    bool failed;
} Texts;

static void add(Texts *texts, const char *text)
{
    char **grown = realloc(texts->items, (texts->count + 2) * sizeof *grown);
    if (grown)
        texts->items = grown;
    char *copy = grown ? strdup(text) : NULL;
    if (!copy) {
        texts->failed = true;
        return;
    }
    grown[texts->count++] = copy;
    grown[texts->count] = NULL;
}

/* Adds a str object as a name in the file system; "" where it is none. Takes over `object`, NULL too. */
static void add_path(Texts *texts, PyObject *object)
{
    PyObject *bytes = object && PyUnicode_Check(object) ? PyUnicode_EncodeFSDefault(object) : NULL;
    const char *text = bytes ? PyBytes_AsString(bytes) : NULL;
    add(texts, text ? text : "");
    Py_XDECREF(bytes);
    Py_XDECREF(object);
    PyErr_Clear();
}

/* The value of `name` in sys, a new reference or NULL. */
static PyObject *of_sys(const char *name)
{
    PyObject *value = PySys_GetObject(name);
    Py_XINCREF(value);
    return value;
}

static PyObject *attribute(PyObject *object, const char *name)
{
    PyObject *value = object ? PyObject_GetAttrString(object, name) : NULL;
    PyErr_Clear();
    return value;
}

/* Main, as multiprocessing's spawn finds it: the name of the module that was started with -m, or the path of
   the script. */
static void add_main(Texts *texts)
{
    PyObject *main = PyImport_ImportModule("__main__");
    PyErr_Clear();
    PyObject *spec = attribute(main, "__spec__");
    PyObject *name = spec && spec != Py_None ? attribute(spec, "name") : NULL;
    PyObject *path = name ? NULL : attribute(main, "__file__");
    add_path(texts, name);
    add_path(texts, path);
    Py_XDECREF(spec);
    Py_XDECREF(main);
}

static void add_version(Texts *texts)
{
    char text[32] = "";
    PyObject *version = of_sys("version_info");
    PyObject *major = version ? PySequence_GetItem(version, 0) : NULL;
    PyObject *minor = version ? PySequence_GetItem(version, 1) : NULL;
    if (major && minor)
        snprintf(text, sizeof text, "%ld.%ld", PyLong_AsLong(major), PyLong_AsLong(minor));
    Py_XDECREF(major);
    Py_XDECREF(minor);
    Py_XDECREF(version);
    PyErr_Clear();
    add(texts, text);
}

char **python_describe_host(void)
{
    Texts texts = {0};
    PyGILState_STATE state = PyGILState_Ensure();
    add_path(&texts, of_sys("executable"));
    add_version(&texts);
    add_main(&texts);
    PyObject *path = of_sys("path");
    Py_ssize_t count = path && PyList_Check(path) ? PyList_Size(path) : 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *folder = PyList_GetItem(path, i);
        Py_XINCREF(folder);
        add_path(&texts, folder);
    }
    Py_XDECREF(path);
    PyErr_Clear();
    PyGILState_Release(state);
    if (!texts.failed)
        return texts.items;
    for (size_t i = 0; i < texts.count; i++)
        free(texts.items[i]);
    free(texts.items);
    return NULL;
}
