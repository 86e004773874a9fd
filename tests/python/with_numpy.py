"""Functions that need numpy."""
import numpy

values = [None, numpy.int64(1), numpy.uint8(255), numpy.int64(2**63 - 1), numpy.float64(1.5), numpy.float32(0.25),
          numpy.bool_(True), numpy.str_("text"), numpy.array([1, 2]), numpy.array(1.0)]


def scalar(value):
    return values[value]


def random(value):
    return float(numpy.random.random())


def root(prices):
    return numpy.sqrt(numpy.asarray(prices)) * 1.1


root.pricemap_whole_chunk = True


def per_row(price):
    return numpy.sqrt(price) * 1.1


def halves(prices):
    return numpy.asarray(prices).astype(numpy.float32)


halves.pricemap_whole_chunk = True
