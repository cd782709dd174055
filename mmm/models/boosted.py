"""The boosted family: structure first, then trees on what it leaves over, monotone in media."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs, Labels
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.additive import labels_from_meta, labels_meta
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.models.leftover import Features, Sorter, forecast_errors, gain, left_over, steps_worth, structure_of
from mmm.models.ordering import by_name
from mmm.models.resampling import bootstrap_counts
from mmm.models.state import ModelState
from mmm.models.structural import StructuralModel

if TYPE_CHECKING:
    from xgboost import Booster

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

STATE_VERSION = 1
LEAST_ROUNDS, MOST_ROUNDS = 1, 100  # the least keeps the family what its name says; forecasts say what more is worth
TREES = {
    "max_depth": 2,
    "eta": 0.05,
    "lambda": 10.0,
    "min_child_weight": 8.0,
    "tree_method": "hist",
    "objective": "reg:squarederror",
    "multi_strategy": "one_output_per_tree",
    "base_score": 0.0,
    "nthread": 1,
    "verbosity": 0,
}
BLOB = "trees.ubj"


class BoostedModel(FittedModel):
    """KPI = structural draw + trees on its features; each draw has its own structure and its own trees.

    Trees are flat outside the data, so beyond observed spend it is the structure's draws that move apart.
    """

    family: ClassVar[str] = "xgboost"
    learns_from_lift_tests: ClassVar[bool] = True

    def __init__(self, labels: Labels, base: StructuralModel, trees: bytes, diagnostics: Mapping[str, Any]) -> None:
        """`base` has channels sorted by name; `trees` are in XGBoost's UBJSON, with one output per draw of it."""
        self.labels = labels
        self.base = base
        self.trees = trees
        self.booster = _booster(trees)
        self.diagnostics = dict(diagnostics)
        self.noise_sd = base.noise_sd
        self._sorted = Sorter(labels, base.labels)
        self._features = Features(base)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What the trees look at, in the order of `tree_features`."""
        return (*self.base.labels.channels, *self._features.context_names)

    def tree_features(self, inputs: Inputs, periods: slice) -> FloatArray:
        """What the trees look at `[market, period, feature]`: carried media, then season, holidays and controls."""
        return tree_features(self._features, self._sorted(inputs), periods)

    def tree_part(self, features: FloatArray) -> FloatArray:
        """What the trees add at `features [..., feature]`: `[..., draw]`, shares of a market's mean KPI."""
        if features.size == 0:
            return np.zeros((*features.shape[:-1], self.n_draws))
        flat = features.reshape(-1, features.shape[-1])
        found = self.booster.inplace_predict(flat, validate_features=False).astype(np.float64)
        return np.asarray(found.reshape(*features.shape[:-1], self.n_draws))

    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray:
        ordered = self._sorted(inputs)
        trees = self.tree_part(tree_features(self._features, ordered, periods))
        return self.base.expected(ordered, periods) + np.moveaxis(trees, -1, 0) * self.base.scaling.kpi[:, None]

    def state(self) -> ModelState:
        """The structure as arrays and JSON, the trees in XGBoost's own UBJSON."""
        base = self.base.state()
        meta = {
            "labels": labels_meta(self.labels),
            "base": {"version": base.version, "meta": base.meta},
            "diagnostics": self.diagnostics,
        }
        return ModelState(self.family, STATE_VERSION, meta, arrays=base.arrays, blobs={BLOB: self.trees})

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Rebuild the model; its answers are identical to the last digit."""
        state.require(cls.family, STATE_VERSION)
        base = state.meta["base"]
        structure = ModelState(StructuralModel.family, base["version"], base["meta"], state.arrays)
        return cls(
            labels=labels_from_meta(state.meta["labels"]),
            base=StructuralModel.from_state(structure),
            trees=state.blobs[BLOB],
            diagnostics=state.meta["diagnostics"],
        )


def fit_boosted(
    panel: Panel, settings: FitSettings, progress: Progress = silent, base: StructuralModel | None = None
) -> BoostedModel:
    """A structural fit, then for each of its draws trees on a block bootstrap of what the structure leaves over.

    The number of rounds is the fewest that forecast later periods from earlier ones about as well as the best number
    does (`steps_worth`).

    Args:
        panel: the whole history.
        settings: seed and effort.
        progress: told how far the fit is.
        base: a structural model already fitted on `panel`; None fits one.
    """
    progress(0.0, "the structure underneath")
    structure = structure_of(panel, settings, base)
    ordered, _ = by_name(panel)
    x = tree_features(Features(structure), ordered.inputs(), slice(0, panel.n_periods))
    rising = (1,) * len(panel.labels.channels)

    def said(left: FloatArray, rows: BoolArray) -> FloatArray:
        target = left[rows][:, None]
        booster = _boosted(x[rows], target, np.ones_like(target), MOST_ROUNDS, rising)
        flat = x.reshape(-1, x.shape[-1])
        rounds = [
            booster.inplace_predict(flat, iteration_range=(0, k), validate_features=False)
            for k in range(1, MOST_ROUNDS + 1)
        ]
        return np.stack(rounds).astype(np.float64).reshape(MOST_ROUNDS, *left.shape)

    progress(0.6, "when to stop adding trees")
    squared = forecast_errors(ordered, structure, settings, said)
    rounds = max(steps_worth(squared), LEAST_ROUNDS)
    progress(0.8, "trees on what the structure leaves over")
    counts = bootstrap_counts(panel.n_periods, structure.n_draws, np.random.default_rng(settings.seed))
    rows = panel.observed
    weight = np.stack([np.broadcast_to(count, rows.shape)[rows] for count in counts], axis=1)
    target = np.repeat(left_over(ordered, structure)[rows][:, None], structure.n_draws, axis=1)
    trees = bytes(_boosted(x[rows], target, weight, rounds, rising).save_raw("ubj"))
    diagnostics = {
        "rounds": rounds,
        "forecast_gain_of_trees": gain(squared, rounds),
        "structure": structure.diagnostics,
    }
    progress(1.0, "trees fitted")
    return BoostedModel(panel.labels, structure, trees, diagnostics)


def tree_features(features: Features, inputs: Inputs, periods: slice) -> FloatArray:
    """`[market, period, feature]`: saturated carry-over of each channel, then what comes back or is given."""
    return np.concatenate([features.media(inputs, periods), features.context(inputs, periods)], axis=2)


def _boosted(x: FloatArray, target: FloatArray, weight: FloatArray, rounds: int, rising: tuple[int, ...]) -> Booster:
    """Trees of least weighted squares `[row, output]`, each output on its own, rising with the first features."""
    import xgboost

    def objective(predicted: FloatArray, _: object) -> tuple[FloatArray, FloatArray]:
        return weight * (predicted.reshape(target.shape) - target), weight

    monotone = rising + (0,) * (x.shape[1] - len(rising))
    settings = {**TREES, "num_target": target.shape[1], "monotone_constraints": monotone}
    data = xgboost.DMatrix(x, target, nthread=1)
    return xgboost.train(settings, data, rounds, obj=objective)


def _booster(trees: bytes) -> Booster:
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(trees))
    except xgboost.core.XGBoostError as error:
        raise ModelError("The stored trees cannot be read; train the model again.") from error
    return booster
