# SPDX-License-Identifier: Apache-2.0
import os
import statistics

from measure.row import Figure, Row

TITLE = "Start"
ABOUT = """How long a process lives that only starts: `burnish info`; `import burnish` in the system's Python; `import
fastai.vision.all`. Files lie in the page cache; ours is the median of four tries for each step of a
round (of 20), fastai's, which takes seconds, of two tries (with `--quick` of one), after one that is not counted."""
PACKAGES = ("fastai", "torch", "torchvision", "pandas", "numpy")
TRIES = 4  # of ours for a step; ABOUT says so


def median(times, start):
    start()
    return statistics.median(start().seconds for _ in range(times))


def ours_info(run):
    return [Figure("", median(TRIES * run.steps, lambda: run.ours("info")))]


def package(run):
    """A folder with the package as a wheel would lay it out, of links."""
    folder = run.place("package", "burnish")
    os.makedirs(folder, exist_ok=True)
    source = os.path.join("python", "burnish")
    files = {name: os.path.join(source, name) for name in os.listdir(source) if name != "__pycache__"}
    files["_burnish.abi3.so"] = os.path.join(run.build, "_burnish.abi3.so")
    for name, path in files.items():
        link = os.path.join(folder, name)
        if not os.path.lexists(link):
            os.symlink(os.path.abspath(path), link)
    return os.path.dirname(folder)


def ours_import(run):
    where = package(run)
    return [Figure("", median(TRIES * run.steps, lambda: run.start("/usr/bin/python3", "-c", "import burnish", PYTHONPATH=where)))]


def peers(run, only):
    return [Figure("fastai", median(1 if run.quick else 2, lambda: run.start(run.python, "-c", "import fastai.vision.all")))]


ROWS = [Row("start/info", "`burnish info` against `import fastai.vision.all`", "s", ours=ours_info, peers=peers, ratio="time",
            targets={"fp32": (100, None)}, packages=PACKAGES),
        Row("start/import", "`import burnish` against `import fastai.vision.all`", "s", ours=ours_import, peers=peers, ratio="time",
            limit=.2, packages=PACKAGES)]
