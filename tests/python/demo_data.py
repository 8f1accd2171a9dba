# SPDX-License-Identifier: Apache-2.0
"""The real data of examples/, as tools/demo_data has written them into build/demo; what is absent is skipped by name."""
import glob
import os
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
FOLDER = os.path.join(ROOT, "build", "demo")
WEIGHTS = os.path.join(ROOT, "build", "lite0", "**", "efficientnet-lite0-*.pth")

FILES = {"pictures": ["fashion"], "table": ["houses.csv", "others.csv"], "ratings": ["movielens.csv"], "texts": ["films.csv", "films-valid.csv"]}


def absent(part):
    """What of a part of tools/demo_data is not there: a list of names."""
    missing = [name for name in FILES[part] if not os.path.exists(os.path.join(FOLDER, name))]
    if part == "pictures" and not glob.glob(WEIGHTS, recursive=True):
        missing.append("weights of efficientnet_lite0")
    return missing


def environment(program, cache):
    """Of a process that finds the pretrained weights in the folder `cache`, and fetches nothing. Its threads do not spin
    while they wait: tests share their processors."""
    where = dict(os.environ, BURNISH_CACHE=cache, OMP_WAIT_POLICY="passive")
    for path in glob.glob(WEIGHTS, recursive=True):
        subprocess.run([program, "models", "import", "efficientnet_lite0", path], env=where, stdout=subprocess.DEVNULL, check=True)
    return where
