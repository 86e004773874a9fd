"""Every error has the words that say what is wrong and what to do, and none costs the host its transaction."""
import os
import sqlite3
import subprocess

import functions
from support import (EXECUTORS, EXTENSION, HERE, case, connect, connection, error_of, expect, expect_in, folder, make_table,
                     mapped, name_function, run_cases, write)

FILE = functions.__file__


def line_of(function, text):
    with open(FILE) as file:
        lines = file.read().split("\n")
    first = lines.index("def %s(value):" % function)
    return next(i for i in range(first, len(lines)) if text in lines[i]) + 1


def place(function, text):
    return " (%s:%d, in %s)" % (FILE, line_of(function, text), function)


def expect_error(function, text, row=1):
    with connection() as db:
        make_table(db, 5)
        name_function(db, "functions:" + function)
        for executor in EXECUTORS:
            expect(error_of(mapped, db, function + "(p)", executor), "%s: %s (row %d)" % (function, text, row))


@case
def an_exception_has_its_type_text_place_and_row():
    expect_error("fails", "ValueError: price 3 is negative" + place("fails", "raise"), 3)


@case
def an_exception_without_text():
    expect_error("fails_without_text", "functions.PriceError" + place("fails_without_text", "raise"))


@case
def an_exception_from_another():
    expect_error("fails_chained", "functions.PriceError: no such price" + place("fails_chained", "raise"))


@case
def an_exception_in_another_file():
    expect_error("fails_in_another_file",
                 "decimal.InvalidOperation: [<class 'decimal.ConversionSyntax'>]" + place("fails_in_another_file", "what"))


@case
def what_would_end_a_program_ends_a_map():
    expect_error("leaves", "SystemExit: 3" + place("leaves", "sys.exit"))
    expect_error("interrupts", "KeyboardInterrupt" + place("interrupts", "raise"))
    with connection() as db:
        make_table(db, 5)
        name_function(db, "functions:recurses")
        for executor in EXECUTORS:
            expect_in("recurses: RecursionError: maximum recursion depth exceeded",
                      error_of(mapped, db, "recurses(p)", executor))


@case
def want_of_memory_keeps_the_transaction():
    with folder() as path, connection(path + "/a.db") as db:
        make_table(db, 5)
        name_function(db, "functions:exhausts")
        for executor in EXECUTORS:
            db.execute("BEGIN")
            db.execute("INSERT INTO t VALUES (6)")
            expect(error_of(mapped, db, "exhausts(p)", executor),
                   "exhausts: MemoryError" + place("exhausts", "raise") + " (row 1)")
            expect(db.in_transaction, True)
            expect(db.execute("SELECT count(*) FROM t").fetchone(), (6,))
            db.execute("ROLLBACK")


@case
def what_is_no_function():
    with connection() as db:
        for target in "shop", "shop:", ":vat", "shop.prices", "shop:a b", "shop:lambda x: x", "shop:a:b", "", "1:a", "a:1":
            expect(error_of(name_function, db, target),
                   "parallel_map_python: function is '%s': expected module:function" % target)
        expect(error_of(name_function, db, None),
               "parallel_map_python: function is 'NULL': expected module:function")


@case
def names_that_cannot_be_called():
    with connection() as db:
        expect(error_of(name_function, db, "functions:double", "select"),
               "parallel_map_python: select is a keyword of SQL: give the function another name, "
               "parallel_map_python('functions:double', 'my_select')")
        name_function(db, "functions:double", "my_select")
        # Until 3.46 or so SQLite calls no function of this name.
        try:
            name_function(db, "functions:inner")
        except sqlite3.Error as error:
            expect_in("inner is a keyword of SQL", str(error))
        expect(error_of(name_function, db, "functions:double", "a b"),
               "parallel_map_python: name is 'a b': expected a name of letters, digits and _")
        for name in "increase_price", "PARALLEL_MAP_LOAD", "load_extension", "pricemap_output":
            expect(error_of(name_function, db, "functions:double", name),
                   "parallel_map_python: %s is a function of pricemap or SQLite: give the function another name, "
                   "parallel_map_python('functions:double', 'my_%s')" % (name, name))
        expect(error_of(name_function, db, "functions:double", "double", 128),
               "parallel_map_python: arguments is '128': expected their number, 0 to 127, or -1 for any")
        expect(error_of(name_function, db, "functions:double", "double", 1, 2),
               "parallel_map_python: deterministic is '2': expected 0 or 1")


@case
def a_function_of_sqlite_stays_its_own():
    with connection() as db:
        make_table(db, 5)
        for name in "abs", "upper", "sum":
            name_function(db, "functions:double", name)
            for executor in EXECUTORS:
                expect(error_of(mapped, db, name + "(p)", executor),
                       "parallel_map: map: %s() is SQLite's own on this connection, and in workers a function of Python: "
                       "give that another name, parallel_map_python('module:function', 'my_%s')" % (name, name))
        expect(mapped(db, "p"), [1, 2, 3, 4, 5])


@case
def what_cannot_be_imported():
    with connection() as db:
        make_table(db, 5)
        name_function(db, "no_such_module:f")
        text = error_of(mapped, db, "f(p)", "processes")
        expect_in("parallel_map: python3 (/", text)
        expect_in(") could not import no_such_module: ModuleNotFoundError: No module named 'no_such_module' (searched: ",
                  text)
        expect_in(HERE, text)
        for executor in "serial", "threads":
            expect(error_of(mapped, db, "f(p)", executor),
                   "no_such_module:f: ModuleNotFoundError: No module named 'no_such_module' (row 1)")


