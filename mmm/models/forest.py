"""The random forest: trees on what a structure of tuned carry-over and saturation leaves, never falling in media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.folds import Fold, rolling_folds
from mmm.data.inputs import Inputs, Labels
from mmm.data.panel import Panel
from mmm.models import saturated
from mmm.models.additive import labels_from_meta, labels_meta
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.models.leftover import Features, Sorter
from mmm.models.options import Setting, number, whole
from mmm.models.ordering import by_name
from mmm.models.resampling import blocks
from mmm.models.ridge import RidgeModel
from mmm.models.saturated import FOLDS, Tuned, fit_tuned
from mmm.models.scaling import Scaling
from mmm.models.state import ModelState
from mmm.models.trees import Trees
from mmm.models.tuning import Workbench
from mmm.transforms.calendar import yearly_fourier

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

STATE_VERSION = 1
DRAWS = 50
TREES = 8  # a draw; all draws together are the forest
TREES_IN_FOLD = 40
DEPTH = 3
HARMONICS = 2  # of the year
LEAF_SHARE = 0.06  # of the observed rows in a leaf, at least
FEATURE_SHARE = 0.5  # of the features are looked at in a split
SPACE = (
    Setting("depth", (DEPTH, 2, 1)),
    Setting("leaf_share", (LEAF_SHARE, 0.12, 0.2)),
    Setting("feature_share", (FEATURE_SHARE, 0.3)),
    *saturated.SPACE,
)
SHARES = (0.25, 0.5, 1.0)  # of what the trees say; the least keeps the family what its name says


class ForestModel(FittedModel):
    """KPI = draw of a ridge structure + trees on its features; each draw has its own structure and its own trees.

    Trees alone could neither extrapolate nor be trusted with media; constrained, they never fall with it, and beyond
    observed spend it is the structure's draws that move apart.
    """

    family: ClassVar[str] = "forest"
    supports_planning: ClassVar[bool] = (
        False  # until its plans are shown to recover half of the best (docs/benchmarks.md)
    )

    def __init__(
        self, labels: Labels, base: RidgeModel, trees: Trees, noise: FloatArray, diagnostics: Mapping[str, Any]
    ) -> None:
        """`base` has channels sorted by name; `trees` are as many for each of its draws, draw by draw, scaled units."""
        self.labels = labels
        self.base = base
        self.trees = trees
        self.noise_sd = noise
        self.diagnostics = dict(diagnostics)
        self._sorted = Sorter(labels, base.labels)

    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray:
        ordered = self._sorted(inputs)
        seen = forest_features(self.base, ordered, periods)
        trees = self.trees.at(seen.reshape(-1, seen.shape[-1])).reshape(*seen.shape[:2], self.n_draws, -1)
        forest = np.moveaxis(trees.mean(axis=-1), -1, 0)
        return np.asarray(self.base.expected(ordered, periods) + forest * self.base.scaling.kpi[:, None])

    def state(self) -> ModelState:
        """Everything as arrays and JSON."""
        base = self.base.state()
        meta = {
            "labels": labels_meta(self.labels),
            "base": {"version": base.version, "meta": base.meta},
            "diagnostics": self.diagnostics,
        }
        arrays = base.arrays | {f"trees.{name}": values for name, values in vars(self.trees).items()}
        return ModelState(self.family, STATE_VERSION, meta, arrays=arrays | {"noise": self.noise_sd})

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Rebuild the model; its answers are identical to the last digit."""
        state.require(cls.family, STATE_VERSION)
        base = state.meta["base"]
        trees = {name.removeprefix("trees."): v for name, v in state.arrays.items() if name.startswith("trees.")}
        return cls(
            labels=labels_from_meta(state.meta["labels"]),
            base=RidgeModel.from_state(ModelState(RidgeModel.family, base["version"], base["meta"], state.arrays)),
            trees=Trees(**trees),
            noise=state.arrays["noise"],
            diagnostics=state.meta["diagnostics"],
        )


@dataclass(frozen=True)
class Growth:
    """How trees grow: how deep, share of the rows in a leaf at least, share of the features looked at in a split."""

    depth: int
    leaf_share: float
    feature_share: float

    @classmethod
    def of(cls, settings: FitSettings) -> Growth:
        """What the options `depth`, `leaf_share` and `feature_share` say."""
        options = settings.options
        return cls(
            depth=whole(options, "depth", DEPTH, low=1, high=8),
            leaf_share=number(options, "leaf_share", LEAF_SHARE, low=0.01, high=0.5),
            feature_share=number(options, "feature_share", FEATURE_SHARE, low=0.05, high=1.0),
        )


