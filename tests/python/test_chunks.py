"""Whole-chunk functions: called once for all rows of a chunk, with its columns."""
import os
import sys

from support import EXECUTORS, case, connection, error_of, expect, expect_in, folder, make_table, mapped, name_function, run_cases, skip

sys.path.insert(0, os.environ["PRICEMAP_PYTHONPATH"])
import pricemap  # noqa: E402

import chunk_functions  # noqa: E402

ROWS = 1000


def compare(function, plain, arguments="p", source="t"):
    with connection() as db:
        make_table(db, ROWS)
        name_function(db, "chunk_functions:" + function)
        rows = [row[0] for row in db.execute("SELECT %s FROM %s" % (plain, "t" if source == "t" else "(" + source + ")"))]
        for executor in EXECUTORS:
            for chunk in 1, 7, 600, None:
                found = [row[0] for row in db.execute("SELECT value FROM parallel_map(?, ?, ?, 2, ?)",
                                                      (source, function + "(" + arguments + ")", executor, chunk))]
                expect((executor, chunk, found == rows, list(map(type, found)) == list(map(type, rows))),
                       (executor, chunk, True, True))


@case
def columns_of_ints_and_of_reals():
    compare("twice", "p * 2")
    compare("twice", "p * 2.0", source="SELECT p * 1.0 AS p FROM t")
    with connection() as db:
        make_table(db, 4)
        name_function(db, "chunk_functions:twice")
        for executor in EXECUTORS:
            found = mapped(db, "twice(p)", executor, source="SELECT iif(p = 2, 2.5, p) AS p FROM t")
            expect([(type(value), value) for value in found], [(float, 2.0), (float, 5.0), (float, 6.0), (float, 8.0)])


@case
def any_sequence_of_any_values():
    compare("texts", "'n' || p")
    compare("mixed", "CASE p % 4 WHEN 0 THEN NULL WHEN 1 THEN p WHEN 2 THEN p / 2.0 ELSE x'00ff' END")
    compare("as_tuple", "p")


@case
def several_arguments_and_calls():
    compare("sums", "p + p * 10", "p, p * 10")
    with connection() as db:
        make_table(db, ROWS)
        name_function(db, "chunk_functions:twice")
        name_function(db, "chunk_functions:texts")
        db.execute("CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, executor = processes, workers = 2, chunk = 100,"
                   " map = (p, twice(p) AS a, texts(p) AS b, twice(p + 1) AS c))")
        expect(db.execute("SELECT * FROM m").fetchall(), [(i, 2 * i, "n%d" % i, 2 * i + 2) for i in range(1, ROWS + 1)])


@case
def rows_that_workers_read():
    with folder() as path, connection(path + "/a.db") as db:
        make_table(db, 20 * ROWS)
        name_function(db, "chunk_functions:twice")
        db.execute("CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, where = (p % 3 = 0), map = (p, twice(p) AS v))")
        expect(db.execute("SELECT v FROM m").fetchall(), [(2 * i,) for i in range(3, 20 * ROWS + 1, 3)])
        for executor in EXECUTORS:
            expect(sum(mapped(db, "twice(p)", executor, chunk=1000)), 20 * ROWS * (20 * ROWS + 1))
            expect(db.execute("SELECT access FROM parallel_map_runs ORDER BY run DESC LIMIT 1").fetchone()[0], "partition")


@case
def texts_of_utf16():
    with connection() as db:
        db.execute("PRAGMA encoding = 'UTF-16le'")
        make_table(db, 10)
        name_function(db, "chunk_functions:texts")
        for executor in EXECUTORS:
            expect(mapped(db, "texts(p)", executor), ["n%d" % i for i in range(1, 11)])


@case
def marks_that_come_to_nothing():
    text = ("twice() is a whole-chunk function: it has to be a column of the map by itself, and no part of an expression or a "
            "condition (rows 1 to 7)")
    with connection() as db:
        make_table(db, 7)
        name_function(db, "chunk_functions:twice")
        for executor in EXECUTORS:
            for expression in "twice(p) + 1", "typeof(twice(p))", "twice(p) IS NULL", "substr(twice(p), 1, 16) || twice(p)":
                expect(error_of(mapped, db, expression, executor), text)
        expect(error_of(mapped, db, "twice(twice(p))"),
               "twice: a whole-chunk function takes numbers, and argument 1 is a blob (row 1)")


