"""Saturation or drift? A falling return has two readings, and the data cannot always tell them apart.

A channel may bring less because more is spent on it (saturation), or because it works less well than it did (drift).
The same panel is fitted once with constant and once with drifting effects, and the two are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmm.data.findings import whole_percent
from mmm.data.inputs import Future, recent_rate
from mmm.data.panel import Panel
from mmm.effects.estimate import Estimate, summarise
from mmm.errors import ModelError
from mmm.models.base import FittedModel
from mmm.models.varying import Drift, VaryingModel
from mmm.transforms.calendar import years_since

FloatArray = NDArray[np.float64]
Reading = Literal["moved", "steady", "unknown"]

HALF_YEAR_DAYS = 182.6
SAYS_SOMETHING = 3.0  # difference of log evidence: odds of 20 to 1 (Kass & Raftery 1995, JASA 90, 773-795)
LEARNT = 0.25  # share of the prior variance of a change that the data took away, below which they said nothing of it
SLOW = 0.7  # share of a channel's variation that a slow course explains, above which spend level and time are one
STEADY = 0.2  # a change that surely stays within this share of the effect is none
VISIBLE = 2.0  # deviations of noise that a trial must move the KPI by
TRIALS = ((2, 1.5), (4, 1.5), (4, 2.0), (8, 2.0))  # weeks and multiples of today's spend, cheapest first


@dataclass(frozen=True)
class Trial:
    """A change of spend that would tell saturation from drift: made now, and again half a year later.

    Attributes:
        periods: how many periods it lasts; weeks: the same in weeks; multiple: of today's spend.
        cost: spend on top of today's, currency; lift: KPI it is expected to bring while it lasts.
    """

    periods: int
    weeks: int
    multiple: float
    cost: float
    lift: float


@dataclass(frozen=True, eq=False)
class ChannelDrift:
    """What is known of one channel.

    Attributes:
        channel: its name.
        change: effect at the same spend in the last half-year over that in the first, less 1.
        reading: whether the effect moved, stayed, or the data do not say.
        separable: whether the data can tell saturation from drift.
        learnt: share of the prior variance of `change` that the data took away.
        slow: share of the spend's variation that a slow course over time explains.
        trial: the cheapest change of spend that would tell; None where the data can, or where none tried is visible.
        sentence: all of it in words.
    """

    channel: str
    change: Estimate
    reading: Reading
    separable: bool
    learnt: float
    slow: float
    trial: Trial | None
    sentence: str


@dataclass(frozen=True, eq=False)
class SaturationOrDrift:
    """The comparison of both fits.

    Attributes:
        evidence: log evidence at the optimum for drifting effects over constant ones; above 0 speaks for drift.
        channels: every channel that spent, in the panel's order.
        sentence: what the two fits say together.
    """

    evidence: float
    channels: tuple[ChannelDrift, ...]
    sentence: str


def saturation_or_drift(static: FittedModel, varying: VaryingModel, panel: Panel) -> SaturationOrDrift:
    """Compare a fit with constant effects and one with drifting effects of the same panel.

    Args:
        static: the structural fit.
        varying: the time-varying fit.
        panel: what both were fitted on.

    Raises:
        ModelError: a model was not fitted with a log density, or not with drifting effects.
    """
    evidence = _log_density(varying) - _log_density(static)
    drift = _drift_of(varying)
    spent = [i for i in range(len(panel.labels.channels)) if panel.spend[:, :, i].any()]
    channels = tuple(_channel(varying, drift, panel, channel) for channel in spent)
    return SaturationOrDrift(evidence, channels, _together(evidence, channels))


def _log_density(model: FittedModel) -> float:
    value = model.diagnostics.get("log_density")
    if value is None:
        raise ModelError(f"The {model.family} model keeps no log density, so that its fit cannot be compared.")
    return float(value)


def _drift_of(model: VaryingModel) -> Drift:
    for modulation in model.form.modulations:
        if isinstance(modulation, Drift):
            return modulation
    raise ModelError("The time-varying model has no drifting effects to ask about.")


def _channel(model: VaryingModel, drift: Drift, panel: Panel, channel: int) -> ChannelDrift:
    n = _half_year(panel)
    draws = _change(model, panel, channel, n)
    change = summarise(draws)
    years = years_since(panel.periods, drift.origin)
    columns = drift.at(years)
    prior = drift.sd_per_year**2 * float(((columns[-n:].mean(axis=0) - columns[:n].mean(axis=0)) ** 2).sum())
    learnt = max(0.0, 1.0 - float(draws.var()) / prior)
    slow = _explained(panel.inputs().drive[:, :, channel].sum(axis=0), columns)
    separable = learnt >= LEARNT and slow < SLOW
    reading = _reading(change)
    trial = None if separable else _trial(model, panel, channel)
    name = panel.labels.channels[channel]
    words = _sentence(name, change, reading, separable, slow, trial)
    return ChannelDrift(name, change, reading, separable, learnt, slow, trial, words)


def _half_year(panel: Panel) -> int:
    """Periods of half a year, at most a third of history."""
    return max(1, min(round(HALF_YEAR_DAYS / panel.labels.frequency.days), panel.n_periods // 3))


def _change(model: FittedModel, panel: Panel, channel: int, n: int) -> FloatArray:
    """Last `n` periods' contribution under a steady spend over the first `n` periods', less 1 `[draw]`."""
    inputs = panel.inputs()
    mean = np.broadcast_to(inputs.spend.mean(axis=1, keepdims=True), inputs.spend.shape)
    steady = inputs.with_spend(mean.copy())
    gained = (model.expected(steady) - model.expected(steady.scaled(channel, 0.0))).sum(axis=1)
    first = np.maximum(gained[:, :n].mean(axis=1), 1e-9 * panel.kpi[panel.observed].mean())
    return np.asarray(gained[:, -n:].mean(axis=1) / first - 1.0)


def _explained(drive: FloatArray, columns: FloatArray) -> float:
    """Share of the variance of `drive [period]` that slow `columns [period, column]` explain, 0 to 1."""
    centred = drive - drive.mean()
    total = float((centred**2).sum())
    if total <= 0:
        return 1.0
    wide = np.column_stack([np.ones(len(drive)), columns])
    left = centred - wide @ np.linalg.lstsq(wide, centred, rcond=None)[0]
    return 1.0 - float((left**2).sum()) / total


def _reading(change: Estimate) -> Reading:
    lo, hi = float(change.lo), float(change.hi)
    if lo > 0 or hi < 0:
        return "moved"
    return "steady" if max(-lo, hi) < STEADY else "unknown"


def _trial(model: FittedModel, panel: Panel, channel: int) -> Trial | None:
    """The cheapest of `TRIALS` that moves the KPI by more than its noise, everything else at today's level."""
    rate = float(recent_rate(panel.spend)[:, channel].sum())
    n = panel.n_periods
    for weeks, multiple in TRIALS if rate > 0 else ():
        periods = max(1, round(7 * weeks / panel.labels.frequency.days))
        inputs = panel.inputs(Future(periods))
        ahead = slice(n, n + periods)
        more = model.expected(inputs.scaled(channel, multiple, ahead), ahead) - model.expected(inputs, ahead)
        lift = float(more.sum(axis=(1, 2)).mean())
        noise = float(np.sqrt(periods * (model.noise_sd**2).sum(axis=1)).mean())
        if lift > VISIBLE * noise:
            return Trial(periods, weeks, multiple, (multiple - 1.0) * rate * periods, lift)
    return None


