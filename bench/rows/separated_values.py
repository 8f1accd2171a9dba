# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure.row import Figure, Row

TITLE = "Reading separated values"
ABOUT = """A generated file of 500 MB in the page cache (it is read through once before a reader's round), nine columns of
numbers, words, dates and truths, into typed columns; `pandas.read_csv` with its default engine, which computes in one thread."""


def side(run, only=None, program="ours"):
    megabytes = 20 if run.quick else 500
    events = run.peer("pandas_csv.py", "--megabytes", megabytes, "--threads", run.threads, "--rounds", 1, "--only", program,
                      "--file", run.place("values-%d.csv" % megabytes))
    return [Figure("" if program == "ours" else program, event["rows"] / event["seconds"] / 1e6)
            for event in events if "round" in event]


ROWS = [Row("table/read", "500 MB of separated values into columns", "M rows/s", ours=side,
            peers=partial(side, program="pandas"), packages=("pandas", "numpy"))]
