/*
 * The library _pricemap: for Python the module that boot.py makes a worker process with, for pricemap the
 * table of the language. The module's functions are for boot.py alone, in the order in which they stand here.
 */
#include <Python.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ext/channel/messages.h"
#include "ext/python/interpreter.h"
#include "ext/worker/worker.h"
#include "ext/worker/zygote.h"

/* Microseconds between two checks whether the host is there, while modules are imported. */
enum { WATCH_MICROSECONDS = 50000 };

/* ---- the table ---- */

static int hold(void)
{
    return python_is_present() ? (int)PyGILState_Ensure() : -1;
}

static void let_go(int held)
{
    if (held >= 0)
        PyGILState_Release((PyGILState_STATE)held);
}

/* Not a part of the stable ABI, and in every Python since 3.4. */
extern int PyGILState_Check(void) __attribute__((weak));

static void *pause_lock(void)
{
    return python_is_present() && PyGILState_Check && PyGILState_Check() ? PyEval_SaveThread() : NULL;
}

static void resume_lock(void *paused)
{
    if (paused)
        PyEval_RestoreThread(paused);
}

/* An Ensure whose Release is that of leave_thread keeps the thread's state. */
static void enter_thread(void)
{
    if (hold() >= 0)
        PyEval_SaveThread();
}

static void leave_thread(void)
{
    if (hold() < 0)
        return;
    PyGILState_Release(PyGILState_LOCKED);
    PyGILState_Release(PyGILState_UNLOCKED);
}

static uintptr_t this_thread(void)
{
    return (uintptr_t)pthread_self();
}

static void stop(uintptr_t thread)
{
    int held = hold();
    if (held >= 0)
        PyThreadState_SetAsyncExc(thread, PyExc_KeyboardInterrupt);
    let_go(held);
}

static void forget_stop(uintptr_t thread)
{
    PyThreadState_SetAsyncExc(thread, NULL);
}

__attribute__((visibility("default"))) extern const Language pricemap_language;

const Language pricemap_language = {
    .version = LANGUAGE_VERSION,
    .name = "Python",
    .present = python_is_present,
    .refuse = python_refuse_host,
    .hold = hold,
    .let_go = let_go,
    .pause = pause_lock,
    .resume = resume_lock,
    .enter_thread = enter_thread,
    .leave_thread = leave_thread,
    .thread = this_thread,
    .stop = stop,
    .forget_stop = forget_stop,
    .bind = python_bind,
    .place = python_place,
    .complete = python_complete,
    .describe_host = python_describe_host,
};

/* ---- the module ---- */

