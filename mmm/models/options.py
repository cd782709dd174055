"""Reading the choices of `FitSettings.options`: a value that cannot be used is refused in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmm.errors import ModelError


@dataclass(frozen=True)
class Setting:
    """An option that a family may be searched for: values next to each other are alike, the first is its default."""

    name: str
    values: tuple[Any, ...]


def number(options: Mapping[str, Any], name: str, default: float, *, low: float, high: float) -> float:
    """A number between `low` and `high`.

    Raises:
        ModelError: it is something else.
    """
    return _checked(options.get(name, default), name, low, high)


def whole(options: Mapping[str, Any], name: str, default: int, *, low: int, high: int) -> int:
    """A whole number between `low` and `high`.

    Raises:
        ModelError: it is something else.
    """
    found = number(options, name, default, low=low, high=high)
    if found != int(found):
        raise ModelError(f"The option “{name}” must be a whole number, not {found:g}.")
    return int(found)


def numbers_by_name(
    options: Mapping[str, Any], name: str, known: Sequence[str], *, low: float, high: float
) -> dict[str, float]:
    """Numbers between `low` and `high` for some of the `known` names.

    Raises:
        ModelError: it is no such mapping, or it names what is not there.
    """
    found = options.get(name, {})
    if not isinstance(found, Mapping):
        raise ModelError(f"The option “{name}” must give a number for each channel it names, not {found!r}.")
    strangers = [key for key in found if key not in known]
    if strangers:
        raise ModelError(f"The option “{name}” names {', '.join(map(str, strangers))}; there are {', '.join(known)}.")
    return {key: _checked(value, f"{name} of {key}", low, high) for key, value in found.items()}


def one_of(options: Mapping[str, Any], name: str, choices: Sequence[str]) -> str:
    """One of `choices`, the first by default.

    Raises:
        ModelError: it is something else.
    """
    found = options.get(name, choices[0])
    if found not in choices:
        raise ModelError(f"The option “{name}” must be {' or '.join(choices)}, not {found!r}.")
    return str(found)


def _checked(value: object, name: str, low: float, high: float) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not usable or not isinstance(value, int | float):
        raise ModelError(f"The option “{name}” must be a number from {low:g} to {high:g}, not {value!r}.")
    return float(value)
