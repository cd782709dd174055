"""The panel: what was spent and what was sold, as labelled arrays `[market, period, channel]`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.demand import demand_index
from mmm.data.inputs import Future, Inputs, Labels, future_inputs
from mmm.data.lift import LiftTest, Window, windows
from mmm.errors import DataError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
DateArray = NDArray[np.datetime64]


class KpiKind(StrEnum):
    """What the KPI counts; money needs no value per unit."""

    REVENUE = "revenue"
    UNITS = "units"


@dataclass(frozen=True, eq=False)
class Panel:
    """A checked, immutable data set: G markets, T equally spaced periods, C channels, K controls.

    Attributes:
        labels: names of markets, channels and controls, the frequency, and each control's role.
        periods: first day of each period, `datetime64[D] [T]`, strictly increasing, evenly spaced.
        kpi: what is to be explained, `[market, period]`; money or a count, see `kpi_kind`.
        spend: currency per period, `[market, period, channel]`, finite and not negative.
        controls: `[market, period, control]`, finite.
        observed: `[market, period]`; False where the period must not enter a likelihood (a filled
            KPI, an excluded gap, or weeks reached by the carry-over of unknown spend).
        filled: `[market, period]`; True where a short gap was filled (the fill is shown to people).
        exposure: impressions, clicks or GRPs `[market, period, channel]`; NaN for a channel that has none.
        value_per_kpi: currency per KPI unit, `[market, period]`; None when unknown or when the KPI is revenue.
        population: people per market `[market]`.
        margin: profit per unit of revenue, 0 < margin <= 1; None when not told.
        country: ISO 3166 alpha-2 code whose public holidays apply, or None.
        countries: the same for each market `[market]`; None for `country` everywhere.
        captures_demand: channels whose spend follows demand, such as brand search (`mmm.data.demand`).
        lift_tests: read-outs of experiments; models replay those whose window lies inside the periods.

    Raises:
        DataError: arrays disagree in shape, are not finite, or break a rule above.
    """

    labels: Labels
    periods: DateArray
    kpi: FloatArray
    spend: FloatArray
    controls: FloatArray
    observed: BoolArray
    filled: BoolArray
    exposure: FloatArray | None = None
    value_per_kpi: FloatArray | None = None
    population: FloatArray | None = None
    kpi_name: str = "kpi"
    kpi_kind: KpiKind = KpiKind.REVENUE
    currency: str = "EUR"
    margin: float | None = None
    country: str | None = None
    countries: tuple[str | None, ...] | None = None
    captures_demand: tuple[str, ...] = ()
    lift_tests: tuple[LiftTest, ...] = ()
    meta: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise DataError("The panel is not usable: " + "; ".join(problems) + ".")
        for array in (self.periods, self.kpi, self.spend, self.controls, self.observed, self.filled):
            array.setflags(write=False)

    def _problems(self) -> list[str]:
        g, t = len(self.labels.markets), len(self.periods)
        c, k = len(self.labels.channels), len(self.labels.controls)
        shapes = {
            "kpi": (self.kpi, (g, t)),
            "spend": (self.spend, (g, t, c)),
            "controls": (self.controls, (g, t, k)),
            "observed": (self.observed, (g, t)),
            "filled": (self.filled, (g, t)),
            "exposure": (self.exposure, (g, t, c)),
            "value_per_kpi": (self.value_per_kpi, (g, t)),
            "population": (self.population, (g,)),
        }
        found = [
            f"{name} has shape {array.shape}, expected {shape}"
            for name, (array, shape) in shapes.items()
            if array is not None and array.shape != shape
        ]
        if found:
            return found
        if not np.isfinite(self.kpi[self.observed]).all():
            found.append("the KPI is missing in a period marked as observed")
        if not np.isfinite(self.spend).all() or (self.spend < 0).any():
            found.append("spend must be finite and not negative")
        if not np.isfinite(self.controls).all():
            found.append("a control is missing in some period")
        if t > 1 and not (np.diff(self.periods.astype("datetime64[D]")) > np.timedelta64(0, "D")).all():
            found.append("periods are not in increasing order")
        if self.margin is not None and not 0 < self.margin <= 1:
            found.append("margin must lie above 0 and at most 1")
        if self.countries is not None and len(self.countries) != g:
            found.append(f"{len(self.countries)} countries are given for {g} markets")
        if (self.observed & self.filled).any():
            found.append("a filled period is marked as observed")
        unknown = [name for name in self.captures_demand if name not in self.labels.channels]
        if unknown:
            found.append(f"{', '.join(unknown)} is said to follow demand, but is no channel")
        return found + [problem for test in self.lift_tests for problem in test.problems(self.labels)]

    @property
    def n_periods(self) -> int:
        """T, the number of periods of history."""
        return len(self.periods)

    @property
    def money_per_kpi(self) -> FloatArray | None:
        """Currency per KPI unit `[market, period]`: ones for revenue, None when no value is known."""
        if self.kpi_kind is KpiKind.REVENUE:
            return np.ones_like(self.kpi)
        return self.value_per_kpi

    @property
    def lift_windows(self) -> tuple[Window, ...]:
        """Where each lift test that lies inside the periods is replayed."""
        return windows(self.lift_tests, self.labels, self.periods)

    def inputs(self, future: Future | None = None) -> Inputs:
        """History, and `future` periods after it, as a model wants to see them."""
        history = Inputs(
            labels=self.labels,
            periods=self.periods,
            n_history=self.n_periods,
            spend=self.spend,
            controls=self.controls,
            exposure=self.exposure,
            value_per_kpi=self.money_per_kpi,
            country=self.country,
            countries=self.countries,
        )
        if self.captures_demand:
            followers = [self.labels.channel(name) for name in sorted(self.captures_demand)]
            history = replace(history, demand=demand_index(history.drive[:, :, followers]))
        return history if future is None else future_inputs(history, future)

    def take(self, periods: slice) -> Self:
        """The same panel restricted to a contiguous slice of periods (for folds and hold-outs)."""

        def cut(array: FloatArray | None) -> FloatArray | None:
            return None if array is None else array[:, periods].copy()

        return replace(
            self,
            periods=self.periods[periods].copy(),
            kpi=self.kpi[:, periods].copy(),
            spend=self.spend[:, periods].copy(),
            controls=self.controls[:, periods].copy(),
            observed=self.observed[:, periods].copy(),
            filled=self.filled[:, periods].copy(),
            exposure=cut(self.exposure),
            value_per_kpi=cut(self.value_per_kpi),
        )
