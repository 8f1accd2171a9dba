# SPDX-License-Identifier: Apache-2.0
"""fastai 2 and Burnish in turns on one table: rows a second of training with batches of 64.

    bench/peers/fastai_table.py TABLE.csv --target salary --cat workclass,education,... --cont age,... [--only fastai]

Both train layers 200-100 with AdamW on one cycle, validation included, one epoch a round; a fifth of
the rows validates. fastai trains one epoch before the first round, which is not counted: what it sets up on first use
is no part of an epoch. Its accuracy is that after all epochs so far. Prints one JSON line a round and program, {"event":
"bench", "mode": "table", "ours", "round", "rows_per_second", "accuracy"}, and their ratio of medians. BURNISH names our program."""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table")
    parser.add_argument("--target", default="salary")
    parser.add_argument("--cat", default="workclass,education,marital-status,occupation,relationship,race")
    parser.add_argument("--cont", default="age,fnlwgt,education-num")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("ours", "fastai"))
    return parser.parse_args()


def fastai_learner(options):
    import torch
    from fastai.tabular import all as tabular
    torch.set_num_threads(options.threads)
    frame = tabular.pd.read_csv(options.table)
    loaders = tabular.TabularDataLoaders.from_df(
        frame, procs=[tabular.Categorify, tabular.FillMissing, tabular.Normalize], cat_names=options.cat.split(","),
        cont_names=options.cont.split(","), y_names=options.target, bs=options.batch_size, seed=1)
    return tabular.tabular_learner(loaders, layers=[200, 100], metrics=tabular.accuracy)


def fastai_epoch(learner):
    with learner.no_bar(), learner.no_logging():
        start = time.perf_counter()
        learner.fit_one_cycle(1, 1e-2)
        seconds = time.perf_counter() - start
    return len(learner.dls.train_ds) / seconds, float(learner.recorder.values[-1][-1])


def our_epoch(options, seed):
    program = os.environ.get("BURNISH", "build/burnish")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [program, "table", "train", options.table, "--target", options.target, "--cat", options.cat, "--cont",
             options.cont, "--only-named", "--batch-size", str(options.batch_size), "--epochs", "1", "--threads",
             str(options.threads), "--seed", str(seed), "--out", os.path.join(folder, "run"), "--json"],
            check=True, capture_output=True, text=True)
        with open(os.path.join(folder, "run", "model.safetensors"), "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    rows = json.loads(header["__metadata__"]["burnish"])["training"]["train_count"]
    events = [json.loads(line) for line in done.stdout.splitlines()]
    seconds = next(e["seconds"] for e in events if e["event"] == "epoch")
    return rows / seconds, events[-1]["metrics"]["accuracy"]


def main():
    options = arguments()
    sides = [ours for ours in (False, True) if options.only != ("fastai" if ours else "ours")]
    learner = fastai_learner(options) if False in sides else None
    if learner:
        fastai_epoch(learner)  # not counted: what is set up on first use
    rates = {True: [], False: []}
    for number in range(1, options.rounds + 1):
        for ours in sides:
            rate, accuracy = our_epoch(options, number) if ours else fastai_epoch(learner)
            rates[ours].append(rate)
            print(json.dumps({"event": "bench", "mode": "table", "ours": ours, "round": number, "threads": options.threads,
                              "batch_size": options.batch_size, "rows_per_second": round(rate), "accuracy": accuracy}),
                  flush=True)
    if len(sides) == 2:
        print(json.dumps({"event": "bench", "mode": "table",
                          "ratio": statistics.median(rates[True]) / statistics.median(rates[False])}))


if __name__ == "__main__":
    main()
