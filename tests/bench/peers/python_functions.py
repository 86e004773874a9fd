#!/usr/bin/env python3
"""Functions of Python in maps, beside Python's own ways: what a call costs, the published experiment in pools of both
kinds, threads, numpy, and the start. Prints JSON: for each figure its rounds, and the bar that their median is held
against. All figures are ratios, or differences, within a round.

    python_functions.py EXTENSION FOLDER [--quick]
"""
import concurrent.futures
import json
import math
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import time

import published

try:
    import numpy
except ImportError:
    numpy = None

WORKERS = 2
PUBLISHED = [i * i * 42.0 for i in range(20)]
ROWS = 400000
CHEAP_ROWS = 50000


def per_row(price):
    return float(numpy.sqrt(price) * 1.1)


def whole_chunk(prices):
    return numpy.sqrt(numpy.asarray(prices)) * 1.1


whole_chunk.pricemap_whole_chunk = True


def connect(extension, path=":memory:"):
    db = sqlite3.connect(path)
    db.enable_load_extension(True)
    db.load_extension(extension)
    return db


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def sum_of(db, expression, executor, workers, table="t"):
    return db.execute("SELECT sum(value) FROM parallel_map(?, ?, ?, ?)", (table, expression, executor, workers)).fetchone()[0]


def values_of(db, expression, executor):
    return [row[0] for row in db.execute("SELECT value FROM parallel_map('published', ?, ?, ?)",
                                         (expression, executor, WORKERS))]


class Bench:
    def __init__(self, extension, folder, quick):
        self.extension, self.quick = extension, quick
        self.figures = {}
        self.db = connect(extension, os.path.join(folder, "python.db"))
        self.db.execute("CREATE TABLE t(p)")
        self.db.execute("INSERT INTO t SELECT value + 0.5 FROM (WITH RECURSIVE n(value) AS (VALUES(1) UNION ALL "
                        "SELECT value + 1 FROM n WHERE value < ?) SELECT value FROM n)", (ROWS,))
        self.db.execute("CREATE TABLE published(p)")
        self.db.executemany("INSERT INTO published VALUES (?)", [(price,) for price in PUBLISHED])
        self.db.commit()
        self.name(self.db)

    @staticmethod
    def name(db):
        for target in ("published:increase_price", "published:increase_price_crazy", "python_functions:per_row",
                       "python_functions:whole_chunk"):
            short = {"increase_price": "cheap", "increase_price_crazy": "crazy"}.get(target.split(":")[1])
            db.execute("SELECT parallel_map_python(?, ?)", (target, short or target.split(":")[1])).fetchall()

    def figure(self, what, unit, kind, limit, take, rounds):
        self.figures[what] = {"what": what, "unit": unit, "kind": kind, "limit": limit,
                              "rounds": [take() for _ in range(3 if self.quick else rounds)]}

    def same(self, found, expected):
        if found != expected and not (isinstance(found, float) and math.isclose(found, expected, rel_tol=1e-9)):
            raise SystemExit("other values than Python's own: %r, expected %r" % (found, expected))

    def call(self):
        """A call beyond the bare scan, over that of create_function."""
        db = self.db
        db.create_function("own_cheap", 1, published.increase_price)
        scan, _ = timed(lambda: db.execute("SELECT sum(p) FROM t").fetchone())
        own, expected = timed(lambda: db.execute("SELECT sum(own_cheap(p)) FROM t").fetchone()[0])
        bare, _ = timed(sum_of, db, "p", "processes", 1)
        ours, found = timed(sum_of, db, "cheap(p)", "processes", 1)
        self.same(found, expected)
        return (ours - bare) / (own - scan)

    def pools(self, expression, function, method, warm):
        """Time of a pool of concurrent.futures over that of ours."""
        expected = [function(price) for price in PUBLISHED]
        if warm:
            values_of(self.db, expression, "processes")
            ours, found = timed(values_of, self.db, expression, "processes")
        else:
            def begin():
                db = connect(self.extension, self.db.execute("PRAGMA database_list").fetchone()[2])
                self.name(db)
                values = values_of(db, expression, "processes")
                db.close()
                return values
            ours, found = timed(begin)
        self.same(found, expected)

        def begin_pool():
            pool = concurrent.futures.ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context(method))
            return pool, list(pool.map(function, PUBLISHED))
        theirs, (pool, found) = timed(begin_pool)
        if warm:
            theirs, found = timed(lambda: list(pool.map(function, PUBLISHED)))
        pool.shutdown()
        self.same(found, expected)
        return theirs / ours

    def threads(self):
        source = "SELECT p FROM t LIMIT %d" % CHEAP_ROWS
        serial, expected = timed(sum_of, self.db, "cheap(p)", "serial", 1, source)
        sum_of(self.db, "p", "threads", WORKERS, source)
        threads, found = timed(sum_of, self.db, "cheap(p)", "threads", WORKERS, source)
        self.same(found, expected)
        return threads / serial

    def chunks(self):
        rows, expected = timed(sum_of, self.db, "per_row(p)", "processes", 1)
        chunks, found = timed(sum_of, self.db, "whole_chunk(p)", "processes", 1)
        self.same(found, expected)
        return rows / chunks

    def start(self):
        """Seconds of a first map beyond those of an interpreter alone."""
        bare, _ = timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
        db = connect(self.extension)
        db.execute("SELECT parallel_map_python('math:fabs')").fetchall()
        first, _ = timed(lambda: db.execute(
            "SELECT value FROM parallel_map('SELECT 1 AS p UNION ALL SELECT 2', 'fabs(p)', 'processes', 2)").fetchall())
        db.close()
        return first - bare

    def run(self):
        cheap, crazy = published.increase_price, published.increase_price_crazy
        sum_of(self.db, "cheap(p)", "processes", WORKERS)
        self.figure("a call over one of create_function", "times", "at most", 0.8, self.call, 7)
        self.figure("crazy, warm: ProcessPoolExecutor (fork) over ours", "times", "at least", 0.97,
                    lambda: self.pools("crazy(p)", crazy, "fork", True), 7)
        for method in "forkserver", "spawn":
            self.figure("crazy, cold: ProcessPoolExecutor (%s) over ours" % method, "times", "at least", 1,
                        lambda: self.pools("crazy(p)", crazy, method, False), 7)
        self.figure("cheap, warm: ProcessPoolExecutor (fork) over ours", "times", "at least", 15,
                    lambda: self.pools("cheap(p)", cheap, "fork", True), 21)
        self.figure("two threads over serial, cheap", "times", "at most", 1.2, self.threads, 11)
        if numpy:
            self.figure("numpy: a call per row over whole chunks", "times", "at least", 6, self.chunks, 5)
        self.figure("first map beyond the interpreter's own start", "seconds", "at most", 0.010, self.start, 21)
        return list(self.figures.values())


if __name__ == "__main__":
    bench = Bench(sys.argv[1], sys.argv[2], "--quick" in sys.argv[3:])
    print(json.dumps(bench.run()))
    bench.db.close()