@case
def a_module_that_fails_to_import():
    with connection() as db, folder() as path:
        import sys
        file = write(path + "/failing.py", "x = 1\nx / 0\n")
        sys.path.append(path)
        try:
            make_table(db, 5)
            name_function(db, "failing:f")
            expect_in("could not import failing: ZeroDivisionError: division by zero (searched: ",
                      error_of(mapped, db, "f(p)", "processes"))
            expect("failing:f: ZeroDivisionError: division by zero (%s:2, in <module>) (row 1)" % file,
                   error_of(mapped, db, "f(p)", "serial"))
        finally:
            sys.path.remove(path)


@case
def what_is_not_in_its_module():
    with connection() as db:
        make_table(db, 5)
        name_function(db, "functions:raise_prize")
        name_function(db, "functions:local")
        for executor in EXECUTORS:
            row = "" if executor == "processes" else " (row 1)"
            expect(error_of(mapped, db, "raise_prize(p)", executor),
                   "functions:raise_prize: AttributeError: module 'functions' has no attribute 'raise_prize'" + row)
            expect(error_of(mapped, db, "local(p)", executor),
                   "functions:local: TypeError: it is no function, nor anything else that can be called" + row)


@case
def calling_with_other_arguments():
    with connection() as db:
        make_table(db, 5)
        name_function(db, "functions:double")
        for executor in EXECUTORS:
            expect_in("double: TypeError: double() takes 1 positional argument but 2 were given (row 1)",
                      error_of(mapped, db, "double(p, p)", executor))


@case
def long_texts_are_cut():
    with connection() as db:
        make_table(db, 1)
        name_function(db, "long_text:fails")
        for executor in EXECUTORS:
            text = error_of(mapped, db, "fails(p)", executor)
            expect(text.startswith("fails: ValueError: " + "\u20ac" * 150), True)
            expect(text.endswith(", in fails) (row 1)"), True)


def shell(*lines, **environment):
    done = subprocess.run(["sqlite3", ":memory:"], input="\n".join((".load " + EXTENSION,) + lines), text=True,
                          capture_output=True, cwd=HERE, env=dict(os.environ, **environment))
    return done.stdout, done.stderr


TABLE = "CREATE TABLE t(p); INSERT INTO t SELECT value FROM json_each('[1,2,3,4,5]');"


@case
def a_host_that_is_no_python():
    name = "SELECT parallel_map_python('functions:double');"
    out, err = shell(name, TABLE, "SELECT group_concat(value) FROM parallel_map('t', 'double(p)', 'processes', 2);",
                     "SELECT group_concat(value) FROM parallel_map('t', 'double(p)');",
                     "SELECT requested, executor, reason FROM parallel_map_runs;", PRICEMAP_PYTHON="/usr/bin/python3")
    expect(err, "")
    expect(out, "\n2,4,6,8,10\n2,4,6,8,10\nprocesses|processes|requested; fed: the source is in no file\n"
           "auto|processes|processes: double() is a function of Python, which only worker processes have; "
           "fed: the source is in no file\n")
    for executor in "serial", "threads":
        out, err = shell(name, TABLE, "SELECT value FROM parallel_map('t', 'double(p)', '%s', 2);" % executor)
        expect_in("parallel_map: double() is a function of Python, which only worker processes have: executor = processes",
                  err)
    out, err = shell(name, TABLE, "SELECT double(p) FROM t;")
    expect_in("no such function: double", err)


@case
def a_build_without_functions_in_python():
    with folder() as path:
        import shutil
        shutil.copy(EXTENSION, path + "/pricemap.so")
        db = sqlite3.connect(":memory:")
        db.enable_load_extension(True)
        db.load_extension(path + "/pricemap")
        expect(error_of(name_function, db, "functions:double"),
               "parallel_map_python: this build of pricemap has no functions in Python, as Python's headers were not there: "
               "install them (Debian: libpython3-dev) and build pricemap again")
        expect(db.execute("SELECT value FROM parallel_map('SELECT 1 AS p', 'p', 'threads')").fetchall(), [(1,)])
        db.close()


@case
def functions_that_workers_were_not_told_of():
    with connection() as db:
        make_table(db, 3)
        db.create_function("own", 1, lambda value: value)
        expect(error_of(mapped, db, "own(p)"),
               "parallel_map: map: no such function: own: it was defined by this program, or loaded into this connection alone; "
               "put it into an extension and load that into workers with parallel_map_load(path); and a function of Python "
               "parallel_map_python('module:function') names to them")
        expect(error_of(mapped, db, "nowhere(p)"),
               "parallel_map: map: no such function: nowhere: workers have SQLite's own functions and pricemap's; "
               "parallel_map_load(path) loads an extension into them; and a function of Python "
               "parallel_map_python('module:function') names to them")



@case
def a_query_that_calls_one_runs_whole_and_says_so():
    with folder() as path, connection(path + "/shop.db") as db:
        make_table(db, 20000)
        db.create_function("double", 1, functions.double)
        name_function(db, "functions:double")
        for executor in ("auto", "threads", "processes"):
            db.execute("CREATE VIRTUAL TABLE temp.q_%s USING parallel_query(query = (SELECT sum(double(p)) AS s FROM t), "
                       "executor = %s, workers = 2)" % (executor, executor))
            expect(db.execute("SELECT s FROM q_" + executor).fetchall(), [(400020000,)])
            expect(db.execute("SELECT executor, workers, reason FROM parallel_map_runs ORDER BY run DESC LIMIT 1").fetchall(),
                   [("serial", 1, "run whole: workers cannot prepare it: no such function: double")])


if __name__ == "__main__":
    run_cases()
