"""The baseline: everything that moves the KPI besides media, as columns with Gaussian priors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import DateArray, Frequency, Inputs, control_reference
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.transforms.calendar import holiday_features, weekday_dummies, yearly_fourier, years_since

FloatArray = NDArray[np.float64]

# Prior standard deviations, as shares of a market's mean KPI. Weakly informative: wide against what is seen in sales.
INTERCEPT_SD = 1.0
TREND_SD_PER_YEAR = 0.08
SEASON_SD = (0.10, 0.05, 0.03)  # by harmonic: higher ones are smaller
WEEKDAY_SD = 0.3
HOLIDAY_SD = 0.10
CONTROL_SD = 0.10  # per standard deviation of the control (per unit for flags)
DRIFT_SD_PER_YEAR = 0.02  # random-walk drift of the baseline level
KNOT_SPACING_YEARS = 0.25


def _nothing() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Design:
    """Recipe of the baseline's columns; the same columns for history and future.

    Attributes:
        origin: period in the middle of history, where the trend is zero.
        knots: years from `origin` at which the drifting level may bend; it stays flat after the last one.
        holidays: names kept when the model was fitted; in markets of several countries, of all of them.
        country, countries: as in `Panel`; a holiday is zero in the markets of countries that do not have it.
        reference, spread: each modelled control is used as (control - reference) / spread.
        control_index: which controls are modelled (mediators are not).
        demand_reference, demand_spread: the same for each index of demand (`mmm.data.demand`).
        n_markets: markets, each with its own intercept and trend.
        drift_sd: standard deviation of the drifting level's steps over one year, share of the mean KPI.
    """

    origin: np.datetime64
    knots: FloatArray
    holidays: tuple[str, ...]
    country: str | None
    frequency: Frequency
    harmonics: int
    control_index: tuple[int, ...]
    reference: FloatArray
    spread: FloatArray
    n_markets: int
    countries: tuple[str | None, ...] | None = None
    drift_sd: float = DRIFT_SD_PER_YEAR
    demand_reference: FloatArray = field(default_factory=_nothing)
    demand_spread: FloatArray = field(default_factory=_nothing)

    @classmethod
    def of(cls, panel: Panel, drift_sd: float = DRIFT_SD_PER_YEAR) -> Design:
        """The recipe for a panel; features that history cannot tell apart from the level are left out."""
        periods, frequency = panel.periods, panel.labels.frequency
        origin = periods[len(periods) // 2]
        years = years_since(periods, origin)
        span = years[-1] - years[0]
        knots = evenly_spaced_knots(years)
        index = panel.labels.modelled_controls
        modelled = panel.controls[:, :, list(index)]
        reference = control_reference(modelled)
        deviation = modelled.reshape(modelled.shape[0] * modelled.shape[1], len(index)).std(axis=0)
        is_flag = (reference == 0) & np.isin(modelled, (0.0, 1.0)).all(axis=(0, 1))
        spread = np.where(is_flag | (deviation == 0), 1.0, deviation)
        own = (panel.country,) if panel.countries is None else panel.countries
        seen = {name for country in set(own) for name in holiday_features(periods, frequency, country)[1]}
        return cls(
            origin=origin,
            knots=knots,
            holidays=tuple(sorted(seen)),
            country=panel.country,
            frequency=frequency,
            harmonics=3 if span >= 0.75 else 1,
            control_index=index,
            reference=reference,
            spread=spread,
            n_markets=len(panel.labels.markets),
            countries=panel.countries,
            drift_sd=drift_sd,
            **_demand_scales(panel),
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kind of each column of `matrix`: level, trend, season 1, 2, ..., weekday, holiday, drift, control, demand."""
        season = tuple(f"season {harmonic}" for harmonic in range(1, self.harmonics + 1) for _ in ("sine", "cosine"))
        weekdays: int = weekday_dummies(np.array([self.origin]), self.frequency).shape[1]
        level, weekday = ("level", "trend") * self.n_markets, ("weekday",) * weekdays
        holiday, drift = ("holiday",) * len(self.holidays), ("drift",) * (len(self.knots) - 1)
        control, demand = ("control",) * len(self.control_index), ("demand",) * len(self.demand_reference)
        return (*level, *season, *weekday, *holiday, *drift, *control, *demand)

    def matrix(self, inputs: Inputs, periods: slice) -> FloatArray:
        """Columns `[market, period, column]` in units of one prior standard deviation each."""
        dates = inputs.periods[periods]
        years = years_since(dates, self.origin)
        season = yearly_fourier(dates, self.harmonics) * np.repeat(SEASON_SD[: self.harmonics], 2)
        weekday = weekday_dummies(dates, self.frequency) * WEEKDAY_SD
        drift = self._drift(years)
        common = [np.concatenate([season, weekday, days * HOLIDAY_SD, drift], axis=1) for days in self._holidays(dates)]
        scaled = (inputs.controls[:, periods][:, :, list(self.control_index)] - self.reference) / self.spread
        shared = np.broadcast_to(np.stack(common), (self.n_markets, *common[0].shape))
        demand = (self._demand(inputs, periods) - self.demand_reference) / self.demand_spread
        return np.concatenate([self._per_market(years), shared, scaled * CONTROL_SD, demand * CONTROL_SD], axis=2)

    def _demand(self, inputs: Inputs, periods: slice) -> FloatArray:
        """Indices of demand `[market, period, follower]`, none where no channel catches demand.

        Raises:
            ModelError: the inputs know other followers of demand than the recipe.
        """
        found = 0 if inputs.demand is None else inputs.demand.shape[-1]
        if found != len(self.demand_reference):
            raise ModelError(
                f"The model knows {len(self.demand_reference)} channels that follow demand and was asked about "
                f"{found}. Train it again after the data were changed."
            )
        if inputs.demand is None:
            return np.zeros((*inputs.controls[:, periods].shape[:2], 0))
        return inputs.demand[:, periods]

    def _holidays(self, dates: DateArray) -> list[FloatArray]:
        """Days of each holiday `[period, holiday]`: one for all markets, or one a market where countries differ."""
        own = (self.country,) if self.countries is None else self.countries
        nothing = np.zeros((len(dates), len(self.holidays)))
        by_country = {
            country: nothing if country is None else holiday_features(dates, self.frequency, country, self.holidays)[0]
            for country in set(own)
        }
        return [by_country[country] for country in own]

    def _per_market(self, years: FloatArray) -> FloatArray:
        """Intercept and trend of each market `[market, period, 2 * market]`."""
        own = np.stack([np.full_like(years, INTERCEPT_SD), years * TREND_SD_PER_YEAR], axis=1)
        out = np.zeros((self.n_markets, len(years), 2 * self.n_markets))
        for market in range(self.n_markets):
            out[market, :, 2 * market : 2 * market + 2] = own
        return out

    def _drift(self, years: FloatArray) -> FloatArray:
        """Ramps between knots, each worth one step of a random walk with `drift_sd` `[period, knot - 1]`."""
        return np.asarray(ramps(years, self.knots) * self.drift_sd * np.sqrt(np.diff(self.knots)))

    def meta(self) -> dict[str, Any]:
        """JSON-able recipe, read back by `from_meta`."""
        return {
            "origin": str(self.origin),
            "knots": self.knots.tolist(),
            "holidays": list(self.holidays),
            "country": self.country,
            "countries": None if self.countries is None else list(self.countries),
            "frequency": self.frequency.value,
            "harmonics": self.harmonics,
            "control_index": list(self.control_index),
            "reference": self.reference.tolist(),
            "spread": self.spread.tolist(),
            "n_markets": self.n_markets,
            "drift_sd": self.drift_sd,
            "demand_reference": self.demand_reference.tolist(),
            "demand_spread": self.demand_spread.tolist(),
        }

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> Design:
        """The recipe that `meta` described."""
        return cls(
            origin=np.datetime64(meta["origin"], "D"),
            knots=np.array(meta["knots"], dtype=np.float64),
            holidays=tuple(meta["holidays"]),
            country=meta["country"],
            frequency=Frequency(meta["frequency"]),
            harmonics=int(meta["harmonics"]),
            control_index=tuple(meta["control_index"]),
            reference=np.array(meta["reference"], dtype=np.float64),
            spread=np.array(meta["spread"], dtype=np.float64),
            n_markets=int(meta["n_markets"]),
            countries=None if meta.get("countries") is None else tuple(meta["countries"]),
            drift_sd=float(meta.get("drift_sd", DRIFT_SD_PER_YEAR)),
            demand_reference=np.array(meta.get("demand_reference", ()), dtype=np.float64),
            demand_spread=np.array(meta.get("demand_spread", ()), dtype=np.float64),
        )


def ramps(years: FloatArray, knots: FloatArray) -> FloatArray:
    """One column a piece between two knots: 0 before it, 1 after it, rising in between `[period, knot - 1]`."""
    return np.clip((years[:, None] - knots[:-1]) / np.diff(knots), 0.0, 1.0)


def evenly_spaced_knots(years: FloatArray) -> FloatArray:
    """About one knot a quarter from the first to the last of `years`, at least two."""
    span = years[-1] - years[0]
    return np.linspace(years[0], years[-1], max(2, round(span / KNOT_SPACING_YEARS) + 1))


def _demand_scales(panel: Panel) -> dict[str, FloatArray]:
    """Middle and spread of each index of demand over history."""
    demand = panel.inputs().demand
    if demand is None:
        return {}
    flat = demand.reshape(-1, demand.shape[-1])
    deviation = flat.std(axis=0)
    reference, spread = np.median(flat, axis=0), np.where(deviation > 0, deviation, 1.0)
    return {"demand_reference": reference, "demand_spread": spread}
