"""Simulated worlds with a known truth: what models are measured against, and where the sample data come from.

The worlds follow the method papers: geometric carry-over, saturation, a search x social synergy, trend, season,
holiday spikes, controls and noise; spend is autocorrelated, follows demand, comes in flights and moves together.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import ControlRole, Frequency, Inputs, Labels
from mmm.data.panel import Panel

FloatArray = NDArray[np.float64]
Generator = np.random.Generator

CONTROL_CENTRE = np.array([0.0, 100.0, 0.0])  # where each control of a world is when nothing happens
DEMAND_SD = 0.5  # of the common demand factor, where a world has one
BURN_IN = 52  # periods simulated before the first one shown, so that carry-over is already there


@dataclass(frozen=True)
class ChannelRecipe:
    """How one channel of a world behaves.

    Attributes:
        pattern: "demand" follows season and holidays, "steady" wanders, "flighted" comes in bursts,
            "promotion" bursts around holidays.
        decay: range the weekly carry-over is drawn from.
        half_saturation: range, in multiples of the channel's mean carried-over spend while it is on.
        slope: range of the Hill slope.
        weight: relative size of its budget.
    """

    name: str
    pattern: str
    decay: tuple[float, float]
    half_saturation: tuple[float, float] = (0.6, 2.5)
    slope: tuple[float, float] = (0.9, 1.6)
    weight: float = 1.0


SEARCH = ChannelRecipe("search", "demand", (0.05, 0.35), weight=1.2)
SOCIAL = ChannelRecipe("social", "steady", (0.15, 0.5))
DISPLAY = ChannelRecipe("display", "steady", (0.15, 0.55), weight=0.8)
VIDEO = ChannelRecipe("video", "flighted", (0.3, 0.7), weight=1.1)
OFFLINE_PROMOTIONS = ChannelRecipe("offline_promotions", "promotion", (0.05, 0.4), weight=0.8)
OFFLINE_MEDIA = ChannelRecipe("offline_media", "flighted", (0.4, 0.8), weight=1.3)

SHOPPING = ChannelRecipe("shopping", "demand", (0.05, 0.35))
RADIO = ChannelRecipe("radio", "flighted", (0.2, 0.6), weight=0.7)

FIVE_CHANNELS = (SEARCH, SOCIAL, DISPLAY, OFFLINE_PROMOTIONS, OFFLINE_MEDIA)
FOUR_CHANNELS = (SEARCH, SOCIAL, DISPLAY, VIDEO)
EIGHT_CHANNELS = (SEARCH, SOCIAL, DISPLAY, SHOPPING, VIDEO, RADIO, OFFLINE_PROMOTIONS, OFFLINE_MEDIA)


@dataclass(frozen=True)
class WorldSettings:
    """What kind of world to draw.

    Attributes:
        n_periods: weeks of history shown.
        media_share: range of media's share of the KPI.
        noise: standard deviation of a week's noise, share of the mean KPI.
        roi_spread: standard deviation of log ROI across channels; the median ROI is `roi_median`.
        synergy: range of the search x social synergy, share of those two channels' joint effect.
        demand_effect: range of the effect of one common demand factor, share of the mean KPI; where it is given, the
            budgets of demand-following and steady channels follow that factor, and a control measures it.
    """

    channels: tuple[ChannelRecipe, ...] = FIVE_CHANNELS
    n_periods: int = 104
    markets: tuple[str, ...] = ("national",)
    first_period: str = "2023-01-02"
    media_share: tuple[float, float] = (0.15, 0.30)
    noise: float = 0.04
    roi_median: float = 1.5
    roi_spread: float = 0.65
    synergy: tuple[float, float] = (0.05, 0.2)
    mean_kpi: float = 1_000_000.0
    country: str | None = None
    demand_effect: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Truth:
    """The laws of one simulated world; answers any spend plan exactly.

    Attributes:
        decay, half_saturation, slope: `[channel]`; half-saturation in currency per period and unit of `size`.
        effect: KPI units at full saturation `[channel]`, per unit of `size`.
        synergy: KPI units when both channels are fully saturated, `{(i, j): value}`.
        size: relative size of each market `[market]`, mean 1.
        baseline: KPI without media and without controls `[market, period]`.
        control_effect: KPI units per unit of each control `[control]`, times `size`.
        initial: carried-over spend before the first period `[market, channel]`.
        noise: noise really drawn `[market, period]`; noise_sd the scale it was drawn with `[market]`.
        multiplier: what each effect is multiplied by `[market or 1, period or 1, channel]`; the last period's holds for
            all that follow. None for effects that are the same everywhere and always.
    """

    decay: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    effect: FloatArray
    synergy: dict[tuple[int, int], float]
    size: FloatArray
    baseline: FloatArray
    control_effect: FloatArray
    initial: FloatArray
    noise: FloatArray
    noise_sd: FloatArray
    multiplier: FloatArray | None = None

    def media(self, spend: FloatArray) -> FloatArray:
        """KPI caused by media under `spend [market, period, channel]`: `[market, period]`."""
        level = self.initial / self.size[:, None]
        scaled = spend / self.size[:, None, None]
        total = np.zeros(spend.shape[:2])
        for period in range(spend.shape[1]):
            level = self.decay * level + (1 - self.decay) * scaled[:, period]
            powered = level**self.slope
            saturated = powered / (self.half_saturation**self.slope + powered)
            total[:, period] = self._main(saturated, period)
            for (i, j), strength in self.synergy.items():
                total[:, period] += strength * saturated[:, i] * saturated[:, j]
        return total * self.size[:, None]

    def _main(self, saturated: FloatArray, period: int) -> FloatArray:
        """What the channels bring by themselves in one period `[market]`."""
        if self.multiplier is None:
            return np.asarray(saturated @ self.effect)
        now = self.multiplier[:, min(period, self.multiplier.shape[1] - 1)]
        return np.asarray((saturated * now * self.effect).sum(axis=1))

    def expected(self, inputs: Inputs) -> FloatArray:
        """KPI without noise `[market, period]`, for periods from the first one shown."""
        n = inputs.n_periods
        controls = inputs.controls @ self.control_effect * self.size[:, None]
        return self.baseline[:, :n] + controls + self.media(inputs.spend)

    def contributions(self, spend: FloatArray) -> FloatArray:
        """Drop-one contribution `[market, period, channel]`: everything on minus that channel at zero."""
        full = self.media(spend)
        parts = []
        for channel in range(spend.shape[-1]):
            without = spend.copy()
            without[:, :, channel] = 0.0
            parts.append(full - self.media(without))
        return np.stack(parts, axis=-1)

    def roi(self, spend: FloatArray) -> FloatArray:
        """Drop-one contribution divided by spend `[channel]`."""
        return np.asarray(self.contributions(spend).sum(axis=(0, 1)) / spend.sum(axis=(0, 1)))


@dataclass(frozen=True, eq=False)
class World:
    """A simulated panel and its truth."""

    panel: Panel
    truth: Truth
    settings: WorldSettings = field(default_factory=WorldSettings)
    seed: int = 0


def simulate(settings: WorldSettings | None = None, seed: int = 0) -> World:
    """Draw one world; the same settings and seed give the same world to the last digit."""
    settings = settings or WorldSettings()
    rng = np.random.default_rng(seed)
    n = settings.n_periods + BURN_IN
    shown = slice(BURN_IN, None)
    periods = np.datetime64(settings.first_period, "D") + 7 * np.arange(-BURN_IN, settings.n_periods)
    season, holiday = _season(rng, periods), _holiday_weeks(periods)
    size = _market_sizes(rng, len(settings.markets))
    demand = None if settings.demand_effect is None else _autoregressive(rng, n, 0.8, DEMAND_SD)
    shapes = np.stack([_spend_shapes(rng, settings, season, holiday, n, demand) for _ in settings.markets])
    share = rng.uniform(*settings.media_share)
    spend, media = _media(rng, settings, shapes, size, settings.mean_kpi * share)
    controls, names, control_effect = _controls(rng, settings, holiday, n)
    if demand is not None and settings.demand_effect is not None:
        index = np.broadcast_to(np.round(demand, 4)[None, :, None], (*controls.shape[:2], 1))
        controls, names = np.concatenate([controls, index], axis=2), (*names, "demand_index")
        control_effect = np.append(control_effect, rng.uniform(*settings.demand_effect))
    control_effect = control_effect * settings.mean_kpi
    baseline = _baseline(rng, season, n) * settings.mean_kpi * (1 - share)
    baseline = baseline - CONTROL_CENTRE @ control_effect[: len(CONTROL_CENTRE)]
    noise_sd = settings.noise * settings.mean_kpi * size
    truth = replace(
        media,
        baseline=size[:, None] * baseline[shown],
        control_effect=control_effect,
        noise=rng.normal(size=(len(size), settings.n_periods)) * noise_sd[:, None],
        noise_sd=noise_sd,
    )
    panel = _panel(settings, periods[shown], spend[:, shown], controls[:, shown], names, truth)
    return World(panel=panel, truth=truth, settings=settings, seed=seed)


def five_channel_world(seed: int, n_periods: int = 104) -> World:
    """104 weeks of search, social, display, offline promotions and offline media."""
    return simulate(WorldSettings(channels=FIVE_CHANNELS, n_periods=n_periods), seed)


def four_channel_world(seed: int, n_periods: int = 104) -> World:
    """104 weeks of search, social, display and video."""
    return simulate(WorldSettings(channels=FOUR_CHANNELS, n_periods=n_periods), seed)


def market_world(seed: int, n_markets: int = 20, n_periods: int = 104) -> World:
    """Five channels in several markets of unequal size."""
    markets = tuple(f"market {i + 1}" for i in range(n_markets))
    return simulate(WorldSettings(channels=FIVE_CHANNELS, n_periods=n_periods, markets=markets), seed)


def eight_channel_world(seed: int, n_periods: int = 156) -> World:
    """156 weeks of eight channels; half of them follow one demand factor, which moves sales too and is measured."""
    return simulate(WorldSettings(channels=EIGHT_CHANNELS, n_periods=n_periods, demand_effect=(0.05, 0.12)), seed)


def _season(rng: Generator, periods: NDArray[np.datetime64]) -> FloatArray:
    """Yearly demand around 0 `[period]`, amplitude about 5-12 %."""
    phase = 2 * np.pi * (periods - np.datetime64("2000-01-01", "D")).astype(float) / 365.2425
    first, second = rng.uniform(0.04, 0.10), rng.uniform(0.01, 0.04)
    shift = rng.uniform(-0.6, 0.6)  # peak near the turn of the year, as most retail demand
    return first * np.cos(phase - shift) + second * np.cos(2 * phase - rng.uniform(0, 2 * np.pi))


def _holiday_weeks(periods: NDArray[np.datetime64]) -> FloatArray:
    """1 in the weeks of late November and before Christmas, 0.5 around Easter `[period]`."""
    flags = np.zeros(len(periods))
    for i, start in enumerate(periods.astype(object)):
        if (start.month == 11 and 20 <= start.day <= 26) or (start.month == 12 and 11 <= start.day <= 24):
            flags[i] = 1.0
        elif start.month == 4 and 1 <= start.day <= 7:
            flags[i] = 0.5
    return flags


def _autoregressive(rng: Generator, n: int, rho: float, sd: float) -> FloatArray:
    """A stationary AR(1) series with standard deviation `sd`."""
    shocks = rng.normal(0, sd * np.sqrt(1 - rho**2), n)
    out = np.empty(n)
    out[0] = rng.normal(0, sd)
    for t in range(1, n):
        out[t] = rho * out[t - 1] + shocks[t]
    return out


def _flights(rng: Generator, n: int, burst: tuple[int, int], pause: tuple[int, int]) -> FloatArray:
    """On and off in bursts, with a level per burst and 3 % of it in between `[period]`."""
    level = np.zeros(n)
    t = int(rng.integers(0, pause[1]))
    while t < n:
        length = int(rng.integers(burst[0], burst[1] + 1))
        level[t : t + length] = rng.lognormal(0, 0.3)
        t += length + int(rng.integers(pause[0], pause[1] + 1))
    return np.maximum(level, 0.03)


def _spend_shapes(
    rng: Generator, settings: WorldSettings, season: FloatArray, holiday: FloatArray, n: int, demand: FloatArray | None
) -> FloatArray:
    """Spend with mean 1 per channel `[period, channel]`."""
    # What makes budgets rise and fall together.
    common = _autoregressive(rng, n, 0.8, 0.25) if demand is None else demand
    shapes = []
    for recipe in settings.channels:
        own = _autoregressive(rng, n, rng.uniform(0.5, 0.8), rng.uniform(0.25, 0.45))
        tie = rng.uniform(0.2, 0.9)
        if recipe.pattern == "demand":
            log = rng.uniform(0.6, 1.8) * season + 0.2 * holiday + own + 0.5 * tie * common
            shape = np.exp(log)
        elif recipe.pattern == "steady":
            shape = np.exp(own + tie * common + 0.4 * season + 0.1 * holiday)
        elif recipe.pattern == "flighted":
            shape = _flights(rng, n, (3, 7), (3, 8)) * np.exp(0.3 * own + season)
        else:
            shape = _flights(rng, n, (1, 3), (3, 7)) * np.exp(0.2 * own) + 1.5 * holiday * rng.uniform(0.5, 1.0)
        shapes.append(shape / shape[BURN_IN:].mean())
    return np.stack(shapes, axis=-1)


def _media(
    rng: Generator, settings: WorldSettings, shapes: FloatArray, size: FloatArray, media_kpi: float
) -> tuple[FloatArray, Truth]:
    """Budgets and laws such that media bring `media_kpi` a period and each channel has the ROI drawn for it.

    Returns:
        Spend in currency, burn-in included, and a truth whose baseline is still to be filled in.
    """
    c = len(settings.channels)
    budget_share = rng.dirichlet(10 * np.array([r.weight for r in settings.channels]))
    roi = settings.roi_median * rng.lognormal(0, settings.roi_spread, c)
    budget = budget_share * media_kpi / (budget_share @ roi)
    spend = np.round(shapes * budget * size[:, None, None], 2)
    level = shapes.mean(axis=0)
    on = np.array([series[series > 0.3 * series.max()].mean() for series in level.T])
    half = np.exp([rng.uniform(*np.log(r.half_saturation)) for r in settings.channels]) * np.sqrt(on) * budget
    truth = Truth(
        decay=np.array([rng.uniform(*r.decay) for r in settings.channels]),
        half_saturation=half,
        slope=np.array([rng.uniform(*r.slope) for r in settings.channels]),
        effect=np.ones(c), synergy={}, size=size, initial=spend[:, :8].mean(axis=1),
        baseline=np.zeros(0), control_effect=np.zeros(0), noise=np.zeros(0), noise_sd=np.zeros(0),
    )  # fmt: skip
    shown = slice(BURN_IN, None)
    per_unit = truth.contributions(spend)[:, shown].sum(axis=(0, 1))
    effect = roi * spend[:, shown].sum(axis=(0, 1)) / per_unit
    synergy = {(0, 1): rng.uniform(*settings.synergy) * float(effect[0] + effect[1])} if c > 1 else {}
    initial = truth.initial / size[:, None]
    for period in range(BURN_IN):
        initial = truth.decay * initial + (1 - truth.decay) * spend[:, period] / size[:, None]
    return spend, replace(truth, effect=effect, synergy=synergy, initial=initial * size[:, None])


def _controls(
    rng: Generator, settings: WorldSettings, holiday: FloatArray, n: int
) -> tuple[FloatArray, tuple[str, ...], FloatArray]:
    """Holiday, price index, competitor activity `[market, period, control]`; effects as shares of the mean KPI."""
    price = CONTROL_CENTRE[1] * np.exp(_autoregressive(rng, n, 0.9, 0.03))
    markets = len(settings.markets)
    rival = np.stack([_autoregressive(rng, n, 0.7, 1.0) for _ in range(markets)])
    stacked = np.stack([np.tile(holiday, (markets, 1)), np.tile(price, (markets, 1)), rival], axis=-1)
    effect = np.array([rng.uniform(0.08, 0.18), -rng.uniform(0.2, 0.8) / 100, -rng.uniform(0.0, 0.015)])
    return np.asarray(np.round(stacked, 4)), ("holiday", "price_index", "competitor_activity"), effect


def _baseline(rng: Generator, season: FloatArray, n: int) -> FloatArray:
    """Trend, season and a slow drift, mean about 1 `[period]`."""
    years = (np.arange(n) - BURN_IN) / 52.18
    drift = np.cumsum(rng.normal(0, 0.0015, n))
    return np.asarray(1.0 + rng.uniform(-0.05, 0.08) * years + season + drift - drift[BURN_IN:].mean())


def _market_sizes(rng: Generator, n: int) -> FloatArray:
    size = np.ones(1) if n == 1 else rng.lognormal(0.0, 0.7, n)
    return np.asarray(size / size.mean())


def _panel(
    settings: WorldSettings,
    periods: NDArray[np.datetime64],
    spend: FloatArray,
    controls: FloatArray,
    control_names: tuple[str, ...],
    truth: Truth,
) -> Panel:
    """What an analyst would see of the world."""
    labels = Labels(
        markets=settings.markets,
        channels=tuple(recipe.name for recipe in settings.channels),
        controls=control_names,
        control_roles=(ControlRole.CONFOUNDER,) * len(control_names),
        frequency=Frequency.WEEK,
    )
    kpi = truth.baseline + controls @ truth.control_effect * truth.size[:, None] + truth.media(spend) + truth.noise
    return Panel(
        labels=labels,
        periods=periods,
        kpi=np.round(kpi, 2),
        spend=spend.copy(),
        controls=controls.copy(),
        observed=np.ones(kpi.shape, dtype=bool),
        filled=np.zeros(kpi.shape, dtype=bool),
        population=None if len(truth.size) == 1 else truth.size * 1_000_000,
        kpi_name="revenue",
        country=settings.country,
    )
