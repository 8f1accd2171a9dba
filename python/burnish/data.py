# SPDX-License-Identifier: Apache-2.0
"""Tables of the program as sources of every job: frames of pandas, polars and pyarrow, and dicts of columns.

>>> import burnish
>>> table = burnish.Table({"town": ["Cork", None, "Basel"], "area": [40.5, 81, 120]})
>>> table.rows
3
>>> table.close()
"""
import array
import itertools
import numbers
import os
from contextlib import contextmanager

from . import _burnish, pages
from .errors import UsageError

ROWS_SHOWN = 5

_live = set()  # names that tables of this program have now


def _free_name():
    return next(name for name in map("frame-{}".format, itertools.count(1)) if name not in _live)


class Table:
    """A table that the library keeps, for jobs to read as `memory:NAME`.

    Args:
        data: what has `__arrow_c_stream__` (a frame of pandas 2.2, polars, pyarrow ...), or a dict of columns by
            name, each a NumPy array (N,) or a list of N numbers, truths or texts, with None where one is missing.
        name: NAME; None: "frame-N", the first that is free. A resumed training needs the same rows under the same
            name. UsageError when another Table has it.

    Attributes:
        source: "memory:NAME", which every job takes, as it takes the Table itself.
        rows: N.

    The rows are copied once, and freed by `close`, at the end of a `with`, or with the object.
    """

    def __init__(self, data, name=None):
        self._name = None
        chosen = name or _free_name()
        if chosen in _live:
            raise UsageError(f"table: another one has the name {chosen}")
        _live.add(chosen)
        try:
            self.rows = _kept(chosen, data)
            self._name = chosen
            self._first = _first_rows(data)
        except BaseException:
            if self._name is not None:
                _burnish.table_drop(chosen)
                self._name = None
            _live.discard(chosen)
            raise
        self.source = f"memory:{chosen}"

    def close(self):
        """Frees the rows."""
        if self._name is not None:
            _burnish.table_drop(self._name)
            _live.discard(self._name)
            self._name = None

    def columns(self):
        """The rows as the library keeps them, a dict of arrays (N,): `columns` of the source."""
        return columns(self)

    def __fspath__(self):
        if self._name is None:
            raise UsageError("table: it has been closed")
        return self.source

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __del__(self):
        if getattr(self, "_name", None) is not None:
            self.close()

    def _repr_html_(self):
        rows = pages.wide(pages.table(*self._first)) if self._first[0] and self._name else ""
        return pages.element(pages.title(repr(self)), rows)

    def __repr__(self):
        return f"<Table {self.source}: {self.rows} rows>" if self._name else "<Table, closed>"


def _first_rows(data):
    """(names, the first rows) of a dict of columns, or of a frame of pandas, polars or pyarrow; else ([], [])."""
    if not isinstance(data, dict):
        data = _first_of_frame(data)
    columns = [[_there(value) for value in itertools.islice(values, ROWS_SHOWN)] for values in data.values()]
    return list(map(str, data)), list(zip(*columns))


def _there(value):
    """A value as it is shown: nothing where it is missing."""
    try:
        return "" if value is None or value != value else value
    except (TypeError, ValueError):  # what knows no truth: pandas' NA, arrays
        return str(value)


def _first_of_frame(frame):
    """A dict of columns of the first rows."""
    if hasattr(frame, "to_pydict"):  # pyarrow
        return frame.slice(0, ROWS_SHOWN).to_pydict()
    if not hasattr(frame, "head") or not hasattr(frame, "columns"):
        return {}
    frame = frame.head(ROWS_SHOWN)
    try:
        return {name: list(frame[name]) for name in frame.columns}
    except TypeError:  # a frame that has not been computed
        return {}


def is_source(data):
    """A path, or the name of a source?"""
    return isinstance(data, (str, bytes)) or hasattr(data, "__fspath__")


@contextmanager
def opened(data, name=None):
    """A source for the time of a call: as it is, or a table of it."""
    if data is None or is_source(data):
        yield data
    else:
        with Table(data, name) as table:
            yield table


@contextmanager
def opened_all(data, name=None):
    """Sources for the time of a call: of one, or of a list of paths."""
    if isinstance(data, (list, tuple)):
        yield list(data)
    else:
        with opened(data, name) as source:
            yield [source]


def name_in(run):
    """The name of the table that a run was trained on, to resume it; None where it is another source."""
    import json

    with open(os.path.join(run, "config.json"), encoding="utf-8") as file:
        options = json.load(file).get("options", {})
    source = options.get("data") or (options.get("inputs") or [None])[0]
    return source[len("memory:"):] if source and source.startswith("memory:") else None


# ------------------------------------------------------------------ columns

_STORED = {"integer": "int64", "real": "float64", "date": "datetime64[us]"}


