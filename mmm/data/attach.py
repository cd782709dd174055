"""Lift tests put to a panel: those that can be replayed in it, and for every other the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mmm.data.findings import Finding, Severity
from mmm.data.lift import LiftTest, Window, windows
from mmm.data.panel import Panel
from mmm.data.readouts import ReadOut

Why = Literal["channel", "market", "outside", "no_spend", "no_value"]


@dataclass(frozen=True)
class LeftOut:
    """A lift test that is not replayed.

    Attributes:
        place: its place among the tests given.
        test: the read-out.
        why: kind of reason.
        reason: the same in words, to follow "because".
    """

    place: int
    test: LiftTest
    why: Why
    reason: str

    @property
    def finding(self) -> Finding:
        """The same as a finding about the data."""
        message = f"{named(self.test)} was not replayed because {self.reason}."
        return Finding("lift_test_not_replayed", Severity.REPAIR, message)


@dataclass(frozen=True, eq=False)
class Attached:
    """A panel with the tests that can be replayed in it.

    Attributes:
        panel: `lift_tests` are the usable ones, in KPI units.
        used: their places among the tests given.
        left_out: the others.
    """

    panel: Panel
    used: tuple[int, ...]
    left_out: tuple[LeftOut, ...]


def named(test: LiftTest) -> str:
    """The lift test of “search” from 2026-03-02 to 2026-03-29."""
    where = "" if test.market is None else f" in “{test.market}”"
    return f"The lift test of “{test.channel}”{where} from {test.start} to {test.end}"


def attach(panel: Panel, tests: Sequence[ReadOut]) -> Attached:
    """`panel` with every test that it can replay, in place of those it had; the rest with the reason why not."""
    used: list[int] = []
    usable: list[LiftTest] = []
    left_out: list[LeftOut] = []
    for place, read in enumerate(tests):
        fitted = _fitted(panel, read)
        if isinstance(fitted, LiftTest):
            used.append(place)
            usable.append(fitted)
        else:
            left_out.append(LeftOut(place, read.test, *fitted))
    return Attached(replace(panel, lift_tests=tuple(usable)), tuple(used), tuple(left_out))


def _fitted(panel: Panel, read: ReadOut) -> LiftTest | tuple[Why, str]:
    """The test in KPI units, or why this panel cannot replay it."""
    test, labels = read.test, panel.labels
    if test.channel not in labels.channels:
        return "channel", f"the data have no channel “{test.channel}”"
    if test.market is not None and test.market not in labels.markets:
        return "market", f"the data have no market “{test.market}”"
    found = windows([test], labels, panel.periods)
    if not found:
        unit, first, last = labels.frequency.value, panel.periods[0], panel.periods[-1]
        return "outside", f"its days are not those of whole {unit}s of the data, the {unit}s of {first} to {last}"
    return _in_window(panel, read, found[0])


def _in_window(panel: Panel, read: ReadOut, window: Window) -> LiftTest | tuple[Why, str]:
    """As `_fitted`, of a test whose window lies inside the panel."""
    cells = (list(window.markets), window.periods)
    if not panel.spend[(*cells, window.channel)].any():
        return (
            "no_spend",
            f"the data hold no spend of “{read.test.channel}” in its window, so nothing can be taken away",
        )
    if read.unit == "kpi":
        return read.test
    value = panel.money_per_kpi
    if value is None:
        return "no_value", f"its lift is money, and what one unit of “{panel.kpi_name}” is worth is not known"
    return read.times(1.0 / float(value[cells].mean())).test
