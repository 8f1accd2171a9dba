# SPDX-License-Identifier: Apache-2.0
"""Makes the table and bench.json from the lines of bench/run.

Usage: report.py best LINES TASK MODEL       configurations worth another round, comma-separated
       report.py table LINES OUT.json
A line is JSON with "round" and either "peer" or "ours": true; a figure over several rounds is the
median of the rounds' medians, its range the rounds' smallest and largest median.
"""
import json
import statistics
import sys

NEAR = .9  # a configuration within 10 % of the best is measured again: one round is noisy


def read(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines if line.startswith("{")]


def value_of(line):
    """Higher is better: a rate, or for a whole fine-tuning the runs an hour."""
    if line["mode"] == "finetune":
        return 3600 / line["seconds"] if line.get("stage", "total") == "total" and "seconds" in line else None
    return line.get("images_per_second")


def gather(lines, mode, model, ours):
    """{configuration: medians of the rounds}"""
    out = {}
    for line in lines:
        if (line["mode"], line["model"], bool(line.get("ours"))) == (mode, model, ours):
            value = value_of(line)
            if value:
                out.setdefault(line.get("configuration", ""), []).append(value)
    return out


def best(path, mode, model):
    figures = {name: statistics.median(values)
               for name, values in gather(read(path), mode, model, False).items()}
    top = max(figures.values(), default=0)
    return ",".join(name for name, value in figures.items() if value >= NEAR * top)


def figure(values):
    return {"median": statistics.median(values), "minimum": min(values), "maximum": max(values),
            "rounds": len(values)}


def table(path):
    lines, rows = read(path), []
    for mode, model in dict.fromkeys((line["mode"], line["model"]) for line in lines):
        peers = {name: figure(values)
                 for name, values in gather(lines, mode, model, False).items()}
        ours = {name: figure(values) for name, values in gather(lines, mode, model, True).items()}
        row = {"model": model, "mode": mode, "unit": "runs/h" if mode == "finetune" else "img/s",
               "ours": max(ours.values(), key=lambda f: f["median"], default=None), "peers": peers,
               "peer": max(peers, key=lambda name: peers[name]["median"], default=None), "ratio": None}
        if row["ours"] and row["peer"]:
            row["ratio"] = row["ours"]["median"] / peers[row["peer"]]["median"]
        rows.append(row)
    return {"rows": rows, "lines": lines}


def show(value):
    return f"{value['median']:.2f} ({value['minimum']:.2f}-{value['maximum']:.2f})" if value else "-"


def main():
    if sys.argv[1] == "best":
        print(best(*sys.argv[2:]))
        return
    result = table(sys.argv[2])
    with open(sys.argv[3], "w") as out:
        json.dump(result, out, indent=1)
    print(f"{'model':20} {'mode':9} {'unit':7} {'ours':22} {'peer':22} {'configuration':21} ratio")
    for row in result["rows"]:
        peer = row["peers"].get(row["peer"])
        ratio = f"{row['ratio']:.2f}" if row["ratio"] else "-"
        name = ("fastai " if row["mode"] == "finetune" else "torch ") + row["peer"] if peer else "-"
        print(f"{row['model']:20} {row['mode']:9} {row['unit']:7} {show(row['ours']):22} "
              f"{show(peer):22} {name:21} {ratio}")


if __name__ == "__main__":
    main()
