"""Lift tests: what an experiment measured of a channel, to be replayed by models as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import DateArray, Frequency, Labels, next_periods

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class LiftTest:
    """The read-out of one experiment.

    Attributes:
        channel: the channel that was tested.
        start, end: first and last day of the window, both inside it.
        lift: KPI that landed inside the window because of the channel's spend inside the window, KPI units.
        se: standard error of `lift`, KPI units, > 0.
        market: the market it was run in; None for all markets of the panel together.
    """

    channel: str
    start: np.datetime64
    end: np.datetime64
    lift: float
    se: float
    market: str | None = None

    def __post_init__(self) -> None:
        """Days as `datetime64[D]`, whatever they were given as."""
        for name in ("start", "end"):
            object.__setattr__(self, name, np.datetime64(getattr(self, name), "D"))

    def problems(self, labels: Labels) -> list[str]:
        """What is wrong with the test by itself and against the names of a panel; empty where nothing is."""
        whose = f"the lift test of “{self.channel}” from {self.start}"
        found = []
        if self.channel not in labels.channels:
            found.append(f"{whose} names no channel of the data; they are {', '.join(labels.channels)}")
        if self.market is not None and self.market not in labels.markets:
            found.append(f"{whose} names the market “{self.market}”, which the data do not have")
        if np.isnat(self.start) or np.isnat(self.end) or self.end < self.start:
            found.append(f"{whose} ends before it starts")
        if not np.isfinite(self.lift):
            found.append(f"{whose} has no lift")
        if not (np.isfinite(self.se) and self.se > 0):
            found.append(f"{whose} needs a standard error above zero")
        return found


@dataclass(frozen=True)
class Window:
    """Where in a panel a lift test is replayed.

    Attributes:
        test: the read-out.
        channel: index of its channel.
        markets: indices of its markets.
        periods: its periods.
    """

    test: LiftTest
    channel: int
    markets: tuple[int, ...]
    periods: slice


def windows(tests: Sequence[LiftTest], labels: Labels, periods: DateArray) -> tuple[Window, ...]:
    """Where each test that lies inside `periods` is replayed; a test that reaches outside is left out.

    A period belongs to a window when its middle lies inside it; a test reaches outside when the period before or after
    `periods` belongs to its window.
    """
    half = np.timedelta64(round(labels.frequency.days) // 2, "D")
    middle = periods + half
    before, after = (
        _before(periods[0], labels.frequency) + half,
        next_periods(periods[-1], labels.frequency, 1)[0] + half,
    )
    found = []
    for test in tests:
        inside = np.flatnonzero((middle >= test.start) & (middle <= test.end))
        reaches_out = test.start <= before or test.end >= after
        if len(inside) == 0 or reaches_out:
            continue
        markets = range(len(labels.markets)) if test.market is None else [labels.markets.index(test.market)]
        where = slice(int(inside[0]), int(inside[-1]) + 1)
        found.append(Window(test, labels.channel(test.channel), tuple(markets), where))
    return tuple(found)


def _before(first: np.datetime64, frequency: Frequency) -> DateArray:
    """First day of the period before the one that starts on `first`, a single date."""
    if frequency is Frequency.MONTH:
        return np.asarray((first.astype("datetime64[M]") - 1).astype("datetime64[D]"))
    return np.asarray(first.astype("datetime64[D]") - int(frequency.days))


def read_out_of_the_panel(found: Sequence[Window], shape: tuple[int, int]) -> BoolArray:
    """Cells `[market, period]` whose KPI a test has already been read out of, so that they are not counted twice.

    These are the weeks of a test in one of several markets: its lift is that market's own KPI against the others'.
    A test of all markets, or in national data, was read out of something finer that the panel does not show.
    """
    counted = np.zeros(shape, dtype=bool)
    if shape[0] > 1:
        for window in found:
            if window.test.market is not None:
                counted[window.markets[0], window.periods] = True
    return counted
