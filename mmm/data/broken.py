"""Worlds that each break one assumption of the models, with a truth that stays exact.

A break takes an ordinary world (`simulate`) and changes its laws, its spend or what is recorded of it. What a channel
really brings is answered by the world's `Truth` as before, so any claim about it can be checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import ControlRole
from mmm.data.simulate import FIVE_CHANNELS, Generator, Truth, World, WorldSettings, simulate

FloatArray = NDArray[np.float64]
Break = Callable[[World, Generator], World]

KERNEL_PERIODS = 16  # weeks that a delayed carry-over reaches
SEARCH, SOCIAL, DISPLAY = 0, 1, 2  # the channels that most breaks act on
FORMS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "log": np.log1p,
    "power": lambda level: np.asarray(level**0.45),
    "exp": lambda level: np.asarray(1.0 - np.exp(-level)),
}


@dataclass(frozen=True, eq=False)
class BrokenTruth(Truth):
    """Laws that no model family here assumes.

    Attributes:
        form: saturation as a function of carried-over spend ÷ half-saturation; None for Hill.
        kernel: carry-over weights `[channel, lag]` in place of the geometric ones.
        moving: factor on each channel's effect `[period, channel]`; its last row holds for ever after.
        recorded: what was really spent ÷ what was recorded `[market, period, channel]`; 1 after history.
    """

    form: str | None = None
    kernel: FloatArray | None = None
    moving: FloatArray | None = None
    recorded: FloatArray | None = None

    @classmethod
    def of(cls, truth: Truth) -> BrokenTruth:
        """The same laws, ready to be changed."""
        return cls(**vars(truth))

    def media(self, spend: FloatArray) -> FloatArray:
        """KPI caused by media under `spend [market, period, channel]`: `[market, period]`."""
        saturated = self._saturated(self._level(self._really(spend) / self.size[:, None, None]))
        if self.moving is not None:
            last = len(self.moving) - 1
            saturated = saturated * self.moving[np.minimum(np.arange(spend.shape[1]), last)]
        total = saturated @ self.effect
        for (i, j), strength in self.synergy.items():
            total = total + strength * saturated[..., i] * saturated[..., j]
        return np.asarray(total * self.size[:, None])

    def _really(self, spend: FloatArray) -> FloatArray:
        if self.recorded is None:
            return spend
        factor = np.ones_like(spend)
        n = min(spend.shape[1], self.recorded.shape[1])
        factor[:, :n] = self.recorded[:, :n]
        return spend * factor

    def _level(self, scaled: FloatArray) -> FloatArray:
        level, out = self.initial / self.size[:, None], np.empty_like(scaled)
        if self.kernel is None:
            for period in range(scaled.shape[1]):
                level = self.decay * level + (1 - self.decay) * scaled[:, period]
                out[:, period] = level
            return out
        lags = self.kernel.shape[1]
        padded = np.concatenate([np.repeat(level[:, None], lags - 1, axis=1), scaled], axis=1)
        n = scaled.shape[1]
        parts = [self.kernel[:, lag] * padded[:, lags - 1 - lag : lags - 1 - lag + n] for lag in range(lags)]
        return np.asarray(np.sum(parts, axis=0))

    def _saturated(self, level: FloatArray) -> FloatArray:
        relative = level / self.half_saturation
        if self.form is not None:
            return FORMS[self.form](relative)
        powered = relative**self.slope
        return np.asarray(powered / (1.0 + powered))


def broken_world(kind: str, seed: int, n_periods: int = 104) -> World:
    """One world of a kind of `BREAKS`; the same kind and seed give the same world to the last digit."""
    base = simulate(WorldSettings(channels=FIVE_CHANNELS, n_periods=n_periods), seed)
    return BREAKS[kind](base, np.random.default_rng([seed, 77]))


def with_truth(world: World, truth: Truth, spend: FloatArray | None = None) -> World:
    """The world under other laws, and other spend where given; the KPI follows from them."""
    panel = world.panel
    really = panel.spend if spend is None else np.asarray(np.round(np.maximum(spend, 0.0), 2), dtype=np.float64)
    controls = panel.controls[:, :, : len(truth.control_effect)]
    known = controls @ truth.control_effect * truth.size[:, None]
    kpi = truth.baseline + known + truth.media(really) + truth.noise
    return replace(world, truth=truth, panel=replace(panel, kpi=np.round(kpi, 2), spend=really))


def with_control(world: World, name: str, values: FloatArray) -> World:
    """The world with one more control, which by itself moves nothing `[market, period]`."""
    panel, labels = world.panel, world.panel.labels
    more = replace(
        labels, controls=(*labels.controls, name), control_roles=(*labels.control_roles, ControlRole.CONFOUNDER)
    )
    truth = replace(world.truth, control_effect=np.append(world.truth.control_effect, 0.0))
    controls = np.concatenate([panel.controls, values[:, :, None]], axis=2)
    return replace(world, truth=truth, panel=replace(panel, labels=more, controls=controls))


def calibrated(world: World, truth: Truth) -> Truth:
    """The new laws with effects such that every channel's own contribution stays what it was."""
    spend = world.panel.spend
    before = replace(world.truth, synergy={}).contributions(spend).sum(axis=(0, 1))
    after = replace(truth, synergy={}).contributions(spend).sum(axis=(0, 1))
    return replace(truth, effect=truth.effect * before / after)


