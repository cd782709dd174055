"""What a budget may become: floors and ceilings per channel, and whether a total fits between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Labels
from mmm.errors import InfeasiblePlanError, SpecError
from mmm.planning.cents import CENTS, to_cents

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DEFAULT = "default"
FIXED = 1e-6  # currency: a channel whose bounds lie closer together has no room to move
DEFAULT_BOUNDS: Mapping[str, tuple[float, float]] = {DEFAULT: (0.3, 2.0)}  # × business as usual


@dataclass(frozen=True, eq=False)
class Limits:
    """Floor and ceiling of every channel over the horizon, in currency, and in cents rounded outwards.

    Attributes:
        channels: their names.
        lower: currency over the horizon, `[channel]`.
        upper: likewise.
    """

    channels: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray

    @property
    def lower_cents(self) -> IntArray:
        """Floors in whole cents, the fraction dropped."""
        return np.asarray(np.floor(self.lower * CENTS + 1e-6), dtype=np.int64)

    @property
    def upper_cents(self) -> IntArray:
        """Ceilings in whole cents, rounded up."""
        return np.asarray(np.ceil(self.upper * CENTS - 1e-6), dtype=np.int64)

    def check(self, total: float, currency: str) -> int:
        """The total in cents, if it fits.

        Raises:
            InfeasiblePlanError: it does not; says which bounds clash and the nearest total that fits.
        """
        cents = to_cents(total)
        low, high = int(self.lower_cents.sum()), int(self.upper_cents.sum())
        if cents < low:
            raise InfeasiblePlanError(self._clash("floors", self.lower, low, "more", total, currency))
        if cents > high:
            raise InfeasiblePlanError(self._clash("ceilings", self.upper, high, "less", total, currency))
        return cents

    def _clash(self, what: str, bounds: FloatArray, reach: int, than: str, total: float, currency: str) -> str:
        largest = np.argsort(-bounds, kind="stable")[:3]
        names = ", ".join(f"{self.channels[i]} {bounds[i]:,.2f}" for i in largest)
        change = "raise the total or lower a floor" if what == "floors" else "lower the total or raise a ceiling"
        return (
            f"The {what} of all channels add up to {reach / CENTS:,.2f} {currency}, {than} than the total of "
            f"{total:,.2f} {currency} (largest: {names}). The nearest total that fits is {reach / CENTS:,.2f} "
            f"{currency}; {change}."
        )


def limits(
    labels: Labels,
    usual: FloatArray,
    bounds: Mapping[str, tuple[float, float]] = DEFAULT_BOUNDS,
    floors: Mapping[str, float] | None = None,
    ceilings: Mapping[str, float] | None = None,
) -> Limits:
    """Bounds in currency over the horizon.

    Args:
        labels: names of the channels.
        usual: business as usual over the horizon, currency `[channel]`.
        bounds: per channel, and under "default" for the others, (lowest, highest) as multiples of business as usual.
        floors: absolute floors in currency over the horizon; each replaces the channel's lower multiple and lifts
            the ceiling where that lies below it, which opens a channel that is dark today.
        ceilings: absolute ceilings, likewise.

    Raises:
        SpecError: an unknown channel, or a bound that is negative, not finite, or above its counterpart.
    """
    floors, ceilings = floors or {}, ceilings or {}
    _check_names(labels, bounds, floors, ceilings)
    lower, upper = np.zeros_like(usual), np.zeros_like(usual)
    for index, name in enumerate(labels.channels):
        low, high = bounds.get(name, bounds.get(DEFAULT, DEFAULT_BOUNDS[DEFAULT]))
        lower[index], upper[index] = low * usual[index], high * usual[index]
        if name in floors:
            lower[index] = floors[name]
            upper[index] = max(upper[index], floors[name]) if name not in ceilings else upper[index]
        if name in ceilings:
            upper[index] = ceilings[name]
            lower[index] = min(lower[index], ceilings[name]) if name not in floors else lower[index]
    return Limits(labels.channels, lower, upper)


def _check_names(
    labels: Labels,
    bounds: Mapping[str, tuple[float, float]],
    floors: Mapping[str, float],
    ceilings: Mapping[str, float],
) -> None:
    problems = [
        f"there is no channel “{name}”"
        for name in dict.fromkeys([*bounds, *floors, *ceilings])
        if name not in labels.channels and not (name == DEFAULT and name in bounds)
    ]
    for name, (low, high) in bounds.items():
        if not (np.isfinite([low, high]).all() and 0 <= low <= high):
            problems.append(f"the bounds of “{name}” are {low:g} to {high:g}; they must be 0 ≤ lowest ≤ highest")
    for name, amount in [*floors.items(), *ceilings.items()]:
        if not (np.isfinite(amount) and amount >= 0):
            problems.append(f"the floor or ceiling of “{name}” is {amount:g}; it must be at least 0")
    for name in floors.keys() & ceilings.keys():
        if floors[name] > ceilings[name]:
            problems.append(
                f"the floor of “{name}” ({floors[name]:,.2f}) lies above its ceiling ({ceilings[name]:,.2f})"
            )
    if problems:
        raise SpecError("The bounds of the plan are not usable: " + "; ".join(problems) + ".")


def inside(point: FloatArray, total: float, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """The point nearest to `point` that respects the bounds and adds up to `total` (which must be feasible).

    The nearest point of a box on a plane shifts every entry by the same amount and clips; the shift is found by
    bisection. Entries are measured in their own width of bounds, so that small channels move as much as big ones.
    """
    width = np.where(upper - lower > FIXED, upper - lower, 0.0)

    def clipped(shift: float) -> FloatArray:
        return np.asarray(np.clip(point + shift * width, lower, upper))

    reach = float(np.max(np.abs(np.stack([point - lower, upper - point])) / np.where(width > 0, width, np.inf)))
    low, high = -reach - 1.0, reach + 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if clipped(middle).sum() < total else (low, middle)
    return clipped(high)


def cents_inside(amounts: FloatArray, total: int, limit: Limits) -> IntArray:
    """Whole cents `[channel]` nearest to `amounts` (currency) that add up to `total` and respect the limits.

    Largest remainder, skipping channels that would leave their bounds; `total` must have passed `Limits.check`.
    """
    lower, upper = limit.lower_cents, limit.upper_cents
    exact = np.clip(amounts * CENTS, lower, upper)
    parts: IntArray = np.floor(exact).astype(np.int64)
    remainder = exact - parts
    while missing := int(total - parts.sum()):
        step = 1 if missing > 0 else -1
        room = parts < upper if step > 0 else parts > lower
        order = [i for i in np.argsort(-step * remainder, kind="stable") if room[i]]
        for index in order[: abs(missing)]:
            parts[index] += step
    return parts
