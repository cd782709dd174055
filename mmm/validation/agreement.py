"""How near a model comes to what lift tests measured, and how far the families lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.data.lift import Window
from mmm.data.panel import Panel
from mmm.effects.contributions import Contributions
from mmm.effects.estimate import summarise
from mmm.effects.roi import Roi
from mmm.models.base import Fit, FitSettings, FittedModel
from mmm.models.replay import replayed

MOST_REFITS = 3  # fits without one of the tests, a family


@dataclass(frozen=True)
class LiftAgreement:
    """One lift test and what a model expects of it, KPI units.

    Attributes:
        channel, start, end: of the test; days as ISO text.
        lift, se: what it measured, and its standard error.
        mean, lo, hi: what the model expects, with its 90 % interval.
        unseen: the model had not seen this test.
    """

    channel: str
    start: str
    end: str
    lift: float
    se: float
    mean: float
    lo: float
    hi: float
    unseen: bool

    @property
    def distance(self) -> float:
        """How far the model's mean lies above the test, in the test's standard errors."""
        return (self.mean - self.lift) / self.se


def agreements(model: FittedModel, panel: Panel, fit: Fit, settings: FitSettings) -> tuple[LiftAgreement, ...]:
    """Every test beside what the family expects of it.

    A family that learns from tests is fitted anew without one, for some of them, and asked about that one; what it says
    of tests it has learnt from shows little. All other families had seen none.
    """
    windows = panel.lift_windows
    places = left_out_tests(len(windows)) if model.learns_from_lift_tests else ()
    found = []
    for place, window in enumerate(windows):
        if place in places:
            blind = fit(without_test(panel, window), settings)
            found.append(_agreement(blind, panel, window, unseen=True))
        else:
            found.append(_agreement(model, panel, window, unseen=not model.learns_from_lift_tests))
    return tuple(found)


def _agreement(model: FittedModel, panel: Panel, window: Window, *, unseen: bool) -> LiftAgreement:
    mean, lo, hi = summarise(replayed(model, panel, window)).floats()
    test = window.test
    return LiftAgreement(test.channel, str(test.start), str(test.end), test.lift, test.se, mean, lo, hi, unseen=unseen)


def average_agreement(
    members: Sequence[tuple[LiftAgreement, ...]], weights: Mapping[str, float]
) -> tuple[LiftAgreement, ...]:
    """What an average expects of every test: its members' expectations by weight, in their order."""
    share = np.array(list(weights.values()))

    def mixed(tests: Sequence[LiftAgreement]) -> LiftAgreement:
        mean, lo, hi = share @ np.array([(test.mean, test.lo, test.hi) for test in tests])
        unseen = all(test.unseen for test in tests)
        return replace(tests[0], mean=float(mean), lo=float(lo), hi=float(hi), unseen=unseen)

    return tuple(mixed(tests) for tests in zip(*members, strict=True))


def without_test(panel: Panel, window: Window) -> Panel:
    """The panel as if this test had not been made."""
    return replace(panel, lift_tests=tuple(test for test in panel.lift_tests if test is not window.test))


def left_out_tests(n_tests: int) -> tuple[int, ...]:
    """Which tests are left out, one refit each: all where there are few, else some spread evenly."""
    if n_tests <= MOST_REFITS:
        return tuple(range(n_tests))
    return tuple(round(k) for k in np.linspace(0, n_tests - 1, MOST_REFITS))


@dataclass(frozen=True)
class Span:
    """The lowest and the highest mean of several families, and whose they are."""

    lowest: float
    lowest_family: str
    highest: float
    highest_family: str

    @property
    def agrees_on_sign(self) -> bool:
        """No family sees a gain where another sees a loss."""
        return self.lowest >= 0 or self.highest <= 0


@dataclass(frozen=True)
class Disagreement:
    """How far families lie apart on one channel; `roi` is None where a KPI unit has no value."""

    channel: str
    contribution: Span
    roi: Span | None


def disagreement(contributions: Mapping[str, Contributions], returns: Mapping[str, Roi]) -> tuple[Disagreement, ...]:
    """The band of the families' means for every channel, in the unit shown; both by family."""
    first = next(iter(contributions.values()))
    brought = {name: found.total.shown.mean.tolist() for name, found in contributions.items()}
    back = {name: found.roi.mean.tolist() for name, found in returns.items() if found.roi is not None}
    return tuple(
        Disagreement(
            channel,
            _span({name: values[place] for name, values in brought.items()}),
            _span({name: values[place] for name, values in back.items()}) if len(back) == len(brought) else None,
        )
        for place, channel in enumerate(first.labels.channels)
    )


def _span(means: Mapping[str, float]) -> Span:
    known = {name: value for name, value in means.items() if np.isfinite(value)} or dict.fromkeys(means, 0.0)
    lowest, highest = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    return Span(known[lowest], lowest, known[highest], highest)


def distances(found: Sequence[LiftAgreement]) -> list[float]:
    """Distances to judge a family by: those of tests it had not seen, and of all where it saw every one."""
    unseen = [test.distance for test in found if test.unseen]
    return unseen or [test.distance for test in found]
