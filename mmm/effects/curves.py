"""Response curves: what a channel brings per period at any constant spend, with the points that matter on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import recent_rate
from mmm.data.panel import Panel
from mmm.effects.carryover import CarryOver, carry_over
from mmm.effects.estimate import Effect, Units, effect
from mmm.effects.interactions import InteractionGrid, interaction_grid
from mmm.effects.roi import break_even
from mmm.effects.steady import SteadyState
from mmm.effects.support import Support, SupportStatus, support
from mmm.models.base import FittedModel

__all__ = [
    "DEFAULT_MULTIPLIERS",
    "BreakEven",
    "CarryOver",
    "CurvePoint",
    "InteractionGrid",
    "ResponseCurve",
    "all_curves",
    "carry_over",
    "interaction_grid",
    "response_curve",
]

FloatArray = NDArray[np.float64]

DEFAULT_MULTIPLIERS = tuple(float(m) for m in np.linspace(0.0, 2.0, 21))
_WIDE = np.concatenate([[0.0], np.geomspace(0.02, 100.0, 32)])  # where break-even and half-saturation are looked for
_LIMIT = (500.0, 1000.0)  # × mean spend: what these add says whether the response has a ceiling
_CEILING_GROWTH = 0.05  # a response that still grows by more between the two has none worth naming
_REFINED = 9  # points evaluated around a break-even before it is read off


@dataclass(frozen=True)
class CurvePoint:
    """A point on a curve's mean.

    Attributes:
        multiplier: × the channel's mean spend.
        spend: currency per period, all markets together.
        response: incremental KPI per period in `units.shown`.
        support: whether spend like this, sustained, was ever observed.
    """

    multiplier: float
    spend: float
    response: float
    support: SupportStatus


@dataclass(frozen=True)
class BreakEven:
    """Where the next euro stops paying for itself.

    Attributes:
        threshold: money the next euro must return: 1 ÷ margin, 1 where the margin is unknown.
        margin_known: whether the threshold rests on a margin somebody told.
        point: the spend of highest profit, where the next euro returns the threshold; None where there is none.
        verdict: "found"; "never" where not even the first euros pay; "always" where it lies above 100 × mean spend;
            "unknown" where a KPI unit has no known value.
    """

    threshold: float
    margin_known: bool
    point: CurvePoint | None
    verdict: str


@dataclass(frozen=True, eq=False)
class ResponseCurve:
    """Steady-state incremental KPI per period of one channel; the others stay at their mean spend.

    Attributes:
        channel: its name.
        units: what the numbers count.
        multipliers: × mean spend, `[point]`.
        spend: currency per period, all markets together, `[point]`.
        response: over zero spend of this channel, per period, all markets together, `[point]`.
        support: status of each point.
        supported: the levels of sustained spend that history holds.
        today: the last 12 periods' mean rate.
        half_saturation: where half of the attainable response is reached; None where the response has no ceiling.
        break_even: where the next euro stops paying for itself.
    """

    channel: str
    units: Units
    multipliers: FloatArray
    spend: FloatArray
    response: Effect
    support: tuple[SupportStatus, ...]
    supported: Support
    today: CurvePoint
    half_saturation: CurvePoint | None
    break_even: BreakEven


def response_curve(
    model: FittedModel, panel: Panel, channel: str, multipliers: Sequence[float] = DEFAULT_MULTIPLIERS
) -> ResponseCurve:
    """The curve of one channel at `multipliers` × its mean spend.

    Raises:
        DataError: there is no such channel.
        ModelError: the panel carries other labels than the model.
    """
    return _curve(SteadyState(model, panel), panel, panel.labels.channel(channel), np.asarray(multipliers, np.float64))


def all_curves(
    model: FittedModel, panel: Panel, multipliers: Sequence[float] = DEFAULT_MULTIPLIERS
) -> dict[str, ResponseCurve]:
    """The curve of every channel.

    Raises:
        ModelError: the panel carries other labels than the model.
    """
    steady, at = SteadyState(model, panel), np.asarray(multipliers, np.float64)
    return {name: _curve(steady, panel, index, at) for index, name in enumerate(panel.labels.channels)}


def _curve(steady: SteadyState, panel: Panel, channel: int, multipliers: FloatArray) -> ResponseCurve:
    mean_spend = float(steady.mean_spend[:, channel].sum())
    today = float(recent_rate(panel.spend)[:, channel].sum()) / mean_spend if mean_spend > 0 else 0.0
    answers = _answers(steady, channel)
    supported = support(panel.spend, panel.labels.frequency)[channel]

    def point(multiplier: float) -> CurvePoint:
        spend = multiplier * mean_spend
        return CurvePoint(multiplier, spend, answers.mean(multiplier), supported.status(spend))

    kpi = np.stack([answers.kpi(m) for m in multipliers], axis=1)
    money = None if answers.money(0.0) is None else np.stack([_known(answers.money(m)) for m in multipliers], axis=1)
    half = _half_saturation(answers) if mean_spend > 0 else None
    return ResponseCurve(
        channel=panel.labels.channels[channel],
        units=Units.of(panel),
        multipliers=multipliers,
        spend=multipliers * mean_spend,
        response=effect(kpi, money),
        support=tuple(supported.status(float(m) * mean_spend) for m in multipliers),
        supported=supported,
        today=point(today),
        half_saturation=None if half is None else point(half),
        break_even=_break_even(answers, panel, mean_spend, point),
    )


class _Answers:
    """A channel's response at any multiplier, each asked of the model once; `[draw]` over zero spend of it."""

    def __init__(self, ask: Callable[[float], tuple[FloatArray, FloatArray | None]]) -> None:
        self._ask = ask
        self._known: dict[float, tuple[FloatArray, FloatArray | None]] = {}

    def _at(self, multiplier: float) -> tuple[FloatArray, FloatArray | None]:
        key = float(multiplier)
        if key not in self._known:
            self._known[key] = self._ask(key)
        return self._known[key]

    def kpi(self, multiplier: float) -> FloatArray:
        return self._at(multiplier)[0] - self._at(0.0)[0]

    def money(self, multiplier: float) -> FloatArray | None:
        here, zero = self._at(multiplier)[1], self._at(0.0)[1]
        return None if here is None or zero is None else here - zero

    def mean(self, multiplier: float) -> float:
        """Mean over draws, money where known."""
        money = self.money(multiplier)
        return float((self.kpi(multiplier) if money is None else money).mean())

    def means(self, multipliers: FloatArray) -> FloatArray:
        return np.array([self.mean(float(m)) for m in multipliers])


