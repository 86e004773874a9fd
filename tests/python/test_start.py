"""How the workers' interpreter is found and started, and what becomes of it when it does not come to its end."""
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import support
from support import (EXTENSION, HERE, case, connect, connection, error_of, expect, expect_in, folder, make_table,
                     mapped, marked_processes, name_function, pythons, run_cases, run_script, skip, until, write)


class environment:
    """A variable of the environment, for a while."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def __enter__(self):
        self.before = os.environ.get(self.name)
        os.environ[self.name] = self.value

    def __exit__(self, *_):
        if self.before is None:
            del os.environ[self.name]
        else:
            os.environ[self.name] = self.before


@case
def every_python_is_a_worker():
    count = 0
    for path, version in pythons():
        with environment("PRICEMAP_PYTHON", path), connection() as db:
            make_table(db, 3)
            name_function(db, "functions:version")
            name_function(db, "functions:double")
            if version >= (3, 8):
                expect(mapped(db, "version(p)"), ["%d.%d.%d" % version] * 3)
                expect(mapped(db, "double(p)"), [2, 4, 6])
                count += 1
            else:
                expect(error_of(mapped, db, "double(p)"),
                       "parallel_map: %s ended before it answered: it has to be CPython 3.8 or newer, with its lock" % path)
    expect(count > 0, True)


@case
def programs_that_are_no_python():
    for path, text in (("/bin/true", "parallel_map: /bin/true ended before it answered: it has to be CPython 3.8 or newer, with its lock"),
                       ("/nowhere/python3", "parallel_map: cannot start the program of the worker processes, "
                        "/nowhere/python3: No such file or directory: set PRICEMAP_PYTHON to the path of the interpreter")):
        with environment("PRICEMAP_PYTHON", path), connection() as db:
            make_table(db, 3)
            name_function(db, "functions:double")
            expect(error_of(mapped, db, "double(p)"), text)
            expect(mapped(db, "double(p)", "serial"), [2, 4, 6])


@case
def workers_are_of_the_hosts_environment():
    with folder() as path:
        done = subprocess.run([sys.executable, "-m", "venv", "--without-pip", path + "/venv"], capture_output=True)
        if done.returncode:
            skip("no venv here")
        script = """
import sqlite3, sys
sys.path.append(%r)
from support import *
with connection() as db:
    make_table(db, 2)
    name_function(db, "functions:prefix")
    name_function(db, "functions:executable")
    expect(mapped(db, "prefix(p)"), [sys.prefix] * 2)
    expect(mapped(db, "executable(p)"), [sys.executable] * 2)
    print(sys.prefix)
""" % HERE
        status, out, err = run_script(script, python=path + "/venv/bin/python", cwd="/")
        expect((status, out, err), (0, os.path.realpath(path) + "/venv\n", ""))
        with open(path + "/a.sql", "w") as file:
            file.write(".load %s\nSELECT parallel_map_python('functions:prefix');\n"
                       "SELECT value FROM parallel_map('SELECT 1', 'prefix(1)');\n" % EXTENSION)
        with open(path + "/a.sql") as file:
            out = subprocess.run(["sqlite3", ":memory:"], stdin=file, cwd=HERE, capture_output=True, text=True,
                                 env=dict(os.environ, VIRTUAL_ENV=path + "/venv"))
        expect((out.stdout, out.stderr), ("\n" + os.path.realpath(path) + "/venv\n", ""))


@case
def libraries_of_numbers_have_one_thread():
    with connection() as db:
        make_table(db, 2)
        name_function(db, "functions:numbers_of_threads")
        expect(mapped(db, "numbers_of_threads(p)"), ["1,1,1,1"] * 2)
        with environment("OMP_NUM_THREADS", "3"):
            name_function(db, "functions:numbers_of_threads")
            expect(mapped(db, "numbers_of_threads(p)"), ["3,1,1,1"] * 2)


@case
def a_module_that_starts_a_thread():
    """Were its process forked, the lock would never be let go in the workers."""
    with folder() as path:
        write(path + "/threaded.py", """
import threading, time
lock = threading.Lock()
def hold():
    with lock:
        time.sleep(1000)
thread = threading.Thread(target=hold, daemon=True)
thread.start()
while not lock.locked():
    time.sleep(0.001)
def f(p):
    return p if threading.active_count() == 2 and thread.is_alive() else None
""")
        sys.path.append(path)
        try:
            with connection() as db:
                make_table(db, 3)
                name_function(db, "threaded:f")
                expect(mapped(db, "f(p)"), [1, 2, 3])
        finally:
            sys.path.remove(path)


SLOW = "import time\ntime.sleep(1000)\n"


@case
def a_host_that_is_killed_while_workers_import():
    with folder() as path:
        write(path + "/slow.py", "open(%r, 'w').close()\n" % (path + "/imports") + SLOW)
        host = subprocess.Popen([sys.executable, "-c", """
