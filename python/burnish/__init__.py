# SPDX-License-Identifier: Apache-2.0
"""Burnish: practical deep learning, in C, from Python.

Five lines take a folder of photos to a classifier:

    import burnish
    run = burnish.image.train("photos/")
    model = run.model()
    print(run.metrics["accuracy"])
    print(model.predict("photo.jpg"))

The jobs are `burnish.image`, `burnish.table`, `burnish.ratings`, `burnish.lm` and `burnish.text`;
`burnish.nn` has layers for networks of your own. Everything that is computed is computed by the C library,
without the interpreter's lock; Ctrl-C stops a training, whose run folder then goes on with `resume`.
"""
from . import image, lm, nn, ratings, table, text
from ._burnish import about as _about, architectures
from .data import Table
from .errors import (
    DivergedError,
    Error,
    FileError,
    InputError,
    InternalError,
    NetworkError,
    NoMemoryError,
    Stopped,
    UnsupportedError,
    UsageError,
)

__version__ = _about()["version"]

__all__ = [
    "image",
    "nn",
    "table",
    "ratings",
    "lm",
    "text",
    "Table",
    "architectures",
    "Error",
    "InputError",
    "UsageError",
    "DivergedError",
    "NoMemoryError",
    "FileError",
    "NetworkError",
    "UnsupportedError",
    "Stopped",
    "InternalError",
]