@case
def a_mark_that_was_made():
    """A blob as long as a mark is a value, and so is one with a part of a mark."""
    with connection() as db:
        make_table(db, 3)
        name_function(db, "chunk_functions:twice")
        for executor in EXECUTORS:
            db.execute("DROP TABLE IF EXISTS m")
            db.execute("CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, executor = %s, map = (twice(p) AS a, "
                       "zeroblob(24) AS b))" % executor)
            expect(db.execute("SELECT * FROM m").fetchall(), [(2 * i, bytes(24)) for i in range(1, 4)])
            expect_in("whole-chunk function", error_of(
                mapped, db, "CAST(substr(twice(p), 1, 12) || x'ffffffffffffffff00000000' AS BLOB)", executor))


@case
def errors():
    with connection() as db:
        make_table(db, 20)
        for name in "fails", "short", "none", "a_text", "twice":
            name_function(db, "chunk_functions:" + name)
        for executor in EXECUTORS:
            expect_in("fails: ValueError: no prices (", error_of(mapped, db, "fails(p)", executor))
            expect_in(", in fails) (rows 1 to 7)", error_of(mapped, db, "fails(p)", executor))
            expect(error_of(mapped, db, "short(p)", executor),
                   "short: ValueError: it returned 6 values for a chunk of 7 calls (rows 1 to 7)")
            for name in "none", "a_text":
                expect(error_of(mapped, db, name + "(p)", executor),
                       name + ": TypeError: it is a whole-chunk function, and returned no sequence (rows 1 to 7)")
            expect(error_of(mapped, db, "twice(iif(p = 5, NULL, p))", executor),
                   "twice: a whole-chunk function takes numbers, and argument 1 is NULL (row 5)")
            expect(error_of(mapped, db, "twice()", executor),
                   "twice: a whole-chunk function has an argument at least (row 1)")


@case
def arrays_of_numpy():
    try:
        import numpy
    except ImportError:
        skip("no numpy here")
    with connection() as db:
        make_table(db, ROWS)
        name_function(db, "with_numpy:root")
        name_function(db, "with_numpy:halves")
        plain = [float(numpy.sqrt(i) * 1.1) for i in range(1, ROWS + 1)]
        for executor in EXECUTORS:
            expect(mapped(db, "root(p)", executor, chunk=300) == plain, True)
            expect(mapped(db, "halves(p)", executor, chunk=300) == [float(numpy.float32(i)) for i in range(1, ROWS + 1)], True)


@case
def through_the_package():
    db = pricemap.connect(":memory:")
    make_table(db, ROWS)
    pricemap.create_function(db, "twice", 1, chunk_functions.twice)
    plain = db.execute("SELECT twice(p) FROM t").fetchall()
    expect(plain, [(2 * i,) for i in range(1, ROWS + 1)])
    for executor in EXECUTORS:
        expect(db.execute("SELECT value FROM parallel_map('t', 'twice(p)', ?, 2)", (executor,)).fetchall() == plain, True)
    db.close()


@case
def conditions_around_a_map():
    with folder() as path, connection(path + "/a.db") as db:
        make_table(db, 20 * ROWS)
        name_function(db, "chunk_functions:twice")
        name_function(db, "functions:double")
        db.create_function("plain", 1, lambda value: value * 2)
        for executor in EXECUTORS:
            db.execute("DROP TABLE IF EXISTS m")
            db.execute("CREATE VIRTUAL TABLE temp.m USING parallel_map(source = t, executor = %s, workers = 2, chunk = 1000,"
                       " map = (p, twice(p) AS a, double(p) AS b))" % executor)
            for condition in ("a > 3990", "b > 3990", "a > 20 AND b < 40 AND p > 3", "a IN (2, 40000)", "a IS NULL", "a = 10",
                              "b LIKE '1%'", "p = 77", "p BETWEEN 10 AND 2000 AND a > 100", "a = 10 ORDER BY p LIMIT 1"):
                expect((executor, condition, db.execute("SELECT * FROM m WHERE " + condition).fetchall()),
                       (executor, condition, db.execute("SELECT * FROM (SELECT p, plain(p) AS a, plain(p) AS b FROM t) WHERE " +
                                                        condition).fetchall()))
            for expression in "twice(p)", "double(p)":
                expect(db.execute("SELECT value FROM parallel_map('t', ?, ?, 2) WHERE value > 39900 AND key < 19960",
                                  (expression, executor)).fetchall(), [(2 * i,) for i in range(19951, 19960)])
            expect(db.execute("SELECT t.p FROM t JOIN m ON m.a = t.p WHERE t.p < 7").fetchall(), [(2,), (4,), (6,)])


if __name__ == "__main__":
    run_cases()
