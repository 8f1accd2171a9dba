# SPDX-License-Identifier: Apache-2.0
"""Numbers of the library as NumPy arrays, which share their memory. NumPy is imported when it is used."""


def floats(data, *shape):
    """float32 of a shape over a bytearray."""
    import numpy

    return numpy.frombuffer(data, dtype=numpy.float32).reshape(shape)


def whole_numbers(data, *shape):
    """int64 of a shape over a bytearray."""
    import numpy

    return numpy.frombuffer(data, dtype=numpy.int64).reshape(shape)


def doubles(data, *shape):
    """float64 of a shape over a bytearray."""
    import numpy

    return numpy.frombuffer(data, dtype=numpy.float64).reshape(shape)
