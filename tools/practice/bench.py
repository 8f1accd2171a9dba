# SPDX-License-Identifier: Apache-2.0
"""Runs of build/burnish for the practices: each is made once and kept as a JSON line.

    bench = Bench("augmentation", seeds=[1, 2])
    run = bench.train("ants_bees", 1, "--augment", "none")
    run["accuracy"], run["loss"], run["plain_accuracy"], run["plain_loss"]

A line lies in build/practices/NAME.jsonl, NAME being the practice that first asked for it. It is found again by
its key: set, seed and options, so practices share runs and a measuring that was stopped goes on.
"""
import json
import os
import resource
import shutil
import subprocess
import time

from . import sets

FOLDER = os.path.join("build", "practices")


class NotMeasured(Exception):
    """A run that is not there while none may be made."""


class Failed(Exception):
    """A run that ended with another exit code than 0."""


def read_lines():
    """All runs by key."""
    runs = {}
    for name in sorted(os.listdir(FOLDER)) if os.path.isdir(FOLDER) else []:
        if name.endswith(".jsonl"):
            with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
                for line in file:
                    try:
                        run = json.loads(line)
                    except ValueError:  # cut off: the run is made again
                        continue
                    runs[run["key"]] = run
    return runs


def add_line(path, run):
    with open(path, "a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(json.dumps(run).encode() + b"\n")


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def events(command):
    """What `command` printed, an object a line; Failed when it ends with another code than 0."""
    environment = dict(os.environ, OMP_NUM_THREADS=os.environ.get("OMP_NUM_THREADS", "1"))
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise Failed("%s: exit code %d: %s" % (" ".join(command), done.returncode, done.stderr.strip()[-300:]))
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def program():
    return os.environ.get("BURNISH", os.path.join("build", "burnish"))


class Bench:
    """`frozen`: only runs that are there already; others raise NotMeasured."""

    def __init__(self, practice, seeds, frozen=False, threads=1):
        self.practice, self.seeds, self.frozen, self.threads = practice, seeds, frozen, threads
        self.runs = read_lines()

    # ------------------------------------------------------------------ one run

    def once(self, key, make):
        """The run of that key, made by make() -> dict unless it is there."""
        if key not in self.runs:
            if self.frozen:
                raise NotMeasured(key)
            print("  %s" % key, flush=True)
            wall, cpu = time.time(), cpu_seconds()
            run = make()
            run.update(key=key, practice=self.practice, seconds=round(time.time() - wall, 2),
                       cpu_seconds=round(cpu_seconds() - cpu, 2))
            os.makedirs(FOLDER, exist_ok=True)
            add_line(os.path.join(FOLDER, self.practice + ".jsonl"), run)
            self.runs[key] = run
        return self.runs[key]

    def train(self, name, seed, *options):
        """burnish image train on a set (sets.py): accuracy and loss as the command ends, and before test-time
        augmentation, and those of every epoch."""
        return self.once(key_of("train", name, seed, options),
                         lambda: self.train_now(name, seed, [str(option) for option in options]))

    def train_now(self, name, seed, options):
        out = os.path.join(FOLDER, "run-%d" % os.getpid())
        shutil.rmtree(out, ignore_errors=True)
        found = events([program(), "image", "train", sets.folder(name), *options, "--seed", str(seed), "--threads",
                        str(self.threads), "--out", out, "--json"])
        shutil.rmtree(out, ignore_errors=True)
        return result_of(found)

    def find_rate(self, name, seed, *options):
        """burnish image lr-find on a set: its suggestions by name."""
        options = [str(option) for option in options]
        command = [program(), "image", "lr-find", sets.folder(name), *options, "--seed", str(seed), "--threads",
                   str(self.threads), "--json"]
        return self.once(key_of("lr-find", name, seed, options),
                         lambda: dict(events(command)[-1]["metrics"]))

    # ------------------------------------------------------------------ many

    def by_seed(self, measure):
        """measure(seed) for every seed, those left out for which a run is missing."""
        rows = []
        for seed in self.seeds:
            try:
                rows.append(measure(seed))
            except NotMeasured:
                continue
        return rows


def key_of(command, name, seed, options):
    return " ".join([command, name, *[str(option) for option in options], "--seed", str(seed)])


def result_of(found):
    epochs = [event for event in found if event["event"] == "epoch"]
    done = found[-1]["metrics"]
    last = epochs[-1]
    return {"accuracy": done["accuracy"], "loss": done["valid_loss"],
            "plain_accuracy": last["metrics"]["accuracy"], "plain_loss": last["valid_loss"],
            "ensemble_accuracy": done.get("ensemble_accuracy"),
            "epochs": [[e["train_loss"], e["valid_loss"], e["metrics"]["accuracy"]] for e in epochs]}
