# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure.row import Figure, Row

TITLE = "Ratings"
ABOUT = """MovieLens-100k, 80,000 ratings to train and 20,000 to validate, 50 factors, batches of 64, five epochs of AdamW on
one cycle, the range of stars and decay .01 for both (`bench/peers/fastai_ratings.py --same`); ratings of training by
the seconds of the epochs, validation included. How well both answer with their own defaults is in
[ratings.md](ratings.md)."""
DATA = "recsys/ml-100k/u.data"


def side(run, only=None, program="ours"):
    events = run.peer("fastai_ratings.py", run.of_data(DATA), "--threads", run.threads, "--splits", 1, "--same", "--only",
                      program, "--epochs", 1 if run.quick else 5, "--out", run.place("ratings"))
    return [Figure("" if program == "ours" else program, event["ratings_per_second"], {"mse": event["mse"]})
            for event in events if "split" in event]


ROWS = [Row("ratings/movielens-100k", "dot product and biases, 50 factors, batches of 64", "ratings/s", ours=side,
            peers=partial(side, program="fastai"), targets={"fp32": (20, 50)}, data=DATA,
            packages=("fastai", "torch", "pandas", "numpy"))]
