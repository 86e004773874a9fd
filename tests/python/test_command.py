"""pricereport times maps that call functions of Python."""
import json
import os
import sqlite3
import subprocess

from support import HERE, case, expect, expect_in, folder, run_cases


def prices(path):
    db = sqlite3.connect(path)
    db.executescript("CREATE TABLE prices(id INTEGER PRIMARY KEY, p); INSERT INTO prices VALUES (1, 10), (2, 20), (3, 30);")
    db.close()


def pricereport(path, *arguments):
    return subprocess.run([os.environ["PRICEREPORT"], "run", "--in", "shop.db", "--source", "prices", "--samples", "2",
                           "--db", "history.db"] + list(arguments), cwd=path, capture_output=True, text=True,
                          env=dict(os.environ, PYTHONPATH=HERE, PRICEMAP_PYTHON="/usr/bin/python3"))


@case
def by_one_worker_and_by_many():
    with folder() as path:
        prices(path + "/shop.db")
        done = pricereport(path, "--map", "double(p)", "--python", "functions:double", "--json")
        expect((done.returncode, done.stderr), (0, ""))
        db = sqlite3.connect(path + "/history.db")
        expect(db.execute("SELECT count(*), count(DISTINCT parameters ->> 'workers'), min(parameters ->> 'executor') "
                          "FROM benchmark").fetchone(), (2, 2, "processes"))
        expect(db.execute("SELECT options LIKE '%functions:double%' FROM run").fetchone(), (1,))
        db.close()
        expect(len(json.loads(done.stdout)), 2)


@case
def so_many_workers_as_are_wanted():
    with folder() as path:
        prices(path + "/shop.db")
        done = pricereport(path, "--map", "vat(double(p))", "--python", "functions:double", "--python", "functions:Shop.vat",
                           "--workers", "1-3", "--json")
        expect((done.returncode, done.stderr, len(json.loads(done.stdout))), (0, "", 3))


@case
def a_function_that_fails():
    with folder() as path:
        prices(path + "/shop.db")
        done = pricereport(path, "--map", "no_such(p)", "--python", "functions:no_such")
        expect((done.returncode, done.stdout), (3, ""))
        expect_in("functions:no_such: AttributeError: module 'functions' has no attribute 'no_such'", done.stderr)
        done = pricereport(path, "--map", "p", "--python", "functions")
        expect(done.returncode, 3)
        expect_in("parallel_map_python: function is 'functions': expected module:function", done.stderr)


if __name__ == "__main__":
    run_cases()
