"""The mean response to a split, tabulated once and then searched in microseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator, RectBivariateSpline
from scipy.optimize import LinearConstraint, minimize

from mmm.models.base import MediaTerms
from mmm.planning.bounds import FIXED, inside
from mmm.planning.scenario import Planner

FloatArray = NDArray[np.float64]

MAIN_NODES = 17  # spends at which a channel's own response is tabulated
PAIR_NODES = 7  # at least; raised to the next prime that gives every channel its own column of the design
BLACK_BOX_NODES = 9
STARTS = 12  # S-shaped responses have local optima
_SLSQP_ITERATIONS = 200


@dataclass(frozen=True, eq=False)
class Surface:
    """Mean money (or KPI) over horizon and tail as a function of each channel's total, up to a constant.

    Attributes:
        lower: total at position 0 of each channel, currency `[channel]`.
        width: currency from position 0 to 1, above zero, `[channel]`.
        main: own response of all channels at a position, `[channel]`.
        slope: its derivative.
        pairs: response of a pair at two positions.
    """

    lower: FloatArray
    width: FloatArray
    main: PchipInterpolator
    slope: PchipInterpolator
    pairs: dict[tuple[int, int], RectBivariateSpline]

    def value_and_gradient(self, totals: FloatArray) -> tuple[float, FloatArray]:
        """Value at totals `[channel]`, and its derivative by each total."""
        at = np.clip((totals - self.lower) / self.width, 0.0, 1.0)
        value = float(np.trace(self.main(at)))
        gradient = np.diag(self.slope(at)).copy()
        for (i, j), pair in self.pairs.items():
            value += float(pair.ev(at[i], at[j]))
            gradient[i] += float(pair.ev(at[i], at[j], dx=1))
            gradient[j] += float(pair.ev(at[i], at[j], dy=1))
        return value, gradient / self.width


class Box:
    """The totals a plan may take, and how they become a plan: limits, budget and the shape of each channel's spend.

    A class because every question to the planner needs all of them.
    """

    def __init__(
        self, planner: Planner, shapes: FloatArray, lower: FloatArray, upper: FloatArray, total: float
    ) -> None:
        self.planner, self.shapes = planner, shapes
        self.lower, self.upper, self.total = lower, upper, total
        self.free = upper - lower > FIXED
        self.width = np.where(self.free, upper - lower, np.maximum(1.0, 0.01 * upper))

    def gain(self, totals: FloatArray) -> float:
        """Exact mean uplift over business as usual of totals `[channel]`, horizon and tail, in the shown unit."""
        return float(self.planner.uplift_draws(totals * self.shapes).mean())

    def terms(self, totals: FloatArray) -> MediaTerms | None:
        """The family's own split of the media effect at totals `[channel]`, if it has one."""
        planner = self.planner
        return planner.model.media_terms(planner.inputs(totals * self.shapes), planner.counted)


def closed_form_surface(box: Box) -> Surface | None:
    """Tables of a family with main and pairwise terms, or None where it has none.

    A main term depends on its own channel only, so one question tabulates a node of all channels. Pairs are tabulated
    together too: in an orthogonal array of strength 2 over p levels (Bose 1938), p² questions show every pair of
    channels at every pair of levels.
    """
    first = box.terms(box.lower)
    if first is None:
        return None
    nodes = _lobatto(MAIN_NODES)
    main = np.array([_mains(box, box.terms(box.lower + box.width * u)) for u in nodes])
    curves = PchipInterpolator(nodes, main)
    return Surface(box.lower, box.width, curves, curves.derivative(), _pair_tables(box, sorted(first.pairs)))


def anchored_surface(box: Box, anchor: FloatArray) -> Surface:
    """Own responses of a black box, each channel moved with the others at `anchor`; no pairs."""
    nodes = _lobatto(BLACK_BOX_NODES)
    main = np.zeros((len(nodes), len(anchor)))
    for channel in range(len(anchor)):
        totals = anchor.copy()
        for k, u in enumerate(nodes if box.free[channel] else []):
            totals[channel] = box.lower[channel] + box.width[channel] * u
            main[k, channel] = box.gain(totals)
    curves = PchipInterpolator(nodes, main)
    return Surface(box.lower, box.width, curves, curves.derivative(), {})


