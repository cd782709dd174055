"""The boosted family: structure first, then trees on what it leaves, monotone in media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.folds import Fold, rolling_folds
from mmm.data.inputs import Inputs, Labels
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.additive import labels_from_meta, labels_meta
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.models.form import ShapeDraws
from mmm.models.ordering import by_name
from mmm.models.resampling import blocks
from mmm.models.state import ModelState
from mmm.models.structural import StructuralModel, fit_structural
from mmm.transforms.calendar import yearly_fourier

if TYPE_CHECKING:
    from xgboost import Booster

FloatArray = NDArray[np.float64]

STATE_VERSION = 1
DRAWS = 50  # more cost time in every question and change intervals little
LEAST_ROUNDS, MOST_ROUNDS = 10, 100  # the least keeps the family what its name says; the hold-out says what it is worth
FOLDS = {"quick": 1, "full": 3}
TEST_SHARE = 0.2  # of history, the latest, decides when to stop
HARMONICS = 2
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
        self._order = np.array([labels.channel(name) for name in base.labels.channels], dtype=np.int64)
        self._features = Features(base)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What the trees look at, in the order of `tree_features`."""
        return self._features.names

    def tree_features(self, inputs: Inputs, periods: slice) -> FloatArray:
        """What the trees look at `[market, period, feature]`."""
        return self._features.of(self._sorted(inputs), periods)

    def tree_part(self, features: FloatArray) -> FloatArray:
        """What the trees add at `features [..., feature]`: `[..., draw]`, shares of a market's mean KPI."""
        if features.size == 0:
            return np.zeros((*features.shape[:-1], self.n_draws))
        flat = features.reshape(-1, features.shape[-1])
        found = self.booster.inplace_predict(flat, validate_features=False).astype(np.float64)
        return np.asarray(found.reshape(*features.shape[:-1], self.n_draws))

    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray:
        ordered = self._sorted(inputs)
        trees = self.tree_part(self._features.of(ordered, periods))
        return self.base.expected(ordered, periods) + np.moveaxis(trees, -1, 0) * self.base.scaling.kpi[:, None]

    def _sorted(self, inputs: Inputs) -> Inputs:
        return replace(
            inputs,
            labels=self.base.labels,
            spend=inputs.spend[:, :, self._order],
            exposure=None if inputs.exposure is None else inputs.exposure[:, :, self._order],
        )

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


class Features:
    """What trees look at: saturated carry-over at the structure's central parameters, season, controls.

    A class because the central parameters are worked out once for every question.
    """

    def __init__(self, base: StructuralModel) -> None:
        self._base = base
        self._centre = ShapeDraws.median(base.parameters)
        controls = tuple(base.labels.controls[i] for i in base.design.control_index)
        season = tuple(f"season {wave} {h}" for h in range(1, HARMONICS + 1) for wave in ("sine", "cosine"))
        self.names = (*base.labels.channels, *season, *controls)
        self.monotone = (1,) * len(base.labels.channels) + (0,) * (len(season) + len(controls))

    def of(self, inputs: Inputs, periods: slice) -> FloatArray:
        """`[market, period, feature]` for inputs whose channels are in the structure's order."""
        base = self._base
        drive = inputs.drive[:, : periods.stop] / base.scaling.drive[:, None, :]
        level = base.form.level(drive, self._centre, base.scaling.opening)[:, :, periods.start :]
        media = base.form.saturated(level, self._centre)[0]
        season = yearly_fourier(inputs.periods[periods], HARMONICS)
        common = np.broadcast_to(season, (media.shape[0], *season.shape))
        controls = inputs.controls[:, periods][:, :, list(base.design.control_index)]
        return np.concatenate([media, common, (controls - base.design.reference) / base.design.spread], axis=2)


