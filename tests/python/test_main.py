"""Functions in the script itself, however it is started."""
import os

from support import HERE, case, expect, expect_in, folder, run_cases, run_script, write

HEAD = """
import os, sys
sys.path.append(%r)
from support import *


def triple(value):
    return value * 3


def use():
    with connection() as db:
        make_table(db, 3)
        name_function(db, "__main__:triple")
        print(mapped(db, "triple(p)"), mapped(db, "triple(p)", "serial"))

""" % HERE
GUARDED = HEAD + """
if __name__ == "__main__":
    use()
"""


@case
def a_script():
    expect(run_script(GUARDED), (0, "[3, 6, 9] [3, 6, 9]\n", ""))


@case
def a_script_in_another_folder():
    with folder() as path:
        script = write(path + "/there/script.py", GUARDED)
        import subprocess, sys
        done = subprocess.run([sys.executable, "there/script.py"], cwd=path, capture_output=True, text=True)
        expect((done.returncode, done.stdout, done.stderr), (0, "[3, 6, 9] [3, 6, 9]\n", ""))
        del script


@case
def a_module_that_is_started():
    expect(run_script(GUARDED, module="shop.prices"), (0, "[3, 6, 9] [3, 6, 9]\n", ""))


@case
def a_module_with_relative_imports():
    with folder() as path:
        write(path + "/shop/__init__.py", "")
        write(path + "/shop/other.py", "factor = 3\n")
        write(path + "/shop/prices.py", "from .other import factor\n" + GUARDED.replace("value * 3", "value * factor"))
        import subprocess, sys
        done = subprocess.run([sys.executable, "-m", "shop.prices"], cwd=path, capture_output=True, text=True)
        expect((done.returncode, done.stdout, done.stderr), (0, "[3, 6, 9] [3, 6, 9]\n", ""))


@case
def a_script_without_a_guard():
    status, out, err = run_script(HEAD + "use()\n")
    expect(status, 1)
    expect_in("could not import __main__: OperationalError: parallel_map_python: this is a worker process of a map, which "
              "runs the script to find its functions: put what the script does itself under if __name__ == '__main__':", err)


@case
def what_is_typed_in():
    status, out, err = run_script(GUARDED, stdin=True)
    expect(status, 1)
    expect_in("could not import __main__: ImportError: what was typed in has no file that a worker could import", err)


if __name__ == "__main__":
    run_cases()
