"""Choosing carry-over, saturation and ridge strength by how well the next periods are forecast.

For given decays and half-saturations the model is linear, so everything a search may ask for is put on a grid and
worked out once: saturated drive of each channel at each grid point, and its projection on the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from mmm.data.folds import Fold
from mmm.data.panel import Panel
from mmm.models.additive import saturated_drive
from mmm.models.design import Design
from mmm.models.scaling import Scaling

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

WEEKLY_DECAYS = (0.02, 0.12, 0.25, 0.4, 0.55, 0.7, 0.83)  # share carried over from one week to the next
HALF_SATURATIONS = (0.25, 0.5, 1.0, 2.0, 4.0)  # multiples of the channel's usual level
NOISE = (0.015, 0.03, 0.06, 0.12)  # ridge on the baseline, as the noise it is right for (share of the KPI)
REACH = (0.05, 0.1, 0.2, 0.4, 0.8)  # ridge on media, as the share of the KPI media may well bring
ORDINARY_DECAY = (-0.7, 0.9)  # location and scale of logit decay: what is usual, so that noise does not choose extremes
ORDINARY_HALF = (0.4, 0.8)  # the same for log half-saturation


@dataclass(frozen=True)
class Choice:
    """A point of the grid: an index into decay x half-saturation for each channel, and the two ridge strengths."""

    shape: tuple[int, ...]
    noise: int
    reach: int


class Baseline:
    """Ridge on the baseline's columns for one set of rows; a class because its decomposition serves many fits."""

    def __init__(self, columns: FloatArray, ridge: float) -> None:
        left, singular, right = np.linalg.svd(columns, full_matrices=False)
        self._explained = left * np.sqrt(singular**2 / (singular**2 + ridge))
        self._solve = (right.T * (singular / (singular**2 + ridge))) @ left.T
        self.degrees = float((singular**2 / (singular**2 + ridge)).sum())

    def media(
        self, saturated: FloatArray, kpi: FloatArray, penalty: FloatArray, centre: FloatArray | float = 0.0
    ) -> FloatArray:
        """Effects `[channel]` >= 0 that minimise squared error + sum penalty * (effect - centre)^2.

        The baseline is profiled out. Non-negative least squares: Lawson & Hanson (1974), chapter 23.
        """
        inside, target = self._explained.T @ saturated, self._explained.T @ kpi
        gram = saturated.T @ saturated - inside.T @ inside + np.diag(penalty)
        factor = linalg.cholesky(gram)
        moment = saturated.T @ kpi - inside.T @ target + penalty * centre
        goal = linalg.solve_triangular(factor, moment, trans=1)
        return np.asarray(optimize.nnls(factor, goal)[0])

    def coefficients(self, residual: FloatArray) -> FloatArray:
        """Baseline coefficients `[column]` for what media leave."""
        return np.asarray(self._solve @ residual)


class Workbench:
    """One panel with all grid points worked out; a class because hundreds of fits share them.

    Attributes:
        decay, half_saturation: of each grid point `[point]`.
        columns: the baseline's columns `[row, column]`, rows being all market-periods, market by market.
        kpi: scaled `[row]`, zero where it is not observed.
        period: index of each row's period `[row]`.
    """

    def __init__(self, panel: Panel) -> None:
        self.scaling, self.design = Scaling.of(panel), Design.of(panel)
        weeks = panel.labels.frequency.days / 7.0
        grid = [(d, h) for d in WEEKLY_DECAYS for h in HALF_SATURATIONS]
        weekly, self.half_saturation = (np.array(side) for side in zip(*grid, strict=True))
        self.decay = weekly**weeks
        self.n_channels = len(panel.labels.channels)
        columns = self.design.matrix(panel.inputs(), slice(0, panel.n_periods))
        self.columns = columns.reshape(-1, columns.shape[-1])
        self.period = np.tile(np.arange(panel.n_periods), len(panel.labels.markets))
        self.observed = panel.observed.ravel()
        self.kpi = np.where(panel.observed, panel.kpi / self.scaling.kpi[:, None], 0.0).ravel()
        self._saturated = self._on_grid(panel)
        share = np.maximum(self.scaling.spend_share, 0.02 / max(self.n_channels, 1))
        mean = np.maximum(self._saturated[self.observed].mean(axis=0), 1e-9)
        self._unit = (share / share.sum())[:, None] / mean
        far_decay = (np.log(weekly / (1 - weekly)) - ORDINARY_DECAY[0]) / ORDINARY_DECAY[1]
        far_half = (np.log(self.half_saturation) - ORDINARY_HALF[0]) / ORDINARY_HALF[1]
        self._unusual = 0.5 * (far_decay**2 + far_half**2)
        self._baselines: dict[tuple[int, int], Baseline] = {}

    def _on_grid(self, panel: Panel) -> FloatArray:
        """Saturated drive of every channel at every grid point `[row, channel, point]`."""
        shape = (len(self.decay), self.n_channels)
        decay, half = (np.broadcast_to(side[:, None], shape) for side in (self.decay, self.half_saturation))
        drive = panel.inputs().drive / self.scaling.drive[:, None, :]
        saturated = saturated_drive(drive, decay, half, np.ones(shape), self.scaling.opening)
        flat = saturated.reshape(len(self.decay), -1, self.n_channels)
        return np.ascontiguousarray(flat.transpose(1, 2, 0))

    @property
    def start(self) -> Choice:
        """The most ordinary point of the grid."""
        return Choice((int(np.argmin(self._unusual)),) * self.n_channels, noise=1, reach=2)

    def rows(self, periods: slice) -> BoolArray:
        """Observed rows inside `periods`, True where they are `[row]`."""
        return np.asarray(self.observed & (self.period >= periods.start) & (self.period < periods.stop))

    def saturated(self, choice: Choice, rows: BoolArray) -> FloatArray:
        """Saturated drive `[row, channel]` at a point of the grid."""
        return np.stack([self._saturated[rows, c, point] for c, point in enumerate(choice.shape)], axis=1)

    def penalty(self, choice: Choice) -> FloatArray:
        """Ridge on each channel's effect `[channel]`: contributions are measured against their share of spend."""
        unit = self._unit[np.arange(self.n_channels), list(choice.shape)]
        return np.asarray((NOISE[choice.noise] / (REACH[choice.reach] * unit)) ** 2)

    def unusual(self, choice: Choice) -> float:
        """How far decays and half-saturations are from ordinary ones: minus a log density."""
        return float(self._unusual[list(choice.shape)].sum())

    def baseline(self, until: int, choice: Choice) -> Baseline:
        """The baseline's ridge on observed rows before period `until`."""
        key = (until, choice.noise)
        if key not in self._baselines:
            rows = self.rows(slice(0, until))
            self._baselines[key] = Baseline(self.columns[rows], NOISE[choice.noise] ** 2)
        return self._baselines[key]


