# SPDX-License-Identifier: Apache-2.0
"""Starts programs for rows: ours, and the peers' scripts in their python."""
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time

from .row import Failed, Figure

PEERS = os.path.join("bench", "peers")


@dataclasses.dataclass(frozen=True)
class Done:
    text: str       # what it printed
    seconds: float  # of the clock, start and end of the process included
    peak: int       # bytes that it had in memory at most

    def events(self):
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]


@dataclasses.dataclass(frozen=True)
class Run:
    """How rows are measured."""
    precision: str = "fp32"
    threads: int = 2
    steps: int = 5       # of a round, the median counts
    quick: bool = False  # small sizes: to see that a row runs
    python: str = "python3"
    burnish: str = os.path.join("build", "burnish")
    build: str = os.path.join("build", "meson")  # where bench-NAME are
    folder: str = os.path.join("build", "bench")  # for files that rows make
    data: str = ""

    def start(self, *command, **environment):
        """Runs a command to its end: Done, or Failed with its last words."""
        words = [str(word) for word in command]
        threads = str(self.threads)
        known = dict(os.environ, OMP_NUM_THREADS=threads, BURNISH=self.burnish, **environment)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.perf_counter()
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=known)
            try:
                _, status, used = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                process.wait()
                raise
            seconds = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            text, told = out.read().decode("utf-8", "replace"), err.read().decode("utf-8", "replace")
        if process.returncode != 0:
            last = (told.strip() or text.strip()).splitlines()[-1:]
            raise Failed("%s: exit code %d: %s" % (" ".join(words), process.returncode, " ".join(last)[-300:]))
        return Done(text, seconds, used.ru_maxrss * 1024)

    def ours(self, *words):
        return self.start(self.burnish, *words)

    def peer(self, script, *words):
        """A file of bench/peers in the peers' python; its events of the kind "bench"."""
        done = self.start(self.python, os.path.join(PEERS, script), *words, PYTHONDONTWRITEBYTECODE="1")
        return [event for event in done.events() if event.get("event") == "bench"]

    def precise(self):
        """What our commands are told beside; nothing for float32."""
        return [] if self.precision == "fp32" else ["--precision", self.precision]

    def place(self, *names):
        """A path in the folder for files that rows make."""
        path = os.path.join(self.folder, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def of_data(self, *names):
        return os.path.join(self.data, *names)


def figures(events, value, prefix=""):
    """A Figure of each event; value(event) is not asked where the event tells an error."""
    found = []
    for event in events:
        name = (prefix + event.get("configuration", "")).strip()
        more = {key: event[key] for key in ("error", "accuracy", "mse", "version") if key in event}
        found.append(Figure(name, None if "error" in event else value(event), more))
    return found


def say(text):
    print(text, file=sys.stderr, flush=True)