def _form(form: str) -> Break:
    def change(world: World, _: Generator) -> World:
        truth = replace(BrokenTruth.of(world.truth), form=form, synergy={})
        return with_truth(world, calibrated(world, truth))

    return change


def _late_peak(world: World, rng: Generator) -> World:
    lags = np.arange(KERNEL_PERIODS)
    kernel = np.empty((len(world.truth.decay), len(lags)))
    for channel, decay in enumerate(world.truth.decay):
        weights = decay**lags
        if channel in (SOCIAL, DISPLAY):
            weights = 0.6 ** ((lags - rng.integers(3, 6)) ** 2 / 2.0)
        kernel[channel] = weights / weights.sum()
    return with_truth(world, calibrated(world, replace(BrokenTruth.of(world.truth), kernel=kernel)))


def _steep(world: World, _: Generator) -> World:
    usual = world.panel.spend.mean(axis=(0, 1))
    half = np.where(np.isin(np.arange(len(usual)), (SOCIAL, DISPLAY)), 1.15 * usual, world.truth.half_saturation)
    slope = np.where(np.isin(np.arange(len(usual)), (SOCIAL, DISPLAY)), 5.0, world.truth.slope)
    truth = replace(BrokenTruth.of(world.truth), half_saturation=half, slope=slope)
    return with_truth(world, calibrated(world, truth))


def _moving(factor: Callable[[FloatArray], FloatArray], channels: tuple[int, ...]) -> Break:
    def change(world: World, _: Generator) -> World:
        moving = np.ones((world.panel.n_periods, len(world.truth.decay)))
        moving[:, channels] = factor(np.arange(world.panel.n_periods, dtype=np.float64))[:, None]
        return with_truth(world, replace(BrokenTruth.of(world.truth), moving=moving))

    return change


def _wandering(rng: Generator, n: int, rho: float) -> FloatArray:
    """A hidden AR(1) series with standard deviation 1 `[period]`."""
    out, value = np.empty(n), rng.normal()
    for t in range(n):
        out[t] = value
        value = rho * value + np.sqrt(1 - rho**2) * rng.normal()
    return out


def _hidden(world: World, factor: FloatArray, on_kpi: float, on_spend: dict[int, float]) -> World:
    """A factor that nobody records moves the KPI (share of its mean) and the log of some channels' spend."""
    spend = world.panel.spend.copy()
    for channel, strength in on_spend.items():
        pushed = spend[:, :, channel] * np.exp(strength * factor)
        spend[:, :, channel] = pushed * spend[:, :, channel].sum() / pushed.sum()
    baseline = world.truth.baseline + on_kpi * world.settings.mean_kpi * factor
    return with_truth(world, replace(world.truth, baseline=baseline), spend)


def _missing_confounder(world: World, rng: Generator) -> World:
    return _hidden(world, _wandering(rng, world.panel.n_periods, 0.8), 0.05, {SEARCH: 0.4, SOCIAL: 0.4})


def _brand_search(world: World, rng: Generator) -> World:
    """Search is bought by people who already wanted to buy: it follows demand closely and brings little."""
    effect = world.truth.effect.copy()
    effect[SEARCH] *= 0.2
    factor = _wandering(rng, world.panel.n_periods, 0.7)
    spend = world.panel.spend.copy()
    spend[:, :, SEARCH] = spend[:, :, SEARCH].mean() * np.exp(0.08 * rng.normal(size=spend.shape[1]))
    truth = replace(world.truth, effect=effect, synergy={})
    return _hidden(with_truth(world, truth, spend), factor, 0.06, {SEARCH: 0.35})


def _reverse(world: World, rng: Generator) -> World:
    """Two channels get a share of last week's sales."""
    truth, spend = world.truth, world.panel.spend.copy()
    fixed = truth.baseline + world.panel.controls @ truth.control_effect * truth.size[:, None] + truth.noise
    usual = spend.mean(axis=1)
    jitter = np.exp(0.05 * rng.normal(size=spend.shape))
    last = world.panel.kpi[:, :1].mean(axis=1)
    for t in range(spend.shape[1]):
        for channel in (SEARCH, SOCIAL):
            pull = (last / world.panel.kpi.mean(axis=1)) ** 4
            spend[:, t, channel] = usual[:, channel] * pull * jitter[:, t, channel]
        last = fixed[:, t] + truth.media(spend[:, : t + 1])[:, t]
    return with_truth(world, truth, spend)