def fit_boosted(panel: Panel, settings: FitSettings, progress: Progress = silent) -> BoostedModel:
    """A structural fit, then for each of its draws trees on a block bootstrap of what that draw leaves unexplained.

    The number of rounds is the fewest that forecast the last periods from the earlier ones about as well as the best
    number does (`rounds_worth`).
    """
    ordered, _ = by_name(panel)
    folds = rolling_folds(panel.n_periods, FOLDS[settings.effort], max(1, round(TEST_SHARE * panel.n_periods)))
    errors = []
    for number, fold in enumerate(folds):
        progress(0.7 * number / (len(folds) + 1), "when to stop adding trees")
        errors.append(_forecast_errors(ordered, fold, settings))
    squared = np.concatenate(errors, axis=1)
    rounds = min(max(rounds_worth(squared), LEAST_ROUNDS), MOST_ROUNDS)
    progress(0.7 * len(folds) / (len(folds) + 1), "the structure underneath")
    base = fit_structural(ordered, settings).thinned(DRAWS)
    progress(0.7, "trees on what the structure leaves")
    trees = _bootstrap(ordered, base, rounds, np.random.default_rng(settings.seed))
    with_trees, without = squared[rounds].sum(), squared[0].sum()
    diagnostics = {
        "rounds": rounds,
        "forecast_gain_of_trees": float(1.0 - np.sqrt(with_trees / without)) if without > 0 else 0.0,
        "structure": base.diagnostics,
    }
    progress(1.0, "trees fitted")
    return BoostedModel(panel.labels, base, trees, diagnostics)


def rounds_worth(squared: FloatArray) -> int:
    """Fewest rounds whose squared errors `[round, row]` are within one standard error of the best number's.

    The standard error is of the paired difference (Breiman et al. 1984, "Classification and regression trees", 3.4.3).
    """
    if squared.shape[1] == 0:
        return 0
    best = int(np.argmin(squared.sum(axis=1)))
    worse = squared[: best + 1] - squared[best]
    error = worse.std(axis=1) / np.sqrt(worse.shape[1])
    return int(np.flatnonzero(worse.mean(axis=1) <= error)[0])


def _forecast_errors(panel: Panel, fold: Fold, settings: FitSettings) -> FloatArray:
    """Squared errors in the test periods after 0, 1, 2, ... rounds `[round, row]`, scaled units."""
    base = fit_structural(panel.take(fold.train), settings)
    everything = slice(0, fold.test.stop)
    x = Features(base).of(panel.inputs(), everything)
    left = _left(panel, base, everything).mean(axis=0)
    train, test = (panel.observed[:, periods] for periods in (fold.train, fold.test))
    seen, target = x[:, fold.train][train], left[:, fold.train][train][:, None]
    booster = _boosted(Features(base), seen, target, np.ones_like(target), MOST_ROUNDS)
    asked, actual = x[:, fold.test][test], left[:, fold.test][test]
    found = [
        booster.inplace_predict(asked, iteration_range=(0, k), validate_features=False).ravel()
        for k in range(1, MOST_ROUNDS + 1)
    ]
    return np.asarray((actual - np.vstack([np.zeros_like(actual), *found])) ** 2)


def _bootstrap(panel: Panel, base: StructuralModel, rounds: int, rng: np.random.Generator) -> bytes:
    """One boosted model with an output per draw of the structure, each on its own bootstrap of periods."""
    features, everything = Features(base), slice(0, panel.n_periods)
    seen = panel.observed
    x = features.of(panel.inputs(), everything)[seen]
    left = _left(panel, base, everything)[:, seen].T
    counts = [np.bincount(blocks(panel.n_periods, rng), minlength=panel.n_periods) for _ in range(base.n_draws)]
    weight = np.stack([np.broadcast_to(count, seen.shape)[seen] for count in counts], axis=1)
    booster = _boosted(features, x, left, weight.astype(np.float64), rounds)
    return bytes(booster.save_raw("ubj"))


def _boosted(features: Features, x: FloatArray, target: FloatArray, weight: FloatArray, rounds: int) -> Booster:
    """Trees of least weighted squares `[row, output]`, each output on its own, monotone in media."""
    import xgboost

    def objective(predicted: FloatArray, _: object) -> tuple[FloatArray, FloatArray]:
        return weight * (predicted.reshape(target.shape) - target), weight

    settings = {**TREES, "num_target": target.shape[1], "monotone_constraints": features.monotone}
    data = xgboost.DMatrix(x, target, nthread=1)
    return xgboost.train(settings, data, rounds, obj=objective)


def _left(panel: Panel, base: StructuralModel, periods: slice) -> FloatArray:
    """What each draw of the structure leaves unexplained `[draw, market, period]`, scaled units."""
    expected = base.expected(panel.inputs(), periods)
    return np.asarray((panel.kpi[:, periods] - expected) / base.scaling.kpi[:, None])


def _booster(trees: bytes) -> Booster:
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(trees))
    except xgboost.core.XGBoostError as error:
        raise ModelError("The stored trees cannot be read; train the model again.") from error
    return booster