def best_splits(surface: Surface, box: Box, start: FloatArray, seed: int) -> list[FloatArray]:
    """Local optima of the surface under budget and bounds, best first: totals `[channel]`.

    SLSQP with exact gradients from `start` and from random feasible points.
    """
    rng = np.random.default_rng(seed)
    random = box.lower + rng.random((STARTS - 1, len(start))) * (box.upper - box.lower)
    starts = [start, *(inside(point, box.total, box.lower, box.upper) for point in random)]
    found = [_climb(surface, box, point) for point in starts]
    return sorted(found, key=lambda totals: -surface.value_and_gradient(totals)[0])


def _climb(surface: Surface, box: Box, start: FloatArray) -> FloatArray:
    free = np.flatnonzero(box.free)
    if len(free) < 2:
        return start
    width = box.width[free]
    scale = max(float(np.abs(surface.value_and_gradient(start)[1] * box.width).max()), 1e-12)

    def totals(position: FloatArray) -> FloatArray:
        whole = start.copy()
        whole[free] = box.lower[free] + width * position
        return whole

    def loss(position: FloatArray) -> float:
        return -surface.value_and_gradient(totals(position))[0] / scale

    def slope(position: FloatArray) -> FloatArray:
        return -surface.value_and_gradient(totals(position))[1][free] * width / scale

    budget = float(box.total - start.sum() + start[free].sum() - box.lower[free].sum())
    result = minimize(
        loss,
        (start[free] - box.lower[free]) / width,
        jac=slope,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * len(free),
        constraints=LinearConstraint(width[None, :] / width.max(), budget / width.max(), budget / width.max()),
        options={"maxiter": _SLSQP_ITERATIONS, "ftol": 1e-10},
    )
    end = inside(totals(np.clip(result.x, 0.0, 1.0)), box.total, box.lower, box.upper)
    better = surface.value_and_gradient(end)[0] >= surface.value_and_gradient(start)[0]
    return end if better else start


def _pair_tables(box: Box, pairs: list[tuple[int, int]]) -> dict[tuple[int, int], RectBivariateSpline]:
    if not pairs:
        return {}
    members = sorted({channel for pair in pairs for channel in pair})
    levels = _prime_from(max(PAIR_NODES, len(members) - 1))
    nodes = _lobatto(levels)
    tables = {pair: np.zeros((levels, levels)) for pair in pairs}
    for a in range(levels):
        for s in range(levels):
            column = {c: a if k == levels else (s + a * k) % levels for k, c in enumerate(members)}
            position = np.zeros(len(box.lower))
            position[members] = nodes[[column[c] for c in members]]
            terms = box.terms(box.lower + box.width * position)
            for i, j in pairs:
                tables[i, j][column[i], column[j]] = _pair(box, terms, (i, j))
    return {pair: RectBivariateSpline(nodes, nodes, table) for pair, table in tables.items() if np.ptp(table) > 0}


def _mains(box: Box, terms: MediaTerms | None) -> FloatArray:
    """Mean over draws of each channel's own term over horizon and tail, in the shown unit: `[channel]`."""
    if terms is None:
        raise AssertionError("a family has media terms for one spend and none for another")
    mean = terms.main.mean(axis=0)
    value = box.planner.value
    return np.asarray(mean.sum(axis=(0, 1)) if value is None else np.einsum("gtc,gt->c", mean, value))


def _pair(box: Box, terms: MediaTerms | None, pair: tuple[int, int]) -> float:
    if terms is None or pair not in terms.pairs:
        return 0.0
    mean = terms.pairs[pair].mean(axis=0)
    value = box.planner.value
    return float(mean.sum() if value is None else (mean * value).sum())


def _lobatto(n: int) -> FloatArray:
    """Chebyshev–Lobatto points on 0..1, ends included: dense where interpolation needs it."""
    return np.asarray((1.0 - np.cos(np.pi * np.arange(n) / (n - 1))) / 2.0)


def _prime_from(n: int) -> int:
    while any(n % d == 0 for d in range(2, int(n**0.5) + 1)):
        n += 1
    return n
