"""What the media part of an additive model looks like: carry-over, saturation, and how effects may differ.

Effects may differ by market and period: see `Modulation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Frequency, Inputs
from mmm.errors import ModelError
from mmm.transforms.calendar import yearly_fourier
from mmm.transforms.carryover import CARRY_OVERS, GEOMETRIC, KERNEL_DAYS, CarryOver
from mmm.transforms.saturation import HILL, SATURATIONS, Saturation

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


class ShapeParameters(Protocol):
    """What says how a channel's drive works, `[draw, channel]` each; decay and delay are those of a period."""

    @property
    def decay(self) -> FloatArray: ...  # noqa: D102 - the class says what
    @property
    def delay(self) -> FloatArray: ...  # noqa: D102
    @property
    def half_saturation(self) -> FloatArray: ...  # noqa: D102
    @property
    def slope(self) -> FloatArray: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class ShapeDraws:
    """Shape parameters by themselves, `[draw, channel]` each."""

    decay: FloatArray
    delay: FloatArray
    half_saturation: FloatArray
    slope: FloatArray

    @classmethod
    def median(cls, theta: ShapeParameters) -> ShapeDraws:
        """The central value of each parameter as one draw."""
        return cls(
            *(
                np.median(draws, axis=0, keepdims=True)
                for draws in (theta.decay, theta.delay, theta.half_saturation, theta.slope)
            )
        )


MODULATIONS: Mapping[str, ReadModulation] = {SeasonMedia.kind: SeasonMedia.from_meta}


@dataclass(frozen=True)
class Form:
    """The media part's form; the default is that of every family which says nothing else.

    Attributes:
        modulations: what effects are multiplied by; their columns side by side are those of `Parameters.modulation`.
        carry_over, saturation: their shapes.
        lags: length of a limited kernel, periods.
    """

    modulations: tuple[Modulation, ...] = ()
    carry_over: CarryOver = GEOMETRIC
    saturation: Saturation = HILL
    lags: int = 13

    def level(self, drive: FloatArray, theta: ShapeParameters, opening: FloatArray) -> FloatArray:
        """Carried-over drive `[draw, market, period, channel]` of scaled `drive [market, period, channel]`."""
        return self.carry_over.level(drive, theta.decay, theta.delay, opening, self.lags)

    def saturated(self, level: FloatArray, theta: ShapeParameters) -> FloatArray:
        """Share of a channel's effect at a carried-over level `[draw, market, period, channel]`."""
        return self.saturation.curve(level, theta.half_saturation[:, None, None, :], theta.slope[:, None, None, :])

    def first_weights(self, theta: ShapeParameters, n: int) -> FloatArray:
        """How much of a unit works at each of the first `n` lags, as `level` has it `[draw, channel, n]`."""
        lags = self.lags if self.carry_over.limited else n
        weights = self.carry_over.weights(theta.decay, theta.delay, lags)[..., :n]
        return np.pad(weights, ((0, 0), (0, 0), (0, n - weights.shape[2])))

    def look_back(self, theta: ShapeParameters) -> int:
        """Periods before a period that still work in it."""
        return self.carry_over.look_back(theta.decay, self.lags)

    def pairs(self, n_channels: int) -> list[tuple[int, int]]:
        """Channel pairs whose product may have an effect, in the order of `Parameters.pair`."""
        return list(combinations(range(n_channels), 2)) if self.saturation.bounded else []

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
        return {
            "modulations": [{"kind": m.kind, "meta": m.meta()} for m in self.modulations],
            "carry_over": self.carry_over.name,
            "saturation": self.saturation.name,
            "lags": self.lags,
        }

    @classmethod
    def from_meta(cls, meta: dict[str, Any], kinds: Mapping[str, ReadModulation] = MODULATIONS) -> Form:
        """The form that `meta` described; `kinds` says how each modulation is read."""
        return cls(
            modulations=tuple(kinds[part["kind"]](part["meta"]) for part in meta["modulations"]),
            carry_over=CARRY_OVERS[meta["carry_over"]],
            saturation=SATURATIONS[meta["saturation"]],
            lags=int(meta["lags"]),
        )


def form_of(options: Mapping[str, Any], frequency: Frequency) -> Form:
    """The form that a fit's options ask for: `carry_over`, `saturation` and `season_media`.

    Raises:
        ModelError: an option cannot be used; all that are wrong are named.
    """
    problems = []
    wanted = {"carry_over": GEOMETRIC.name, "saturation": HILL.name, SeasonMedia.kind: False}
    wanted |= {name: options[name] for name in wanted if name in options}
    for name, known in (("carry_over", CARRY_OVERS), ("saturation", SATURATIONS)):
        if wanted[name] not in list(known):
            problems.append(f"the option {name} is {wanted[name]!r}; it must be one of {', '.join(known)}")
    if not isinstance(wanted[SeasonMedia.kind], bool):
        problems.append(f"the option {SeasonMedia.kind} is {wanted[SeasonMedia.kind]!r}; it must be true or false")
    if problems:
        raise ModelError(sentence(problems))
    return Form(
        modulations=(SeasonMedia(),) if wanted[SeasonMedia.kind] else (),
        carry_over=CARRY_OVERS[str(wanted["carry_over"])],
        saturation=SATURATIONS[str(wanted["saturation"])],
        lags=max(2, round(KERNEL_DAYS / frequency.days)),
    )


def sentence(problems: Sequence[str]) -> str:
    """Problems in one sentence that begins with a capital."""
    text = "; ".join(problems)
    return f"{text[:1].upper()}{text[1:]}."


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
