# SPDX-License-Identifier: Apache-2.0
"""Entity embeddings against zeros and ones, and given to other methods, on tables."""
import csv
import json
import os
import shutil
import subprocess

from . import sets
from .bench import FOLDER, NotMeasured, events, key_of, program
from .verdict import Difference, deviation, mean, percent, table

NAME = "embeddings"
TITLE = "Entity embeddings"
ABOUT = """A network whose categories are embedded against the same one whose categories go in as zeros and ones
(`--one-hot`), and what the learned vectors are worth to other methods, as Guo and Berkhahn (2016) asked.

- *rossmann*: sales of 100 stores on their open days, 71,885 rows; the 3,706 from 2015-06-19 on validate. The columns of the
  paper: store, day of week, promotion, year, month, day, state; the logarithm is learned. Five epochs.
- *adult*: income above 50,000 dollars, all columns, 32,561 rows of which a random fifth validates. Three epochs.

The other methods are scikit-learn's on 5,000 of the rows (`bench/peers/sklearn_embeddings.py`), with the vectors of that
seed's network; neighbours count differing columns where values are zeros and ones."""
COLUMNS = ("Store", "DayOfWeek", "Promo", "Year", "Month", "Day", "State")
FROM = "2015-06-19"
FORMS = ("whole numbers", "zeros and ones", "vectors")
OPTIONS = {"rossmann": ["--target", "Sales", "--log", "--cat", ",".join(COLUMNS), "--only-named", "--epochs", "5"],
           "adult": ["--target", "salary", "--epochs", "3"]}


def tabular(name):
    return sets.present(os.path.join(os.path.dirname(sets.images()), "tabular", name))


def make_rossmann(target):
    with open(tabular("rossmann/store_states.csv"), encoding="utf-8") as file:
        states = {row["Store"]: row["State"] for row in csv.DictReader(file)}
    with open(tabular("rossmann/train_100stores.csv"), encoding="utf-8") as file, \
            open(os.path.join(target, "rows.csv"), "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS + ("Sales", "is_valid"))
        for row in csv.DictReader(file):
            if int(row["Sales"]) > 0:
                year, month, day = row["Date"].split("-")
                writer.writerow([row["Store"], row["DayOfWeek"], row["Promo"], year, int(month), int(day),
                                 states[row["Store"]], row["Sales"], int(row["Date"] >= FROM)])


def rows(name):
    if name == "rossmann":
        return os.path.join(sets.made(name, make_rossmann), "rows.csv")
    return tabular("adult/adult.csv")


def train(bench, name, seed, *options):
    """Metrics of a training, and with "vectors" where its vectors were written."""
    def run():
        out = os.path.join(FOLDER, "run-%d" % os.getpid())
        shutil.rmtree(out, ignore_errors=True)
        found = events([program(), "table", "train", rows(name), *OPTIONS[name], *options, "--seed", str(seed), "--threads",
                        str(bench.threads), "--out", out, "--json"])[-1]["metrics"]
        if name == "rossmann" and not options:
            with open(vectors_path(seed), "w", encoding="utf-8") as file:
                subprocess.run([program(), "table", "embeddings", out], stdout=file, check=True)
        shutil.rmtree(out, ignore_errors=True)
        return dict(found)

    return bench.once(key_of("table train", name, seed, OPTIONS[name] + list(options)), run)


def vectors_path(seed):
    return os.path.join(FOLDER, "rossmann-vectors-%d.csv" % seed)


def others(bench, seed):
    """Errors of the other methods with the vectors of a seed."""
    python = os.environ.get("BURNISH_PEERS_PYTHON", os.path.join("build", "peers", "bin", "python"))

    def run():
        if not os.path.exists(python) or not os.path.exists(vectors_path(seed)):
            print("  no scikit-learn at %s, or no vectors: BURNISH_PEERS_PYTHON names a python" % python)
            raise NotMeasured(python)
        done = subprocess.run([python, os.path.join("bench", "peers", "sklearn_embeddings.py"), rows("rossmann"),
                               vectors_path(seed), "Sales", "--seed", str(seed)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print("  %s" % done.stderr.strip()[-300:])
            raise NotMeasured(python)
        return json.loads(done.stdout)

    return bench.once(key_of("sklearn", "rossmann", seed, ["--rows", "5000"]), run)


def of_networks(bench):
    lines = []
    for name, metric, less in (("rossmann", "exp_rmspe", True), ("adult", "accuracy", False)):
        pairs = bench.by_seed(lambda seed, name=name: (train(bench, name, seed), train(bench, name, seed, "--one-hot")))
        if len(pairs) < 2:
            continue
        values = [[run[metric] for run in side] for side in zip(*pairs)]
        difference = Difference(list(zip(*values)))
        lines.append([name, "relative error (RMSPE), %" if less else "accuracy, %", percent(values[0]), percent(values[1]),
                      difference.points(), difference.verdict_of_less if less else difference.verdict])
    return table(["set", "measured", "embeddings", "zeros and ones", "difference", "embeddings are"], lines) if lines else ""


def of_others(bench):
    runs = bench.by_seed(lambda seed: others(bench, seed))
    if len(runs) < 2:
        return ""
    names = sorted({key.rsplit(", ", 1)[0] for key in runs[0] if ", " in key})
    lines = []
    for name in names:
        cells = {form: [100 * run["%s, %s" % (name, form)] for run in runs] for form in FORMS}
        best = Difference(list(zip(cells["vectors"], min((cells[form] for form in FORMS[:2]), key=mean))))
        lines.append([name] + ["%.2f ± %.2f" % (mean(cells[form]), deviation(cells[form])) for form in FORMS] +
                     ["%+.2f ± %.2f" % (best.mean, best.deviation), best.verdict_of_less])
    return ("\nMean absolute relative error of other methods on *rossmann*, %, by what they are given:\n\n" +
            table(["method", *FORMS, "vectors - the better of the others", "vectors are"], lines))


def section(bench):
    networks = of_networks(bench)
    return (networks + of_others(bench)) if networks else None
