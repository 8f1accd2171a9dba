# SPDX-License-Identifier: Apache-2.0
"""What 0.7's scripts have by `from fastai.imports import *`. pandas and matplotlib are imported when they are used."""
import collections, itertools, json, math, os, pickle, random, re, shutil, sys, time, warnings  # noqa: E401
from functools import partial, reduce, wraps
from glob import glob, iglob
from pathlib import Path

import numpy as np

from .names import finish


class _Later:
    """A module that is imported at its first use."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        import importlib

        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)


pd = _Later("pandas")
plt = _Later("matplotlib.pyplot")
finish(globals(), "imports")
