# SPDX-License-Identifier: Apache-2.0
"""fastai 2 and Burnish on the same splits of one table of ratings: error after five epochs, and ratings a second.

    bench/peers/fastai_ratings.py u.data --splits 3 --out build/bench-ratings

u.data is MovieLens-100k's: user, item, rating and time with tabs between, no header. Writes split-1.csv ... (columns
user, item, rating, is_valid: a fifth, drawn by NumPy's RandomState with the number of the split) and gives each to
both: fastai's collab_learner and fit_one_cycle with its defaults (50 factors, batches of 64, weight decay .01), and
burnish ratings train with its own defaults; --same gives ours fastai's decay and range too, for the speed of the same
work. Prints one JSON line a split and program, {"event": "bench", "mode": "ratings", "ours", "split",
"ratings_per_second", "mse"}, and medians. Both measure their speed over all epochs, validation included. BURNISH
names our program."""
import argparse
import json
import os
import statistics
import subprocess
import time
import warnings

warnings.filterwarnings("ignore")
RANGE = (0, 5.5)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ratings")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", default="build/bench-ratings")
    parser.add_argument("--rate", type=float, default=1e-3, help="fastai's: 1e-3 is its default, 5e-3 its documentation's")
    parser.add_argument("--same", action="store_true")
    parser.add_argument("--only", choices=("ours", "fastai"))
    return parser.parse_args()


def write_split(options, number):
    import numpy
    import pandas
    frame = pandas.read_csv(options.ratings, sep="\t", names=["user", "item", "rating", "time"])[["user", "item", "rating"]]
    valid = numpy.zeros(len(frame), dtype=bool)
    valid[numpy.random.RandomState(number).permutation(len(frame))[:len(frame) // 5]] = True
    frame["is_valid"] = valid
    path = os.path.join(options.out, "split-%d.csv" % number)
    frame.to_csv(path, index=False)
    return path


def fastai_run(options, path):
    import pandas
    import torch
    from fastai import collab
    torch.set_num_threads(options.threads)
    frame = pandas.read_csv(path)
    splits = collab.IndexSplitter(list(frame.index[frame.is_valid]))(frame)
    table = collab.TabularCollab(frame, [collab.Categorify], ["user", "item"], y_names=["rating"],
                                 y_block=collab.TransformBlock(), splits=splits)
    loaders = table.dataloaders(bs=64)
    learner = collab.collab_learner(loaders, n_factors=50, y_range=RANGE, metrics=collab.mse)
    with learner.no_bar(), learner.no_logging():
        start = time.perf_counter()
        learner.fit_one_cycle(options.epochs, options.rate)
        seconds = time.perf_counter() - start
    return len(loaders.train_ds) * options.epochs / seconds, float(learner.recorder.values[-1][1])


def our_run(options, path, number):
    program = os.environ.get("BURNISH", "build/burnish")
    run = os.path.join(options.out, "run-%d-%d" % (number, time.time_ns()))
    same = ["--weight-decay", ".01", "--range", "%g,%g" % RANGE] if options.same else []
    done = subprocess.run([program, "ratings", "train", path, "--epochs", str(options.epochs), "--threads",
                           str(options.threads), *same, "--out", run, "--json"],
                          check=True, capture_output=True, text=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    with open(os.path.join(run, "model.safetensors"), "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    rows = json.loads(header["__metadata__"]["burnish"])["training"]["train_count"]
    seconds = sum(e["seconds"] for e in events if e["event"] == "epoch")
    return rows * options.epochs / seconds, events[-1]["metrics"]["mse"]


def main():
    options = arguments()
    os.makedirs(options.out, exist_ok=True)
    found = {True: [], False: []}
    for number in range(1, options.splits + 1):
        path = write_split(options, number)
        for ours in (False, True):
            if options.only == ("fastai" if ours else "ours"):
                continue
            rate, mse = our_run(options, path, number) if ours else fastai_run(options, path)
            found[ours].append((rate, mse))
            print(json.dumps({"event": "bench", "mode": "ratings", "ours": ours, "split": number,
                              "threads": options.threads, "ratings_per_second": round(rate), "mse": mse}), flush=True)
    for ours, runs in found.items():
        if runs:
            print(json.dumps({"event": "bench", "mode": "ratings", "ours": ours,
                              "ratings_per_second": statistics.median(rate for rate, _ in runs),
                              "mse": statistics.median(mse for _, mse in runs)}))


if __name__ == "__main__":
    main()
