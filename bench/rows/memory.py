# SPDX-License-Identifier: Apache-2.0
import os

from measure import models
from measure.row import Figure, Row

TITLE = "Peak memory"
ABOUT = """The most that the process had in memory (its resident set, program and libraries included) while it trained
ResNeXt-50 32x4d for two steps on 16 pictures, after those of warming up, against PyTorch `eager`."""
MODEL = "resnext50_32x4d"
MIB = 2 ** 20


def ours(run):
    done = run.ours("bench", "train", MODEL, "--batch-size", 16, "--size", models.size(run), "--threads", run.threads,
                    "--rounds", 2, "--json", *run.precise())
    return [Figure("", done.peak / MIB)]


def peers(run, only):
    script = os.path.join("bench", "peers", "torch_train.py")
    done = run.start(run.python, script, "train", MODEL, "--batch-size", 16, "--size", models.size(run), "--threads",
                     run.threads, "--steps", 2, "--precision", run.precision, "--configurations", "eager")
    errors = [event["error"] for event in done.events() if "error" in event]
    return [Figure("torch eager", None if errors else done.peak / MIB, {"error": errors[0]} if errors else {})]


ROWS = [Row("memory/train-" + MODEL, "ResNeXt-50 32x4d, training step, peak memory", "MiB", ours=ours, peers=peers,
            ratio="size", targets={"fp32": (.8, .5), "bf16": (.8, .5)}, precisions=("fp32", "bf16"))]
