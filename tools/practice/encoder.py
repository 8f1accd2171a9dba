# SPDX-License-Identifier: Apache-2.0
"""A pretrained recurrent encoder against the same network from nothing, on reviews."""
import csv
import gzip
import os
import shutil

from . import sets
from .bench import FOLDER, events, key_of, program
from .verdict import Difference, percent, sentence, table

NAME = "encoder"
TITLE = "A pretrained encoder"
ABOUT = """A classifier of texts on the encoder of a language model (Howard and Ruder 2018), against the same network from random
weights, on `imdb_sample`: 1,000 reviews of films, 800 of which train.

- *language model*: 10,000 reviews of IMDb without their labels, none of those that the slice of IMDb tests (44 of the 200
  that validate here are among them, without their labels): two layers of 500 units, vectors of 300, 12,000 words, six
  epochs, learned once (about 55 minutes of processor time).
- *on the encoder*: all layers from the first batch, at .004 and 1.3 times less a layer, four epochs. Rates and dropout were
  chosen on 500 training reviews of the slice, not here.
- *from nothing*: all layers at .005, in as many epochs, and in ten."""
NETWORK = ["--embedding", "300", "--hidden", "500", "--layers", "2"]
MODEL = [*NETWORK, "--epochs", "6", "--max-vocab", "12000", "--dropout", ".3", "--learning-rate", ".008", "--seed", "42"]
ENCODER = ["--encoder", "LM", "--freeze-epochs", "0", "--learning-rate", ".08", "--rate-factor", "1.3", "--dropout", "1",
           "--batch-size", "32", "--epochs", "4"]
NOTHING = [*NETWORK, "--batch-size", "32"]


def texts(name):
    return sets.present(os.path.join(os.path.dirname(sets.images()), "text", name))


def make_reviews(target):
    """One column of texts: the labelled training reviews and those without labels."""
    with open(os.path.join(target, "reviews.csv"), "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["text"])
        for name in ("imdb/train.csv.gz", "imdb/unsup.csv.gz"):
            with gzip.open(texts(name), "rt", encoding="utf-8", newline="") as file:
                writer.writerows([row["text"]] for row in csv.DictReader(file))


def language_model(bench):
    """The run folder of the language model, learned unless it is there; one that was stopped goes on."""
    out = os.path.join(FOLDER, "sets", "imdb-lm")

    def run():
        reviews = os.path.join(sets.made("imdb-reviews", make_reviews), "reviews.csv")
        begun = os.path.isfile(os.path.join(out, "config.json"))
        if not begun:
            shutil.rmtree(out, ignore_errors=True)
        rest = ["--resume", out] if begun else [reviews, *MODEL, "--threads", str(bench.threads), "--out", out]
        return dict(events([program(), "lm", "train", *rest, "--json"])[-1]["metrics"])

    found = bench.once(key_of("lm train", "imdb", 42, MODEL[:-2]), run)
    return out, found


def train(bench, seed, *options):
    def run():
        out = os.path.join(FOLDER, "run-%d" % os.getpid())
        shutil.rmtree(out, ignore_errors=True)
        words = [language_model(bench)[0] if option == "LM" else option for option in options]
        found = events([program(), "text", "train", texts("imdb_sample/texts.csv"), *words, "--seed", str(seed), "--threads",
                        str(bench.threads), "--out", out, "--json"])[-1]["metrics"]
        shutil.rmtree(out, ignore_errors=True)
        return dict(found)

    return bench.once(key_of("text train", "imdb_sample", seed, options), run)


def section(bench):
    lines, named = [], []
    for epochs in ("4", "10"):
        pairs = bench.by_seed(lambda seed, epochs=epochs: (train(bench, seed, *ENCODER),
                                                           train(bench, seed, *NOTHING, "--epochs", epochs)))
        if len(pairs) < 2:
            continue
        values = [[run["accuracy"] for run in side] for side in zip(*pairs)]
        difference = Difference(list(zip(*values)))
        title = "imdb_sample, %s epochs from nothing" % epochs
        lines.append([title, percent(values[0]), percent(values[1]), difference.points(), difference.verdict])
        named.append((title, difference))
    if not lines:
        return None
    return (table(["set", "on the encoder", "from nothing", "difference", "the encoder is"], lines) + "\n" +
            "\n".join(sentence("The encoder", [one]) for one in named) + "\n")