import sys
sys.path[:0] = [%r, %r]
from support import *
db = connect()
make_table(db, 3)
name_function(db, "slow:f")
mapped(db, "f(p)")
""" % (HERE, path)])
        until(lambda: os.path.exists(path + "/imports"), "no import")
        host.kill()
        host.wait()
        until(lambda: not marked_processes(), "the zygote outlives its host")


@case
def an_interrupt_while_workers_import():
    with folder() as path:
        write(path + "/slow.py", SLOW)
        sys.path.append(path)
        db = connect()
        make_table(db, 3)
        name_function(db, "slow:f")
        ended = threading.Event()

        def interrupt():
            while not ended.wait(0.1):
                db.interrupt()

        interrupter = threading.Thread(target=interrupt)
        interrupter.start()
        try:
            expect(error_of(mapped, db, "f(p)"), "interrupted")
        finally:
            ended.set()
            interrupter.join()
            sys.path.remove(path)
        until(lambda: not marked_processes(), "the zygote outlives the interrupt")
        db.close()


@case
def a_second_call_takes_in_edited_code():
    with folder() as path:
        write(path + "/edited.py", "def f(p): return 1\n")
        sys.path.append(path)
        try:
            with connection() as db:
                make_table(db, 2)
                name_function(db, "edited:f")
                expect(mapped(db, "f(p)"), [1, 1])
                write(path + "/edited.py", "def f(p): return 'new'\n")
                expect(mapped(db, "f(p)"), [1, 1])
                name_function(db, "edited:f")
                expect(mapped(db, "f(p)"), ["new", "new"])
        finally:
            sys.path.remove(path)


@case
def a_pool_is_used_again_and_ends_when_idle():
    with connection() as db:
        make_table(db, 4)
        name_function(db, "functions:process")
        first = set(mapped(db, "process(p)", chunk=1))
        expect(set(mapped(db, "process(p)", chunk=1)) <= set(marked_processes()), True)
        expect(first <= set(marked_processes()), True)
        db.execute("SELECT parallel_map_config('idle_seconds', 0)").fetchall()
        mapped(db, "process(p)")
        until(lambda: not marked_processes(), "the pool does not end")
        expect(len(mapped(db, "process(p)")), 4)


@case
def a_map_goes_on_while_functions_change():
    with connection() as db:
        make_table(db, 30)
        name_function(db, "functions:double")
        rows = db.execute("SELECT value FROM parallel_map('t', 'double(p)', 'processes', 2, 1)")
        expect(next(rows), (2,))
        name_function(db, "functions:Shop.vat")
        expect(mapped(db, "vat(p)")[:2], [119, 238])
        expect([row[0] for row in rows], [2 * i for i in range(2, 31)])


@case
def a_thread_is_known_as_long_as_it_lives():
    with connection() as db:
        make_table(db, 20)
        name_function(db, "functions:calls_in_thread")
        expect(mapped(db, "calls_in_thread(p)", "threads", 1, chunk=1), list(range(1, 21)))


@case
def auto_takes_no_threads():
    with connection() as db:
        make_table(db, 400)
        name_function(db, "functions:waits")
        for _ in range(3):
            mapped(db, "waits(0.001)", "auto", chunk=1)
        executors = {row[0] for row in db.execute("SELECT executor FROM parallel_map_runs")}
        expect(executors <= {"serial", "processes"}, True)


@case
def a_host_ends_with_a_map_open():
    for executor, wait in ("processes", "p * 0.01"), ("threads", "p * 0.01"), ("threads", "iif(p > 3, 1000, 0)"):
        status, out, err = run_script("""
import sys
sys.path.append(%r)
from support import *
db = connect()
make_table(db, 100)
name_function(db, "functions:waits")
rows = db.execute("SELECT value FROM parallel_map('t', ?, ?, 2, 1)", (%r, %r))
next(rows)
""" % (HERE, "waits(" + wait + ")", executor))
        expect((status, out, err), (0, "", ""))


@case
def a_run_whose_module_is_not_there_names_its_executor():
    with connection() as db:
        make_table(db, 3)
        name_function(db, "nowhere:f")
        expect_in("could not import nowhere", error_of(mapped, db, "f(p)"))
        expect(db.execute("SELECT executor FROM parallel_map_runs ORDER BY run DESC LIMIT 1").fetchone(), ("processes",))


@case
def a_program_with_sub_interpreters_is_refused():
    status, out, err = run_script(
        "import os, sqlite3\n"
        "try:\n"
        "    import _interpreters as interpreters\n"  # from 3.13 on
        "except ImportError:\n"
        "    import _xxsubinterpreters as interpreters\n"
        "other = interpreters.create()\n"
        "db = sqlite3.connect(':memory:')\n"
        "db.enable_load_extension(True)\n"
        "db.load_extension(os.environ['PRICEMAP_EXTENSION'])\n"
        "def name():\n"
        "    try:\n"
        "        print(db.execute(\"SELECT parallel_map_python('math:fabs')\").fetchall())\n"
        "    except sqlite3.Error as error:\n"
        "        print(error)\n"
        "name()\n"
        "interpreters.destroy(other)\n"
        "name()\n", python="/usr/bin/python3")
    expect(out, "parallel_map_python: this program has sub-interpreters of Python, whose locks and modules pricemap does not "
                "know: name functions in a program with one interpreter\n[(None,)]\n")


if __name__ == "__main__":
    run_cases()
