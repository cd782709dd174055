"""The fits that compare families on what they have not seen, folds and refreshes: each a piece of work of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from mmm.data.panel import Panel
from mmm.errors import MMMError
from mmm.models.base import FitSettings
from mmm.models.registry import FAMILIES, family
from mmm.validation.folds import Origin, forecasts, origins, refreshes
from mmm.validation.scores import Forecast

A = TypeVar("A")
B = TypeVar("B")

Clock = Callable[[], float]
"""Processor seconds so far; handed in, because the domain knows no clock."""


class Map(Protocol):
    """What the builtin `map` does with one iterable; a pool's `map` spreads the work over processes."""

    def __call__(self, work: Callable[[A], B], items: Iterable[A], /) -> Iterator[B]:
        """Results in the order of the items, as they come."""


def no_clock() -> float:
    """A clock that stands still: nothing is timed."""
    return 0.0


@dataclass(frozen=True)
class Work:
    """One fit of the comparison and its forecasts."""

    family: str
    effort: str
    origin: Origin
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a piece of work.

    Attributes:
        problem: why it could not be done, in words for people; "" where it was.
    """

    work: Work
    forecasts: tuple[Forecast, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Asked:
    """What is compared.

    Attributes:
        families: to be fitted and compared.
        effort: of the fit that forecasts the hold-out; all other fits here are quick.
        holdout: periods kept back; None for the usual number.
        champion: family of the published model, against which the others are tried on two refreshes; or None.
        folds: compare on folds too, not on the hold-out alone.
        options: `FitSettings.options` of every fit.
    """

    families: tuple[str, ...]
    effort: str = "quick"
    holdout: int | None = None
    champion: str | None = None
    folds: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)


def works(panel: Panel, asked: Asked) -> tuple[Work, ...]:
    """Every fit of the comparison, family by family, the hold-out of a family first.

    Raises:
        DataError: too few periods would be left to learn from.
    """
    cuts = origins(panel.n_periods, asked.holdout)
    against = asked.champion if asked.champion is not None and set(asked.families) != {asked.champion} else None
    again = refreshes(panel.n_periods) if against is not None else ()
    found: list[Work] = []
    for name in asked.families:
        found.append(Work(name, asked.effort, cuts[-1], asked.options))
        found += [Work(name, "quick", cut, asked.options) for cut in cuts[:-1] if asked.folds]
        found += [Work(name, "quick", cut, asked.options) for cut in again]
    if against is not None and against not in asked.families and against in FAMILIES:
        found += [Work(against, "quick", cut, asked.options) for cut in again]
    return tuple(found)


def perform(panel: Panel, seed: int, work: Work) -> Outcome:
    """Do one piece of work; what a family refuses is kept as words, so that the others go on."""
    chosen, settings = family(work.family), FitSettings(seed=seed, effort=work.effort, options=work.options)
    try:
        return Outcome(work, forecasts(panel, chosen.fit, settings, work.origin))
    except MMMError as refusal:
        return Outcome(work, problem=str(refusal))


@dataclass(frozen=True, eq=False)
class Compared:
    """All outcomes of one family.

    Attributes:
        held: forecast of the hold-out; None where it could not be fitted.
        folds: forecasts by origin, complete or empty.
        again: forecast of each refresh, earliest cut first, complete or empty.
        problem: why it could not be fitted; "" where it could.
    """

    held: Forecast | None
    folds: dict[Origin, tuple[Forecast, ...]] = field(default_factory=dict)
    again: tuple[Forecast, ...] = ()
    problem: str = ""


def compared(outcomes: Sequence[Outcome]) -> dict[str, Compared]:
    """Outcomes by family."""
    by_name: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_name.setdefault(outcome.work.family, []).append(outcome)
    return {name: _compared(found) for name, found in by_name.items()}


def _compared(found: Sequence[Outcome]) -> Compared:
    forecast = [(o.work.origin, o) for o in found]
    folds = {origin: o.forecasts for origin, o in forecast if origin.share is not None}
    again = {origin.cut: o.forecasts for origin, o in forecast if origin.share is None}
    last = max(folds, key=lambda origin: origin.cut, default=None)
    held = folds[last][-1] if last is not None and folds[last] else None
    problem = next((o.problem for origin, o in forecast if origin is last and o.problem), "")
    return Compared(
        held=held,
        folds=folds if all(folds.values()) else {},
        again=tuple(again[cut][0] for cut in sorted(again)) if all(again.values()) else (),
        problem=problem,
    )


def under_way(titles: dict[str, str], pieces: Sequence[Work], n_done: int) -> str:
    """`Structural done · Ridge 1 of 4 · XGBoost waiting`, of pieces of work done in their order."""
    told = []
    for name, title in titles.items():
        places = [place for place, work in enumerate(pieces) if work.family == name]
        done = sum(place < n_done for place in places)
        if places:
            state = "waiting" if done == 0 and n_done < places[0] else f"{done} of {len(places)} fits"
            told.append(f"{title} {'compared' if done == len(places) else state}")
    return " · ".join(told)
