"""The posterior of many markets: deviations of effects by market, integrated out market by market.

A market's own intercept, trend and deviations have columns that are zero everywhere else. Their block of the
precision matrix is therefore small and separate, and is eliminated first (Schur complement, as in Golub & Van Loan
2013, "Matrix computations", section 3.2.6): one small solve a market in place of one large one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.models.additive import Parameters
from mmm.models.form import Form
from mmm.models.posterior import Posterior, Theta
from mmm.models.priors import Priors

FloatArray = NDArray[np.float64]

# Log of the deviations' standard deviation, share of the effect: markets are rarely alike, rarely twice as different.
WIDTH_PRIOR = (float(np.log(0.12)), 0.8)
NARROWEST, WIDEST_MARKETS = 0.005, 1.5
OWN = 2  # a market's intercept and trend, the first columns of the design for each market


@dataclass(frozen=True, eq=False)
class Blocks:
    """Normal equations of the linear part for a batch, noise divided out, in prior standard deviations.

    Attributes:
        own: precision of each market's own coefficients `[batch, market, own, own]`.
        cross: own coefficients against the shared ones and, last, the target `[batch, market, own, shared + 1]`.
        shared: data precision of the shared coefficients and, last, the target `[batch, shared + 1, shared + 1]`.
        tested_own, tested_shared: what each lift test sees, in its standard errors: `[batch, market, own, test]`
            and `[batch, shared, test]`.
        tested: lift that main effects leave over, in standard errors `[batch, test]`.
    """

    own: FloatArray
    cross: FloatArray
    shared: FloatArray
    tested_own: FloatArray
    tested_shared: FloatArray
    tested: FloatArray


class MarketPosterior(Posterior):
    """log p(theta, width | data), where theta is that of `Posterior` and width is the pooling width.

    A class because what the design's columns say of each other, market by market, is worked out once.
    """

    def __init__(self, panel: Panel, priors: Priors, form: Form, split: tuple[str, ...] = ()) -> None:
        """`split` names channels whose markets tell nothing; their deviations keep the prior's width."""
        super().__init__(panel, priors, form)
        self._differing = [i for i, name in enumerate(panel.labels.channels) if name not in split]
        self.n_markets, periods = panel.kpi.shape
        self._seen = self._by_market(np.ones((self.n_rows, 1)), periods)
        self._target = self._by_market(self._kpi[:, None], periods)[..., 0]
        columns = self._by_market(self._columns, periods)
        own = [columns[m, :, OWN * m : OWN * (m + 1)] for m in range(self.n_markets)]
        self._fixed = np.concatenate([np.stack(own), columns[:, :, OWN * self.n_markets :]], axis=2)
        self._fixed_gram = np.swapaxes(self._fixed, 1, 2) @ self._fixed

    def _by_market(self, rows: FloatArray, n_periods: int) -> FloatArray:
        """Observed rows `[row, column]` on the grid, zero where nothing was observed `[market, period, column]`."""
        grid = np.zeros((self.n_markets * n_periods, rows.shape[1]))
        grid[self._rows] = rows
        return grid.reshape(self.n_markets, n_periods, -1)

    @property
    def n_own(self) -> int:
        """Coefficients that one market has to itself."""
        return OWN + len(self._differing)

    def pooled_log_density(self, theta: FloatArray, log_width: FloatArray) -> FloatArray:
        """Unnormalised log posterior `[batch]` of theta `[batch, size]` and log_width `[batch]`."""
        natural = self.natural(theta)
        blocks = self._blocks(natural, np.exp(log_width))[0]
        prior = self._log_prior(theta) - 0.5 * ((log_width - WIDTH_PRIOR[0]) / WIDTH_PRIOR[1]) ** 2
        return np.asarray(prior + self._log_evidence(blocks, natural.noise))

    def _blocks(self, natural: Theta, width: FloatArray) -> tuple[Blocks, FloatArray, FloatArray]:
        """Normal equations given everything else; each channel's effect, and each term's unit."""
        level = self.form.level(self._drive, natural, self.scaling.opening)
        full = self.form.saturated(level, natural)
        seen = full * self._seen
        mean = np.maximum(seen.sum(axis=(1, 2)) / self.n_rows, 1e-9)
        effect = natural.contribution / mean
        unit = self._term_unit(natural, mean)
        scaled = seen * effect[:, None, None, :]
        deviations = scaled[..., self._differing] * width[:, None, None, None]
        terms = self._terms(full, slice(0, full.shape[2])) * (unit[:, None, None, :] * self._seen)
        residual = (self._target - scaled.sum(axis=3))[..., None]
        gram = self._gram(deviations, np.concatenate([terms, residual], axis=3)) / (
            natural.noise[:, None, None, None] ** 2
        )
        n = self.n_own
        shared = gram[:, :, n:, n:].sum(axis=1)
        tests = self._tests_by_market((level, full), natural, (effect, unit, width), shared.shape[1] - 1)
        return Blocks(gram[:, :, :n, :n] + np.eye(n), gram[:, :, :n, n:], shared, *tests), effect, unit

    def _gram(self, deviations: FloatArray, shared: FloatArray) -> FloatArray:
        """Products of all columns of each market: its own, then the shared ones `[batch, market, column, column]`."""
        moving = np.concatenate([deviations, shared], axis=3)
        d, n_fixed = deviations.shape[3], self._fixed.shape[2]
        total = n_fixed + moving.shape[3]
        fixed = np.r_[0:OWN, OWN + d : n_fixed + d]
        free = np.r_[OWN : OWN + d, n_fixed + d : total]
        gram = np.empty((*moving.shape[:2], total, total))
        across = np.matmul(np.swapaxes(self._fixed, 1, 2), moving)
        gram[..., fixed[:, None], fixed] = self._fixed_gram
        gram[..., fixed[:, None], free] = across
        gram[..., free[:, None], fixed] = np.swapaxes(across, 2, 3)
        gram[..., free[:, None], free] = np.matmul(np.swapaxes(moving, 2, 3), moving)
        return gram

    def _tests_by_market(
        self,
        drive: tuple[FloatArray, FloatArray],
        natural: Theta,
        sizes: tuple[FloatArray, FloatArray, FloatArray],
        n_shared: int,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """`tested_own`, `tested_shared` and `tested` of `Blocks`.

        Args:
            drive: carried over, and then saturated `[batch, market, period, channel]`.
            natural: everything nonlinear.
            sizes: effects, units of terms and widths.
            n_shared: shared coefficients.
        """
        effect, unit, width = sizes
        level, full = drive
        batch, n = len(effect), len(self._windows)
        own = np.zeros((batch, self.n_markets, self.n_own, n))
        shared = np.zeros((batch, n_shared, n))
        if n == 0:
            return own, shared, np.zeros((batch, 0))
        tests = self._tests(level, full, natural, effect, unit)
        shared[:, n_shared - unit.shape[1] :] = np.swapaxes(tests[..., 1:], 1, 2)
        for k, (window, spent) in enumerate(zip(self._windows, self._spent, strict=True)):
            if window.channel not in self._differing:
                continue
            fewer = full[:, :, window.periods, window.channel] - self._without(level, window, spent, natural)
            lift = fewer.sum(axis=2) * self.scaling.kpi * effect[:, window.channel, None] / window.test.se
            markets = list(window.markets)
            column = OWN + self._differing.index(window.channel)
            own[:, markets, column, k] = (lift * width[:, None])[:, markets]
        return own, shared, tests[..., 0]

    def _log_evidence(self, blocks: Blocks, noise: FloatArray) -> FloatArray:
        """Log density of the data: own coefficients eliminated, then the shared ones, then each test in turn."""
        right = np.concatenate([blocks.cross, blocks.tested_own], axis=3)
        solved = np.linalg.solve(blocks.own, right)
        left = np.matmul(np.swapaxes(right, 2, 3), solved).sum(axis=1)
        n = blocks.shared.shape[1] - 1
        core = blocks.shared - left[:, : n + 1, : n + 1]
        precision = core[:, :n, :n] + np.eye(n)
        seen = blocks.tested_shared - left[:, :n, n + 1 :]
        answer = np.linalg.solve(precision, np.concatenate([core[:, :n, n:], seen], axis=2))
        target, tests = answer[:, :, 0], answer[:, :, 1:]
        quadratic = core[:, n, n] - (core[:, :n, n] * target).sum(axis=1)
        log_det = 2 * self.n_rows * np.log(noise) + _log_det(precision) + _log_det(blocks.own).sum(axis=1)
        if blocks.tested.shape[1]:
            said = left[:, n + 1 :, n] + np.matmul(np.swapaxes(seen, 1, 2), target[:, :, None])[..., 0]
            spread = left[:, n + 1 :, n + 1 :] + np.matmul(np.swapaxes(seen, 1, 2), tests)
            spread = spread + np.eye(spread.shape[1])
            off = (blocks.tested - said)[:, :, None]
            quadratic = quadratic + (off * np.linalg.solve(spread, off)).sum(axis=(1, 2))
            log_det = log_det + _log_det(spread)
        return np.asarray(-0.5 * (quadratic + log_det))

    def market_parameters(self, theta: FloatArray, rng: np.random.Generator) -> Parameters:
        """One draw of the linear part for each `[theta, log width]`; deviations are the last modulations."""
        natural, width = self.natural(theta[:, :-1]), np.exp(theta[:, -1])
        blocks, effect, unit = self._blocks(natural, width)
        g, n = self.n_markets, self.n_own
        drawn = np.stack([_draw(blocks, i, rng) for i in range(len(theta))])
        own = drawn[:, : g * n].reshape(-1, g, n)
        shared = drawn[:, g * n :]
        k = shared.shape[1] - unit.shape[1]
        pair, moved = np.split(shared[:, k:] * unit, [len(self.pairs)], axis=1)
        deviation = rng.standard_normal((len(theta), self.n_channels, g))
        deviation[:, self._differing] = np.swapaxes(own[:, :, OWN:], 1, 2)
        modulation = self._modulation(moved, effect, rng)
        return Parameters(
            decay=natural.decay,
            delay=natural.delay,
            half_saturation=natural.half_saturation,
            slope=natural.slope,
            effect=effect,
            pair=self._held(pair, effect),
            baseline=np.concatenate([own[:, :, :OWN].reshape(len(theta), -1), shared[:, :k]], axis=1),
            noise=np.repeat(natural.noise[:, None], g, axis=1),
            modulation=np.concatenate([modulation, deviation * width[:, None, None]], axis=2),
        )


class Pooled:
    """A `MarketPosterior` as one density of `[theta, log width]`, as `explore` asks for it."""

    def __init__(self, posterior: MarketPosterior) -> None:
        self._posterior = posterior
        self.size = posterior.size + 1
        self.n_rows = posterior.n_rows

    def centre(self) -> FloatArray:
        """`[size]`."""
        return np.append(self._posterior.centre(), WIDTH_PRIOR[0])

    def spread(self) -> FloatArray:
        """`[size]`."""
        return np.append(self._posterior.spread(), WIDTH_PRIOR[1])

    def box(self) -> tuple[FloatArray, FloatArray]:
        """Bounds `[size]`."""
        low, high = self._posterior.box()
        return np.append(low, np.log(NARROWEST)), np.append(high, np.log(WIDEST_MARKETS))

    def log_density(self, theta: FloatArray) -> FloatArray:
        """Unnormalised log posterior `[batch]`; worked through in pieces that stay in the processor's cache."""
        low, high = self.box()
        inside = ((theta >= low) & (theta <= high)).all(axis=1)
        safe = np.clip(theta, low, high)
        pieces = [
            self._posterior.pooled_log_density(part[:, :-1], part[:, -1])
            for part in np.array_split(safe, max(1, -(-len(safe) // self._posterior.batch)))
        ]
        return np.where(inside, np.concatenate(pieces), -np.inf)


def _log_det(positive: FloatArray) -> FloatArray:
    """Log determinants of positive definite matrices `[..., n, n]`."""
    factor = np.linalg.cholesky(positive)
    return np.asarray(2 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1))


def _draw(blocks: Blocks, index: int, rng: np.random.Generator) -> FloatArray:
    """One draw of all coefficients of one point of a batch: every market's own, then the shared ones."""
    own, cross, shared = blocks.own[index], blocks.cross[index], blocks.shared[index]
    g, n, _ = own.shape
    s = len(shared) - 1
    precision = np.zeros((g * n + s, g * n + s))
    for market in range(g):
        at = slice(market * n, (market + 1) * n)
        precision[at, at] = own[market]
        precision[at, g * n :] = cross[market, :, :s]
        precision[g * n :, at] = cross[market, :, :s].T
    precision[g * n :, g * n :] = shared[:s, :s] + np.eye(s)
    tested = np.concatenate([blocks.tested_own[index].reshape(g * n, -1), blocks.tested_shared[index]])
    target = np.append(cross[:, :, s].ravel(), shared[:s, s]) + tested @ blocks.tested[index]
    factor = np.linalg.cholesky(precision + tested @ tested.T)
    mean = np.linalg.solve(factor.T, np.linalg.solve(factor, target))
    return np.asarray(mean + np.linalg.solve(factor.T, rng.standard_normal(len(target))))
