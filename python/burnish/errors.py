# SPDX-License-Identifier: Apache-2.0
"""What goes wrong, as exceptions. Each has the library's own message, which names the file, the row or the
option and says what was expected.

>>> import burnish
>>> try:
...     burnish.image.Model("no-such-run")
... except burnish.InputError as error:
...     print("no-such-run" in str(error))
True
"""


class Error(Exception):
    """Any failure of the library."""


class InputError(Error, ValueError):
    """A file, a row, a shape or a value is not what was expected."""


class UsageError(Error, ValueError):
    """An option or a call is not known or does not fit."""


class DivergedError(Error, ArithmeticError):
    """The training diverged: its loss is not a number."""


class NoMemoryError(Error, MemoryError):
    """There is no memory."""


class FileError(Error, OSError):
    """A file could not be read or written."""


class NetworkError(Error, ConnectionError):
    """The network failed."""


class UnsupportedError(Error, NotImplementedError):
    """This build, backend or processor cannot do it."""


class Stopped(Error):
    """A handler stopped the call. What was learned is kept, and so is the state where there is one."""


class InternalError(Error, RuntimeError):
    """An error of the library itself."""


#: By brn_status (include/burnish/status.h).
BY_STATUS = {
    1: InputError,
    2: UsageError,
    3: DivergedError,
    4: NoMemoryError,
    5: FileError,
    6: NetworkError,
    7: UnsupportedError,
    8: Stopped,
    9: InternalError,
}
