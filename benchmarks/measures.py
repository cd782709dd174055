"""The figures of the recovery benchmark, each as the project defines it (docs/benchmarks.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from mmm.data.inputs import RECENT_PERIODS, Future, Inputs
from mmm.data.panel import Panel
from mmm.data.simulate import World
from mmm.effects.contributions import drop_one
from mmm.models.base import FittedModel

FloatArray = NDArray[np.float64]

HOLD_OUT = 24
HORIZON = 12
TAIL = 8
NULL_ROI = 1.5


@dataclass(frozen=True, eq=False)
class Trial:
    """One world cut into what a model may see and what it is asked about."""

    world: World
    seen: Panel
    ahead: Inputs  # the seen periods and the hold-out, with the spend and controls that really came

    @classmethod
    def of(cls, world: World, hold_out: int = HOLD_OUT) -> Trial:
        n = world.panel.n_periods - hold_out
        return cls(world, world.panel.take(slice(0, n)), world.panel.inputs())

    @property
    def true_contributions(self) -> FloatArray:
        """Drop-one totals over the fitted window `[channel]`."""
        return np.asarray(self.world.truth.contributions(self.seen.spend).sum(axis=(0, 1)))

    @property
    def total_media(self) -> float:
        """All media on minus all media off, over the fitted window."""
        truth = self.world.truth
        return float((truth.media(self.seen.spend) - truth.media(self.seen.spend * 0)).sum())

    @property
    def null_error(self) -> float:
        """Contribution error of a null that never reads the KPI: every channel returns 1.5 x its spend."""
        spend = self.seen.spend.sum(axis=(0, 1))
        return float(np.abs(NULL_ROI * spend - self.true_contributions).mean() / self.total_media)

    def recovered(self, model: FittedModel) -> dict[str, float]:
        """How well drop-one contributions come back: error, that of the null, coverage and width (docs/measures.md)."""
        found = drop_one(model, self.seen.inputs()).total.kpi
        truth, media = self.true_contributions, self.total_media
        return {
            "error": float(np.abs(found.mean - truth).mean() / media),
            "null_error": self.null_error,
            "coverage": float(((truth >= found.lo) & (truth <= found.hi)).mean()),
            "width": float((found.hi - found.lo).mean() / media),
        }

    def hold_out_ratio(self, expected: FloatArray) -> float:
        """RMSE of the predicted mean `[market, hold-out period]` over the RMS of the noise drawn there."""
        n = self.seen.n_periods
        truth = self.world.truth.expected(self.ahead)[:, n:]
        noise = self.world.truth.noise[:, n:]
        return float(np.sqrt(np.mean((expected - truth - noise) ** 2) / np.mean(noise**2)))

    def today(self) -> FloatArray:
        """The last 12 periods' mean spend per period `[market, channel]`."""
        return np.asarray(self.seen.spend[:, -RECENT_PERIODS:].mean(axis=1))

    def true_uplift(self, multipliers: FloatArray) -> float:
        """What a plan of `multipliers [channel]` x today's rate for 12 periods really brings, tail counted."""
        return self._played(multipliers) - self._played(np.ones_like(multipliers))

    def _played(self, multipliers: FloatArray) -> float:
        rate = self.today()[:, None, :]
        plan = np.repeat(rate * multipliers, HORIZON, axis=1)
        spend = np.concatenate([self.seen.spend, plan, np.repeat(rate, TAIL, axis=1)], axis=1)
        return float(self.world.truth.media(spend)[:, self.seen.n_periods :].sum())

    def best_split(self, low: float = 0.3, high: float = 2.0) -> FloatArray:
        """The split with the highest true uplift for the same total `[channel]`."""
        return best_multipliers(self.true_uplift, self.today().sum(axis=0), low, high)


def best_multipliers(
    uplift: Callable[[FloatArray], float], today: FloatArray, low: float, high: float, starts: int = 4
) -> FloatArray:
    """Multipliers of `today [channel]` with the same total and the highest uplift (SLSQP from several starts)."""
    n, share = len(today), today / today.sum()
    rng = np.random.default_rng(0)
    scale = max(abs(uplift(np.full(n, 1.0) + 0.1 * (np.arange(n) % 2))), 1.0)
    best, value = np.ones(n), 0.0
    for start in range(starts):
        first = np.ones(n) if start == 0 else rng.uniform(low, high, n)
        result = optimize.minimize(
            lambda m: -uplift(m) / scale,
            np.clip(first / (share @ first), low, high),
            method="SLSQP",
            bounds=[(low, high)] * n,
            constraints={"type": "eq", "fun": lambda m: share @ m - 1.0},
            options={"maxiter": 80, "ftol": 1e-7},
        )
        if abs(share @ result.x - 1) < 1e-6 and -result.fun > value:
            best, value = np.asarray(result.x), -float(result.fun)
    return best


def future_of(trial: Trial) -> Future:
    """The hold-out as a `Future` of the seen panel."""
    n = trial.seen.n_periods
    panel = trial.world.panel
    return Future(panel.n_periods - n, spend=panel.spend[:, n:], controls=panel.controls[:, n:])
