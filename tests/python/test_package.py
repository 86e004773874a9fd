"""The package pricemap, in every Python that there is."""
import functools
import os
import subprocess
import sys

from support import HERE, case, expect, expect_in, folder, run_cases, run_script, skip, write
from support import pythons

PACKAGE = os.environ["PRICEMAP_PYTHONPATH"]
sys.path.insert(0, PACKAGE)
import pricemap  # noqa: E402

import functions  # noqa: E402

USE = """
import sqlite3, sys
import pricemap
import functions

db = pricemap.connect(":memory:")
assert isinstance(db, sqlite3.Connection)
db.execute("CREATE TABLE t(p)")
db.executemany("INSERT INTO t VALUES (?)", [(i,) for i in range(1, 6)])
pricemap.create_function(db, "double", 1, functions.double, deterministic=True)
plain = db.execute("SELECT double(p) FROM t").fetchall()
for executor in "serial", "threads", "processes", "auto":
    rows = db.execute("SELECT value FROM parallel_map('t', 'double(p)', ?, 2)", (executor,)).fetchall()
    assert rows == plain == [(2,), (4,), (6,), (8,), (10,)], rows
try:
    db.execute("SELECT parallel_map_python('os:abort')")
except sqlite3.Error as error:
    print(error)
db.close()
print("used")
"""


@case
def every_python_is_a_host():
    count = 0
    for path, version in pythons():
        if version < (3, 8):
            continue
        probe = subprocess.run([path, "-c", "import sqlite3; print(sqlite3.sqlite_version_info >= (3, 38))"],
                               capture_output=True, text=True)
        if probe.stdout != "True\n":
            continue
        status, out, err = run_script(USE, python=path, environment={"PYTHONPATH": PACKAGE + ":" + HERE})
        expect((path, status, out, err),
               (path, 0, "parallel_map_python: this connection does not allow loading extensions: the host has to enable it "
                "first\nused\n", ""))
        count += 1
    expect(count > 0, True)


@case
def apsw_is_a_host():
    if subprocess.run(["/usr/bin/python3", "-c", "import apsw"], capture_output=True).returncode:
        skip("no apsw here")
    status, out, err = run_script("""
import apsw, pricemap, functions
db = pricemap.load(apsw.Connection(":memory:"))
db.cursor().execute("CREATE TABLE t(p); INSERT INTO t VALUES (1), (2), (3)")
pricemap.create_function(db, "double", 1, functions.double)
for executor in "serial", "threads", "processes":
    print(list(db.cursor().execute("SELECT value FROM parallel_map('t', 'double(p)', ?, 2)", (executor,))))
db.close()
""", python="/usr/bin/python3", environment={"PYTHONPATH": PACKAGE + ":" + HERE})
    expect((status, out, err), (0, "[(2,), (4,), (6,)]\n" * 3, ""))


def refusal(function):
    db = pricemap.connect(":memory:")
    try:
        pricemap.create_function(db, "f", 1, function)
    except ValueError as error:
        return str(error)
    finally:
        db.close()
    raise AssertionError("no error")


@case
def what_workers_cannot_import():
    def nested(value):
        return value

    expect(refusal(lambda value: value),
           "a lambda has no name that a worker process could import: write a def at the top of a module")
    expect(refusal(nested),
           "what_workers_cannot_import.<locals>.nested is defined within another function, where a worker process cannot "
           "find it: write the def at the top of a module")
    expect_in("has no name that a worker process could import: write a def at the top of a module",
              refusal(functools.partial(functions.double)))
    expect(refusal("text".startswith),
           "str.startswith is a method of one object, which a worker process does not have: write a def at the top of a "
           "module")
    replaced = type(functions.double)(functions.double.__code__, {}, "double")
    replaced.__module__, replaced.__qualname__ = "functions", "double"
    expect(refusal(replaced),
           "functions.double is another object than this function, which a worker process could not import")
    status, out, err = run_script("import pricemap\ndef f(p): return p\npricemap.create_function("
                                  "pricemap.connect(':memory:'), 'f', 1, f)", stdin=True,
                                  environment={"PYTHONPATH": PACKAGE})
    expect(status, 1)
    expect_in("ValueError: f was typed in, and is in no file that a worker process could import: write it into a module", err)


