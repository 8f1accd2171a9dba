# SPDX-License-Identifier: Apache-2.0
"""Training on small pictures first against training at one size."""
from . import fine_tuning
from .verdict import mean

NAME = "progressive"
TITLE = "Progressive resizing"
ABOUT = """`--sizes 64,80,96`, the five epochs with all layers dealt out to them, against 96 pixels all the time."""


def growing(bench, name, seed):
    return bench.train(name, seed, "--sizes", "64,80,96")


def section(bench):
    found = fine_tuning.measure(bench, growing, fine_tuning.baseline)
    text = fine_tuning.compare("Progressive resizing", found, ["growing", "one size"])
    if text:
        pairs = [pair for _, runs in found for pair in runs]
        text += "Processor time of a run: %.1f s against %.1f s.\n" % (
            mean([a["cpu_seconds"] for a, _ in pairs]), mean([b["cpu_seconds"] for _, b in pairs]))
    return text