def _mediator(world: World, rng: Generator) -> World:
    """Site sessions, which advertising brings, are given as if they were a cause of their own."""
    media = world.truth.media(world.panel.spend) / world.settings.mean_kpi
    noise = 0.1 * media.std() * rng.normal(size=media.shape)
    return with_control(world, "site_sessions", np.round(1000 * (1 + media + noise), 1))


def _leak(world: World, rng: Generator) -> World:
    """A column that is made from the KPI itself, such as the number of orders."""
    kpi = world.panel.kpi
    noise = 0.25 * kpi.std() * rng.normal(size=kpi.shape)
    return with_control(world, "basket_visits", np.round((kpi + noise) / 1000, 2))


def _scaled_effect(channel: int, factor: float) -> Break:
    def change(world: World, _: Generator) -> World:
        effect = world.truth.effect.copy()
        effect[channel] *= factor
        return with_truth(world, replace(world.truth, effect=effect, synergy={}))

    return change


def _constant(world: World, rng: Generator) -> World:
    spend = world.panel.spend.copy()
    for channel in (SEARCH, DISPLAY):
        spend[:, :, channel] = spend[:, :, channel].mean() * (1 + 0.02 * rng.normal(size=spend.shape[:2]))
    return with_truth(world, world.truth, spend)


def _pair(world: World, rng: Generator) -> World:
    """Display follows social week by week (correlation about 0.9 of what is left after the season)."""
    spend = world.panel.spend.copy()
    ratio = spend[:, :, DISPLAY].mean() / spend[:, :, SOCIAL].mean()
    spend[:, :, DISPLAY] = spend[:, :, SOCIAL] * ratio * np.exp(0.15 * rng.normal(size=spend.shape[:2]))
    return with_truth(world, world.truth, spend)


def _measurement(world: World, rng: Generator) -> World:
    """Recorded spend is off by some 35 % a week; the world answers what was really spent."""
    really = world.panel.spend
    noted = np.round(really * np.exp(0.35 * rng.normal(size=really.shape)), 2)
    noted = np.maximum(noted, 0.01)
    truth = replace(BrokenTruth.of(world.truth), recorded=really / noted)
    return with_truth(world, truth, noted)


def _level_break(world: World, rng: Generator) -> World:
    step = np.zeros(world.panel.n_periods)
    step[int(rng.integers(30, 55)) :] = rng.choice([-1.0, 1.0]) * rng.uniform(0.10, 0.16)
    baseline = world.truth.baseline + step * world.settings.mean_kpi
    return with_truth(world, replace(world.truth, baseline=baseline))


def _noise(draw: Callable[[Generator, int], FloatArray]) -> Break:
    def change(world: World, rng: Generator) -> World:
        noise = np.stack([draw(rng, world.panel.n_periods) * sd for sd in world.truth.noise_sd])
        return with_truth(world, replace(world.truth, noise=noise))

    return change


def _heavy(rng: Generator, n: int) -> FloatArray:
    return np.asarray(np.clip(rng.standard_t(2, n), -9, 9) * 0.8)


def _hostile(world: World, rng: Generator) -> World:
    """A dead channel, a pair that moves together, heavy tails and a level break, all in one."""
    dead = len(world.truth.effect) - 1
    for step in (_scaled_effect(dead, 0.0), _pair, _noise(_heavy), _level_break):
        world = step(world, rng)
    return world


def _as_it_is(world: World, _: Generator) -> World:
    return world


YEAR = 52.18
BREAKS: dict[str, Break] = {
    "log saturation": _form("log"),
    "power saturation": _form("power"),
    "exponential saturation": _form("exp"),
    "late peak": _late_peak,
    "steep S-curve": _steep,
    "drift of effects": _moving(lambda t: 1.6 - 1.2 * t / 80, (SOCIAL, DISPLAY)),
    "season × media": _moving(lambda t: 1 + 0.7 * np.cos(2 * np.pi * t / YEAR), (SEARCH, SOCIAL)),
    "missing confounder": _missing_confounder,
    "brand search": _brand_search,
    "reverse causality": _reverse,
    "mediator": _mediator,
    "leaking control": _leak,
    "negative effect": _scaled_effect(SOCIAL, -0.6),
    "dead channel": _scaled_effect(4, 0.0),
    "constant spend": _constant,
    "ρ = 0.9 pair": _pair,
    "measurement error": _measurement,
    "level break": _level_break,
    "heavy tails": _noise(_heavy),
    "autocorrelated noise": _noise(lambda rng, n: _wandering(rng, n, 0.7)),
    "40 weeks": _as_it_is,
    "hostile": _hostile,
}
"""Every kind of break by name; "40 weeks" is an ordinary world of which little is shown (`n_periods`)."""