static bool has_socket(void)
{
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(MESSAGES_SOCKET, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

/* Ends the process where the host has closed its end of the socket. A handler of a signal. */
static void look_for_host(int number)
{
    int before = errno;
    struct pollfd host = {.fd = MESSAGES_SOCKET};
    (void)number;
    if (poll(&host, 1, 0) > 0 && host.revents & (POLLHUP | POLLERR))
        _exit(1);
    errno = before;
}

/* Checks for the host while Python imports, however long that takes; 0: no more. */
static void watch_host(suseconds_t microseconds)
{
    struct sigaction action = {.sa_handler = microseconds ? look_for_host : SIG_DFL, .sa_flags = SA_RESTART};
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    sigemptyset(&action.sa_mask);
    if (microseconds)
        sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    if (!microseconds)
        sigaction(SIGALRM, &action, NULL);
}

/* Whether the host requests nothing but the files of modules. */
static bool only_files_are_requested(void)
{
    uint32_t kind = 0;
    return recv(MESSAGES_SOCKET, &kind, sizeof kind, MSG_PEEK | MSG_DONTWAIT) == (ssize_t)sizeof kind &&
           kind == MESSAGE_FILES;
}

/* begin(again): leaves the host alone, in a process that is no child of it. `again`: the program was executed
   anew in such a process. True: the host requests nothing but the files of modules. */
static PyObject *begin(PyObject *module, PyObject *again)
{
    (void)module;
    if (!has_socket()) {
        PyErr_SetString(PyExc_RuntimeError, "_pricemap is a part of pricemap, which starts it");
        return NULL;
    }
    if (PyObject_IsTrue(again)) {
        prctl(PR_SET_NAME, "pricemap-zygote");
    } else {
        PyOS_BeforeFork();
        pid_t pid = fork();
        if (pid < 0)
            zygote_decline(MESSAGES_SOCKET, "fork", errno);
        if (pid)
            _exit(pid < 0);
        PyOS_AfterFork_Child();
        zygote_leave_host(MESSAGES_SOCKET);
        watch_host(WATCH_MICROSECONDS);
    }
    return PyBool_FromLong(only_files_are_requested());
}

/* Sends a message to the host, which reads at its leisure. False: the host is gone. */
static bool send_patiently(const FilesReply *part)
{
    int failure;
    while ((failure = messages_send(MESSAGES_SOCKET, part, sizeof *part, NULL, 0)) == EAGAIN) {
        struct pollfd host = {.fd = MESSAGES_SOCKET, .events = POLLOUT};
        poll(&host, 1, -1);
    }
    return !failure;
}

/* answer(list): sends the host the list of files, bytes as program_files.h has them, and ends the process. */
static PyObject *answer(PyObject *module, PyObject *list)
{
    (void)module;
    char *bytes = NULL;
    Py_ssize_t size = 0;
    FilesReply part = {.kind = MESSAGE_FILE_LIST};
    bool goes_on = PyBytes_AsStringAndSize(list, &bytes, &size) == 0;
    watch_host(0);
    for (Py_ssize_t sent = 0; goes_on && sent < size; sent += part.size) {
        Py_ssize_t left = size - sent;
        part.size = left < FILES_REPLY_BYTES ? (uint32_t)left : FILES_REPLY_BYTES;
        memcpy(part.bytes, bytes + sent, part.size);
        goes_on = send_patiently(&part);
    }
    part.size = 0;
    if (goes_on)
        send_patiently(&part);
    _exit(!goes_on);
}

/* refuse(text): sends the host the reason why there will be no workers, and ends the process. */
static PyObject *refuse(PyObject *module, PyObject *text)
{
    (void)module;
    const char *utf8 = PyUnicode_Check(text) ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    zygote_refuse(MESSAGES_SOCKET, utf8 ? utf8 : "could not import a module");
    _exit(1);
}

/* threads(): the number of all threads of the process; ends the checks for the host, whose timer would
   outlive an exec. */
static PyObject *threads(PyObject *module, PyObject *nothing)
{
    long count = 0;
    (void)module;
    (void)nothing;
    watch_host(0);
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    if (tasks)
        closedir(tasks);
    return PyLong_FromLong(count);
}

static void after_fork(bool child)
{
    if (child)
        PyOS_AfterFork_Child();
    else
        PyOS_AfterFork_Parent();
}

/* A worker's memory is others' while the worker has nothing to do. */
static void rest(void)
{
    int held = hold();
    if (held >= 0)
        python_give_memory_back();
    let_go(held);
}

/* A worker holds the interpreter while it evaluates a chunk, and not while it waits for one. */
static void work(int memory, PoolControl *pool, uint32_t region)
{
    python_is_worker();
    python_keep_memory();
    PyEval_SaveThread();
    worker_loop_with(memory, pool, region, rest);
}

/* serve(): forks workers for the host, until the host ends. Does not return. */
static PyObject *serve(PyObject *module, PyObject *nothing)
{
    const ZygoteRole role = {.work = work, .before_fork = PyOS_BeforeFork, .after_fork = after_fork};
    (void)module;
    (void)nothing;
    _exit(zygote_serve(MESSAGES_SOCKET, &role));
}

PyMODINIT_FUNC PyInit__pricemap(void);

PyMODINIT_FUNC PyInit__pricemap(void)
{
    static PyMethodDef methods[] = {
        {"begin", begin, METH_O, NULL},      {"answer", answer, METH_O, NULL},
        {"refuse", refuse, METH_O, NULL},    {"threads", threads, METH_NOARGS, NULL},
        {"serve", serve, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL},
    };
    static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_pricemap", .m_size = -1,
                                            .m_methods = methods};
    return PyModule_Create(&definition);
}