def _sentence(name: str, change: Estimate, reading: Reading, separable: bool, slow: float, trial: Trial | None) -> str:
    amount, lo, hi = (whole_percent(float(abs(v))) for v in (change.mean, change.lo, change.hi))
    way = "more" if change.mean > 0 else "less"
    lo, hi = (f"{'+' if v >= 0 else '−'}{text}" for v, text in ((change.lo, lo), (change.hi, hi)))
    words = {
        "moved": f"{name}: at the same spend it brought {amount} {way} in the last half-year than in the first",
        "steady": f"{name}: its effect stayed about the same",
        "unknown": f"{name}: whether its effect moved cannot be said",
    }[reading] + f" (90 % interval {lo} to {hi})."
    if separable:
        return words + " Its spend varied enough within short times to tell saturation from drift."
    because = "its spend changed slowly, so that level and time are one" if slow >= SLOW else "it varied too little"
    words += f" The data cannot tell saturation from drift: {because}."
    if trial is None:
        return words + " No change up to eight weeks at twice today's spend would stand out; a lift test would tell."
    much = f"{trial.weeks} weeks at {whole_percent(trial.multiple)} of today's spend"
    return words + f" {much}, now and again in half a year, would."


def _together(evidence: float, channels: tuple[ChannelDrift, ...]) -> str:
    if evidence > SAYS_SOMETHING:
        start = "Effects that drift explain the data clearly better than constant ones."
    elif evidence < -SAYS_SOMETHING:
        start = "Constant effects explain the data clearly better than effects that drift."
    else:
        start = "Constant effects and effects that drift explain the data about equally well."
    unclear = [channel.channel for channel in channels if not channel.separable]
    if not unclear:
        return start + " For every channel the data can tell saturation from drift."
    return start + f" For {', '.join(unclear)} the data cannot tell saturation from drift."
