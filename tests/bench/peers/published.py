#!/usr/bin/env python3
"""The published experiment in Python: two price functions, mapped serially, by threads and by processes.

The prices are i * i * 42. A timing covers what the published one covers: making the executor, mapping, and
letting the executor go. What the functions compute is described in the interface's chapter on the scalar
functions.

    published.py                              all functions, all executors
    published.py --function crazy --executor serial --json
"""

import argparse
import functools
import json
import math
import platform
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def increase_price(price, percent=10):
    return price + price * percent / 100


def increase_price_crazy(price, percent=10, rounds=200000):
    raised = increase_price(price, percent)
    numbers = [raised + raised**2 for _ in range(rounds)]
    numbers = [math.sqrt(number) for number in numbers]
    numbers = [math.sqrt(number) for number in numbers]
    return max(raised, min(numbers))


def map_serially(function, prices, workers):
    return [function(price) for price in prices]


def map_in_threads(function, prices, workers):
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(function, prices))


def map_in_processes(function, prices, workers):
    with ProcessPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(function, prices))


EXECUTORS = {"serial": map_serially, "threads": map_in_threads, "processes": map_in_processes}
FUNCTIONS = {"increase_price": increase_price, "increase_price_crazy": increase_price_crazy}
SHORT_NAMES = {"cheap": "increase_price", "crazy": "increase_price_crazy"}


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of at least 1")
    return number


def function_name(text):
    name = SHORT_NAMES.get(text, text)
    if name not in FUNCTIONS:
        known = ", ".join([*FUNCTIONS, *SHORT_NAMES])
        raise argparse.ArgumentTypeError(f"{text}: expected one of {known}")
    return name


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executor", choices=EXECUTORS, help="only this one (default: all)")
    parser.add_argument("--function", type=function_name, metavar="NAME",
                        help="only increase_price (cheap) or increase_price_crazy (crazy) (default: both)")
    parser.add_argument("--workers", type=positive, default=2, metavar="N", help="default 2")
    parser.add_argument("--prices", type=positive, default=20, metavar="N", help="default 20")
    parser.add_argument("--rounds", type=positive, default=200000, metavar="N",
                        help="list elements of one crazy raise (default 200000)")
    parser.add_argument("--samples", type=positive, default=1, metavar="N",
                        help="timings of each; the executors take turns (default 1, as published)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def timed(executor, function, prices, workers):
    begin = time.perf_counter()
    results = EXECUTORS[executor](function, prices, workers)
    return time.perf_counter() - begin, results


def measure(name, executors, options):
    """One row per executor; ends the program if two executors disagree."""
    function = FUNCTIONS[name]
    if name == "increase_price_crazy":
        function = functools.partial(function, rounds=options.rounds)
    prices = [i * i * 42 for i in range(options.prices)]
    seconds = {executor: [] for executor in executors}
    expected = None
    for _ in range(options.samples):
        for executor in executors:
            elapsed, results = timed(executor, function, prices, options.workers)
            seconds[executor].append(elapsed)
            expected = results if expected is None else expected
            if results != expected:
                sys.exit(f"published.py: {executor} gives other results of {name}")
    return [{"function": name, "executor": executor,
             "workers": 1 if executor == "serial" else options.workers,
             "prices": options.prices,
             "rounds": options.rounds if name == "increase_price_crazy" else None,
             "median_seconds": statistics.median(samples), "seconds": samples,
             "sum": math.fsum(expected)}
            for executor, samples in seconds.items()]


def print_table(rows):
    print(f"{'function':<22}{'executor':<12}{'workers':>8}{'seconds':>14}{'speed-up':>10}")
    serial = {row["function"]: row["median_seconds"] for row in rows if row["executor"] == "serial"}
    for row in rows:
        base = serial.get(row["function"])
        speed_up = f"{base / row['median_seconds']:.2f}" if base else ""
        print(f"{row['function']:<22}{row['executor']:<12}{row['workers']:>8}"
              f"{row['median_seconds']:>14.6f}{speed_up:>10}")


def main():
    options = read_arguments()
    executors = [options.executor] if options.executor else list(EXECUTORS)
    names = [options.function] if options.function else list(FUNCTIONS)
    rows = [row for name in names for row in measure(name, executors, options)]
    if options.json:
        print(json.dumps({"python": platform.python_version(),
                          "implementation": platform.python_implementation(), "rows": rows}, indent=1))
    else:
        print_table(rows)


if __name__ == "__main__":
    main()
