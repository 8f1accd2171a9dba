# SPDX-License-Identifier: Apache-2.0
"""Runs a script, or a notebook's cells, of fast.ai 0.7 as it is.

Usage: python -m burnish.fastai07 [--plots FOLDER] SCRIPT.py|NOTEBOOK.ipynb [ARGUMENT...]

What a notebook would show is printed: the value of each bare top-level expression (of a notebook: the last one
of each cell). Plots are saved in FOLDER (default: plots) as SCRIPT-1.png, SCRIPT-2.png ...; without matplotlib as
SVG.
"""
import ast
import json
import os
import sys
import types

from . import figures, install


def cells_of(path):
    """[(source, does every expression show?)]."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not path.endswith(".ipynb"):
        return [(text, True)]
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    return [("\n".join("" if line.startswith(("%", "!")) else line for line in source.split("\n")), False) for source in sources]


def run_cell(source, path, every, names, after):
    """Statement by statement; `after` is called after each."""
    body = ast.parse(source, path).body
    for place, node in enumerate(body):
        if isinstance(node, ast.Expr) and (every or place == len(body) - 1):
            code = compile(ast.Interactive([node]), path, "single")
        else:
            code = compile(ast.Module([node], []), path, "exec")
        exec(code, names)
        after()


def run(path, arguments=(), plots="plots"):
    """Runs it; returns the names it left."""
    install()
    if "matplotlib" not in sys.modules:
        os.environ.setdefault("MPLBACKEND", "Agg")
    module = types.ModuleType("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    sys.argv = [path, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    stem = os.path.splitext(os.path.basename(path))[0]
    number = 1

    def after():
        nonlocal number
        number, saved = figures.save(plots, stem, number)
        for one in saved:
            print(f"plot: {one}")

    for source, every in cells_of(path):
        run_cell(source, path, every, vars(module), after)
    return vars(module)


def main():
    arguments, plots = sys.argv[1:], "plots"
    if arguments[:1] == ["--plots"] and len(arguments) > 1:
        plots, arguments = arguments[1], arguments[2:]
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip())
        return 0 if arguments[:1] in (["--help"], ["-h"]) else 2
    run(arguments[0], arguments[1:], plots)
    return 0


if __name__ == "__main__":
    sys.exit(main())
