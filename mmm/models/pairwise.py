"""Linear with pairwise interactions: channels that run together may bring more, or less, than each alone."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.additive import AdditiveModel, channel_pairs
from mmm.models.base import FitSettings, Progress, silent
from mmm.models.form import form_of
from mmm.models.saturated import fit_tuned
from mmm.models.scaling import Scaling
from mmm.models.tuning import NOISE, REACH, BoolArray, Choice, Cut, Profiled, Pull, Workbench, nonnegative

FloatArray = NDArray[np.float64]

PAIR_SHARES = (0.02, 0.05, 0.1, 0.2)  # size of a pairwise term, share of what the smaller of its channels may bring


class PairwiseModel(AdditiveModel):
    """What `fit_pairwise` returns: effects never negative, pairwise terms held where more spend cannot do harm."""

    family = "pairwise"
    supports_planning: ClassVar[bool] = (
        False  # until its plans are shown to recover half of the best (docs/benchmarks.md)
    )


class PairwiseWorkbench(Workbench):
    """Ridge on main effects and on the products of all pairs; how strong on the pairs is one more thing to tune.

    The pull on a pair follows from its channels: its contribution is measured against what the smaller of the two
    may bring, so that pairs of small channels are small. That is the hierarchy.
    """

    knobs: ClassVar[dict[str, int]] = {"noise": len(NOISE), "reach": len(REACH), "pair": len(PAIR_SHARES)}

    def media(self, choice: Choice, rows: BoolArray) -> FloatArray:
        """The saturated channels, then the products of all pairs `[row, channel + pair]`."""
        saturated = self.saturated(choice, rows)
        return np.concatenate([saturated, products(saturated)], axis=1)

    def profiled(self, choice: Choice, cut: Cut) -> Profiled:
        """Worked out for the choice: the products of a whole grid would be too many."""
        return cut.profiled(self.media(choice, np.ones_like(self.observed)))

    def solve(self, gram: FloatArray, moment: FloatArray, pull: Pull) -> FloatArray:
        """Main effects with the pairs profiled out, then the pairs."""
        c = self.n_channels
        pairs = gram[c:, c:] + np.diag(pull.quadratic[c:])
        target = moment[c:] + pull.quadratic[c:] * pull.centre[c:]
        shared = np.linalg.solve(pairs, np.column_stack([gram[c:, :c], target]))
        within = gram[:c, :c] - gram[:c, c:] @ shared[:, :c]
        main = Pull(pull.quadratic[:c], pull.linear[:c], pull.centre[:c])
        effect = nonnegative(within, moment[:c] - gram[:c, c:] @ shared[:, c], main)
        return np.concatenate([effect, held_up(shared[:, c] - shared[:, :c] @ effect, effect)])

    def pull(self, choice: Choice, rng: np.random.Generator | None = None) -> Pull:
        """As ridge for main effects and, behind them, for pairs `[channel + pair]`."""
        main, mean = self.reach(choice), self.mean(choice)
        i, j = pair_sides(self.n_channels)
        contribution = main * mean
        pair = PAIR_SHARES[choice.pair] * np.minimum(contribution[i], contribution[j]) / (mean[i] * mean[j])
        reach = np.concatenate([main, pair])
        centre = np.zeros_like(reach) if rng is None else rng.standard_normal(len(reach)) * reach
        return Pull((NOISE[choice.noise] / reach) ** 2, np.zeros_like(reach), centre)


def products(saturated: FloatArray) -> FloatArray:
    """Products of all pairs of channels `[row, pair]`."""
    i, j = pair_sides(saturated.shape[1])
    return np.asarray(saturated[:, i] * saturated[:, j])


def held_up(pair: FloatArray, effect: FloatArray) -> FloatArray:
    """Pairwise terms held above the level at which more of one channel could lower the KPI (s never exceeds 1)."""
    i, j = pair_sides(len(effect))
    return np.maximum(pair, -np.minimum(effect[i], effect[j]) / max(len(effect) - 1, 1))


def pair_sides(n_channels: int) -> tuple[list[int], list[int]]:
    """First and second channel of every pair."""
    pairs = channel_pairs(n_channels)
    return [i for i, _ in pairs], [j for _, j in pairs]


def fit_pairwise(panel: Panel, settings: FitSettings, progress: Progress = silent) -> PairwiseModel:
    """Main effects and pairwise products, both with ridge; tuned, bootstrapped and set up by `fit_tuned`.

    Raises:
        ModelError: too few observed periods, or an option that cannot be used.
    """
    if not form_of(settings.options, panel.labels.frequency).saturation.bounded:
        raise ModelError(
            "Pairwise interactions need a saturation with a ceiling, for otherwise more spend could lower the KPI; "
            "choose hill or exponential."
        )
    found = fit_tuned(panel, settings, PairwiseWorkbench, "Linear with pairwise interactions", progress)
    diagnostics = {**found.diagnostics, "pair_share": PAIR_SHARES[found.best.pair]}
    progress(1.0, "pairwise model fitted")
    return PairwiseModel(
        panel.labels, Scaling.of(panel), found.bench.design, found.parameters, diagnostics, found.bench.form
    )
