"""Who may name functions of Python, what random numbers workers have, and maps within functions."""
import os
import subprocess
import sqlite3
import sys

from support import (EXECUTORS, EXTENSION, HERE, case, connection, error_of, expect, expect_in, folder, make_table, mapped,
                     name_function, run_cases, skip, write)


@case
def loading_has_to_be_allowed():
    with connection(allow=False) as db:
        expect(error_of(name_function, db, "functions:double"),
               "parallel_map_python: this connection does not allow loading extensions: the host has to enable it first")


@case
def no_schema_names_a_function():
    with folder() as path:
        with connection(path + "/a.db") as db:
            make_table(db, 3)
            db.execute("CREATE VIEW v AS SELECT parallel_map_python('os:abort')")
            db.execute("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT parallel_map_python('os:abort'); END")
            for sql in "SELECT * FROM v", "INSERT INTO t VALUES (1)":
                try:
                    db.execute(sql).fetchall()
                except sqlite3.Error as error:
                    expect_in("unsafe use of parallel_map_python()", str(error))
                else:
                    raise AssertionError("no error")


@case
def no_map_names_a_function():
    with connection() as db:
        make_table(db, 3)
        for executor in EXECUTORS:
            expect_in("no such function: parallel_map_python",
                      error_of(mapped, db, "parallel_map_python('os:abort')", executor))


@case
def the_current_folder_comes_last():
    with folder() as path:
        write(path + "/json/__init__.py", "raise SystemExit('hostile')\n")
        write(path + "/gc.py", "raise SystemExit('hostile')\n")
        write(path + "/_pricemap.py", "raise SystemExit('hostile')\n")
        write(path + "/mine.py", "import json\ndef f(p): return json.dumps([p])\n")
        done = subprocess.run(["sqlite3", ":memory:", ".load " + EXTENSION, "SELECT parallel_map_python('mine:f')",
                               "SELECT value FROM parallel_map('SELECT 1 AS p', 'f(p)')"], cwd=path, capture_output=True,
                              text=True, env=dict(os.environ, PRICEMAP_PYTHON="/usr/bin/python3"))
        expect((done.stdout, done.stderr), ("\n[1]\n", ""))


@case
def random_numbers_differ():
    with connection() as db:
        make_table(db, 200)
        name_function(db, "functions:any_number")
        expect(len(set(mapped(db, "any_number(p)", workers=4, chunk=1))), 200)


@case
def random_numbers_of_numpy_differ():
    try:
        import numpy
    except ImportError:
        skip("no numpy here")
    with connection() as db:
        make_table(db, 200)
        name_function(db, "with_numpy:random", "any_float")
        expect(len(set(mapped(db, "any_float(p)", workers=4, chunk=1))), 200)


@case
def a_map_within_a_function():
    with connection() as db:
        make_table(db, 3)
        name_function(db, "functions:inner_map")
        for executor in EXECUTORS:
            expect(mapped(db, "inner_map(p)", executor), [7, 8, 9])


@case
def worker_processes_start_none():
    with connection() as db:
        make_table(db, 1)
        name_function(db, "functions:inner_processes")
        expect(mapped(db, "inner_processes(p)"),
               ["parallel_map: this process is a worker of another map, and starts none of its own: use executor = "
                "serial or threads"])


if __name__ == "__main__":
    run_cases()