def columns(source):
    """A whole table, of any source that jobs take, as {name: array (N,)}.

    Whole numbers are int64, with gaps float64 with NaN; numbers float64; dates datetime64[us], NaT where missing; truths
    bool. Texts, and truths with gaps, are objects, None where missing.

    >>> import burnish
    >>> with burnish.Table({"town": ["Cork", None], "rooms": [3, None], "open": [True, False]}) as table:
    ...     table.columns()
    {'town': array(['Cork', None], dtype=object), 'rooms': array([ 3., nan]), 'open': array([ True, False])}
    """
    return {name: _array_of(kind, missing, values, words) for name, kind, missing, values, words in _burnish.table_columns(source)}


def _array_of(kind, missing, values, words):
    import numpy

    array = numpy.frombuffer(values, dtype=_STORED.get(kind, "int32"))
    gaps = array == -1 if kind in ("text", "boolean") else None
    if missing:
        gaps = numpy.unpackbits(numpy.frombuffer(missing, dtype=numpy.uint8), bitorder="little")[: len(array)].astype(bool)
    if words is not None:
        return numpy.array([*words, None], dtype=object)[numpy.where(gaps, len(words), array)]
    if kind == "boolean":
        return numpy.where(gaps, None, array == 1) if gaps.any() else array == 1
    if gaps is None or kind == "real":
        return array
    return numpy.where(gaps, numpy.datetime64("NaT") if kind == "date" else numpy.nan, array)



def _kept(name, data):
    """How many rows are kept."""
    if hasattr(data, "__arrow_c_stream__"):
        try:
            return _burnish.table_keep_stream(name, data.__arrow_c_stream__())
        except ImportError:  # pandas, which wants pyarrow for it: column by column then
            if not hasattr(data, "items"):
                raise
    if not hasattr(data, "items"):
        raise UsageError(f"table: expected a frame or a dict of columns, got {type(data).__name__}")
    columns = [_column(str(key), values) for key, values in data.items()]
    rows = sorted({count for count, _ in columns})
    if len(rows) != 1:
        raise UsageError(f"table: expected columns of one length, got {rows}")
    return _burnish.table_keep_columns(name, rows[0], [column for _, column in columns])


def _bits(truths):
    """One bit each, the lowest first."""
    out = bytearray((len(truths) + 7) // 8)
    for i, truth in enumerate(truths):
        if truth:
            out[i >> 3] |= 1 << (i & 7)
    return bytes(out)


def _column(name, values):
    """(N, (name, format, validity bits, values, bytes of texts)) in Arrow's formats."""
    if hasattr(values, "__array_interface__") or hasattr(values, "__array__"):
        import numpy

        values = numpy.ascontiguousarray(values)
        if values.ndim != 1:
            raise UsageError(f"column {name}: expected (N,), got {values.shape}")
        if values.dtype.kind in "iufbM":
            return _array_column(name, values)
        values = values.tolist()
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise UsageError(f"column {name}: expected an array or a list, got {type(values).__name__}")
    return _list_column(name, list(values))


def _array_column(name, values):
    import numpy

    kind, size = values.dtype.kind, values.dtype.itemsize
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    if kind == "b":
        return len(values), (name, "b", None, numpy.packbits(values, bitorder="little"), None)
    missing, layout = None, None
    if kind == "M":
        missing = numpy.isnat(values)
        values, layout = values.astype("datetime64[s]").view(numpy.int64), "tss:"
    elif kind == "f":
        if size not in (2, 4, 8):
            values, size = values.astype(numpy.float64), 8
        missing, layout = numpy.isnan(values), {2: "e", 4: "f", 8: "g"}[size]
    else:
        layout = {1: "c", 2: "s", 4: "i", 8: "l"}[size]
        layout = layout.upper() if kind == "u" else layout
    valid = numpy.packbits(~missing, bitorder="little") if missing is not None and missing.any() else None
    return len(values), (name, layout, valid, values, None)


def is_there(value):
    """Neither None, nor NaN, nor pandas' NA, which is not even equal or unequal.

    >>> is_there(0), is_there(float("nan"))
    (True, False)
    """
    try:
        return value is not None and bool(value == value)
    except TypeError:
        return False


def _list_column(name, values):
    count = len(values)
    there = [is_there(value) for value in values]
    valid = None if all(there) else _bits(there)
    kinds = {type(value) for value, good in zip(values, there) if good}
    if kinds and kinds <= {bool}:
        return count, (name, "b", valid, _bits([good and value for value, good in zip(values, there)]), None)
    kept = [value if good else 0 for value, good in zip(values, there)]
    try:
        if kinds and all(issubclass(kind, numbers.Integral) for kind in kinds):
            return count, (name, "l", valid, array.array("q", kept), None)
        if kinds and all(issubclass(kind, numbers.Real) for kind in kinds):
            return count, (name, "g", valid, array.array("d", kept), None)
    except OverflowError:
        raise UsageError(f"column {name}: a number beyond 64 bits") from None
    texts = [str(value).encode() if good else b"" for value, good in zip(values, there)]
    offsets = array.array("q", itertools.accumulate(map(len, texts), initial=0))
    return count, (name, "U", valid, offsets, b"".join(texts))
