"""What a worker keeps of the memory that functions let go, and what it gives back."""
import os
import time

from support import case, connection, expect, make_table, mapped, name_function, run_cases, until

MEGABYTE = 1 << 20


def resident(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def worker_of(db):
    return db.execute("SELECT pid FROM parallel_map_tasks ORDER BY run DESC LIMIT 1").fetchone()[0]


@case
def memory_is_kept_from_row_to_row():
    with connection() as db:
        make_table(db, 10)
        name_function(db, "functions:faults_of_floats")
        faults = mapped(db, "faults_of_floats(200000)", workers=1, chunk=1)
        # The floats alone are 1171 pages, and the list of them is 390.
        if min(faults[5:]) > 300:
            raise AssertionError("each row takes its pages anew: %r" % faults)


@case
def a_worker_keeps_a_bounded_part():
    with connection() as db:
        make_table(db, 2)
        name_function(db, "functions:faults_of_floats")
        mapped(db, "faults_of_floats(10)", workers=1)
        pid = worker_of(db)
        before = resident(pid)
        mapped(db, "faults_of_floats(5000000)", workers=1)
        expect(worker_of(db), pid)
        # 115 MB of floats and 40 MB of the list.
        if resident(pid) > before + 80 * MEGABYTE:
            raise AssertionError("%d MB are kept" % ((resident(pid) - before) // MEGABYTE))


@case
def an_idle_worker_gives_it_back():
    with connection() as db:
        make_table(db, 4)
        name_function(db, "functions:faults_of_floats")
        mapped(db, "faults_of_floats(10)", workers=1)
        pid = worker_of(db)
        before = resident(pid)
        for _ in range(2):
            mapped(db, "faults_of_floats(600000)", workers=1)
            # A host that is slow to look finds the worker idle already.
            until(lambda: resident(pid) < before + 4 * MEGABYTE, "the worker keeps its memory")
            time.sleep(0.1)
        expect(mapped(db, "p + 1", workers=1), [2, 3, 4, 5])


if __name__ == "__main__":
    run_cases()
