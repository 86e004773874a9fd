"""Whole-chunk functions that the tests map."""


def whole_chunk(function):
    function.pricemap_whole_chunk = True
    return function


@whole_chunk
def twice(prices):
    assert isinstance(prices, memoryview) and prices.readonly
    import array
    return array.array(prices.format, [2 * price for price in prices])


@whole_chunk
def texts(prices):
    return ["n%d" % price for price in prices]


@whole_chunk
def mixed(prices):
    return [(None, price, price / 2, b"\0\xff")[price % 4] for price in prices]


@whole_chunk
def as_tuple(prices):
    return tuple(prices)


@whole_chunk
def sums(first, second):
    return [a + b for a, b in zip(first, second)]


@whole_chunk
def fails(prices):
    raise ValueError("no prices")


@whole_chunk
def short(prices):
    return list(prices)[1:]


@whole_chunk
def none(prices):
    return None


@whole_chunk
def a_text(prices):
    return "x" * len(prices)


@whole_chunk
def forks(prices):
    """Returns twice: in the worker, and in its copy."""
    import os
    copy = os.fork()
    if not copy:
        return [-1] * len(prices)
    os.waitpid(copy, 0)
    return prices
