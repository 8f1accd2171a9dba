# SPDX-License-Identifier: Apache-2.0
"""What a row of the benchmark is, and what measuring it gives.

A module of bench/rows has TITLE, ABOUT (markdown, for docs/benchmarks.md) and ROWS, a list of Row. A row's `ours` and
`peers` are called once a round and return Figures; `peers` is told which configurations are worth another round."""
import dataclasses
import typing


class Failed(Exception):
    """A program that did not do what it was asked for."""


@dataclasses.dataclass(frozen=True)
class Figure:
    configuration: str  # of the program: "torch compile"; of ours usually ""
    value: typing.Optional[float]  # in the row's unit; None: it failed, `more` has the "error"
    more: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Row:
    name: str   # KIND/WHAT
    title: str  # what is done
    unit: str
    ours: typing.Callable   # (run) -> [Figure]
    peers: typing.Callable = None  # (run, only) -> [Figure]; only: names of configurations, None for all
    # "rate": more is better, the ratio is ours / peer's. "time": less is better, peer's / ours: how many times as
    # fast. "size": less is better, ours / peer's.
    ratio: str = "rate"
    targets: dict = dataclasses.field(default_factory=dict)  # precision: (ratio to reach at least, goal or None)
    limit: typing.Optional[float] = None  # what our own figure has to stay below
    precisions: tuple = ("fp32",)
    packages: tuple = ()  # of the peers, names of machine.PEERS: figures of other versions of theirs are not kept
    data: typing.Optional[str] = None  # what it needs of BURNISH_DATA
    section: str = "peers"  # of the page: peers, growth or roofline
    rounds: int = 99        # at most so many

    def better(self, a, b):
        return a > b if self.ratio == "rate" else a < b
