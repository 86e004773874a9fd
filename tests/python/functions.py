"""Functions that the tests map."""
import ctypes
import decimal
import os
import random
import sqlite3
import sys
import threading
import time


def identity(value):
    return value


def representation(value):
    return repr(value)


def double(value):
    return value * 2


def add_up(*values):
    return sum(values)


class Shop:
    @staticmethod
    def vat(price):
        return price * 119

    @classmethod
    def name(cls, price):
        return cls.__name__ + str(price)


class PriceError(Exception):
    pass


def fails(value):
    if value == 3:
        raise ValueError("price %d is negative" % value)
    return value


def fails_without_text(value):
    raise PriceError


def fails_chained(value):
    try:
        {}[value]
    except KeyError as error:
        raise PriceError("no such price") from error


def fails_in_another_file(value):
    return decimal.Decimal("what").quantize(value)


def leaves(value):
    sys.exit(3)


def interrupts(value):
    raise KeyboardInterrupt


def recurses(value):
    return recurses(value)


def exhausts(value):
    raise MemoryError


def returns(value):
    return {1: decimal.Decimal(1), 2: [1], 3: {}, 4: 1 << 64, 5: "\ud800", 6: object(), 7: 1j}[value]


def returns_bytes(value):
    return {1: bytearray(b"ab"), 2: memoryview(b"cd"), 3: b"", 4: memoryview(b"abcdef")[::2]}[value]


def returns_truth(value):
    return value == 1


def ends(value):
    if value == 3:
        os._exit(7)
    return value


def forks(value):
    """Returns twice: in the worker, and in its copy, which fails at once or goes on to the next row."""
    copy = os.fork()
    if not copy:
        if value % 2:
            raise ValueError("a copy of the worker")
        return -1
    os.waitpid(copy, 0)
    return value


def forks_in_background(value):
    """As forks; the worker does not wait for its copy."""
    return value if os.fork() else -1


def closes(value):
    """Closes all descriptors, as programs do that become a daemon."""
    if value == 3:
        os.closerange(3, 1000)
    return value


def closes_and_opens(value):
    """Other files have the numbers of the descriptors that it closes."""
    if value == 3:
        os.closerange(3, 1000)
        for _ in range(40):
            os.open("/dev/null", os.O_RDWR)
    return value


def long_text(value):
    return "x" * 3000000


def crashes(value):
    if value == 3:
        ctypes.string_at(0)
    return value


def spins(value):
    while value == 3:
        pass
    return value


def spins_on(value):
    """Handles the first exceptions that are to end it."""
    handled = 0
    while handled < 2:
        try:
            while True:
                pass
        except KeyboardInterrupt:
            handled += 1
    raise KeyboardInterrupt


def waits(value):
    time.sleep(value)
    return value


def any_number(value):
    return random.getrandbits(60)


def process(value):
    return os.getpid()


def thread(value):
    return threading.get_ident()


local = threading.local()


def calls_in_thread(value):
    """How often this thread has called it."""
    local.count = getattr(local, "count", 0) + 1
    return local.count


def prefix(value):
    return sys.prefix


def executable(value):
    return sys.executable


def version(value):
    return "%d.%d.%d" % sys.version_info[:3]


def numbers_of_threads(value):
    return ",".join(os.environ[name + "_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"))


def inner_map(value):
    """A map within a map, by threads."""
    db = sqlite3.connect(":memory:")
    db.enable_load_extension(True)
    db.load_extension(os.environ["PRICEMAP_EXTENSION"])
    total = db.execute("SELECT sum(value) FROM parallel_map('SELECT value FROM json_each(''[1,2,3]'')', 'value', 'threads', 2)").fetchone()[0]
    db.close()
    return total + value


def inner_processes(value):
    db = sqlite3.connect(":memory:")
    db.enable_load_extension(True)
    db.load_extension(os.environ["PRICEMAP_EXTENSION"])
    try:
        db.execute("SELECT value FROM parallel_map('SELECT 1', '1', 'processes', 2)").fetchall()
    except sqlite3.Error as error:
        return str(error)
    finally:
        db.close()


def inner(value):
    return value


def faults_of_floats(count):
    """The pages that the kernel gives while so many floats are made and dropped."""
    import resource
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    floats = [float(i) for i in range(count)]
    del floats
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
