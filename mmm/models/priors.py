"""What is believed before the data speak, and how a person says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.models.form import Form
from mmm.transforms.carryover import GEOMETRIC
from mmm.transforms.saturation import HILL

FloatArray = NDArray[np.float64]
Pair = tuple[float, float]
"""Location and scale of a bell curve."""

MOST_KEPT = 0.97  # of a week's level in the next week: a half-life of 23 weeks
SHAPE = ("decay", "delay", "half_saturation", "slope")  # blocks of theta before the contribution, where a form has them
CONTRIBUTION = "contribution"


@dataclass(frozen=True)
class Priors:
    """Weakly informative priors, in scaled units; every pair is (location, scale).

    Attributes:
        decay: logit of the share carried over from one week to the next, over `MOST_KEPT`.
        half_saturation: log of the half-saturation, in multiples of the channel's usual level.
        slope: log of the saturation's slope.
        media_share: log of the share of the KPI that all media bring together.
        effect_shape: a channel's effect is Gamma with this shape around its share of spend times the media share;
            small shapes put mass near zero, so that a channel can be dead.
        pair_share: standard deviation of a pairwise term's mean contribution, share of the smaller channel's own.
        noise: log of a period's noise, share of the KPI.
        delay: log of the delay of carry-over, weeks for a peak.
        channels: what is believed of single channels instead, by channel and by the names above; `contribution` is the
            log of the share of the KPI that the channel brings, in place of the Gamma.
    """

    decay: Pair = GEOMETRIC.decay
    half_saturation: Pair = HILL.half_saturation or (0.5, 0.8)
    slope: Pair = HILL.slope or (0.0, 0.0)
    media_share: Pair = (-1.8, 0.4)
    effect_shape: float = 2.0
    pair_share: float = 0.05
    noise: Pair = (-3.0, 0.7)
    delay: Pair = (0.0, 0.7)
    channels: Mapping[str, Mapping[str, Pair]] = field(default_factory=dict)

    @classmethod
    def of(cls, form: Form) -> Priors:
        """The defaults of a form's shapes."""
        base = cls()
        return replace(
            base,
            decay=form.carry_over.decay,
            delay=form.carry_over.delay or base.delay,
            half_saturation=form.saturation.half_saturation or base.half_saturation,
            slope=form.saturation.slope or base.slope,
        )

    def block(self, name: str, channels: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Location and scale of one shape parameter for each channel `[channel]`."""
        pairs = [self.channels.get(channel, {}).get(name, getattr(self, name)) for channel in channels]
        location, scale = np.array(pairs, dtype=np.float64).reshape(len(channels), 2).T
        return location, scale

    def expected_contribution(self, channels: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Location and scale of the log share of the KPI of each channel that has one of its own; NaN elsewhere."""
        nothing = (np.nan, np.nan)
        pairs = [self.channels.get(channel, {}).get(CONTRIBUTION, nothing) for channel in channels]
        location, scale = np.array(pairs, dtype=np.float64).reshape(len(channels), 2).T
        return location, scale

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, read back by `from_dict`."""
        own = {name: {key: list(pair) for key, pair in told.items()} for name, told in self.channels.items()}
        plain = {name: value for name, value in vars(self).items() if name != "channels"}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()} | {"channels": own}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Priors:
        """The priors that `as_dict` described."""
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in stored.items() if k != "channels"
        }
        own = {
            name: {key: (pair[0], pair[1]) for key, pair in told.items()} for name, told in stored["channels"].items()
        }
        return cls(**plain, channels=own)


def shape_blocks(form: Form) -> tuple[str, ...]:
    """Names of the shape parameters that a form has."""
    there = {
        "decay": True,
        "delay": form.carry_over.delay is not None,
        "half_saturation": form.saturation.half_saturation is not None,
        "slope": form.saturation.slope is not None,
    }
    return tuple(name for name in SHAPE if there[name])


def natural_shape(name: str, value: FloatArray) -> FloatArray:
    """A shape parameter on its natural scale, from the scale of its prior; decay is that of a week."""
    return np.asarray(MOST_KEPT / (1.0 + np.exp(-value)) if name == "decay" else np.exp(value))
