"""What a plan means, in the sentences a manager would say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.charts.numbers import amount, between, money, percent, probability, signed_percent
from mmm.data.inputs import Frequency
from mmm.effects.estimate import Estimate, Units
from mmm.effects.support import SupportStatus
from mmm.planning.plan import PlanResult, Step
from mmm.planning.scenario import ScenarioOutcome

FloatArray = NDArray[np.float64]

NOTICED = 0.005  # of all spend: a smaller change is not worth a word in a title
UNDECIDED = (0.4, 0.6)  # between these chances nobody should call a plan better or worse
NAMED = 2  # channels a title names before it says "others"

SUPPORT_WORDS = {
    SupportStatus.INSIDE: "",
    SupportStatus.EDGE: "at the edge of what was ever spent",
    SupportStatus.BEYOND: "beyond what was ever spent",
}


@dataclass(frozen=True)
class Shift:
    """How a plan differs from business as usual, per period and all markets together.

    Attributes:
        more, less: names of the channels that get more and less, largest change first.
        added: currency per period that goes to the channels in `more`.
        taken: currency per period that is taken from those in `less`.
        whole: business as usual, currency per period.
    """

    more: tuple[str, ...]
    less: tuple[str, ...]
    added: float
    taken: float
    whole: float

    @property
    def net(self) -> float:
        """What the plan spends more than business as usual, currency per period."""
        return self.added - self.taken


def shift_between(channels: tuple[str, ...], spend: FloatArray, usual: FloatArray) -> Shift:
    """The changes of `spend` against `usual`, both `[market, period, channel]`, that are large enough to mention."""
    change = (spend - usual).sum(axis=(0, 1)) / spend.shape[1]
    whole = float(usual.sum()) / usual.shape[1]
    noticed = np.abs(change) >= NOTICED * max(whole, 1e-9)
    order = [int(c) for c in np.argsort(-np.abs(change), kind="stable") if noticed[c]]
    return Shift(
        more=tuple(channels[c] for c in order if change[c] > 0),
        less=tuple(channels[c] for c in order if change[c] < 0),
        added=float(sum(change[c] for c in order if change[c] > 0)),
        taken=float(-sum(change[c] for c in order if change[c] < 0)),
        whole=whole,
    )


def headline(outcome: ScenarioOutcome) -> str:
    """The finding about a plan: "Moving €40 k a week from display to search brings about €0.3 m more, 81 % likely."."""
    units, frequency = outcome.units, outcome.labels.frequency
    shift = shift_between(outcome.labels.channels, outcome.spend, outcome.baseline)
    if not shift.more and not shift.less:
        total = amount(outcome.total.shown.mean, units)
        return f"Spending as today brings about {total} over the next {ahead(outcome)}."
    return f"{_what(shift, units.currency, frequency)} {result_words(outcome.uplift.shown, outcome.p_better, units)}."


def result_words(uplift: Estimate, p_better: float, units: Units) -> str:
    """What comes of it: "brings about €0.3 m more, 81 % likely"."""
    if UNDECIDED[0] <= p_better <= UNDECIDED[1]:
        return f"changes little that we could be sure of: {between(uplift.lo, uplift.hi, units)}"
    if float(uplift.mean) >= 0 and p_better > UNDECIDED[1]:
        return f"brings about {amount(uplift.mean, units)} more, {probability(p_better)} likely"
    if float(uplift.mean) < 0 and p_better < UNDECIDED[0]:
        return f"brings about {amount(-uplift.mean, units)} less, {probability(1 - p_better)} likely"
    return f"could go either way: {between(uplift.lo, uplift.hi, units)}"


def _what(shift: Shift, currency: str, frequency: Frequency) -> str:
    per = f"a {frequency.value}"
    if shift.more and not shift.less:
        return f"Spending {money(shift.added, currency)} {per} more on {names(shift.more)}"
    if shift.less and not shift.more:
        return f"Spending {money(shift.taken, currency)} {per} less on {names(shift.less)}"
    moved = min(shift.added, shift.taken)
    words = f"Moving {money(moved, currency)} {per} from {names(shift.less)} to {names(shift.more)}"
    if abs(shift.net) < NOTICED * max(shift.whole, 1e-9):
        return words
    return f"{words} and {'adding' if shift.net > 0 else 'saving'} {money(abs(shift.net), currency)}"


def names(channels: tuple[str, ...]) -> str:
    """Channels as a sentence lists them: "search", "search and social", "search, social and 2 others"."""
    if len(channels) > NAMED + 1:
        return f"{', '.join(channels[:NAMED])} and {len(channels) - NAMED} others"
    return " and ".join(part for part in (", ".join(channels[:-1]), channels[-1]) if part)


def ahead(outcome: ScenarioOutcome) -> str:
    """The horizon of an outcome: "12 weeks"."""
    return periods_words(outcome.spend.shape[1], outcome.labels.frequency)


def periods_words(n: int, frequency: Frequency) -> str:
    """A number of periods: "12 weeks", "1 month"."""
    return f"{n} {frequency.value}{'' if n == 1 else 's'}"


def against(value: float, usual: float) -> str:
    """A level beside business as usual: "+10 %", "as today", "new"."""
    if usual <= 0:
        return "new" if value > 0 else "as today"
    share = value / usual - 1
    return "as today" if abs(share) < 0.0005 else signed_percent(share)


def pays_back(outcome: ScenarioOutcome, margin: float | None) -> tuple[float, str] | None:
    """Chance that extra spend earns its money back, or that a saving saves more than it loses, and a sentence.

    None where spend is as today, or where a KPI unit has no known value.
    """
    extra = float((outcome.spend - outcome.baseline).sum())
    if not outcome.units.has_value or abs(extra) < NOTICED * max(float(outcome.baseline.sum()), 1e-9):
        return None
    profit = (1.0 if margin is None else margin) * outcome.uplift_draws - extra
    chance = float((profit > 0).mean())
    basis = (
        "Nobody told the margin, so revenue counts in full." if margin is None else f"At a margin of {percent(margin)}."
    )
    return chance, basis


def best_split_headline(result: PlanResult, step: Step, levels: FloatArray) -> str:
    """The finding about a budget: what is moved from today's split of the same total, and what that brings.

    Args:
        result: the best split.
        step: how far towards it the plan goes.
        levels: business as usual, currency per period `[channel]`.
    """
    frequency, n = result.labels.frequency, len(result.periods)
    today, plan = result.today.reshape(1, 1, -1) / n, step.allocation.reshape(1, 1, -1) / n
    shift = shift_between(result.labels.channels, plan, today)
    if result.kept_today or not (shift.more and shift.less):
        return "Today's split is already the best we can see within these limits."
    words = f"{_what(shift, result.units.currency, frequency)} {result_words(step.gain, step.p_better, result.units)}."
    if abs(result.total / n - levels.sum()) < NOTICED * max(float(levels.sum()), 1e-9):
        return words
    budget = money(result.total / n, result.units.currency)
    return f"At {budget} a {frequency.value}, {words[0].lower()}{words[1:]}"
