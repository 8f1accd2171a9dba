# SPDX-License-Identifier: Apache-2.0
"""fast.ai 0.7's names on Burnish: scripts and notebooks of 2017 as they are.

    python -m burnish.fastai07 script.py        # `import fastai...` is this; values are echoed, plots saved
    %load_ext burnish.fastai07                  # the same in a notebook
    import burnish.fastai07; burnish.fastai07.install()

What each name does, and which are not there, is in docs/fastai07.md (`burnish.fastai07.names`). A name that
is not there raises `burnish.UnsupportedError`, which says so, as soon as it is used.
"""
import importlib
import sys
import types

from . import torchtext
from .names import MODULES, finish


def install():
    """From now on `import fastai` and its modules are this package's, in this process."""
    sys.modules["fastai"] = sys.modules[__name__]
    for module in MODULES:
        sys.modules["fastai." + module] = module_of(module)
    torchtext.install()


def module_of(name):
    """A module of 0.7: ours, or one all of whose names raise."""
    whole = f"{__name__}.{name}"
    if whole in sys.modules:
        return sys.modules[whole]
    try:
        module = importlib.import_module(whole)
    except ModuleNotFoundError as error:
        if error.name != whole:
            raise
        module = types.ModuleType(whole, "A module of fast.ai 0.7 none of whose names are there.")
        finish(vars(module), name)
        sys.modules[whole] = module
    setattr(sys.modules[__name__], name, module)
    return module


def load_ipython_extension(shell):
    install()
