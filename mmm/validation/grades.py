"""Evidence grades: how well each channel's effect is known, in words for people who spend money by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mmm.data.findings import whole_percent
from mmm.data.panel import Panel
from mmm.effects.contributions import Contributions
from mmm.models.base import FittedModel
from mmm.models.replay import replayed
from mmm.validation.stress.result import StressTest

NARROW = 0.35  # half the 90 % interval ÷ the mean, up to which an effect that a test confirms counts as known
AGREES = 2.0  # standard errors between a lift test and what the model expects of it
SHARP = 0.5  # standard error ÷ lift above which a test is too blunt to confirm anything
TWIN_ERROR, TWIN_COVERAGE = 0.8, 0.6  # look-alikes: error ÷ true effect, and share of intervals that held, at most


class Grade(StrEnum):
    """How well a channel's effect is known."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"

    @property
    def meaning(self) -> str:
        """In a sentence."""
        return MEANING[self]


MEANING = {
    Grade.A: "Known, and an experiment confirms it.",
    Grade.B: "As well known as it can be without an experiment.",
    Grade.C: "The direction is known, the size is not.",
    Grade.D: "The data cannot tell.",
}
ORDER = tuple(Grade)
HOLD = ("reverse", "leak", "too_much", "ahead", "brand")
"""Stress tests after which a channel's effect may be demand in disguise: a plan leaves its spend where it is."""


@dataclass(frozen=True)
class ChannelGrade:
    """What is known of one channel.

    Attributes:
        channel: its name.
        grade: A to D.
        why: the weightiest reason, in a sentence.
        next_step: what would make it better known; "" where nothing is needed.
    """

    channel: str
    grade: Grade
    why: str
    next_step: str


class Recovery(Protocol):
    """How a channel's known effect came back on simulated look-alikes of the data."""

    @property
    def relative_error(self) -> float:
        """Sum of absolute errors ÷ sum of true effects."""

    @property
    def coverage(self) -> float:
        """Share of the 90 % intervals that held the truth."""


def grade_channels(
    model: FittedModel,
    panel: Panel,
    found: Contributions,
    stress: Sequence[StressTest],
) -> tuple[ChannelGrade, ...]:
    """A grade for every channel of the panel.

    Args:
        model: the fitted model.
        panel: what it was fitted on, with its lift tests.
        found: drop-one contributions over the panel.
        stress: what `stress_tests` found.
    """
    lift = {name: _lift(model, panel, name) for name in panel.labels.channels}
    return tuple(_grade(name, place, found, stress, lift[name]) for place, name in enumerate(panel.labels.channels))


def held_channels(stress: Sequence[StressTest]) -> tuple[str, ...]:
    """Channels whose effect may be demand in disguise, so that a plan should not move their spend."""
    caught = [channel for test in stress if test.status != "pass" and test.code in HOLD for channel in test.channels]
    return tuple(dict.fromkeys(caught))


def _grade(
    channel: str, place: int, found: Contributions, doubts: Sequence[StressTest], lift: bool | None
) -> ChannelGrade:
    """`lift`: True where experiments agree with the model, False where one does not, None without any."""
    if not found.draws[:, place].any():
        return ChannelGrade(channel, Grade.D, f"{channel} never spent, so nothing is known of it.", "Try it on a test.")
    if lift is False:
        why = f"{channel}: an experiment measured something else than the model expects."
        return ChannelGrade(channel, Grade.D, why, "Find out which of the two is wrong before money is moved.")
    own = [test for test in doubts if channel in test.channels and test.cap]
    if lift:  # an experiment says what the weeks alone could not
        own = [test for test in own if test.whole and test.status == "fail"]
    if own:
        worst = max(own, key=lambda test: (ORDER.index(Grade(test.cap)), test.status == "fail"))
        return ChannelGrade(channel, Grade(worst.cap), worst.finding, worst.remedy)
    lo, mean, hi = (float(x) for x in _interval(found.draws[:, place]))
    half = (hi - lo) / 2 / max(abs(mean), 1e-12)
    within = f"(± {whole_percent(half)})"
    if lift and half <= NARROW:
        why = f"{channel}: an experiment agrees with the model, and the interval is narrow."
        return ChannelGrade(channel, Grade.A, why, "")
    if lift:
        why = f"{channel}: an experiment agrees with the model, but the interval is still wide {within}."
        return ChannelGrade(channel, Grade.B, why, "A longer or larger experiment would narrow it.")
    why = f"{channel}: spend varied by itself, and nothing in the data contradicts the model {within}."
    return ChannelGrade(channel, Grade.B, why, "A lift test would confirm it.")


def _interval(draws: NDArray[np.float64]) -> tuple[float, float, float]:
    lo, hi = np.quantile(draws, (0.05, 0.95))
    return float(lo), float(draws.mean()), float(hi)


def _lift(model: FittedModel, panel: Panel, channel: str) -> bool | None:
    """Whether the experiments on a channel agree with what the model expects of them; blunt ones do not count."""
    told = []
    for window in panel.lift_windows:
        test = window.test
        if test.channel != channel or test.se > SHARP * abs(test.lift):
            continue
        expected = replayed(model, panel, window)
        spread = float(np.hypot(test.se, expected.std()))
        told.append(abs(float(expected.mean()) - test.lift) <= AGREES * spread)
    return all(told) if told else None


def doubted_by_twins(grades: Sequence[ChannelGrade], twins: Mapping[str, Recovery]) -> tuple[ChannelGrade, ...]:
    """The grades after a twin test: it can only lower one, and no experiment is doubted for it.

    Args:
        grades: as stored with a model.
        twins: recovery on look-alikes by channel.
    """
    return tuple(_doubted(graded, twins.get(graded.channel)) for graded in grades)


def _doubted(graded: ChannelGrade, recovery: Recovery | None) -> ChannelGrade:
    if recovery is None or graded.grade is not Grade.B:
        return graded
    if recovery.relative_error <= TWIN_ERROR and recovery.coverage > TWIN_COVERAGE:
        return graded
    why = (
        f"{graded.channel}: on simulated look-alikes its known effect came back "
        f"{whole_percent(recovery.relative_error)} off, and {whole_percent(recovery.coverage)} of intervals held it."
    )
    return ChannelGrade(graded.channel, Grade.C, why, "Run a lift test.")
