# SPDX-License-Identifier: Apache-2.0
import os
import shutil
from functools import partial

from measure.row import Figure, Row

TITLE = "Rows of a table"
ABOUT = """Generated tables of 10,000 to 10 million rows, three columns of words and three of numbers, a class of two to answer: one
epoch of layers of 200 and 100 in batches of 256, by the seconds of the epoch with the validation of a fifth. The last
row is the whole command on 10 million, from the file to the run folder, in rows of the file. fastai up to 100,000,
its second epoch: what it sets up in the one before is not counted."""
FITS_FASTAI = 100000


def table(run, rows):
    rows = min(rows, 10000) if run.quick else rows
    path = run.place("table-%d.csv" % rows)
    if not os.path.exists(path):
        run.start(run.python, os.path.join("bench", "peers", "make_table.py"), path, "--rows", rows)
    return path


def side(run, only=None, rows=0, program="ours"):
    events = run.peer("fastai_table.py", table(run, rows), "--threads", run.threads, "--rounds", 1, "--only", program, "--batch-size",
                      256, "--target", "answer", "--cat", "first,second,third", "--cont", "x,y,z")
    return [Figure("" if program == "ours" else program, event["rows_per_second"], {"accuracy": event["accuracy"]})
            for event in events if "round" in event]


def whole(run, rows):
    path, out = table(run, rows), run.place("table-run")
    shutil.rmtree(out, ignore_errors=True)
    done = run.ours("table", "train", path, "--target", "answer", "--cat", "first,second,third", "--cont", "x,y,z", "--hidden",
                    "200,100", "--batch-size", 256, "--epochs", 1, "--threads", run.threads, "--out", out, "--json")
    shutil.rmtree(out, ignore_errors=True)
    return [Figure("", (min(rows, 10000) if run.quick else rows) / done.seconds)]


def row(rows):
    title = "network on a table of {:,} rows, one epoch".format(rows)
    return Row("rows/%d" % rows, title, "rows/s", ours=partial(side, rows=rows),
               peers=partial(side, rows=rows, program="fastai") if rows <= FITS_FASTAI else None, section="growth",
               rounds=3 if rows <= FITS_FASTAI else 1,
               packages=("fastai", "torch", "pandas", "numpy") if rows <= FITS_FASTAI else ())


MOST = 10 ** 7
ROWS = [row(10 ** power) for power in (4, 5, 6, 7)] + [
    Row("rows/whole-%d" % MOST, "the whole command on {:,} rows".format(MOST), "rows/s", ours=partial(whole, rows=MOST),
        section="growth", rounds=1)]
