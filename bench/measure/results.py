# SPDX-License-Identifier: Apache-2.0
"""From the lines that were measured to a result a row, and build/bench.json.

A line is {"row", "precision", "round", "ours", "configuration", "value", "more", "date"}. A figure over several
rounds is the median of theirs, its spread the smallest and the largest."""
import json
import os
import statistics

from . import machine as machines

NEAR = .9  # a peer's configuration within 10 % of its best is measured again: one round is noisy


def key_of(thing):
    return (thing.get("row") or thing["name"], thing["precision"])


def by_configuration(lines, ours):
    found = {}
    for line in lines:
        if line["ours"] == ours and line["value"] is not None:
            found.setdefault(line["configuration"], []).append(line)
    return found


def figure(lines):
    values = [line["value"] for line in lines]
    numbers = {}
    for name in lines[-1]["more"]:
        told = [line["more"][name] for line in lines if isinstance(line["more"].get(name), (int, float))]
        if told:
            numbers[name] = statistics.median(told)
    return {"median": statistics.median(values), "minimum": min(values), "maximum": max(values), "rounds": len(values),
            "more": numbers}


def best_of(row, figures):
    """The name of the best configuration; None where there is none."""
    best = None
    for name, value in figures.items():
        if best is None or row.better(value["median"], figures[best]["median"]):
            best = name
    return best


def worth_another_round(row, lines):
    """Configurations of the peer that came near its best."""
    figures = {name: figure(found) for name, found in by_configuration(lines, False).items()}
    best = best_of(row, figures)
    if best is None:
        return []
    top = figures[best]["median"]
    return [name for name, value in figures.items()
            if (value["median"] >= NEAR * top if row.ratio == "rate" else value["median"] <= top / NEAR)]


def ratio_of(row, ours, peer):
    return peer / ours if row.ratio == "time" else ours / peer


def reached(row, target, value, ratio):
    """"goal", "at least", "no", or None where there is nothing to reach or nothing was measured."""
    if row.limit is not None:
        return None if value is None else "at least" if value < row.limit else "no"
    if target is None or ratio is None:
        return None

    def holds(bar):
        return bar is not None and (ratio <= bar if row.ratio == "size" else ratio >= bar)
    at_least, goal = target
    return "goal" if holds(goal) else "at least" if holds(at_least) else "no"


def summary(row, precision, lines, seconds):
    """The result of a row: an object of "rows" in bench.json."""
    ours = {name: figure(found) for name, found in by_configuration(lines, True).items()}
    peers = {name: figure(found) for name, found in by_configuration(lines, False).items()}
    mine, peer = best_of(row, ours), best_of(row, peers)
    ratio = ratio_of(row, ours[mine]["median"], peers[peer]["median"]) if mine is not None and peer is not None else None
    target = row.targets.get(precision)
    return {"name": row.name, "precision": precision, "section": row.section, "title": row.title, "unit": row.unit,
            "kind": row.ratio, "ours": ours.get(mine), "peers": peers, "peer": peer, "ratio": ratio,
            "at_least": target[0] if target else None, "goal": target[1] if target else None, "limit": row.limit,
            "reached": reached(row, target, ours[mine]["median"] if mine is not None else None, ratio),
            "errors": sorted({line["more"]["error"] for line in lines if line["value"] is None}),
            "date": lines[-1]["date"] if lines else None, "seconds": round(seconds, 1)}


def read(path):
    """{"machine", "rows", "lines"}; empty where there is no such file, or one of another form."""
    empty = {"machine": None, "rows": [], "lines": []}
    if not os.path.exists(path):
        return empty
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    return found if isinstance(found, dict) and set(empty) <= set(found) else empty


def still_true(results, rows, machine):
    """Without what other versions of a row's programs gave; nothing is left where machine or threads are others."""
    if not results["machine"] or machines.sentence(results["machine"]) != machines.sentence(machine):
        return {"machine": machine, "rows": [], "lines": []}
    before, now = machines.programs(results["machine"]), machines.programs(machine)
    same = {row.name for row in rows if not machines.of_other_versions(row, before, now)}
    return {"machine": machine, "rows": [row for row in results["rows"] if row["name"] in same],
            "lines": [line for line in results["lines"] if line["row"] in same]}


def replace(results, row_summary, lines):
    """A row measured anew takes the place of what was there of it."""
    key = key_of(row_summary)
    return {"machine": results["machine"],
            "rows": [row for row in results["rows"] if key_of(row) != key] + [row_summary],
            "lines": [line for line in results["lines"] if key_of(line) != key] + lines}


def write(path, results):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    new = path + ".new"
    with open(new, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    os.replace(new, path)
