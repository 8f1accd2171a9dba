# SPDX-License-Identifier: Apache-2.0
import os
from functools import partial

from measure import models, texts
from measure.programs import PEERS
from measure.row import Figure, Row

TITLE = "Peak memory"
ABOUT = """The most that a process had in memory (its resident set, program and libraries included) during four steps: of
training ResNeXt-50 32x4d and of answers of ResNet-50, 16 pictures each, against PyTorch `eager`; of training the language
model against fastai 2. In the second row our step keeps less and computes it again (`--activation-checkpointing`): the same
bits for about a quarter more time; PyTorch does so only where a network's code is changed for it."""
MIB = 2 ** 20
STEPS = 2  # after two of warming up


def peak(name, done):
    errors = [event["error"] for event in done.events() if "error" in event]
    return [Figure(name, None if errors else done.peak / MIB, {"error": errors[0]} if errors else {})]


def pictures(run, mode, model, more=()):
    return peak("", run.ours("bench", mode, model, "--batch-size", 16, "--size", models.size(run), "--threads", run.threads,
                             "--rounds", STEPS, "--json", *run.precise(), *more))


def torch_pictures(run, only, mode, model):
    script = os.path.join(PEERS, "torch_train.py")
    return peak("torch eager", run.start(run.python, script, mode, model, "--batch-size", 16, "--size", models.size(run),
                                         "--threads", run.threads, "--steps", STEPS, "--precision", run.precision,
                                         "--configurations", "eager"))


def words(run):
    return peak("", texts.our_steps(run, 72, 64, STEPS))


def fastai_words(run, only):
    return peak("fastai", run.start(run.python, os.path.join(PEERS, "fastai_language_model.py"),
                                    *texts.fastai_words(run, 72, 64, STEPS)))


def row(name, title, ours, peers, targets, packages):
    return Row("memory/" + name, title + ", peak memory", "MiB", ours=ours, peers=peers, ratio="size", targets=targets,
               precisions=("fp32", "bf16"), packages=packages)


def of_pictures(mode, model, title, targets, name="", more=()):
    return row("%s-%s%s" % (mode, model, name), "%s, %s" % (models.TITLES[model], title),
               partial(pictures, mode=mode, model=model, more=more), partial(torch_pictures, mode=mode, model=model), targets,
               models.PACKAGES)


ROWS = [of_pictures("train", "resnext50_32x4d", "training step", {"fp32": (.8, .5), "bf16": (.8, .5)}),
        of_pictures("train", "resnext50_32x4d", "training step with activation checkpointing", {}, "-checkpointing",
                    ("--activation-checkpointing",)),
        of_pictures("infer", "resnet50", "inference", {}),
        row("train-awd-lstm", "AWD-LSTM 400/1152/3, training step", words, fastai_words, {}, texts.PACKAGES)]
