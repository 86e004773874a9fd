"""Functions of Python in the workers of MPI ranks, three of them on this machine: the rows are those of workers here, and
a rank whose modules are others than the host's is refused by name. The host is Python, and a program that is none."""
import os
import shutil
import socket
import subprocess
import sys

from support import (EXTENSION, case, connection, error_of, expect, expect_in, folder, make_table, mapped,
                     name_function, run_cases, run_script, skip, write)

# Rank 1 finds the modules of another folder, as if they lay at the same path of another machine.
FUNCTIONS = """
import os, sys
if os.environ.get("OMPI_COMM_WORLD_RANK") == "1":
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "elsewhere"))
import tax

def taxed(p):
    return p + tax.RATE
"""


def on_ranks(db, expression):
    db.execute("SELECT parallel_map_config('mpi_address', '127.0.0.1')").fetchall()
    found = mapped(db, expression, "mpi", 3, chunk=2)
    expect(db.execute("SELECT executor, workers FROM parallel_map_runs ORDER BY run DESC LIMIT 1").fetchall(),
           [("mpi", 3)])
    return found


def shop(path, theirs):
    write(os.path.join(path, "shop_of_ranks.py"), FUNCTIONS)
    write(os.path.join(path, "tax.py"), "RATE = 5\n")
    shutil.rmtree(os.path.join(path, "elsewhere"), ignore_errors=True)
    for name, text in theirs.items():
        write(os.path.join(path, "elsewhere", name), text)


@case
def values_and_errors_are_those_of_workers_here():
    with connection() as db:
        make_table(db, 40)
        for function in "long_text", "double":
            name_function(db, "functions:" + function)
        expect(on_ranks(db, "length(long_text(p)) + double(p)"), [3000000 + 2 * i for i in range(1, 41)])
        name_function(db, "functions:crashes")
        expect_in("signal 11", error_of(on_ranks, db, "crashes(p)"))
        text = error_of(on_ranks, db, "no_such(p)")
        expect_in("no_such", text)
        expect(on_ranks(db, "p + 1"), list(range(2, 42)))


@case
def edited_functions_reach_the_ranks_whichever_workers_ran_before():
    with folder() as path:
        sys.path.insert(0, path)
        try:
            with connection() as db:
                make_table(db, 4)
                for number in 1, 22, 333:
                    write(os.path.join(path, "edited_of_ranks.py"), "def number(p):\n    return %d\n" % number)
                    name_function(db, "edited_of_ranks:number")
                    expect(mapped(db, "number(p)"), [number] * 4)
                    expect(on_ranks(db, "number(p)"), [number] * 4)
        finally:
            sys.path.remove(path)


def expect_refusal(db, *parts):
    for _ in range(2):
        text = error_of(on_ranks, db, "taxed(p)")
        for part in ("parallel_map: machine " + socket.gethostname() + ": its ",) + parts:
            expect_in(part, text)


@case
def modules_that_differ_on_a_rank():
    with folder() as path:
        sys.path.insert(0, path)
        try:
            shop(path, {})
            with connection() as db:
                make_table(db, 6)
                name_function(db, "shop_of_ranks:taxed")
                expect(on_ranks(db, "taxed(p)"), [6, 7, 8, 9, 10, 11])
                shop(path, {"tax.py": "RATE = 6\n"})
                name_function(db, "shop_of_ranks:taxed")
                expect_refusal(db, "tax (" + os.path.join(path, "elsewhere", "tax.py"), "is another one than the host's ("
                               + os.path.join(path, "tax.py"), "on every machine")
                # A module that the host does not import, and the same content at another path.
                shop(path, {"tax.py": "import extra_of_ranks\nRATE = 5\n", "extra_of_ranks.py": ""})
                expect_refusal(db, "functions import the module extra_of_ranks (", "the host's do not")
                shop(path, {"tax.py": "RATE = 5\n"})
                expect(on_ranks(db, "taxed(p)"), [6, 7, 8, 9, 10, 11])
        finally:
            sys.path.remove(path)


@case
def the_main_script():
    status, output, errors = run_script("""
import sqlite3, sys
def triple(p):
    return 3 * p
if __name__ == "__main__":
    db = sqlite3.connect(":memory:")
    db.enable_load_extension(True)
    db.load_extension(sys.argv[1])
    db.execute("CREATE TABLE t(p)")
    db.execute("INSERT INTO t VALUES (1), (2), (3)")
    db.execute("SELECT parallel_map_python('__main__:triple'), parallel_map_config('mpi_address', '127.0.0.1')").fetchall()
    print(db.execute("SELECT value FROM parallel_map('t', 'triple(p)', 'mpi', 3)").fetchall())
""", EXTENSION)
    expect((status, output, errors), (0, "[(3,), (6,), (9,)]\n", ""))


def in_shell(path, *statements):
    shell = shutil.which("sqlite3")
    if not shell:
        skip("no sqlite3 shell")
    done = subprocess.run([shell, ":memory:", ".load " + EXTENSION, "CREATE TABLE t(p); INSERT INTO t VALUES (1), (2);",
                           "SELECT parallel_map_config('mpi_address', '127.0.0.1')"] + list(statements), cwd=path,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stdout.splitlines()[1:], done.stderr


@case
def a_host_that_is_no_program_of_python():
    statements = ("SELECT parallel_map_python('shop_of_ranks:taxed')",
                  "SELECT group_concat(value) FROM parallel_map('t', 'taxed(p)', 'mpi', 3)")
    with folder() as path:
        shop(path, {})
        output, errors = in_shell(path, *statements)
        expect((output[-1:], errors), (["6,7"], ""))
        shop(path, {"tax.py": "RATE = 7\n"})
        output, errors = in_shell(path, *statements)
        expect_in("is another one than the host's", errors)
        os.remove(os.path.join(path, "tax.py"))
        output, errors = in_shell(path, *statements)
        expect_in("could not import shop_of_ranks", errors)
        expect_in("on this machine", errors)


run_cases()
