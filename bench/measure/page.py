# SPDX-License-Identifier: Apache-2.0
"""Results as a table on the terminal, and the generated part of docs/benchmarks.md.

That part lies between two marks; what stands around it is written by hand and stays. A row that was not measured
keeps the line that the page has of it, as long as machine, threads and versions of its programs are the same."""
import os
import re

from . import machine as machines

BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"
SECTIONS = {
    "peers": ("Beside its peers", """\
A figure is the median of the rounds, behind it the smallest and the largest. The peer is the best of its
configurations in this run. The ratio is Burnish's rate by the peer's, so that more is better; of peak memory it is
Burnish's by the peer's, and less is better. "at least" and "goal" are what the project asks of itself."""),
    "growth": ("Cost grows linearly", """\
The same work in pieces of another size, or on more of it: rates that stay, or rise until the machine is full, are
costs that grow linearly. Peers where they are done in minutes."""),
    "roofline": ("Roofline", """\
Each model's step beside what this machine can do, as `burnish bench profile` measures it (below): the floating-point
rate, its share of that of a matrix product, and the least time that the machine's peaks allow for all steps by the time
they took."""),
}
COLUMNS = {
    "peers": ["row", "work", "Burnish", "peer", "which", "ratio", "at least, goal", "reached", "day"],
    "growth": ["row", "work", "Burnish", "peer", "which", "ratio", "day"],
    "roofline": ["row", "work", "ms a step", "GFLOP", "GFLOP/s", "of the peak", "roof", "day"],
}
NOTHING = "–"


# ---------------------------------------------------------------- figures in words

def number(value):
    """Three digits that count; whole above a hundred."""
    if value is None:
        return NOTHING
    if abs(value) >= 100:
        return "{:,.0f}".format(value)
    text = "%.3g" % value
    return text if "e" not in text else "%.4f" % value


def spread(figure):
    if not figure:
        return NOTHING
    if figure["rounds"] == 1:
        return number(figure["median"])
    return "%s (%s–%s)" % (number(figure["median"]), number(figure["minimum"]), number(figure["maximum"]))


def asked(result):
    if result["limit"] is not None:
        return "below %g %s" % (result["limit"], result["unit"])
    if result["at_least"] is None:
        return NOTHING
    return "%gx" % result["at_least"] + (", %gx" % result["goal"] if result["goal"] is not None else "")


def key_cell(name, precision):
    return "`%s`%s" % (name, "" if precision == "fp32" else " " + precision)


def cells_of(result):
    first = [key_cell(result["name"], result["precision"]), result["title"]]
    ours, peer = result["ours"], result["peers"].get(result["peer"])
    if result["section"] == "roofline":
        more = ours["more"] if ours else {}
        share = more.get("gflops_per_second", 0) / more["peak"] if more.get("peak") else None
        return first + [number(more.get("milliseconds")), number(more.get("gflop")), number(more.get("gflops_per_second")),
                        "%.0f %%" % (100 * share) if share else NOTHING,
                        "%.0f %%" % ours["median"] if ours else NOTHING, result["date"]]
    measured = "%s %s" % (spread(ours), result["unit"]) if ours else "failed"
    cells = first + [measured, spread(peer), result["peer"] or NOTHING,
                     "%.2f" % result["ratio"] if result["ratio"] is not None else NOTHING]
    return cells + ([asked(result), result["reached"] or NOTHING] if result["section"] == "peers" else []) + [result["date"]]


def absent(row, precision):
    """The cells of a row that was never measured."""
    cells = [key_cell(row.name, precision), row.title] + [NOTHING] * (len(COLUMNS[row.section]) - 2)
    if row.section == "peers":
        target = row.targets.get(precision, (None, None))
        cells[6] = asked({"limit": row.limit, "unit": row.unit, "at_least": target[0], "goal": target[1]})
    return cells


# ---------------------------------------------------------------- the terminal

def terminal(results):
    """The rows of one call as a table of plain columns."""
    found = ""
    for section in SECTIONS:
        rows = [cells_of(result) for result in results if result["section"] == section]
        if rows:
            table = [COLUMNS[section]] + [[cell.replace("`", "") for cell in row] for row in rows]
            widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
            found += "\n" + "".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n"
                                    for row in table)
    return found


# ---------------------------------------------------------------- the page

def line_of(cells):
    return "| %s |" % " | ".join(cells)


def parse(text):
    """What a page has: {"machine": sentence or None, "programs": ..., "lines": {first cell: line}}."""
    found = {"machine": None, "programs": None, "lines": {}}
    part = between(text)
    for name in ("machine", "programs"):
        told = re.search(r"(?m)^%s: (.*)$" % name.capitalize(), part)
        if told:
            found[name] = told.group(1)
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and any(cell != NOTHING for cell in cells[2:-1] if not cell.endswith("x") and
                                          not cell.startswith("below ")):
            found["lines"][cells[0]] = line
    return found


def between(text):
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(END) < text.index(BEGIN):
        raise ValueError("the page needs the two marks %s and %s" % (BEGIN, END))
    return text[text.index(BEGIN) + len(BEGIN):text.index(END)]


def section_text(section, modules, results, kept):
    title, about = SECTIONS[section]
    lines = [line_of(COLUMNS[section]), line_of(["---"] * len(COLUMNS[section]))]
    for row in (row for module in modules for row in module.ROWS if row.section == section):
        for precision in row.precisions:
            result, key = results.get((row.name, precision)), key_cell(row.name, precision)
            if result:
                lines.append(line_of(cells_of(result)))
            elif key in kept:
                lines.append(kept[key])
            elif precision == "fp32":
                lines.append(line_of(absent(row, precision)))
    return "### %s\n\n%s\n\n%s\n" % (title, about, "\n".join(lines))


def rows_text(modules):
    """What each row is, from its module."""
    parts = ["### What is done in each row\n"]
    for module in modules:
        names = ", ".join("`%s`" % row.name for row in module.ROWS)
        parts.append("**%s**: %s.\n%s\n" % (module.TITLE, names, module.ABOUT.strip()))
    return "\n".join(parts)


def compose(text, modules, results):
    """The page with its generated part made anew."""
    old = parse(text)
    machine, programs, kept = old["machine"], old["programs"], old["lines"]
    if results["machine"]:
        machine, programs = machines.sentence(results["machine"]), machines.programs(results["machine"])
        if old["machine"] != machine:
            kept = {}
        for row in (row for module in modules for row in module.ROWS):
            if machines.of_other_versions(row, old["programs"], programs):
                kept = {key: line for key, line in kept.items() if key.split(" ")[0] != key_cell(row.name, "fp32")}
    by_key = {(row["name"], row["precision"]): row for row in results["rows"]}
    told = "Machine: %s\n\nPrograms: %s\n" % (machine, programs) if machine else "Not measured yet.\n"
    parts = [told] + [section_text(section, modules, by_key, kept) for section in SECTIONS] + [rows_text(modules)]
    return text[:text.index(BEGIN)] + BEGIN + "\n\n" + "\n".join(parts) + "\n" + text[text.index(END):]


def write(path, modules, results):
    with open(path, encoding="utf-8") as file:
        text = compose(file.read(), modules, results)
    new = path + ".new"
    with open(new, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(new, path)
