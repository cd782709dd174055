"""Choosing carry-over, saturation and ridge strength by how well the next periods are forecast.

For given decays and half-saturations the model is linear, so everything a search may ask for is put on a grid and
worked out once: saturated drive of each channel at each grid point, and its projection on the baseline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from mmm.data.folds import Fold
from mmm.data.panel import Panel
from mmm.models.design import Design
from mmm.models.form import ShapeDraws, form_of
from mmm.models.options import number, numbers_by_name
from mmm.models.scaling import Scaling

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

WEEKLY_DECAYS = (0.02, 0.12, 0.25, 0.4, 0.55, 0.7, 0.83)  # share carried over from one week to the next
HALF_SATURATIONS = (0.25, 0.5, 1.0, 2.0, 4.0)  # multiples of the channel's usual level
NOISE = (0.015, 0.03, 0.06, 0.12)  # ridge on the baseline, as the noise it is right for (share of the KPI)
REACH = (0.05, 0.1, 0.2, 0.4, 0.8)  # ridge on media, as the share of the KPI media may well bring
ORDINARY_DECAY = (-0.7, 0.9)  # location and scale of logit decay: what is usual, so that noise does not choose extremes
ORDINARY_POWER = 0.5  # elasticity of a channel where saturation is a power
ORDINARY_HALF = (0.4, 0.8)  # the same for log half-saturation


TINY = 1e-9  # ridge that only keeps a matrix positive definite


@dataclass(frozen=True)
class Choice:
    """A point of the grid: an index into decay x half-saturation for each channel, and how strong the pulls are."""

    shape: tuple[int, ...]
    noise: int
    reach: int
    pair: int = 0


@dataclass(frozen=True, eq=False)
class Pull:
    """What holds effects back: sum quadratic * (effect - centre)^2 + 2 * sum linear * effect, each `[channel]`."""

    quadratic: FloatArray
    linear: FloatArray
    centre: FloatArray


@dataclass(frozen=True, eq=False)
class Coefficients:
    """The linear part of a fit: effects `[channel]`, pairwise terms `[pair]` (or none), baseline `[column]`."""

    effect: FloatArray
    pair: FloatArray
    baseline: FloatArray


class Baseline:
    """Ridge on the baseline's columns for one set of rows; a class because its decomposition serves many fits."""

    def __init__(self, columns: FloatArray, ridge: float) -> None:
        left, singular, right = np.linalg.svd(columns, full_matrices=False)
        self._explained = left * np.sqrt(singular**2 / (singular**2 + ridge))
        self.solve = (right.T * (singular / (singular**2 + ridge))) @ left.T
        self.degrees = float((singular**2 / (singular**2 + ridge)).sum())

    def profiled(self, columns: FloatArray, kpi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Cross products of `columns [row, column]` and their moments with the KPI, the baseline profiled out."""
        inside, target = self._explained.T @ columns, self._explained.T @ kpi
        return columns.T @ columns - inside.T @ inside, columns.T @ kpi - inside.T @ target

    def coefficients(self, residual: FloatArray) -> FloatArray:
        """Baseline coefficients `[column]` for what media leave."""
        return np.asarray(self.solve @ residual)


@dataclass(frozen=True, eq=False)
class Profiled:
    """Media columns with the baseline profiled out, for one set of rows to learn from and perhaps one to be tested on.

    Attributes:
        gram: cross products `[column, column]`; moment: with the KPI `[column]`.
        ahead: columns of the rows to be tested on, less what the baseline makes of them `[row, column]`.
    """

    gram: FloatArray
    moment: FloatArray
    ahead: FloatArray


class Cut:
    """One fold for one ridge on the baseline; a class because many choices share what is worked out here.

    Attributes:
        train, test: rows `[row]`.
        left: KPI of the rows to be tested on that a fit without media leaves unexplained `[row]`.
    """

    def __init__(self, columns: FloatArray, kpi: FloatArray, rows: tuple[BoolArray, BoolArray], ridge: float) -> None:
        self.train, self.test = rows
        self._baseline = Baseline(columns[self.train], ridge)
        self._kpi = kpi[self.train]
        self._weight = columns[self.test] @ self._baseline.solve
        self.left = kpi[self.test] - self._weight @ self._kpi

    def profiled(self, media: FloatArray) -> Profiled:
        """The baseline profiled out of `media [row, column]`, whose rows are all market-periods."""
        seen = media[self.train]
        gram, moment = self._baseline.profiled(seen, self._kpi)
        return Profiled(gram, moment, media[self.test] - self._weight @ seen)


def nonnegative(gram: FloatArray, moment: FloatArray, pull: Pull) -> FloatArray:
    """The `e >= 0` that minimises e' gram e - 2 e' moment and what `pull` adds to it.

    Non-negative least squares, where the plain solution is not the answer already: Lawson & Hanson (1974), chapter 23.
    """
    whole = gram + np.diag(pull.quadratic)
    target = moment + pull.quadratic * pull.centre - pull.linear
    plain = np.linalg.solve(whole, target)
    if (plain >= 0).all():
        return np.asarray(plain)
    factor = linalg.cholesky(whole)
    return np.asarray(optimize.nnls(factor, linalg.solve_triangular(factor, target, trans=1))[0])


class Workbench:
    """One panel with all grid points worked out; a class because hundreds of fits share them.

    As it stands it pulls effects quadratically (ridge) and has no pairwise terms; families that differ say how.

    Attributes:
        form: shapes of carry-over and saturation; delay and slope are the same for all channels.
        decay, half_saturation: of each grid point `[point]`.
        columns: the baseline's columns `[row, column]`, rows being all market-periods, market by market.
        kpi: on the linked scale `[row]`, of no meaning where it is not observed.
        period: index of each row's period `[row]`.
    """

    knobs: ClassVar[dict[str, int]] = {"noise": len(NOISE), "reach": len(REACH)}

    def __init__(self, panel: Panel, options: Mapping[str, Any] | None = None) -> None:
        options = options or {}
        self.scaling, self.design = Scaling.of(panel), Design.of(panel)
        shapes = {name: options[name] for name in ("carry_over", "saturation") if name in options}
        self.form = form_of(shapes, panel.labels.frequency)
        steepest = self.form.saturation.highest_slope
        usual = 1.0 if steepest > 1 else ORDINARY_POWER
        self.slope = number(options, "slope", usual, low=min(0.5, usual), high=min(4.0, steepest))
        weeks = panel.labels.frequency.days / 7.0
        self.delay = self.form.carry_over.usual_delay(weeks)
        grid = [(d, h) for d in WEEKLY_DECAYS for h in HALF_SATURATIONS]
        weekly, self.half_saturation = (np.array(side) for side in zip(*grid, strict=True))
        self.decay = self.form.carry_over.per_period(weekly, weeks)
        self.n_channels = len(panel.labels.channels)
        columns = self.design.matrix(panel.inputs(), slice(0, panel.n_periods))
        self.columns = columns.reshape(-1, columns.shape[-1])
        self.period = np.tile(np.arange(panel.n_periods), len(panel.labels.markets))
        self.observed = panel.observed.ravel()
        self.kpi = self.linked(np.where(panel.observed, panel.kpi / self.scaling.kpi[:, None], 1.0)).ravel()
        self._saturated = self._on_grid(panel)
        share = np.maximum(self.scaling.spend_share, 0.02 / max(self.n_channels, 1))
        self._mean = np.maximum(self._saturated[self.observed].mean(axis=0), 1e-9)
        self._unit = (share / share.sum())[:, None] / self._mean
        far_decay = (np.log(weekly / (1 - weekly)) - ORDINARY_DECAY[0]) / ORDINARY_DECAY[1]
        far_half = (np.log(self.half_saturation) - ORDINARY_HALF[0]) / ORDINARY_HALF[1]
        self._unusual = 0.5 * (far_decay**2 + far_half**2)
        self._baselines: dict[int, Baseline] = {}
        self._grids: dict[Cut, Profiled] = {}
        self.pinned = self._pinned(panel, options, weeks)

    def linked(self, kpi: FloatArray) -> FloatArray:
        """The scale on which effects add up; `kpi` is in scaled units."""
        return kpi

    def _pinned(self, panel: Panel, options: Mapping[str, Any], weeks: float) -> tuple[tuple[int, ...], ...]:
        """Points of the grid that each channel may take `[channel]`: all, or those nearest to what options fix."""
        channels = panel.labels.channels
        weekly = numbers_by_name(options, "decay", channels, low=0.0, high=0.99)
        half = numbers_by_name(options, "half_saturation", channels, low=0.05, high=20.0)
        allowed = []
        for channel in channels:
            points = np.arange(len(self.decay))
            if channel in weekly:
                away = np.abs(self.form.carry_over.per_week(self.decay[points], weeks) - weekly[channel])
                points = points[away <= away.min() + 1e-9]
            if channel in half:
                away = np.abs(np.log(self.half_saturation[points] / half[channel]))
                points = points[away <= away.min() + 1e-9]
            allowed.append(tuple(points.tolist()))
        return tuple(allowed)

    def _on_grid(self, panel: Panel) -> FloatArray:
        """Saturated drive of every channel at every grid point `[row, channel, point]`."""
        shape = (len(self.decay), self.n_channels)
        decay, half = (np.broadcast_to(side[:, None], shape) for side in (self.decay, self.half_saturation))
        drive = panel.inputs().drive / self.scaling.drive[:, None, :]
        theta = ShapeDraws(decay, np.full(shape, self.delay), half, np.full(shape, self.slope))
        saturated = self.form.saturated(self.form.level(drive, theta, self.scaling.opening), theta)
        flat = saturated.reshape(len(self.decay), -1, self.n_channels)
        return np.ascontiguousarray(flat.transpose(1, 2, 0))

    @property
    def start(self) -> Choice:
        """The most ordinary point of the grid."""
        shape = tuple(min(points, key=self._unusual.__getitem__) for points in self.pinned)
        return Choice(shape, noise=1, reach=2, pair=self.knobs.get("pair", 1) // 2)

    def along(self, choice: Choice, coordinate: int) -> list[Choice]:
        """Every choice that differs in one coordinate: a channel's shape, or one of `knobs`."""
        return [self.moved(choice, coordinate, k) for k in range(self.size_of(coordinate))]

    def size_of(self, coordinate: int) -> int:
        """How many values a coordinate may take."""
        c = self.n_channels
        return list(self.knobs.values())[coordinate - c] if coordinate >= c else len(self.pinned[coordinate])

    def moved(self, choice: Choice, coordinate: int, k: int) -> Choice:
        """The choice with one coordinate at its k-th value."""
        c = self.n_channels
        if coordinate >= c:
            change: dict[str, Any] = {list(self.knobs)[coordinate - c]: k}
            return replace(choice, **change)
        head, tail = choice.shape[:coordinate], choice.shape[coordinate + 1 :]
        return replace(choice, shape=(*head, self.pinned[coordinate][k], *tail))

    @property
    def n_coordinates(self) -> int:
        """Coordinates of a choice."""
        return self.n_channels + len(self.knobs)

    def rows(self, periods: slice) -> BoolArray:
        """Observed rows inside `periods`, True where they are `[row]`."""
        return np.asarray(self.observed & (self.period >= periods.start) & (self.period < periods.stop))

    def saturated(self, choice: Choice, rows: BoolArray) -> FloatArray:
        """Saturated drive `[row, channel]` at a point of the grid."""
        return np.stack([self._saturated[rows, c, point] for c, point in enumerate(choice.shape)], axis=1)

    def mean(self, choice: Choice) -> FloatArray:
        """Mean of each channel's saturated drive over the observed rows `[channel]`."""
        return np.asarray(self._mean[np.arange(self.n_channels), list(choice.shape)])

    def reach(self, choice: Choice) -> FloatArray:
        """How large each channel's effect may well be `[channel]`: contributions follow their share of spend."""
        unit = self._unit[np.arange(self.n_channels), list(choice.shape)]
        return np.asarray(REACH[choice.reach] * unit)

    def pull(self, choice: Choice, rng: np.random.Generator | None = None) -> Pull:
        """What holds effects back. Given `rng` it is drawn, for otherwise the pull would look like knowledge."""
        reach = self.reach(choice)
        centre = np.zeros_like(reach) if rng is None else rng.standard_normal(len(reach)) * reach
        return Pull((NOISE[choice.noise] / reach) ** 2, np.zeros_like(reach), centre)

    def media(self, choice: Choice, rows: BoolArray) -> FloatArray:
        """Media columns `[row, column]`: the saturated channels."""
        return self.saturated(choice, rows)

    def solve(self, gram: FloatArray, moment: FloatArray, pull: Pull) -> FloatArray:
        """Coefficients of the media columns `[column]`, once the baseline is profiled out."""
        return nonnegative(gram, moment, pull)

    def profiled(self, choice: Choice, cut: Cut) -> Profiled:
        """Media columns of a choice in a fold; the whole grid is worked out when a fold is first met."""
        if cut not in self._grids:
            self._grids[cut] = cut.profiled(self._saturated.reshape(len(self.kpi), -1))
        whole = self._grids[cut]
        place = np.arange(self.n_channels) * len(self.decay) + np.array(choice.shape, dtype=np.int64)
        return Profiled(whole.gram[place[:, None], place], whole.moment[place], whole.ahead[:, place])

    def fit(
        self, choice: Choice, kpi: FloatArray, pull: Pull | None = None, rows: BoolArray | None = None
    ) -> Coefficients:
        """The linear part for the linked KPI of some rows, by default of all observed ones."""
        baseline = self.baseline(choice) if rows is None else Baseline(self.columns[rows], NOISE[choice.noise] ** 2)
        media = self.media(choice, self.observed if rows is None else rows)
        gram, moment = baseline.profiled(media, kpi)
        found = self.solve(gram, moment, pull or self.pull(choice))
        c = self.n_channels
        return Coefficients(found[:c], found[c:], baseline.coefficients(kpi - media @ found))

    def predicted(self, choice: Choice, found: Coefficients) -> FloatArray:
        """Linked KPI of all rows `[row]`."""
        media = self.media(choice, np.ones_like(self.observed))
        return np.asarray(self.columns @ found.baseline + media @ np.concatenate([found.effect, found.pair]))

    def unusual(self, choice: Choice) -> float:
        """How far decays and half-saturations are from ordinary ones: minus a log density."""
        return float(self._unusual[list(choice.shape)].sum())

    def baseline(self, choice: Choice) -> Baseline:
        """The baseline's ridge on all observed rows."""
        if choice.noise not in self._baselines:
            self._baselines[choice.noise] = Baseline(self.columns[self.observed], NOISE[choice.noise] ** 2)
        return self._baselines[choice.noise]

    def cut(self, fold: Fold, noise: int) -> Cut:
        """One fold for one ridge on the baseline."""
        rows = (self.rows(fold.train), self.rows(fold.test))
        return Cut(self.columns, self.kpi, rows, NOISE[noise] ** 2)


class Forecasts:
    """Forecast errors of a choice over folds; a class because a search asks for the same choice again and again."""

    def __init__(self, bench: Workbench, folds: tuple[Fold, ...]) -> None:
        self.bench = bench
        self._folds = [f for f in folds if bench.rows(f.train).sum() > 1 and bench.rows(f.test).any()]
        self._tested = sum(int(bench.rows(fold.test).sum()) for fold in self._folds)
        self._cuts: dict[int, list[Cut]] = {}
        self._known: dict[Choice, float] = {}

    def badness(self, choice: Choice) -> float:
        """Minus the log likelihood of the folds' forecast errors, and what is unusual about the choice."""
        if choice not in self._known:
            mean = max(self._squared_error(choice) / max(self._tested, 1), 1e-12)
            self._known[choice] = 0.5 * self._tested * float(np.log(mean)) + self.bench.unusual(choice)
        return self._known[choice]

    def rmse(self, choice: Choice) -> float:
        """Root mean squared forecast error, share of the KPI."""
        return float(np.sqrt(self._squared_error(choice) / max(self._tested, 1)))

    def _squared_error(self, choice: Choice) -> float:
        bench, pull = self.bench, self.bench.pull(choice)
        if choice.noise not in self._cuts:
            self._cuts[choice.noise] = [bench.cut(fold, choice.noise) for fold in self._folds]
        total = 0.0
        for cut in self._cuts[choice.noise]:
            seen = bench.profiled(choice, cut)
            error = cut.left - seen.ahead @ bench.solve(seen.gram, seen.moment, pull)
            total += float(error @ error)
        return total


def best_choice(forecasts: Forecasts, start: Choice, sweeps: int, rng: np.random.Generator) -> Choice:
    """Coordinate search: every coordinate in turn is set to its best value, until a sweep changes nothing."""
    best = start
    for _ in range(sweeps):
        before = best
        for coordinate in rng.permutation(forecasts.bench.n_coordinates):
            best = min(forecasts.bench.along(best, int(coordinate)), key=forecasts.badness)
        if best == before:
            break
    return best


def near_choices(forecasts: Forecasts, best: Choice, n: int, thin: int, rng: np.random.Generator) -> list[Choice]:
    """`n` choices visited by a random walk over the grid that accepts by the likelihood of the forecast errors.

    Source:
        Metropolis et al. (1953), "Equation of state calculations by fast computing machines".
    """
    at, visited, bench = best, [], forecasts.bench
    for _ in range(n):
        for _ in range(thin):
            coordinate = int(rng.integers(bench.n_coordinates))
            other = bench.moved(at, coordinate, int(rng.integers(bench.size_of(coordinate))))
            if np.log(rng.uniform()) < forecasts.badness(at) - forecasts.badness(other):
                at = other
        visited.append(at)
    return visited
