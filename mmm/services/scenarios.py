"""A scenario at rest: what a plan holds, as JSON that later versions can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.errors import SpecError
from mmm.planning.scenario import ScenarioOutcome

FloatArray = NDArray[np.float64]

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Promise:
    """What was expected of a scenario when it was saved.

    Attributes:
        uplift, lo, hi: over business as usual, horizon and carry-over, in `unit`.
        p_better: how likely the uplift is above zero.
        unit: currency code, or the name of the KPI where its value is unknown.
        spend, usual_spend: of the plan and of business as usual over the horizon, in `currency`.
    """

    uplift: float
    lo: float
    hi: float
    p_better: float
    unit: str
    spend: float
    usual_spend: float
    currency: str


@dataclass(frozen=True, eq=False)
class Scenario:
    """A spend plan with its labels, and what it promised.

    Attributes:
        markets, channels: names of the axes.
        periods: first day of each period planned.
        spend: currency `[market, period, channel]`.
        promise: what was expected when it was saved.
    """

    markets: tuple[str, ...]
    channels: tuple[str, ...]
    periods: tuple[date, ...]
    spend: FloatArray
    promise: Promise


def scenario_of(outcome: ScenarioOutcome) -> Scenario:
    """What of an outcome is worth keeping; the rest can be asked again."""
    uplift, lo, hi = outcome.uplift.shown.floats()
    promise = Promise(
        uplift=uplift,
        lo=lo,
        hi=hi,
        p_better=outcome.p_better,
        unit=outcome.units.shown,
        spend=round(float(outcome.spend.sum()), 2),
        usual_spend=round(float(outcome.baseline.sum()), 2),
        currency=outcome.units.currency,
    )
    days = tuple(day.item() for day in outcome.periods.astype("datetime64[D]"))
    return Scenario(outcome.labels.markets, outcome.labels.channels, days, np.round(outcome.spend, 2), promise)


def to_payload(scenario: Scenario) -> dict[str, Any]:
    """The scenario as a plan's content."""
    return {
        "format": FORMAT_VERSION,
        "markets": list(scenario.markets),
        "channels": list(scenario.channels),
        "periods": [day.isoformat() for day in scenario.periods],
        "spend": scenario.spend.tolist(),
        "promise": vars(scenario.promise).copy(),
    }


def from_payload(payload: Mapping[str, Any]) -> Scenario:
    """The scenario that `to_payload` wrote.

    Raises:
        SpecError: the content is no scenario, or of a format this version does not read.
    """
    try:
        stored = payload["format"]
        if stored != FORMAT_VERSION:
            raise SpecError(f"The plan is stored in format {stored}; this version reads {FORMAT_VERSION}.")
        scenario = Scenario(
            markets=tuple(payload["markets"]),
            channels=tuple(payload["channels"]),
            periods=tuple(date.fromisoformat(day) for day in payload["periods"]),
            spend=np.asarray(payload["spend"], dtype=np.float64),
            promise=Promise(**payload["promise"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SpecError("The content of this plan cannot be read as a scenario.") from error
    shape = (len(scenario.markets), len(scenario.periods), len(scenario.channels))
    if scenario.spend.shape != shape:
        raise SpecError(f"The spend of this plan has shape {scenario.spend.shape}; its labels say {shape}.")
    return scenario