class Forecasts:
    """Forecast errors of a choice over folds; a class because a search asks for the same choice again and again."""

    def __init__(self, bench: Workbench, folds: tuple[Fold, ...]) -> None:
        self._bench = bench
        cuts = [(fold.train.stop, bench.rows(fold.train), bench.rows(fold.test)) for fold in folds]
        self._cuts = [cut for cut in cuts if cut[1].sum() > 1 and cut[2].any()]
        self._tested = sum(int(test.sum()) for _, _, test in self._cuts)
        self._known: dict[Choice, float] = {}

    def badness(self, choice: Choice) -> float:
        """Minus the log likelihood of the folds' forecast errors, and what is unusual about the choice."""
        if choice not in self._known:
            squared = sum(self._squared_error(choice, *cut) for cut in self._cuts)
            mean = max(squared / max(self._tested, 1), 1e-12)
            self._known[choice] = 0.5 * self._tested * float(np.log(mean)) + self._bench.unusual(choice)
        return self._known[choice]

    def rmse(self, choice: Choice) -> float:
        """Root mean squared forecast error, share of the KPI."""
        squared = sum(self._squared_error(choice, *cut) for cut in self._cuts)
        return float(np.sqrt(squared / max(self._tested, 1)))

    def _squared_error(self, choice: Choice, until: int, train: BoolArray, test: BoolArray) -> float:
        bench = self._bench
        baseline = bench.baseline(until, choice)
        saturated = bench.saturated(choice, train)
        effect = baseline.media(saturated, bench.kpi[train], bench.penalty(choice))
        b = baseline.coefficients(bench.kpi[train] - saturated @ effect)
        error = bench.kpi[test] - bench.columns[test] @ b - bench.saturated(choice, test) @ effect
        return float(error @ error)


def best_choice(forecasts: Forecasts, start: Choice, sweeps: int, rng: np.random.Generator) -> Choice:
    """Coordinate search: every coordinate in turn is set to its best value, until a sweep changes nothing."""
    best = start
    for _ in range(sweeps):
        before = best
        for coordinate in rng.permutation(len(start.shape) + 2):
            best = min(_along(best, int(coordinate)), key=forecasts.badness)
        if best == before:
            break
    return best


def near_choices(forecasts: Forecasts, best: Choice, n: int, thin: int, rng: np.random.Generator) -> list[Choice]:
    """`n` choices visited by a random walk over the grid that accepts by the likelihood of the forecast errors.

    Source:
        Metropolis et al. (1953), "Equation of state calculations by fast computing machines".
    """
    at, visited = best, []
    for _ in range(n):
        for _ in range(thin):
            others = _along(at, int(rng.integers(len(at.shape) + 2)))
            other = others[int(rng.integers(len(others)))]
            if np.log(rng.uniform()) < forecasts.badness(at) - forecasts.badness(other):
                at = other
        visited.append(at)
    return visited


def _along(choice: Choice, coordinate: int) -> list[Choice]:
    """Every choice that differs in one coordinate: a channel's shape, the baseline's ridge or the media's."""
    c = len(choice.shape)
    if coordinate == c:
        return [replace(choice, noise=k) for k in range(len(NOISE))]
    if coordinate == c + 1:
        return [replace(choice, reach=k) for k in range(len(REACH))]
    points = range(len(WEEKLY_DECAYS) * len(HALF_SATURATIONS))
    head, tail = choice.shape[:coordinate], choice.shape[coordinate + 1 :]
    return [replace(choice, shape=(*head, k, *tail)) for k in points]
