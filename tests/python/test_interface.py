# SPDX-License-Identifier: Apache-2.0
"""Stubs say what the module has, and the examples of the docstrings run."""
import ast
import doctest
import importlib
import os
import pkgutil
import unittest

import burnish
from burnish import _burnish


def modules():
    for found in pkgutil.iter_modules(burnish.__path__):
        if not found.ispkg and found.name != "_burnish" and not found.name.startswith("fastai07"):
            yield importlib.import_module(f"burnish.{found.name}")


def load_tests(loader, tests, pattern):
    for module in modules():
        tests.addTests(doctest.DocTestSuite(module))
    return tests


class Stubs(unittest.TestCase):
    def test_the_stubs_have_what_the_module_has(self):
        path = os.path.join(os.path.dirname(burnish.__file__), "_burnish.pyi")
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        said = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                said |= {f"{node.name}.{method.name}" for method in node.body if method.name != "__new__"}
        there = set()
        for name, value in vars(_burnish).items():
            if isinstance(value, type):
                there |= {f"{name}.{method}" for method in vars(value) if not method.startswith("_")}
            elif not name.startswith("_"):
                there.add(name)
        self.assertEqual(said, there)

    def test_every_public_name_is_documented(self):
        for module in (burnish.image, burnish.nn, burnish.table, burnish.ratings, burnish.lm, burnish.text):
            for name, value in vars(module).items():
                if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
                    continue
                self.assertTrue(value.__doc__, f"{module.__name__}.{name}")
                for method, function in vars(value).items() if isinstance(value, type) else ():
                    if callable(function) and not method.startswith("_") and not issubclass(value, tuple):
                        self.assertTrue(function.__doc__, f"{module.__name__}.{name}.{method}")


if __name__ == "__main__":
    unittest.main()
