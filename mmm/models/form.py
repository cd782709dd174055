"""What the media part of an additive model looks like: how a channel's effect may differ by market and period."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs
from mmm.transforms.calendar import yearly_fourier

FloatArray = NDArray[np.float64]

SEASON_MEDIA_SD = 0.15  # of an effect's yearly wave, share of the effect: most channels move less than a quarter


class Modulation(Protocol):
    """Something every channel's effect is multiplied by: 1 + sum over columns of coefficient * column.

    Coefficients are shares of the effect, one a channel and column, with Gaussian priors around zero: given everything
    else they are linear, so a posterior integrates them out. Frozen, and stored as JSON.
    """

    kind: ClassVar[str]

    @property
    def sd(self) -> FloatArray:
        """Prior standard deviation of each column's coefficient `[column]`."""
        ...

    def columns(self, inputs: Inputs, periods: slice) -> FloatArray:
        """`[market or 1, period or 1, column]`, about zero on average over history."""
        ...

    def meta(self) -> dict[str, Any]:
        """JSON-able recipe."""
        ...


ReadModulation = Callable[[dict[str, Any]], Modulation]


@dataclass(frozen=True)
class SeasonMedia:
    """A yearly wave of every channel's effect: the same spend may work better in some seasons than in others."""

    kind: ClassVar[str] = "season_media"

    @property
    def sd(self) -> FloatArray:
        """Sine and cosine."""
        return np.full(2, SEASON_MEDIA_SD)

    def columns(self, inputs: Inputs, periods: slice) -> FloatArray:
        """`[1, period, 2]`."""
        return yearly_fourier(inputs.periods[periods], 1)[None]

    def meta(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    @classmethod
    def from_meta(cls, _meta: dict[str, Any]) -> SeasonMedia:
        """The wave."""
        return cls()


MODULATIONS: Mapping[str, ReadModulation] = {SeasonMedia.kind: SeasonMedia.from_meta}


@dataclass(frozen=True)
class Form:
    """The media part's form; the default is that of every family which says nothing else.

    Attributes:
        modulations: what effects are multiplied by; their columns side by side are those of `Parameters.modulation`.
    """

    modulations: tuple[Modulation, ...] = ()

    @property
    def sd(self) -> FloatArray:
        """Prior standard deviation of every modulation's coefficients `[column]`."""
        return np.concatenate([np.zeros(0), *(modulation.sd for modulation in self.modulations)])

    def columns(self, inputs: Inputs, periods: slice) -> FloatArray:
        """Every modulation's columns side by side `[market or 1, period, column]`."""
        n_periods = len(inputs.periods[periods])
        parts = [modulation.columns(inputs, periods) for modulation in self.modulations]
        markets = max([1, *(part.shape[0] for part in parts)])
        wide = [np.broadcast_to(part, (markets, n_periods, part.shape[2])) for part in parts]
        return np.concatenate([np.zeros((markets, n_periods, 0)), *wide], axis=2)

    def meta(self) -> dict[str, Any]:
        """JSON-able, read back by `from_meta`."""
        return {"modulations": [{"kind": m.kind, "meta": m.meta()} for m in self.modulations]}

    @classmethod
    def from_meta(cls, meta: dict[str, Any], kinds: Mapping[str, ReadModulation] = MODULATIONS) -> Form:
        """The form that `meta` described; `kinds` says how each modulation is read."""
        return cls(modulations=tuple(kinds[part["kind"]](part["meta"]) for part in meta["modulations"]))


def monotone_floor(pair: FloatArray, pairs: Sequence[tuple[int, int]], n_channels: int) -> FloatArray:
    """The effect at full saturation below which more of a channel could lower the KPI `[draw, channel]`.

    Args:
        pair: coefficients of the pairwise terms `[draw, pair]`.
        pairs: which channels each of them joins; none where a family has no such terms.
    """
    floor = np.zeros((pair.shape[0], n_channels))
    for k, both in enumerate(pairs):
        for channel in both:
            floor[:, channel] += np.maximum(-pair[:, k], 0.0)
    return floor
