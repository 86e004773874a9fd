"""The published experiment in Python: its two price functions, mapped through pricemap and by Python's own means.

`pricereport --python` starts this file twice, once for each side, so that no process pool of Python is forked from a
process with threads of pricemap. Requests and answers are packets of the socket that is standard input and output.
"""
import math
import os
import platform
import resource
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

PRICES = [i * i * 42 for i in range(20)]


def increase_price(price):
    """The cheap raise, as published: meant as 10 %, it is 1000 %."""
    price += price / 10 * 100
    return price


def increase_price_crazy(price):
    """The expensive raise, as published."""
    price += price / 10 * 100
    prices = []
    for _ in range(200000):
        prices.append(price + price ** 2)
    prices = [math.sqrt(number) for number in prices]
    prices = [math.sqrt(number) for number in prices]
    return max(price, min(prices))


FUNCTIONS = (increase_price, increase_price_crazy)


def pricemap_ways(extension, workers):
    """Maps of pricemap over the prices in an SQLite database, by the name of the executor."""
    os.environ["PRICEMAP_EXTENSION"] = extension
    import pricemap
    db = pricemap.connect(":memory:")
    db.execute("CREATE TABLE prices(id INTEGER PRIMARY KEY, p)")
    db.executemany("INSERT INTO prices VALUES (?, ?)", enumerate(PRICES))
    db.commit()
    for function in FUNCTIONS:
        pricemap.create_function(db, "published_" + function.__name__, 1, function)

    def by(executor):
        return lambda function: [value for value, in db.execute(
            "SELECT value FROM parallel_map('prices', ?, ?, ?)",
            ("published_%s(p)" % function.__name__, executor, None if executor == "serial" else workers))]

    return {executor: by(executor) for executor in ("serial", "threads", "processes")}


def python_ways(workers):
    """Maps by Python's own means; as published, a pool is made for each."""
    def in_pool(kind):
        def mapped(function):
            with kind(max_workers=workers) as pool:
                return list(pool.map(function, PRICES))
        return mapped

    return {"map": lambda function: list(map(function, PRICES)), "ThreadPoolExecutor": in_pool(ThreadPoolExecutor),
            "ProcessPoolExecutor": in_pool(ProcessPoolExecutor)}


def cpu_times():
    """User and system seconds of this process and of the children that it waited for."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + children.ru_utime, own.ru_stime + children.ru_stime


def timed(way, function, loops):
    """Elapsed, user and system nanoseconds of so many maps, and the values of the last one."""
    user, system = cpu_times()
    begin = time.perf_counter()
    for _ in range(loops):
        values = way(function)
    elapsed = time.perf_counter() - begin
    after_user, after_system = cpu_times()
    return [int(1e9 * seconds) for seconds in (elapsed, after_user - user, after_system - system)], values


def serve(ways):
    """Answers "FUNCTION WAY LOOPS" by its times, until the socket is closed. Values that differ from Python's are an error."""
    expected = {}
    os.write(1, platform.python_version().encode())
    while True:
        request = os.read(0, 1000).decode().split()
        if not request:
            return
        function = {function.__name__: function for function in FUNCTIONS}[request[0]]
        times, values = timed(ways[request[1]], function, int(request[2]))
        if function not in expected:
            expected[function] = [function(price) for price in PRICES]
        if values != expected[function]:
            raise ValueError("%s by %s gives other values than Python" % (request[0], request[1]))
        os.write(1, ("%d %d %d" % tuple(times)).encode())


def main(side, extension, workers):
    """One side of the experiment, "pricemap" or "python"."""
    # An exception, so that the end of a pool waits for the processes of the pool.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        serve(pricemap_ways(extension, workers) if side == "pricemap" else python_ways(workers))
    except Exception as error:
        os.write(1, ("! %s: %s" % (type(error).__name__, error)).encode()[:1000])


if __name__ == "__main__":
    # The functions are of a module that worker processes can import, and the module lies in a package here.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    from pricemap import published
    published.main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
