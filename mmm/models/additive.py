"""Fitted models of one form: baseline + saturated, carried-over channels + pairwise terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import ControlRole, Frequency, Inputs, Labels
from mmm.models.base import FittedModel, MediaTerms
from mmm.models.design import Design
from mmm.models.form import MODULATIONS, Form, ReadModulation, monotone_floor
from mmm.models.scaling import Scaling
from mmm.models.state import ModelState
from mmm.transforms.adstock import geometric_adstock
from mmm.transforms.saturation import hill

FloatArray = NDArray[np.float64]

IntArray = NDArray[np.int64]

STATE_VERSION = 2
PER_CHANNEL = ("decay", "delay", "half_saturation", "slope", "effect", "modulation")


DEFAULT_FORM = Form()


def _no_modulation() -> FloatArray:
    return np.zeros((0, 0, 0))


def _no_delay() -> FloatArray:
    return np.zeros((0, 0))


@dataclass(frozen=True, eq=False)
class Parameters:
    """Draws of every parameter, in scaled units (see `Scaling`).

    Attributes:
        decay, half_saturation, slope, effect: `[draw, channel]`; effect is the contribution at full saturation.
        pair: `[draw, pair]` for channel pairs (0,1), (0,2), ... (1,2), ...; contribution when both are saturated.
        baseline: `[draw, column]` for the columns of `Design.matrix`.
        noise: `[draw, market]`, standard deviation of a period's noise.
        delay: `[draw, channel]`, of shapes of carry-over that have one; 0 otherwise.
        modulation: `[draw, channel, column]` for the columns of `Form.columns`, share of the effect.
    """

    decay: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    effect: FloatArray
    pair: FloatArray
    baseline: FloatArray
    noise: FloatArray
    delay: FloatArray = field(default_factory=_no_delay, kw_only=True)
    modulation: FloatArray = field(default_factory=_no_modulation, kw_only=True)

    def __post_init__(self) -> None:
        """One memory layout, so that sums run in one order before and after storing; and nobody writes."""
        if self.delay.size == 0:
            object.__setattr__(self, "delay", np.zeros(self.effect.shape))
        if self.modulation.size == 0:
            object.__setattr__(self, "modulation", np.zeros((*self.effect.shape, 0)))
        for name, draws in vars(self).items():
            ordered = np.ascontiguousarray(draws)
            ordered.setflags(write=False)
            object.__setattr__(self, name, ordered)

    def in_order(self, place: IntArray) -> Self:
        """The same draws for channels in another order; `place[i]` is where the new i-th channel stood."""
        here = {pair: number for number, pair in enumerate(channel_pairs(len(place)))}
        moved = [here[min(place[i], place[j]), max(place[i], place[j])] for i, j in channel_pairs(len(place))]
        per_channel = {name: getattr(self, name)[:, place] for name in PER_CHANNEL}
        return replace(self, **per_channel, pair=self.pair[:, moved] if self.pair.shape[1] else self.pair)


def saturated_drive(
    drive: FloatArray, decay: FloatArray, half_saturation: FloatArray, slope: FloatArray, opening: FloatArray
) -> FloatArray:
    """Geometric carry-over, then the Hill curve: scaled drive `[market, period, channel]` to `[draw, ...]`."""
    level = geometric_adstock(drive, decay, opening)
    return hill(level, half_saturation[:, None, None, :], slope[:, None, None, :])


def channel_pairs(n_channels: int) -> list[tuple[int, int]]:
    """Every pair of channels, in the order of `Parameters.pair`."""
    return list(combinations(range(n_channels), 2))


class AdditiveModel(FittedModel):
    """KPI = baseline + sum effect_c * s_c + sum pair_ij * s_i * s_j, with s the saturated carry-over.

    Where the form says so, effects are modulated by market and period; never so far down that more of a channel
    could lower the KPI.
    """

    family: ClassVar[str] = "additive"
    parameters_type: ClassVar[type[Parameters]] = Parameters
    modulation_kinds: ClassVar[Mapping[str, ReadModulation]] = MODULATIONS

    def __init__(
        self,
        labels: Labels,
        scaling: Scaling,
        design: Design,
        parameters: Parameters,
        diagnostics: Mapping[str, Any],
        form: Form = DEFAULT_FORM,
    ) -> None:
        self.labels = labels
        self.scaling = scaling
        self.design = design
        self.parameters = parameters
        self.diagnostics = dict(diagnostics)
        self.form = form
        self.noise_sd = parameters.noise * scaling.kpi

    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray:
        theta = self.parameters
        columns = self.design.matrix(inputs, periods)
        total = np.einsum("gpk,dk->dgp", columns, theta.baseline, optimize=True)
        s = self._saturated(inputs, periods)
        total += np.einsum("dgpc,dgpc->dgp", s, self._effect(inputs, periods))
        total += np.einsum("dgpc,dgpc->dgp", self._half_paired(s), s)
        return np.asarray(total * self.scaling.kpi[:, None])

    def _media_terms(self, inputs: Inputs, periods: slice) -> MediaTerms:
        s, kpi = self._saturated(inputs, periods), self.scaling.kpi[:, None]
        main = s * self._effect(inputs, periods) * kpi[:, :, None]
        pairs = {
            (i, j): self.parameters.pair[:, k, None, None] * s[..., i] * s[..., j] * kpi
            for k, (i, j) in enumerate(self.pairs)
        }
        return MediaTerms(main=main, pairs=pairs)

    def _effect(self, inputs: Inputs, periods: slice) -> FloatArray:
        """Scaled contribution of each channel at full saturation `[draw, market or 1, period or 1, channel]`."""
        theta = self.parameters
        effect = theta.effect[:, None, None, :]
        if theta.modulation.shape[2] == 0:
            return effect
        relative = 1.0 + np.einsum("dck,gpk->dgpc", theta.modulation, self.form.columns(inputs, periods), optimize=True)
        floor = monotone_floor(theta.pair, self.pairs, theta.effect.shape[1])
        return np.asarray(np.maximum(effect * relative, floor[:, None, None, :]))

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Channel pairs with an interaction term; none in families without interactions."""
        return channel_pairs(len(self.labels.channels)) if self.parameters.pair.shape[1] else []

    def _half_paired(self, s: FloatArray) -> FloatArray:
        """For each channel the sum over later partners of pair * s_partner, so that each pair counts once."""
        n = s.shape[-1]
        upper = np.zeros((s.shape[0], n, n))
        for k, (i, j) in enumerate(self.pairs):
            upper[:, i, j] = self.parameters.pair[:, k]
        return np.asarray(np.matmul(s, np.swapaxes(upper, 1, 2)[:, None]))

    def _saturated(self, inputs: Inputs, periods: slice) -> FloatArray:
        """Saturated drive of `periods`; only these and the look-back before them are computed."""
        theta = self.parameters
        start = max(0, periods.start - self.form.look_back(theta))
        drive = inputs.drive[:, start : periods.stop] / self.scaling.drive[:, None, :]
        opening = self.scaling.opening if start == 0 else drive[:, 0]
        level = self.form.level(drive, theta, opening)[:, :, periods.start - start :]
        return self.form.saturated(level, theta)

    def thinned(self, at_most: int) -> Self:
        """The same model with at most so many evenly spaced draws, for questions that are asked very often."""
        n = self.n_draws
        if n <= at_most:
            return self
        return self.picked(np.unique(np.linspace(0, n - 1, at_most).round().astype(np.int64)).tolist())

    def picked(self, draws: Sequence[int]) -> Self:
        """The same model with these draws only."""
        kept = {name: values[list(draws)] for name, values in vars(self.parameters).items()}
        parameters = replace(self.parameters, **kept)
        return type(self)(self.labels, self.scaling, self.design, parameters, self.diagnostics, self.form)

    def state(self) -> ModelState:
        """Everything as arrays and JSON."""
        arrays = {f"parameters.{name}": value for name, value in vars(self.parameters).items()}
        arrays |= {f"scaling.{name}": value for name, value in vars(self.scaling).items()}
        meta = {"labels": labels_meta(self.labels), "design": self.design.meta(), "diagnostics": self.diagnostics}
        meta["form"] = self.form.meta()
        return ModelState(family=self.family, version=STATE_VERSION, meta=meta, arrays=arrays)

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Rebuild the model; its answers are identical to the last digit."""
        if state.version == 1:
            state = _from_version_one(state)
        state.require(cls.family, STATE_VERSION)

        def part(prefix: str) -> dict[str, FloatArray]:
            return {k.removeprefix(prefix): v for k, v in state.arrays.items() if k.startswith(prefix)}

        return cls(
            labels=labels_from_meta(state.meta["labels"]),
            scaling=Scaling(**part("scaling.")),
            design=Design.from_meta(state.meta["design"]),
            parameters=cls.parameters_type(**part("parameters.")),
            diagnostics=state.meta["diagnostics"],
            form=Form.from_meta(state.meta["form"], cls.modulation_kinds),
        )


def _from_version_one(state: ModelState) -> ModelState:
    """Version 1 knew one form only, and no modulation."""
    return replace(state, version=STATE_VERSION, meta=state.meta | {"form": DEFAULT_FORM.meta()})


def labels_meta(labels: Labels) -> dict[str, Any]:
    """JSON-able labels."""
    return asdict(labels)


def labels_from_meta(meta: dict[str, Any]) -> Labels:
    """The labels that `labels_meta` described."""
    return Labels(
        markets=tuple(meta["markets"]),
        channels=tuple(meta["channels"]),
        controls=tuple(meta["controls"]),
        control_roles=tuple(ControlRole(role) for role in meta["control_roles"]),
        frequency=Frequency(meta["frequency"]),
    )
