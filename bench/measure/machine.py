# SPDX-License-Identifier: Apache-2.0
"""The machine, and what is on it, in words."""
import json
import os
import platform
import re
import subprocess

PEERS = ("torch", "torchvision", "fastai", "openvino", "onnxruntime", "timm", "pandas", "pillow", "scikit-learn", "numpy")
VERSIONS = """
import importlib.metadata, json, platform, sys
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def lscpu():
    try:
        text = subprocess.run(["lscpu"], capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"), check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    return dict(re.findall(r"(?m)^\s*([^:\n]+):\s+(.*)$", text))


def gibibytes():
    with open("/proc/meminfo", encoding="ascii") as file:
        return round(int(re.search(r"MemTotal:\s+(\d+) kB", file.read()).group(1)) / 2 ** 20)


def versions(python):
    done = subprocess.run([python, "-c", VERSIONS, *PEERS], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def describe(python, burnish, threads):
    """{"processor", "cores", "memory_gib", "kernel", "threads", "burnish": {...}, "peers": {name: version}}"""
    cpu = lscpu()
    flags = cpu.get("Flags", "").split()
    info = subprocess.run([burnish, "info", "--json"], capture_output=True, text=True, check=False)
    ours = json.loads(info.stdout) if info.returncode == 0 else {}
    return {
        "processor": "%s (family %s, model %s)" % (cpu.get("Model name", "?"), cpu.get("CPU family", "?"), cpu.get("Model", "?")),
        "cores": len(os.sched_getaffinity(0)),
        "cache": cpu.get("L3 cache", cpu.get("L3", "?")).split(" (")[0],
        "extensions": [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags],
        "memory_gib": gibibytes(),
        "kernel": platform.release(),
        "threads": threads,
        "burnish": {key: ours.get(key) for key in ("version", "onednn", "instruction_set")},
        "peers": versions(python),
    }


def sentence(machine):
    """What figures of two runs must have in common to stand in one table."""
    return "%s, %d cores, %s L3, %d GiB, %s; %d threads" % (
        machine["processor"], machine["cores"], machine["cache"], machine["memory_gib"], " ".join(machine["extensions"]),
        machine["threads"])


def programs(machine):
    return "Burnish %s on oneDNN %s; peers: %s" % (
        machine["burnish"]["version"], machine["burnish"]["onednn"],
        ", ".join("%s %s" % pair for pair in sorted(machine["peers"].items())))


def told(sentence):
    """{name: version} of what programs() says."""
    words = re.match(r"Burnish (\S+) on oneDNN (\S+); peers: (.*)$", sentence or "")
    if not words:
        return {}
    return {"Burnish": words.group(1), "oneDNN": words.group(2), **dict(re.findall(r"([^\s,]+) ([^\s,]+)", words.group(3)))}


def of_other_versions(row, before, now):
    """Whether two sentences of programs() differ in a program that figures of this row are of."""
    names = ("Burnish", "oneDNN") + (("python",) + row.packages if row.peers else ())
    before, now = told(before), told(now)
    return not before or any(before.get(name) != now.get(name) for name in names)
