"""Values are the same through Python's own sqlite3 module and through every executor."""
import math
import random
import struct

import functions
from support import EXECUTORS, case, connection, error_of, expect, expect_in, make_table, mapped, name_function, run_cases, skip

VALUES = 20000


def random_value(generator):
    kind = generator.randrange(9)
    if kind == 0:
        return None
    if kind == 1:
        return generator.choice([0, 1, -1, 2**63 - 1, -2**63, 2**31, -2**31, 2**53 + 1])
    if kind == 2:
        return generator.getrandbits(64) - 2**63
    if kind == 3:
        return generator.choice([0.0, -0.0, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1])
    if kind == 4:
        number = struct.unpack("d", struct.pack("Q", generator.getrandbits(64)))[0]
        return 0.5 if math.isnan(number) else number
    if kind == 5:
        return "".join(chr(generator.choice([0, 9, 65, 233, 0x20ac, 0x1f600, 0xffff, 0x10ffff]))
                       for _ in range(generator.randrange(20)))
    if kind == 6:
        return "".join(chr(generator.randrange(32, 127)) for _ in range(generator.randrange(200)))
    if kind == 7:
        return bytes(generator.getrandbits(8) for _ in range(generator.randrange(40)))
    return generator.choice(["", b"", "\0", b"\0", " ", "1e5", "NULL"])


def fill(db, encoding=None):
    generator = random.Random(14)
    if encoding:
        db.execute("PRAGMA encoding = '%s'" % encoding)
    db.execute("CREATE TABLE t(p)")
    db.execute("BEGIN")
    db.executemany("INSERT INTO t VALUES (?)", ((random_value(generator),) for _ in range(VALUES)))
    db.execute("COMMIT")


def exactly(rows):
    """Floats by their bits: 0.0 is not -0.0."""
    return [(type(value), struct.pack("d", value) if type(value) is float else value) for value in rows]


def compare(encoding):
    with connection() as db:
        fill(db, encoding)
        for function in functions.identity, functions.representation:
            db.create_function("plain", 1, function)
            plain = exactly([row[0] for row in db.execute("SELECT plain(p) FROM t")])
            expect(len(plain), VALUES)
            name_function(db, "functions:" + function.__name__)
            for executor in EXECUTORS:
                expect(exactly(mapped(db, function.__name__ + "(p)", executor, chunk=1000)) == plain, True)


@case
def random_values_are_the_same():
    compare(None)


@case
def random_values_of_utf16_are_the_same():
    compare("UTF-16be")


@case
def values_of_a_file_that_workers_read():
    from support import folder
    with folder() as path, connection(path + "/values.db") as db:
        fill(db)
        plain = exactly([repr(row[0]) for row in db.execute("SELECT p FROM t")])
        name_function(db, "functions:representation")
        for executor in EXECUTORS:
            expect(exactly(mapped(db, "representation(p)", executor, chunk=1000)) == plain, True)
            expect(db.execute("SELECT access FROM parallel_map_runs ORDER BY run DESC LIMIT 1").fetchone()[0],
                   "partition")


@case
def any_number_of_arguments():
    with connection() as db:
        make_table(db, 20)
        name_function(db, "functions:add_up")
        many = "add_up(" + ", ".join(["p"] * 40) + ")"
        for executor in EXECUTORS:
            expect(mapped(db, "add_up()", executor), [0] * 20)
            expect(mapped(db, "add_up(p, 1)", executor), [i + 1 for i in range(1, 21)])
            expect(mapped(db, many, executor), [40 * i for i in range(1, 21)])


@case
def names_and_attributes():
    with connection() as db:
        make_table(db, 20)
        name_function(db, "functions:Shop.vat", "vat", 1)
        name_function(db, "functions:Shop.name", "my_name")
        name_function(db, "math:fsum", "precise", 1, 1)
        for executor in EXECUTORS:
            expect(mapped(db, "VAT(p)", executor), [i * 119 for i in range(1, 21)])
            expect(mapped(db, '"my_name"(p)', executor), ["Shop%d" % i for i in range(1, 21)])
            expect(error_of(mapped, db, "vat(p, 1)", executor),
                   "parallel_map: map: wrong number of arguments to function vat()")


@case
def constants_of_a_map():
    with connection() as db:
        make_table(db, 20)
        name_function(db, "functions:double", "double", 1, 1)
        for executor in EXECUTORS:
            expect(mapped(db, "p + double(21)", executor), [i + 42 for i in range(1, 21)])


@case
def bytes_and_truth():
    with connection() as db:
        make_table(db, 4)
        name_function(db, "functions:returns_bytes")
        name_function(db, "functions:returns_truth")
        for executor in EXECUTORS:
            expect(mapped(db, "returns_bytes(p)", executor), [b"ab", b"cd", b"", b"ace"])
            expect(mapped(db, "returns_truth(p)", executor), [1, 0, 0, 0])


@case
def refused_types():
    expected = {
        1: "TypeError: it returned a value of type Decimal: expected None, int, float, str or bytes",
        2: "TypeError: it returned a value of type list: expected None, int, float, str or bytes",
        3: "TypeError: it returned a value of type dict: expected None, int, float, str or bytes",
        4: "OverflowError: it returned an int of more than 64 bits",
        5: "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800' in position 0: surrogates not allowed",
        6: "TypeError: it returned a value of type object: expected None, int, float, str or bytes",
        7: "TypeError: it returned a value of type complex: expected None, int, float, str or bytes",
    }
    with connection() as db:
        make_table(db, 7)
        name_function(db, "functions:returns")
        for executor in EXECUTORS:
            for row, text in expected.items():
                expect(error_of(mapped, db, "returns(p)", executor, 1, "SELECT %d AS p" % row),
                       "returns: " + text + " (row 1)")


@case
def bad_text():
    with connection() as db:
        name_function(db, "functions:identity")
        for executor in EXECUTORS:
            expect_in("identity: UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0",
                      error_of(mapped, db, "identity(p)", executor, 1, "SELECT CAST(x'ff41' AS TEXT) AS p"))


@case
def scalars_of_numpy():
    try:
        import numpy
    except ImportError:
        skip("no numpy here")
    expected = [1, 255, 2**63 - 1, 1.5, 0.25, 1, "text"]
    with connection() as db:
        make_table(db, len(expected) + 2)
        name_function(db, "with_numpy:scalar")
        for executor in EXECUTORS:
            expect(exactly(mapped(db, "scalar(p)", executor, source="SELECT p FROM t WHERE p < 8")), exactly(expected))
            for row in 8, 9:
                expect(error_of(mapped, db, "scalar(p)", executor, 1, "SELECT %d AS p" % row),
                       "scalar: TypeError: it returned a value of type ndarray: expected None, int, float, str or bytes (row 1)")
        del numpy


if __name__ == "__main__":
    run_cases()
