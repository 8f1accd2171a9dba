# SPDX-License-Identifier: Apache-2.0
"""Writes a table of random rows: first,second,third,x,y,z,answer.

    bench/peers/make_table.py FILE --rows 10000000

Three columns of words (10, 100 and 1,000 of them), three of numbers with six digits behind the point, and a class of
two that a sum of what the words stand for and the numbers decides, but for some noise."""
import argparse
import os

import numpy

CHUNK = 1 << 19
COUNTS = (10, 100, 1000)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--rows", type=int, default=100000)
    return parser.parse_args()


def digits(numbers, width):
    """(n) -> (n, width) bytes."""
    return (numbers[:, None] // 10 ** numpy.arange(width - 1, -1, -1) % 10 + ord("0")).astype(numpy.uint8)


def lines(draw, taste, count):
    """(n, width) bytes: words of a letter and three digits, numbers as 0.dddddd."""
    words = [draw.integers(0, most, count) for most in COUNTS]
    numbers = draw.integers(0, 10 ** 6, (3, count))
    score = sum(taste[k][words[k]] for k in range(3)) + (numbers[0] - numbers[1]) / 4e5 + draw.standard_normal(count)
    out = numpy.full((count, 3 * 5 + 3 * 9 + 4), ord(","), numpy.uint8)
    for k in range(3):
        out[:, 5 * k], out[:, 5 * k + 1:5 * k + 4] = ord("abc"[k]), digits(words[k], 3)
        out[:, 15 + 9 * k], out[:, 16 + 9 * k] = ord("0"), ord(".")
        out[:, 17 + 9 * k:23 + 9 * k] = digits(numbers[k], 6)
    out[:, 42:45] = numpy.where((score > 0)[:, None], numpy.frombuffer(b"yes", numpy.uint8), numpy.frombuffer(b"not", numpy.uint8))
    out[:, 45] = ord("\n")
    return out


def main():
    options = arguments()
    draw = numpy.random.default_rng(0)
    taste = [draw.standard_normal(most) for most in COUNTS]
    with open(options.file + ".new", "wb") as file:
        file.write(b"first,second,third,x,y,z,answer\n")
        for start in range(0, options.rows, CHUNK):
            file.write(lines(draw, taste, min(CHUNK, options.rows - start)).tobytes())
    os.replace(options.file + ".new", options.file)


if __name__ == "__main__":
    main()
