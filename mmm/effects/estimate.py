"""What a number is worth: its mean over draws and its interval, in KPI units and in money."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs
from mmm.data.panel import KpiKind, Panel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEVEL = 0.90  # one level everywhere (DESIGN.md, "Honest numbers"); printed wherever an interval is shown


@dataclass(frozen=True, eq=False)
class Estimate:
    """Mean over draws and the central interval that holds `LEVEL` of them.

    All three are arrays of one shape; a single number is an array of shape `()` (`float(e.mean)` reads it).
    """

    mean: FloatArray
    lo: FloatArray
    hi: FloatArray

    def at(self, index: int) -> Estimate:
        """The estimate of one entry of the first axis, such as one channel."""
        return Estimate(np.asarray(self.mean[index]), np.asarray(self.lo[index]), np.asarray(self.hi[index]))

    def floats(self) -> tuple[float, float, float]:
        """`(mean, lo, hi)` of a single number, as plain floats."""
        return float(self.mean), float(self.lo), float(self.hi)

    def scaled(self, factor: float) -> Estimate:
        """The same estimate in another unit; `factor` must not be negative."""
        return Estimate(self.mean * factor, self.lo * factor, self.hi * factor)


@dataclass(frozen=True, eq=False)
class Effect:
    """One quantity in KPI units and, where the value of a KPI unit is known, in money."""

    kpi: Estimate
    money: Estimate | None = None

    @property
    def shown(self) -> Estimate:
        """Money where it is known, KPI units otherwise; `Units.shown` names the unit."""
        return self.kpi if self.money is None else self.money


@dataclass(frozen=True)
class Units:
    """What the numbers of a result are counted in.

    Attributes:
        kpi: name of the KPI; the unit of every `.kpi`.
        currency: ISO 4217 code; the unit of every `.money` and of all spend.
        has_value: whether one KPI unit has a known value, so that money is given beside KPI units.
    """

    kpi: str = "kpi"
    currency: str = "EUR"
    has_value: bool = True

    @classmethod
    def of(cls, panel: Panel) -> Units:
        """The units of a panel; a revenue KPI is money itself."""
        name = panel.currency if panel.kpi_kind is KpiKind.REVENUE else panel.kpi_name
        return cls(kpi=name, currency=panel.currency, has_value=panel.money_per_kpi is not None)

    @property
    def shown(self) -> str:
        """Unit of `Effect.shown`."""
        return self.currency if self.has_value else self.kpi

    @property
    def of_kpi(self) -> Units:
        """Units of numbers that count the KPI itself, whether or not its value is known."""
        return self if self.kpi == self.currency else replace(self, has_value=False)


def summarise(draws: FloatArray) -> Estimate:
    """Mean and central `LEVEL` interval over axis 0 (the draws)."""
    values = np.asarray(draws, dtype=np.float64)
    tail = (1.0 - LEVEL) / 2.0
    lo, hi = np.quantile(values, (tail, 1.0 - tail), axis=0)
    return Estimate(np.asarray(values.mean(axis=0)), np.asarray(lo), np.asarray(hi))


def effect(kpi: FloatArray, money: FloatArray | None) -> Effect:
    """Both draws summarised; `money` is None where no value is known."""
    return Effect(summarise(kpi), None if money is None else summarise(money))


def probability_above(draws: FloatArray, threshold: float = 0.0) -> FloatArray:
    """Share of draws (axis 0) above `threshold`; a draw exactly on it counts half, so no change at all is 0.5."""
    return np.asarray((draws > threshold).mean(axis=0) + 0.5 * (draws == threshold).mean(axis=0))


def value_of(inputs: Inputs, periods: slice) -> FloatArray | None:
    """Currency per KPI unit over `periods`, `[market, period]`, or None where it is unknown."""
    return None if inputs.value_per_kpi is None else inputs.value_per_kpi[:, periods]


def in_total(kpi: FloatArray, value: FloatArray | None) -> tuple[FloatArray, FloatArray | None]:
    """Sum of `kpi [draw, market, period]` over markets and periods, in KPI units and in money: each `[draw]`."""
    money = None if value is None else np.einsum("dgt,gt->d", kpi, value)
    return np.asarray(kpi.sum(axis=(1, 2))), money


def thinned(n_draws: int, at_most: int) -> IntArray:
    """Indices of at most `at_most` evenly spaced draws."""
    if n_draws <= at_most:
        return np.arange(n_draws)
    return np.unique(np.linspace(0, n_draws - 1, at_most).round().astype(np.int64))
