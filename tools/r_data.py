#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a data set of an R package as a CSV file, without R.

  tools/r_data.py PACKAGE              lists the names of its data sets
  tools/r_data.py PACKAGE NAME OUT     writes one

PACKAGE is a Debian package file (.deb: `apt-get download r-cran-modeldata`) or a folder of an installed
R package (/usr/lib/R/site-library/modeldata). A data frame becomes its columns, in R's order, with a
missing value left empty; a vector of texts or numbers becomes one column, named "value".

R keeps data sets in two files: an index (.rdx, a serialised list of places) and a base (.rdb, of
compressed serialised values). PyPI's rdata reads what R serialises; it is looked for in build/r_data,
where `tools/bootstrap r-data` puts it. The file appears whole or not at all.
"""
import bz2
import csv
import datetime
import glob
import lzma
import math
import os
import subprocess
import sys
import tempfile
import warnings
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "build", "r_data"))


def fail(message):
    sys.exit("r_data: " + message)


try:
    import numpy
    import rdata
    import rdata.conversion
    import rdata.parser
except ImportError as error:
    fail("%s: `tools/bootstrap r-data` installs what is missing" % error)


def chunk(content):
    """The serialised value of a chunk of the base: 4 bytes of length, then zlib; or a letter, then the rest."""
    kind, rest = content[4:5], content[5:]
    if kind == b"2":
        return bz2.decompress(rest)
    if kind == b"Z":  # R writes a bare LZMA2 stream
        return lzma.decompress(rest, lzma.FORMAT_RAW, None, [{"id": lzma.FILTER_LZMA2, "preset": 6}])
    if kind == b"0":
        return rest
    return zlib.decompress(content[4:])


def places(folder):
    """Of each data set of a package's folder: where it lies in the base, and how long it is."""
    path = os.path.join(folder, "data", "Rdata.rdx")
    if not os.path.isfile(path):
        fail("%s: expected a package with data sets (data/Rdata.rdx)" % folder)
    variables = rdata.read_rds(path)["variables"]
    return {str(name): (int(at[0]), int(at[1])) for name, at in variables.items()}


def dates(days, attributes):
    """R's Date counts days from 1970."""
    return numpy.array(["" if math.isnan(day) else str(datetime.date(1970, 1, 1) + datetime.timedelta(int(day)))
                        for day in days], dtype=object)


def value(folder, at):
    with open(os.path.join(folder, "data", "Rdata.rdb"), "rb") as file:
        file.seek(at[0])
        content = file.read(at[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that rdata does not know stays what it is made of
        classes = dict(rdata.conversion.DEFAULT_CLASS_MAP, Date=dates)
        return rdata.conversion.convert(rdata.parser.parse_data(chunk(content)), classes)


def text(item):
    """A value as it stands in the file; whole numbers without a point."""
    if item is None or item is not item or str(item) in ("<NA>", "NaT"):
        return ""
    if isinstance(item, float):
        return str(int(item)) if math.isfinite(item) and item == int(item) and abs(item) < 1e15 else repr(float(item))
    return str(item)


def columns(name, content):
    """Names of columns and the rows."""
    if hasattr(content, "columns"):
        lists = [content[column].tolist() for column in content.columns]
        return [str(column) for column in content.columns], zip(*lists)
    if hasattr(content, "tolist"):
        content = content.tolist()
    if isinstance(content, list) and not any(isinstance(item, (list, dict)) for item in content):
        return ["value"], ([item] for item in content)
    fail("%s is a %s: expected a data frame or a vector" % (name, type(content).__name__))


def write(out, names, rows):
    with open(out + ".new", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        count = 0
        for row in rows:
            writer.writerow([text(item) for item in row])
            count += 1
    os.rename(out + ".new", out)
    print("%s: %d rows, %d columns" % (out, count, len(names)))


def run(folder, arguments):
    sets = places(folder)
    if not arguments:
        print("\n".join(sorted(sets)))
        return
    name, out = arguments
    if name not in sets:
        fail("no data set %s: expected one of %s" % (name, ", ".join(sorted(sets))))
    write(out, *columns(name, value(folder, sets[name])))


def main():
    if len(sys.argv) not in (2, 4):
        sys.exit("usage: tools/r_data.py PACKAGE [NAME OUT]")
    package, arguments = sys.argv[1], sys.argv[2:]
    if os.path.isdir(package):
        return run(package, arguments)
    if not os.path.isfile(package):
        fail("%s: no such file" % package)
    with tempfile.TemporaryDirectory() as unpacked:
        if subprocess.run(["dpkg-deb", "-x", package, unpacked]).returncode != 0:
            fail("%s: expected a Debian package" % package)
        folders = glob.glob(os.path.join(unpacked, "usr/lib/R/site-library/*"))
        if len(folders) != 1:
            fail("%s: expected the package of one R package" % package)
        run(folders[0], arguments)


if __name__ == "__main__":
    main()
