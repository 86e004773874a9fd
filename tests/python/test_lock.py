"""The interpreter's lock among threads of pricemap, of the host and of SQLite's connections: taken, let go and asked for by
several at once. Under ThreadSanitizer each access to what they share has to be ordered by that lock or another."""
import sqlite3
import threading

from support import case, connect, connection, error_of, expect, make_table, mapped, name_function, run_cases

HOSTS = 3


def at_once(function):
    """Calls the function in several threads at once, with their number, and raises what one of them raised."""
    failures, gate = [], threading.Barrier(HOSTS)

    def run(number):
        try:
            gate.wait()
            function(number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(HOSTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def interrupted_again(db, work):
    """Interrupts a connection until its work has ended, and returns the error of the work."""
    ended = threading.Event()

    def interrupt():
        while not ended.wait(0.01):
            db.interrupt()

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    try:
        return error_of(work)
    finally:
        ended.set()
        interrupter.join()


@case
def connections_of_several_threads_map_at_once():
    def work(number):
        for executor in "threads", "serial", "threads":
            with connection() as db:
                make_table(db, 40)
                name_function(db, "functions:double")
                name_function(db, "chunk_functions:twice")
                for _ in range(3):
                    expect(mapped(db, "double(p)", executor, chunk=2), [2 * p for p in range(1, 41)])
                    expect(mapped(db, "twice(p)", executor, chunk=9), [2 * p for p in range(1, 41)])

    at_once(work)


@case
def endless_loops_are_interrupted_and_closed_at_once():
    def work(number):
        for _ in range(2):
            db = connect()
            make_table(db, 6)
            name_function(db, "functions:spins")
            expect(interrupted_again(db, lambda: mapped(db, "spins(p)", "threads", chunk=1)), "interrupted")
            rows = db.execute("SELECT value FROM parallel_map('t', 'spins(p)', 'threads', 2, 1)")
            expect(next(rows), (1,))
            rows.close()
            db.close()

    at_once(work)


@case
def one_connection_is_used_by_several_threads_in_turn():
    db, turn = connect(), threading.Lock()
    make_table(db, 20)
    name_function(db, "functions:double")

    def work(number):
        for _ in range(5):
            with turn:
                expect(mapped(db, "double(p)", "threads", chunk=3), [2 * p for p in range(1, 21)])

    at_once(work)
    db.close()


@case
def maps_within_functions_take_the_lock_again():
    def work(number):
        with connection() as db:
            make_table(db, 4)
            name_function(db, "functions:inner_map")
            expect(mapped(db, "inner_map(p)", "threads", chunk=1), [7, 8, 9, 10])

    at_once(work)


@case
def functions_that_fail_in_several_threads_at_once():
    def work(number):
        with connection() as db:
            make_table(db, 20)
            name_function(db, "functions:fails")
            for _ in range(5):
                try:
                    mapped(db, "fails(p)", "threads", chunk=1)
                except sqlite3.Error as error:
                    expect("price 3 is negative" in str(error), True)
                else:
                    raise AssertionError("no error")

    at_once(work)


if __name__ == "__main__":
    run_cases()