def fit_forest(panel: Panel, settings: FitSettings, progress: Progress = silent) -> ForestModel:
    """A ridge fit, then for each of its draws trees on block bootstraps of what that draw leaves unexplained.

    How much of what the trees say is added is chosen by forecasting; the noise is that of rows outside the bags.

    Options:
        depth, leaf_share, feature_share: as in `Growth`; and those of ridge for the structure underneath.

    Raises:
        ModelError: too few observed periods, or an option that cannot be used.

    Source:
        Breiman (2001), "Random forests".
    """
    growth = Growth.of(settings)
    ordered, _ = by_name(panel)
    tuned = fit_tuned(ordered, settings, Workbench, "The random forest", lambda s, m: progress(0.6 * s, m))
    bench = tuned.bench
    structure = RidgeModel(
        ordered.labels, Scaling.of(ordered), bench.design, tuned.parameters, tuned.diagnostics, bench.form
    )
    base = structure.thinned(min(DRAWS, settings.n_draws))
    rng = np.random.default_rng(settings.seed)
    seen = forest_features(base, ordered.inputs(), slice(0, panel.n_periods)).reshape(panel.kpi.size, -1)
    monotone = tuple(int(column < len(ordered.labels.channels)) for column in range(seen.shape[1]))
    folds = rolling_folds(panel.n_periods, FOLDS[settings.effort])
    share, gain = _share_worth(tuned, seen, monotone, folds, growth, rng)
    progress(0.7, "growing trees")
    trees, quieter = _grown(ordered, base, seen, monotone, growth, share, rng)
    diagnostics = {"share_of_trees": share, "forecast_gain_of_trees": gain, "structure": base.diagnostics}
    progress(1.0, "trees grown")
    return ForestModel(panel.labels, base, trees, base.noise_sd * quieter, diagnostics)


def forest_features(base: RidgeModel, inputs: Inputs, periods: slice) -> FloatArray:
    """What the trees look at `[market, period, feature]`: saturated carry-over of each channel, season, controls."""
    media = Features(base).media(inputs, periods)
    season = np.broadcast_to(yearly_fourier(inputs.periods[periods], HARMONICS), (*media.shape[:2], 2 * HARMONICS))
    controls = inputs.controls[:, periods][:, :, list(base.design.control_index)]
    return np.concatenate([media, season, (controls - base.design.reference) / base.design.spread], axis=2)


def _share_worth(
    tuned: Tuned,
    seen: FloatArray,
    monotone: tuple[int, ...],
    folds: tuple[Fold, ...],
    growth: Growth,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """The share of the trees that forecasts best, and by how much the forecast error falls with it."""
    bench, errors, plain = tuned.bench, np.zeros(len(SHARES)), 0.0
    for fold in folds:
        train, test = bench.rows(fold.train), bench.rows(fold.test)
        if train.sum() < 2 or not test.any():
            continue
        left = bench.kpi - bench.predicted(tuned.best, bench.fit(tuned.best, bench.kpi[train], rows=train))
        bags = [_bag(bench.period, fold.train.stop, train, rng) for _ in range(TREES_IN_FOLD)]
        said = Trees.of([_tree(seen, left, bag, growth, monotone, rng) for bag in bags]).at(seen[test]).mean(axis=1)
        errors += [float(((left[test] - share * said) ** 2).sum()) for share in SHARES]
        plain += float((left[test] ** 2).sum())
    best = int(np.argmin(errors))
    return SHARES[best], float(1.0 - np.sqrt(errors[best] / plain)) if plain > 0 else 0.0


def _grown(
    panel: Panel,
    base: RidgeModel,
    seen: FloatArray,
    monotone: tuple[int, ...],
    growth: Growth,
    share: float,
    rng: np.random.Generator,
) -> tuple[Trees, float]:
    """`TREES` trees for every draw, and the noise outside their bags as a share of what the structure leaves."""
    observed, period = panel.observed.ravel(), np.tile(np.arange(panel.n_periods), len(panel.labels.markets))
    draws = (panel.kpi - base.expected(panel.inputs())) / base.scaling.kpi[:, None]
    left = np.where(observed, draws.reshape(base.n_draws, -1), 0.0)
    bags = [_bag(period, panel.n_periods, observed, rng) for _ in range(base.n_draws * TREES)]
    grown = [_tree(seen, left[k // TREES], bag, growth, monotone, rng) for k, bag in enumerate(bags)]
    trees = Trees.of(grown)
    trees = replace(trees, value=trees.value * share)
    outside = np.ones((len(observed), len(bags)))
    for k, bag in enumerate(bags):
        outside[bag, k] = 0.0
    said = (trees.at(seen) * outside).sum(axis=1) / np.maximum(outside.sum(axis=1), 1.0)
    mean = left.mean(axis=0)
    whole_noise = float((mean[observed] ** 2).sum())
    return trees, float(np.sqrt(((mean - said)[observed] ** 2).sum() / whole_noise)) if whole_noise > 0 else 1.0


def _bag(period: IntArray, n_periods: int, rows: BoolArray, rng: np.random.Generator) -> IntArray:
    """Rows of a block bootstrap of the first periods; periods of all markets stay together."""
    counts = np.bincount(blocks(n_periods, rng), minlength=int(period.max()) + 1)
    found = np.repeat(np.arange(len(period)), np.where(rows, counts[period], 0))
    return found if len(found) else np.flatnonzero(rows)


def _tree(
    seen: FloatArray,
    target: FloatArray,
    bag: IntArray,
    growth: Growth,
    monotone: tuple[int, ...],
    rng: np.random.Generator,
) -> DecisionTreeRegressor:
    """One tree on the rows in its bag, never falling in media."""
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor(
        max_depth=growth.depth,
        min_samples_leaf=max(2, round(growth.leaf_share * len(bag))),
        max_features=growth.feature_share,
        monotonic_cst=list(monotone),
        random_state=int(rng.integers(2**31)),
    )
    return tree.fit(seen[bag].astype(np.float32), target[bag])
