"""Functions that end, crash or hang their worker, by processes and by threads, and then the close."""
import threading
import time

from support import case, connect, connection, error_of, expect, expect_in, make_table, mapped, name_function, run_cases

MESSAGE = "parallel_map: "


def deadly(function):
    with connection() as db:
        make_table(db, 6)
        name_function(db, "functions:" + function)
        text = error_of(mapped, db, function + "(p)", "processes")
        expect(mapped(db, "p + 1"), [2, 3, 4, 5, 6, 7])
        return text


@case
def a_function_that_exits():
    text = deadly("ends")
    expect_in("exited with status 7", text)
    expect_in("row 3", text)


@case
def a_null_pointer():
    text = deadly("crashes")
    expect_in("signal 11", text)
    expect_in("row 3", text)


@case
def a_copy_of_a_worker_answers_no_task():
    with connection() as db:
        make_table(db, 40)
        for function in "forks", "forks_in_background":
            name_function(db, "functions:" + function)
            for _ in range(3):
                expect(mapped(db, function + "(p)"), list(range(1, 41)))
        name_function(db, "chunk_functions:forks", "forks_chunk")
        expect(mapped(db, "forks_chunk(p)"), list(range(1, 41)))


@case
def a_worker_whose_descriptors_were_closed_is_replaced():
    for function in "closes", "closes_and_opens":
        with connection() as db:
            make_table(db, 6)
            name_function(db, "functions:" + function)
            name_function(db, "functions:long_text")
            expect(mapped(db, function + "(p)", chunk=1), [1, 2, 3, 4, 5, 6])
            expect(mapped(db, "long_text(p)", chunk=3), ["x" * 3000000] * 6)
            expect(mapped(db, function + "(p)", workers=1, chunk=1), [1, 2, 3, 4, 5, 6])


def limited(executor, text):
    with connection() as db:
        make_table(db, 6)
        name_function(db, "functions:spins")
        db.execute("SELECT parallel_map_config('timeout_seconds', 0.3), parallel_map_config('retries', 0)").fetchall()
        expect_in(text, error_of(mapped, db, "spins(p)", executor))
        expect(mapped(db, "spins(p)", executor, source="SELECT p FROM t WHERE p < 3"), [1, 2])


@case
def an_endless_loop_has_a_time_limit_in_processes():
    limited("processes", "a worker process timed out after 0.3 s at row 3")


@case
def an_endless_loop_has_a_time_limit_in_threads():
    limited("threads", "a task took longer than timeout_seconds = 0.3")


def interrupted(executor, function):
    db = connect()
    make_table(db, 6)
    name_function(db, "functions:" + function)
    mapped(db, "p", executor)
    ended = threading.Event()

    def interrupt():
        time.sleep(0.2)
        while not ended.wait(0.02):
            db.interrupt()

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    try:
        expect(error_of(mapped, db, function + "(p)", executor), "interrupted")
    finally:
        ended.set()
        interrupter.join()
    db.close()


@case
def an_endless_loop_is_interrupted_in_processes():
    interrupted("processes", "spins")


@case
def an_endless_loop_is_interrupted_in_threads():
    interrupted("threads", "spins")


@case
def a_loop_that_handles_exceptions_ends_with_the_connection():
    interrupted("threads", "spins_on")


@case
def a_stop_does_not_meet_the_next_task():
    with connection() as db:
        make_table(db, 6)
        name_function(db, "functions:spins")
        name_function(db, "functions:double")
        db.execute("SELECT parallel_map_config('timeout_seconds', 0.1), parallel_map_config('retries', 0)").fetchall()
        for _ in range(5):
            expect_in("timeout_seconds", error_of(mapped, db, "spins(p)", "threads"))
            expect(mapped(db, "double(p)", "threads", 2, chunk=1), [2, 4, 6, 8, 10, 12])


@case
def a_scan_that_ends_early_stops_its_functions():
    for executor in "processes", "threads":
        db = connect()
        make_table(db, 6)
        name_function(db, "functions:spins")
        rows = db.execute("SELECT value FROM parallel_map('t', 'spins(p)', ?, 2, 1)", (executor,))
        expect(next(rows), (1,))
        rows.close()
        db.close()


@case
def a_background_thread_goes_on_while_threads_map():
    with connection() as db:
        make_table(db, 4)
        name_function(db, "functions:waits")
        counted, ended = [0], threading.Event()

        def count():
            while not ended.is_set():
                counted[0] += 1
                time.sleep(0.001)

        counter = threading.Thread(target=count)
        counter.start()
        mapped(db, "waits(0.05)", "threads")
        ended.set()
        counter.join()
        expect(counted[0] > 5, True)


if __name__ == "__main__":
    run_cases()