def _answers(steady: SteadyState, channel: int) -> _Answers:
    if not steady.mean_spend[:, channel].any():
        nothing = steady.per_period(steady.at(channel, 0.0))
        return _Answers(lambda _: nothing)
    return _Answers(lambda m: steady.per_period(steady.at(channel, m)))


def _known(values: FloatArray | None) -> FloatArray:
    if values is None:
        raise AssertionError("money is known at one multiplier and unknown at another")
    return values


def _half_saturation(answers: _Answers) -> float | None:
    """Multiplier at which the mean response first reaches half of what 1000 × mean spend would bring."""
    from scipy.interpolate import PchipInterpolator

    below, top = answers.means(np.array(_LIMIT))
    if top <= 0 or top > (1 + _CEILING_GROWTH) * below:
        return None
    response = answers.means(_WIDE)
    first = int(np.argmax(response >= top / 2))
    if first == 0:
        return None
    curve = PchipInterpolator(_WIDE, response)
    inside = np.linspace(_WIDE[first - 1], _WIDE[first], 513)
    return float(np.interp(top / 2, np.maximum.accumulate(curve(inside)), inside))


def _break_even(answers: _Answers, panel: Panel, mean_spend: float, point: Callable[[float], CurvePoint]) -> BreakEven:
    """The spend of highest profit on the mean curve: there, the next euro returns exactly the threshold.

    Looking for the highest profit rather than for a slope finds the right crossing of S-shaped curves, and works on
    the steps of trees.
    """
    threshold, told = break_even(panel), panel.margin is not None
    if answers.money(0.0) is None:
        return BreakEven(threshold, told, None, "unknown")
    if mean_spend <= 0:
        return BreakEven(threshold, told, None, "never")
    profit = answers.means(_WIDE) - threshold * mean_spend * _WIDE
    best = int(np.argmax(profit))
    if best == len(_WIDE) - 1:
        return BreakEven(threshold, told, None, "always")
    if best == 0:
        near = np.linspace(0.0, _WIDE[1], _REFINED)
        if (answers.means(near) - threshold * mean_spend * near).argmax() == 0:
            return BreakEven(threshold, told, None, "never")
    low, high = _WIDE[max(best - 1, 0)], _WIDE[best + 1]
    return BreakEven(threshold, told, point(_peak(answers, low, high, threshold * mean_spend)), "found")


def _peak(answers: _Answers, low: float, high: float, cost: float) -> float:
    """Multiplier between `low` and `high` at which response − `cost` × multiplier is highest."""
    from scipy.interpolate import PchipInterpolator

    for _ in range(2):  # the second look is between the neighbours of the first one's best point
        near = np.linspace(low, high, _REFINED)
        profit = answers.means(near) - cost * near
        best = int(np.argmax(profit))
        low, high = near[max(best - 1, 0)], near[min(best + 1, _REFINED - 1)]
    fine = np.linspace(near[0], near[-1], 2049)
    return float(fine[np.argmax(PchipInterpolator(near, profit)(fine))])
