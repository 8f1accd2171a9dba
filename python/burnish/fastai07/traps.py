# SPDX-License-Identifier: Apache-2.0
"""What 0.7 let one fall into: the meant thing is done, and said once."""
import warnings


class TrapWarning(UserWarning):
    """A trap of fast.ai 0.7, by its name."""


_told = set()


def warn(trap, sentence):
    """Says it, the first time."""
    if trap not in _told:
        _told.add(trap)
        warnings.warn(f"{trap}: {sentence}", TrapWarning, stacklevel=3)


def forget():
    """All are said again: for tests."""
    _told.clear()
