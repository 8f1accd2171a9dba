# SPDX-License-Identifier: Apache-2.0
"""AWD-LSTM language models on random words: ours and fastai's tokens a second."""
import json
import os
import random
import statistics

from .programs import figures
from .row import Figure

PACKAGES = ("fastai", "torch", "pandas", "numpy")  # that the peer is of
# 400 / 1152 / 3 layers, 10,000 words, tied: products of the three LSTMs and of the decoder a token, forward; backward
# are twice as many.
WORDS = 10000
PRODUCTS = 4 * (1152 * (400 + 1152) + 1152 * (1152 + 1152) + 400 * (1152 + 400)) + 400 * WORDS
FLOPS = 2 * 3 * PRODUCTS


def written(run, length, batch_size, steps):
    """A text of random words that is long enough, and has as many as a vocabulary of WORDS has room for."""
    path = run.place("words-%d.txt" % (length * batch_size * steps))
    if not os.path.exists(path):
        draw = random.Random(1)
        words = ["w%d" % i for i in range(WORDS - 16)]
        text = words + draw.choices(words, k=max(0, length * batch_size * steps - len(words)))
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(" ".join(text))
        os.replace(path + ".new", path)
    return path


def sizes(run, length, batch_size):
    return (min(length, 8), 8) if run.quick else (length, batch_size)


def our_steps(run, length, batch_size, steps):
    """bench-lm_step as it ended."""
    length, batch_size = sizes(run, length, batch_size)
    # A tenth validates; two steps warm up, and the last one is short.
    text = written(run, length, batch_size, int((steps + 4) / .9) + 2)
    precision = [] if run.precision == "fp32" else ["precision=" + run.precision]
    return run.start(os.path.join(run.build, "bench-lm_step"), text, steps, "length=%d" % length, "batch_size=%d" % batch_size,
                     "threads=%d" % run.threads, *precision)


def fastai_words(run, length, batch_size, steps):
    """What fastai_language_model.py is told."""
    length, batch_size = sizes(run, length, batch_size)
    return ["--length", length, "--batch-size", batch_size, "--steps", steps, "--threads", run.threads, "--precision",
            run.precision]


def ours(run, length=72, batch_size=64):
    told = json.loads(our_steps(run, length, batch_size, run.steps).text)
    return [Figure("", told["tokens"] / statistics.median(told["seconds"]), {"vocabulary": told["vocabulary"]})]


def fastai(run, only, length=72, batch_size=64):
    return figures(run.peer("fastai_language_model.py", *fastai_words(run, length, batch_size, run.steps)),
                   lambda event: event["tokens_per_second"])
