"""The recurrent family: structure first, then gated recurrent networks on what it leaves over, monotone in media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs, Labels
from mmm.data.panel import Panel
from mmm.models.additive import labels_from_meta, labels_meta
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.models.gru import LOOK_BACK, Weights, answer
from mmm.models.gru_training import Legs, Lesson, require_libraries, train
from mmm.models.leftover import Features, Sorter, forecast_errors, gain, left_over, steps_worth, structure_of
from mmm.models.ordering import by_name
from mmm.models.resampling import bootstrap_counts
from mmm.models.state import ModelState
from mmm.models.structural import StructuralModel

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

STATE_VERSION = 1
CONTEXT_SCALE = 10.0  # columns come in prior deviations of some tenth of the KPI


class RecurrentModel(FittedModel):
    """KPI = structural draw + network on carried media, spend, season and controls; a network for each draw.

    Its state is carried by the inputs alone, never by the KPI. Squashed units are flat far outside the data, so beyond
    observed spend it is the structure's draws that move apart.
    """

    family: ClassVar[str] = "recurrent"
    learns_from_lift_tests: ClassVar[bool] = True

    def __init__(
        self, labels: Labels, base: StructuralModel, weights: Weights, unit: FloatArray, diagnostics: Mapping[str, Any]
    ) -> None:
        """`base` has channels sorted by name; what networks say is in `unit`, KPI a market `[market]`."""
        self.labels = labels
        self.base = base
        self.weights = weights
        self.unit = unit
        self.diagnostics = dict(diagnostics)
        self.noise_sd = base.noise_sd
        self._sorted = Sorter(labels, base.labels)
        self._features = Features(base)

    def network_part(self, inputs: Inputs, periods: slice) -> FloatArray:
        """What the networks add `[draw, market, period]`, KPI units; zero where forecasts proved no gain."""
        if periods.stop <= periods.start or not self.weights.out.any():
            return np.zeros((self.n_draws, len(self.labels.markets), periods.stop - periods.start))
        seen = slice(max(0, periods.start - LOOK_BACK), periods.stop)
        said = answer(self.weights, *seen_by(self._features, self._sorted(inputs), seen))
        return said[:, :, periods.start - seen.start :] * self.unit[:, None]

    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray:
        return self.base.expected(self._sorted(inputs), periods) + self.network_part(inputs, periods)

    def state(self) -> ModelState:
        """Structure and networks as arrays and JSON."""
        base = self.base.state()
        meta = {
            "labels": labels_meta(self.labels),
            "base": {"version": base.version, "meta": base.meta},
            "diagnostics": self.diagnostics,
        }
        arrays = {f"base.{name}": array for name, array in base.arrays.items()} | {"unit": self.unit}
        arrays |= {f"weights.{name}": array for name, array in vars(self.weights).items()}
        return ModelState(self.family, STATE_VERSION, meta, arrays)

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Rebuild the model; its answers are identical to the last digit. Needs no JAX."""
        state.require(cls.family, STATE_VERSION)

        def part(prefix: str) -> dict[str, FloatArray]:
            return {k.removeprefix(prefix): v for k, v in state.arrays.items() if k.startswith(prefix)}

        base = state.meta["base"]
        structure = ModelState(StructuralModel.family, base["version"], base["meta"], part("base."))
        return cls(
            labels=labels_from_meta(state.meta["labels"]),
            base=StructuralModel.from_state(structure),
            weights=Weights(**part("weights.")),
            unit=state.arrays["unit"],
            diagnostics=state.meta["diagnostics"],
        )


def fit_recurrent(
    panel: Panel, settings: FitSettings, progress: Progress = silent, base: StructuralModel | None = None
) -> RecurrentModel:
    """A structural fit, then a network for each of its draws on a block bootstrap of what the structure leaves over.

    Training stops after the fewest steps that forecast later periods from earlier ones about as well as the best
    number does; where no number does, the networks say nothing and the structure stands alone.

    Args:
        panel: the whole history.
        settings: seed and effort.
        progress: told how far the fit is.
        base: a structural model already fitted on `panel`; None fits one.

    Raises:
        ModelError: JAX is not installed, or the KPI never varies.
    """
    require_libraries()
    progress(0.0, "the structure underneath")
    structure = structure_of(panel, settings, base)
    ordered, _ = by_name(panel)
    rng = np.random.default_rng(settings.seed)
    counts = bootstrap_counts(panel.n_periods, structure.n_draws, rng)
    features, unit = Features(structure), structure.noise_sd.mean(axis=0)
    seen = seen_by(features, ordered.inputs(), slice(0, panel.n_periods))
    scale = (structure.scaling.kpi / unit)[:, None]

    def learnt(left: FloatArray, rows: BoolArray) -> Legs:
        lesson = Lesson(*seen, target=left * scale, weight=counts[:, None, :] * rows)
        return train(lesson, np.random.default_rng(settings.seed))

    def said(left: FloatArray, rows: BoolArray) -> FloatArray:
        legs = learnt(left, rows)
        means = [answer(legs.after(leg), *seen).mean(axis=0) for leg in range(1, legs.count + 1)]
        return np.asarray(np.stack(means) / scale)

    progress(0.4, "when to stop training")
    squared = forecast_errors(ordered, structure, settings, said)
    legs = steps_worth(squared)
    progress(0.8, "training the networks")
    trained = learnt(left_over(ordered, structure), panel.observed)
    weights = trained.after(max(legs, 1))
    if legs == 0:
        weights = replace(weights, out=np.zeros_like(weights.out))
    weights = without(weights, np.asarray(ordered.inputs().drive.max(axis=(0, 1)) == 0))
    diagnostics = {
        "training_legs": legs,
        "forecast_gain_of_network": gain(squared, legs),
        "structure": structure.diagnostics,
    }
    progress(1.0, "networks trained")
    return RecurrentModel(panel.labels, structure, weights, unit, diagnostics)


def seen_by(features: Features, inputs: Inputs, periods: slice) -> tuple[FloatArray, FloatArray]:
    """Media and context `[market, period, feature]` a network looks at: carried and fresh spend; the rest and a one."""
    media = np.concatenate([features.media(inputs, periods), features.spend(inputs, periods)], axis=2)
    context = features.context(inputs, periods)
    return media, np.concatenate([context * CONTEXT_SCALE, np.ones((*context.shape[:2], 1))], axis=2)


def without(weights: Weights, dark: BoolArray) -> Weights:
    """The same networks, deaf to the channels that never spent `[channel]`."""
    media = weights.media.copy()
    media[:, :, np.tile(dark, 2)] = 0.0
    return replace(weights, media=media)
