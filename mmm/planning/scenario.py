"""What a spend plan would bring over the next periods, beside business as usual."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import DateArray, Future, Inputs, Labels, exposure_per_spend, recent_rate
from mmm.data.panel import Panel
from mmm.effects.estimate import Effect, Estimate, Units, effect, probability_above, summarise
from mmm.effects.spans import tail_periods
from mmm.effects.support import Support, SupportStatus, support, sustained_plan
from mmm.errors import DataError, ModelError
from mmm.models.base import FittedModel
from mmm.planning.baseline import business_as_usual

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChannelOutcomes:
    """What each channel's planned spend adds: everything on − that channel dark over the horizon, tail counted.

    Attributes:
        spend: currency over the horizon, `[channel]`.
        baseline_spend: the same at business as usual.
        incremental: drop-one over the horizon with its tail, `[channel]`.
        roi: money per unit of planned spend `[channel]`, NaN without spend; None where no value is known.
        support: where the highest sustained level of the plan lies relative to history.
    """

    spend: FloatArray
    baseline_spend: FloatArray
    incremental: Effect | None
    roi: Estimate | None
    support: tuple[SupportStatus, ...]


@dataclass(frozen=True, eq=False)
class ScenarioOutcome:
    """A spend plan and what is expected of it.

    Attributes:
        labels: names of the axes.
        periods: first day of each period of the horizon, `[period]`.
        units: what the numbers count.
        spend: the plan, currency `[market, period, channel]`.
        baseline: business as usual, currency `[market, period, channel]`.
        predicted: expected KPI of all markets, `[period]` (no noise).
        predictive: the same with one period's noise: where the actual figure should fall, `[period]`.
        business_as_usual: expected KPI at `baseline`, `[period]`.
        total: expected KPI over the horizon, a single number.
        total_predictive: the same with noise.
        uplift: plan − business as usual over horizon *and* tail, paired draws, a single number.
        uplift_draws: of `uplift.shown`, `[draw]`.
        p_better: P(uplift > 0); 0.5 when nothing changes.
        tail: periods after the horizon counted in `uplift`, at business as usual in both cases.
        channels: what each channel adds.
        profit: margin × uplift − extra spend, currency; None where margin or value is unknown.
        p_profit: P(profit > 0); None where it is unknown.
    """

    labels: Labels
    periods: DateArray
    units: Units
    spend: FloatArray
    baseline: FloatArray
    predicted: Effect
    predictive: Effect
    business_as_usual: Effect
    total: Effect
    total_predictive: Effect
    uplift: Effect
    uplift_draws: FloatArray
    p_better: float
    tail: int
    channels: ChannelOutcomes
    profit: Estimate | None
    p_profit: float | None


def evaluate(
    model: FittedModel,
    panel: Panel,
    spend: FloatArray,
    *,
    baseline: FloatArray | None = None,
    controls: FloatArray | None = None,
    tail: int | None = None,
    seed: int = 0,
) -> ScenarioOutcome:
    """What `spend` over the next periods would bring. `Planner` answers many such questions faster.

    Args:
        model: the fitted model.
        panel: history.
        spend: the plan, currency `[market, period, channel]`; its periods are the horizon.
        baseline: business as usual `[market, period, channel]`; default: the last 12 periods' mean rate.
        controls: over the horizon `[market, period, control]`, NaN where unknown.
        tail: periods of carry-over counted after the horizon; default 8 weeks.
        seed: of the noise in predictive intervals.

    Raises:
        DataError: shapes disagree, or spend is negative or not finite.
        ModelError: the family does not support planning, or carries other labels.
    """
    planner = Planner(model, panel, spend.shape[1], baseline=baseline, controls=controls, tail=tail, seed=seed)
    return planner.outcome(spend)


class Planner:
    """One model, panel and horizon, ready for many plans.

    A class because a slider asks the same question again and again: history, the business-as-usual answer, noise and
    support are worked out once; each plan then costs the model's own `expected` and little else.

    Attributes:
        baseline: business as usual, currency `[market, period, channel]`.
        horizon: the periods planned, as a slice of the inputs.
        counted: horizon and tail, as a slice of the inputs.
        value: currency per KPI unit over horizon and tail `[market, period]`, None where unknown.
    """

    def __init__(
        self,
        model: FittedModel,
        panel: Panel,
        horizon: int,
        *,
        baseline: FloatArray | None = None,
        controls: FloatArray | None = None,
        tail: int | None = None,
        seed: int = 0,
    ) -> None:
        if not model.supports_planning:
            raise ModelError(f"The model family “{model.family}” is not good enough at “what if” to plan with.")
        self.model, self.panel, self.units = model, panel, Units.of(panel)
        self.tail = tail_periods(panel.labels.frequency) if tail is None else tail
        self.baseline: FloatArray = business_as_usual(panel, horizon) if baseline is None else baseline
        t = panel.n_periods
        self.horizon, self.counted = slice(t, t + horizon), slice(t, t + horizon + self.tail)
        self._check(self.baseline)
        self._inputs = self._base_inputs(controls, horizon)
        value = self._inputs.value_per_kpi
        self.value: FloatArray | None = None if value is None else value[:, self.counted]
        exposure = panel.exposure
        self._exposure_rate = None if exposure is None else exposure_per_spend(panel.spend, exposure)
        self._usual = model.expected(self._inputs, self.counted)
        self._usual_effect = effect(*self._by_period(self._usual))
        self._support: tuple[Support, ...] = support(panel.spend, panel.labels.frequency)
        noise = np.random.default_rng(seed).standard_normal((*self._usual.shape[:2], horizon))
        self._noise = noise * model.noise_sd[:, :, None]

    @property
    def n_horizon(self) -> int:
        """Periods planned."""
        return self.horizon.stop - self.horizon.start

    def inputs(self, spend: FloatArray) -> Inputs:
        """History, the plan, and the tail at business as usual.

        Raises:
            DataError: the shape differs from the baseline's, or spend is negative or not finite.
        """
        self._check(spend)
        whole = self._inputs.spend.copy()
        whole[:, self.horizon] = spend
        exposure = self._inputs.exposure
        if exposure is not None and self._exposure_rate is not None:
            exposure = exposure.copy()
            exposure[:, self.horizon] = spend * self._exposure_rate[:, None, :]
        return replace(self._inputs, spend=whole, exposure=exposure)

    def expected(self, spend: FloatArray) -> FloatArray:
        """KPI under a plan over horizon and tail, `[draw, market, period]`.

        Raises:
            DataError: as `inputs`.
        """
        return self.model.expected(self.inputs(spend), self.counted)

    def uplift_draws(self, spend: FloatArray) -> FloatArray:
        """Plan − business as usual over horizon and tail in `units.shown`, `[draw]`.

        Raises:
            DataError: as `inputs`.
        """
        return self._shown(self.expected(spend) - self._usual)

    def outcome(self, spend: FloatArray, *, per_channel: bool = True) -> ScenarioOutcome:
        """Everything about one plan; without `per_channel` the model is asked once instead of once a channel more.

        Raises:
            DataError: as `inputs`.
        """
        expected = self.expected(spend)
        noisy = expected[:, :, : self.n_horizon] + self._noise
        gain = expected - self._usual
        draws = self._shown(gain)
        uplift = Effect(summarise(gain.sum(axis=(1, 2))), None if self.value is None else summarise(draws))
        profit = self._profit_draws(draws, spend)
        kpi, money = self._by_period(expected)
        noisy_kpi, noisy_money = self._by_period(noisy)
        return ScenarioOutcome(
            labels=self.panel.labels,
            periods=self._inputs.periods[self.horizon],
            units=self.units,
            spend=spend,
            baseline=self.baseline,
            predicted=effect(kpi, money),
            predictive=effect(noisy_kpi, noisy_money),
            business_as_usual=self._usual_effect,
            total=effect(kpi.sum(axis=1), None if money is None else money.sum(axis=1)),
            total_predictive=effect(noisy_kpi.sum(axis=1), None if noisy_money is None else noisy_money.sum(axis=1)),
            uplift=uplift,
            uplift_draws=draws,
            p_better=float(probability_above(draws)),
            tail=self.tail,
            channels=self._channels(spend, expected if per_channel else None),
            profit=None if profit is None else summarise(profit),
            p_profit=None if profit is None else float(probability_above(profit)),
        )

    def status(self, spend: FloatArray) -> tuple[SupportStatus, ...]:
        """Support of each channel under a plan, judged on the highest level it sustains for 8 weeks."""
        levels = sustained_plan(self.panel.spend, spend, self.panel.labels.frequency)
        return tuple(s.status(float(level)) for s, level in zip(self._support, levels, strict=True))

    def _channels(self, spend: FloatArray, expected: FloatArray | None) -> ChannelOutcomes:
        total = spend.sum(axis=(0, 1))
        incremental, returns = None, None
        if expected is not None:
            kpi = np.zeros((expected.shape[0], len(total)))
            money = None if self.value is None else np.zeros_like(kpi)
            for channel in np.flatnonzero(total > 0):
                dark = spend.copy()
                dark[..., channel] = 0.0
                gain = expected - self.expected(dark)
                kpi[:, channel] = gain.sum(axis=(1, 2))
                if money is not None:
                    money[:, channel] = self._shown(gain)
            incremental = effect(kpi, money)
            if money is not None:
                returns = summarise(np.divide(money, total, out=np.full_like(money, np.nan), where=total > 0))
        return ChannelOutcomes(total, self.baseline.sum(axis=(0, 1)), incremental, returns, self.status(spend))

    def _profit_draws(self, uplift: FloatArray, spend: FloatArray) -> FloatArray | None:
        if self.panel.margin is None or self.value is None:
            return None
        return self.panel.margin * uplift - float((spend - self.baseline).sum())

    def _by_period(self, expected: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """All markets together over the horizon, KPI units and money, `[draw, period]`."""
        n = self.n_horizon
        ahead = expected[:, :, :n]
        money = None if self.value is None else np.einsum("dgt,gt->dt", ahead, self.value[:, :n])
        return np.asarray(ahead.sum(axis=1)), money

    def _shown(self, kpi: FloatArray) -> FloatArray:
        """Sum over markets and periods of horizon and tail in `units.shown`, `[draw]`."""
        if self.value is None:
            return np.asarray(kpi.sum(axis=(1, 2)))
        return np.asarray(np.einsum("dgt,gt->d", kpi, self.value))

    def _base_inputs(self, controls: FloatArray | None, horizon: int) -> Inputs:
        g, _, k = self.panel.controls.shape
        usual = np.repeat(recent_rate(self.panel.spend)[:, None, :], self.tail, axis=1)
        ahead = None
        if controls is not None:
            if controls.shape != (g, horizon, k):
                raise DataError(
                    f"Future controls have shape {controls.shape}; "
                    f"expected {(g, horizon, k)} (market, period, control)."
                )
            ahead = np.concatenate([controls, np.full((g, self.tail, k), np.nan)], axis=1)
        spend = np.concatenate([self.baseline, usual], axis=1)
        return self.panel.inputs(Future(horizon + self.tail, spend=spend, controls=ahead))

    def _check(self, spend: FloatArray) -> None:
        g, _, c = self.panel.spend.shape
        expected = (g, self.n_horizon, c)
        if spend.shape != expected:
            raise DataError(f"The plan has shape {spend.shape}; expected {expected} (market, period, channel).")
        if not np.isfinite(spend).all() or (spend < 0).any():
            raise DataError("A plan needs a spend of at least zero for every channel and period.")
