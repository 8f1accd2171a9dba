# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure.row import Figure, Row

TITLE = "A network on a table"
ABOUT = """Adult's 32,561 rows, six columns of words and three of numbers, batches of 64, layers of 200 and 100, one epoch of
AdamW on one cycle with the validation of a fifth; rows of training by the seconds of the epoch. fastai's is its
second: what it sets up in the one before is not counted."""
DATA = "tabular/adult/adult.csv"


def side(run, only=None, program="ours"):
    events = run.peer("fastai_table.py", run.of_data(DATA), "--threads", run.threads, "--rounds", 1, "--only", program)
    return [Figure("" if program == "ours" else program, event["rows_per_second"], {"accuracy": event["accuracy"]})
            for event in events if "round" in event]


ROWS = [Row("table/adult", "network with embeddings, one epoch of Adult", "rows/s", ours=side,
            peers=partial(side, program="fastai"), targets={"fp32": (20, 40)}, data=DATA,
            packages=("fastai", "torch", "pandas", "numpy"))]
