"""Small tasks by mpi4py.futures: mpirun -n 3 python3 -m mpi4py.futures mpi4py_tasks.py TASKS

Prints the seconds of a task, without the start of the ranks, and the sum of what the tasks gave.
"""
import sys
import time

from mpi4py.futures import MPIPoolExecutor


def echo(number):
    return number


if __name__ == "__main__":
    tasks = int(sys.argv[1])
    with MPIPoolExecutor() as pool:
        list(pool.map(echo, range(16)))
        start = time.perf_counter()
        total = sum(pool.map(echo, range(tasks)))
        seconds = time.perf_counter() - start
    print("%.9f %d" % (seconds / tasks, total))
