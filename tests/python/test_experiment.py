"""pricereport --python: the published experiment in Python itself."""
import os
import shutil
import signal
import sqlite3
import subprocess

from support import case, expect, expect_in, folder, run_cases, until

WAYS = ["serial", "threads", "processes", "map", "ThreadPoolExecutor", "ProcessPoolExecutor"]


def words(*arguments):
    return [os.environ["PRICEREPORT"], "--python", "--db", "history.db"] + list(arguments)


def environment(**more):
    return dict(os.environ, **{"PRICEMAP_PYTHON": "/usr/bin/python3", **more})


def pricereport(path, *arguments, **more):
    return subprocess.run(words(*arguments), cwd=path, capture_output=True, text=True, env=environment(**more))


@case
def all_ways_beside_the_published_ones():
    with folder() as path:
        plot = ["--plot", "--chart", "executors", "--format", "svg", "--out", "charts"] if shutil.which("gnuplot") else []
        done = pricereport(path, "--samples", "1", "--warmup", "0", "--workers", "2", *plot)
        expect((done.returncode, done.stderr), (0, ""))
        for part in ["published (Python, 2016)", "4.57 s", "threads used"] + WAYS:
            expect_in(part, done.stdout)
        # Processor time tells it however busy the machine is.
        expect_in("let one thread compute at a time", done.stdout)
        if plot:
            with open(path + "/charts/executors.svg") as file:
                chart = file.read()
            for part in WAYS + ["increase_price_crazy in Python"]:
                expect_in(part, chart)
        db = sqlite3.connect(path + "/history.db")
        expect([row[0] for row in db.execute("SELECT executor FROM history ORDER BY position")], WAYS + WAYS)
        expect(db.execute("SELECT min(rows), max(rows), count(speed_up), min(coalesce(workers, 2)) FROM history").fetchone(),
               (20, 20, 12, 2))
        expect(db.execute("SELECT verb, status, json_extract(options, '$.arguments[0]') FROM run").fetchone(),
               ("experiment", "finished", "--python"))
        db.close()
        done = subprocess.run([os.environ["PRICEREPORT"], "report", "--db", "history.db"], cwd=path, capture_output=True,
                              text=True)
        if plot:
            expect((done.returncode, done.stderr), (0, ""))
            with open(path + "/pricereport-charts/report.html") as file:
                page = file.read()
            expect("was not measured" in page, False)
            expect_in("ProcessPoolExecutor", page)


@case
def the_functions_are_the_published_ones():
    done = subprocess.run(["/usr/bin/python3", "-c", "from pricemap import published as p; "
                           "print(p.increase_price(100), p.increase_price_crazy(42), p.PRICES == [i * i * 42 for i in range(20)])"],
                          capture_output=True, text=True,
                          env=environment(PYTHONPATH=os.environ["PRICEMAP_PYTHONPATH"], PYTHONDONTWRITEBYTECODE="1"))
    expect((done.stdout, done.stderr), ("1100.0 462.0 True\n", ""))


@case
def what_is_missing_is_named():
    with folder() as path:
        done = pricereport(path, PRICEMAP_PYTHON="/nowhere/python3")
        expect((done.returncode, done.stdout), (3, ""))
        expect_in("cannot start /nowhere/python3: No such file or directory: install Python (Debian package python3), or set "
                  "PRICEMAP_PYTHON", done.stderr)
        done = pricereport(path, PRICEMAP_PYTHON="/bin/true")
        expect(done.returncode, 3)
        expect_in("/bin/true ended before it answered: CPython 3.8 or newer is needed", done.stderr)
        for wrong in (("--rows", "100"), ("--executor", "serial"), ("--workers", "1,2"), ("--rounds", "10"), ("--chunk", "5")):
            done = pricereport(path, *wrong)
            expect(done.returncode, 2)
            expect_in("of the scans it takes only --workers, with one number", done.stderr)


@case
def other_values_are_an_error():
    with folder() as path:
        os.mkdir(path + "/broken")
        with open(path + "/broken/sitecustomize.py", "w") as file:
            file.write("import builtins\nreal = map\nbuiltins.map = lambda f, *values: "
                       "[0.5] if getattr(f, '__name__', '') == 'increase_price' else real(f, *values)\n")
        done = pricereport(path, "--samples", "1", "--json", PYTHONPATH=path + "/broken")
        expect(done.returncode, 3)
        expect_in("increase_price by map gives other values than Python", done.stderr)


@case
def interrupted():
    with folder() as path:
        begun = subprocess.Popen(words("--samples", "1000000"), cwd=path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, env=environment())

        def sampled():
            if not os.path.exists(path + "/history.db"):
                return False
            db = sqlite3.connect(path + "/history.db")
            try:
                return db.execute("SELECT count(*) FROM sample").fetchone()[0] > 0
            except sqlite3.OperationalError:
                return False
            finally:
                db.close()

        until(sampled, "nothing was sampled")
        begun.send_signal(signal.SIGINT)
        out, err = begun.communicate()
        expect(begun.returncode, 3)
        expect_in("interrupted: run 1", err)
        expect_in("Run 1, recorded in", out)


if __name__ == "__main__":
    run_cases()