@case
def functions_of_c_and_of_classes():
    import math
    db = pricemap.connect(":memory:")
    pricemap.create_function(db, "cosine", 1, math.cos)
    pricemap.create_function(db, "vat", 1, functions.Shop.vat)
    pricemap.create_function(db, "called", 1, functions.Shop.name)
    for executor in "serial", "processes":
        expect(db.execute("SELECT value FROM parallel_map('SELECT 0 AS p', 'cosine(p) || vat(p) || called(p)', ?)",
                          (executor,)).fetchall(), [("1.00Shop0",)])
    db.close()


@case
def a_script_of_its_own():
    text = """
import pricemap

def triple(value):
    return value * 3

if __name__ == "__main__":
    db = pricemap.connect(":memory:")
    pricemap.create_function(db, "triple", 1, triple)
    print(db.execute("SELECT value FROM parallel_map('SELECT 5 AS p', 'triple(p)', 'processes')").fetchall())
"""
    expect(run_script(text, environment={"PYTHONPATH": PACKAGE}), (0, "[(15,)]\n", ""))


@case
def the_extension_is_found_beside_the_package():
    environment = {"PYTHONPATH": PACKAGE}
    before = os.environ.pop("PRICEMAP_EXTENSION")
    try:
        status, out, err = run_script("import pricemap, os; print(os.path.samefile(pricemap.extension(), %r))" % before,
                                      environment=environment)
        expect((status, out, err), (0, "True\n", ""))
    finally:
        os.environ["PRICEMAP_EXTENSION"] = before


@case
def an_installation_that_was_moved():
    meson, build = os.environ.get("MESON"), os.environ["BUILD"]
    if not meson:
        skip("no meson here")
    with folder() as path:
        subprocess.run([meson, "install", "-C", build, "--no-rebuild", "--destdir", path + "/stage"], check=True,
                       capture_output=True)
        os.rename(path + "/stage", path + "/moved")
        packages = [top for top, _, files in os.walk(path) if os.path.basename(top) == "pricemap" and "__init__.py" in files]
        expect(len(packages), 1)
        place = os.path.dirname(packages[0])[len(path + "/moved"):]
        if place.startswith(("/usr/lib", "/usr/local/lib")):
            done = subprocess.run(["/usr/bin/python3", "-c", "import site; print(*site.getsitepackages())"], capture_output=True,
                                  text=True)
            expect_in(place, done.stdout.split())
        environment = {"PYTHONPATH": os.path.dirname(packages[0]) + ":" + HERE}
        before = {name: os.environ.pop(name, None) for name in ("PRICEMAP_EXTENSION", "PRICEMAP_WORKER")}
        try:
            status, out, err = run_script(USE + "print(pricemap.extension())", python="/usr/bin/python3",
                                          environment=environment)
        finally:
            os.environ.update({name: value for name, value in before.items() if value})
        expect((status, err), (0, ""))
        expect_in("used\n" + os.path.realpath(path) + "/moved/", out)


@case
def loading_is_allowed_afterwards_where_it_was_before():
    status, out, err = run_script(
        "import os, sqlite3, pricemap\n"
        "for allowed in (True, False):\n"
        "    db = sqlite3.connect(':memory:')\n"
        "    db.enable_load_extension(allowed)\n"
        "    pricemap.load(db)\n"
        "    for _ in range(2):\n"
        "        try:\n"
        "            db.execute('SELECT load_extension(?)', (pricemap.extension(),)).fetchall()\n"
        "            print('allowed')\n"
        "        except sqlite3.OperationalError as error:\n"
        "            print(error)\n"
        "        pricemap.create_function(db, 'name_of', 1, os.path.basename)\n",
        python="/usr/bin/python3", environment={"PYTHONPATH": PACKAGE})
    expect((out, status), ("allowed\nallowed\nnot authorized\nnot authorized\n", 0))


@case
def the_lines_of_the_readme():
    with open(os.path.join(HERE, "..", "..", "README.md")) as file:
        text = file.read()
    lines = text[:text.index("\n## ")].split("```python\n")[1].split("```")[0]
    with folder() as path:
        write(path + "/prices.py", lines)
        import sqlite3
        db = sqlite3.connect(path + "/shop.db")
        db.executescript("CREATE TABLE prices(id INTEGER PRIMARY KEY, p); INSERT INTO prices VALUES (1, 10.0), (2, 20.0);")
        db.close()
        done = subprocess.run(["/usr/bin/python3", "prices.py"], cwd=path, capture_output=True, text=True,
                              env=dict(os.environ, PYTHONPATH=PACKAGE))
    expect((done.returncode, done.stdout, done.stderr), (0, "1 11.0\n2 22.0\n", ""))


if __name__ == "__main__":
    run_cases()
