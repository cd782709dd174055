"""Lift tests beside the model: what was measured, what is expected, and what the tests changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.data.lift import LiftTest
from mmm.data.panel import Panel
from mmm.effects.contributions import Contributions, drop_one
from mmm.effects.estimate import Estimate, Units, summarise
from mmm.models.base import Fit, FitSettings, FittedModel, Progress, silent
from mmm.models.replay import replayed

NORMAL_90 = 1.6448536  # half the width of a 90 % interval, in standard errors
CHEAP_CELLS = 1000  # observed market-periods up to which a second fit takes about a second


@dataclass(frozen=True, eq=False)
class ReplayedLift:
    """One test and what models expect of it, KPI units.

    Attributes:
        test: what was measured.
        expected: the lift that the model expects of the same window.
        without: the same by a model that knew no test; None where none was fitted.
    """

    test: LiftTest
    expected: Estimate
    without: Estimate | None

    @property
    def measured(self) -> Estimate:
        """What was measured, with its 90 % interval."""
        half = NORMAL_90 * self.test.se
        return Estimate(
            *(np.asarray(value) for value in (self.test.lift, self.test.lift - half, self.test.lift + half))
        )

    @property
    def agrees(self) -> bool:
        """Whether measurement and expectation differ by no more than both together are unsure, at 90 %."""
        mean, lo, hi = self.expected.floats()
        return abs(self.test.lift - mean) <= float(np.hypot(NORMAL_90 * self.test.se, (hi - lo) / 2))


@dataclass(frozen=True, eq=False)
class LiftComparison:
    """A model beside the tests that lie inside its data.

    Attributes:
        tests: every test replayed.
        learnt: whether the family learnt from them; otherwise they are only compared.
        contributions_without: drop-one contributions of the same family fitted without tests; None where it was not,
            because it learns nothing from them or because the fit is dear.
    """

    tests: tuple[ReplayedLift, ...]
    learnt: bool
    contributions_without: Contributions | None

    @property
    def measured(self) -> Estimate:
        """What was measured `[test]`."""
        return _stacked([found.measured for found in self.tests])

    @property
    def expected(self) -> Estimate:
        """What the model expects `[test]`."""
        return _stacked([found.expected for found in self.tests])

    @property
    def without(self) -> Estimate | None:
        """What it expected without tests `[test]`; None where no such model was fitted."""
        known = [found.without for found in self.tests if found.without is not None]
        return _stacked(known) if known else None

    def of(self, test: LiftTest) -> ReplayedLift | None:
        """What is said of one test; None where it was not replayed."""
        return next((found for found in self.tests if found.test == test), None)


def _stacked(found: Sequence[Estimate]) -> Estimate:
    parts = ([getattr(one, part) for one in found] for part in ("mean", "lo", "hi"))
    return Estimate(*(np.stack(part) for part in parts))


def compare_lift(
    model: FittedModel, panel: Panel, fit: Fit, settings: FitSettings, progress: Progress = silent
) -> LiftComparison | None:
    """The model beside the tests of `panel`; None where there is none inside the data.

    A family that learns from tests is fitted once more without them when effort is "full" or the data are small.
    """
    found = panel.lift_windows
    if not found:
        return None
    plain = replace(panel, lift_tests=())
    before = None
    if model.learns_from_lift_tests and (settings.effort == "full" or panel.observed.sum() <= CHEAP_CELLS):
        before = fit(plain, settings, progress)
    return LiftComparison(
        tests=tuple(
            ReplayedLift(
                window.test,
                expected=summarise(replayed(model, panel, window)),
                without=None if before is None else summarise(replayed(before, panel, window)),
            )
            for window in found
        ),
        learnt=model.learns_from_lift_tests,
        contributions_without=None if before is None else drop_one(before, plain.inputs(), units=Units.of(panel)),
    )
