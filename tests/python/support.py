"""What the tests of functions in Python share: cases that report as cmocka's do, and a look at what is left after each."""
import contextlib
import glob
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback

EXTENSION = os.environ["PRICEMAP_EXTENSION"]
# No files of compiled modules in the tree.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
HERE = os.path.dirname(os.path.abspath(__file__))
EXECUTORS = ("serial", "threads", "processes")
HANG_SECONDS = 120  # only a hang reaches it

cases = []


class Skip(Exception):
    pass


def case(function):
    cases.append(function)
    return function


def skip(why):
    raise Skip(why)


def connect(path=":memory:", allow=True):
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(EXTENSION)
    db.enable_load_extension(allow)
    return db


@contextlib.contextmanager
def connection(path=":memory:", allow=True):
    db = connect(path, allow)
    try:
        yield db
    finally:
        db.close()


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="pricemap-python-") as path:
        yield path


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def name_function(db, target, *more):
    marks = ", ?" * len(more)
    db.execute("SELECT parallel_map_python(?" + marks + ")", (target,) + more).fetchall()


def make_table(db, rows):
    db.execute("CREATE TABLE t(p)")
    db.execute("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
               " INSERT INTO t SELECT i FROM n", (rows,))


def mapped(db, expression, executor="processes", workers=2, source="t", chunk=None):
    return [row[0] for row in db.execute("SELECT value FROM parallel_map(?, ?, ?, ?, ?)",
                                         (source, expression, executor, workers, chunk or 7))]


def error_of(function, *arguments):
    try:
        function(*arguments)
    except sqlite3.Error as error:
        return str(error)
    raise AssertionError("no error")


def expect(found, expected):
    if found != expected:
        raise AssertionError("found\n    %r\nexpected\n    %r" % (found, expected))


def expect_in(part, text):
    if part not in text:
        raise AssertionError("%r\nis not in\n    %r" % (part, text))


def until(condition, what):
    end = time.monotonic() + HANG_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.01)


def marked_processes():
    """The processes that carry the mark of this program, itself excepted: all that it started, and what those did."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open("/proc/%s/environ" % name, "rb") as file:
                if b"PRICEMAP_TEST_MARK=%d" % mark in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            pass
    return found


def descriptors():
    """Open descriptors, but those of libraries: libffi, which ctypes calls, keeps its own file open."""
    count = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            count += ".so" not in os.path.basename(os.readlink("/proc/self/fd/" + name))
        except OSError:
            pass
    return count


def threads():
    return len(os.listdir("/proc/self/task"))


def run_script(text, *arguments, python=sys.executable, environment=None, cwd=None, module=None, name="script.py",
               stdin=None):
    """Runs a script, in a folder of its own, or as it is said; returns status, output and errors."""
    with folder() as path:
        words = [python]
        if module:
            write(os.path.join(path, *module.split(".")) + ".py", text)
            words += ["-m", module]
        elif stdin:
            words += ["-"]
        else:
            words += [write(os.path.join(path, name), text)]
        done = subprocess.run(words + list(arguments), cwd=cwd or path, input=text if stdin else "",
                              env=dict(os.environ, **(environment or {})), capture_output=True, text=True,
                              timeout=HANG_SECONDS)
    return done.returncode, done.stdout, done.stderr


def pythons():
    """The Pythons that there are: (path, version)."""
    root = os.path.expanduser(os.environ.get("PYENV_ROOT", "~/.pyenv"))
    paths = ["/usr/bin/python3"] + sorted(glob.glob(os.path.join(root, "versions", "*", "bin", "python3")) +
                                          glob.glob(os.path.join(root, "versions", "*", "bin", "python2")))
    for path in paths:
        done = subprocess.run([path, "-c", "import sys; print('%d %d %d' % sys.version_info[:3])"], capture_output=True)
        if done.returncode == 0:
            yield path, tuple(map(int, done.stdout.split()))


mark = os.getpid()


def run_cases():
    os.environ["PRICEMAP_TEST_MARK"] = str(mark)
    failed = 0
    # ThreadSanitizer has a thread of its own from the first other one on.
    beginning = threading.Thread()
    beginning.start()
    beginning.join()
    until(lambda: not os.path.exists("/proc/self/task/%d" % beginning.native_id), "a thread is left")
    print("[==========] Running %d test(s)." % len(cases))
    for function in cases:
        print("[ RUN      ] " + function.__name__, flush=True)
        outcome = "[       OK ] "
        before = (descriptors(), threads())
        try:
            function()
            until(lambda: not marked_processes(), "processes are left")
            until(lambda: (descriptors(), threads()) == before, "descriptors or threads are left")
        except Skip as why:
            print(function.__name__ + ": skipped: " + str(why))
            outcome = "[  SKIPPED ] "
        except BaseException:
            traceback.print_exc()
            outcome = "[  FAILED  ] "
            failed += 1
        print(outcome + function.__name__, flush=True)
    print("[==========] %d test(s) run." % len(cases), flush=True)
    sys.exit(1 if failed else 0)
