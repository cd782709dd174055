"""Findings in words: the titles of pages and the answers to questions, made from the numbers and their intervals.

Where an interval holds both answers the sentence says so. Texts hold names as people typed them: whoever shows one as
Markdown or HTML escapes it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmm.charts.numbers import (
    amount,
    amount_interval,
    between,
    interval,
    money,
    percent,
    probability,
    ratio,
    ratio_interval,
    signed_amount,
    signed_percent,
    symbol,
)
from mmm.charts.waterfall import Parts
from mmm.data.inputs import Frequency
from mmm.effects.change import Change
from mmm.effects.contributions import Contributions
from mmm.effects.crossing import Crossing
from mmm.effects.curves import ResponseCurve
from mmm.effects.roi import Roi
from mmm.effects.support import SupportStatus
from mmm.planning.moves import Move, MoveKind
from mmm.planning.what_if import Multiplied

SURE = 0.8  # chance above which a ranking is stated as one
NOTICEABLE = 0.02  # relative change below which sales are called level
MINOR = 0.5  # share of a change that must be known for its largest part to be named as the reason

_FACTORS = {2.0: "double", 3.0: "triple", 0.5: "halve"}


def listed(names: Sequence[str]) -> str:
    """Names in a row: "search", "search and social", "search, social and tv"."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def begin(name: str) -> str:
    """A name at the beginning of a sentence; one that somebody wrote with capitals stays as it is."""
    return name[:1].upper() + name[1:] if name == name.lower() else name


def span(n: int, frequency: Frequency) -> str:
    """A number of periods: "12 weeks", "1 month"."""
    return f"{n} {frequency.value}{'' if n == 1 else 's'}"


# --- contribution ---------------------------------------------------------------------------------------------------


def contribution_title(parts: Parts, found: Contributions) -> str:
    """How much the channels brought in, and which one most: a ranking is stated only where the draws agree on it."""
    names = found.labels.channels
    order = [int(i) for i in np.argsort(-found.draws.mean(axis=0), kind="stable")]
    if not parts.actual or not order or parts.channels.sum() <= 0:
        return "The data show no effect of any channel."
    share = f"Channels brought in {percent(parts.media_share)} of sales"
    if len(order) == 1:
        return f"{begin(names[0])} brought in {percent(parts.media_share)} of sales."
    first, second = order[0], order[1]
    leads = float((found.draws[:, first] > found.draws[:, second]).mean())
    if leads >= SURE:
        return f"{share}, {names[first]} the most."
    close = [i for i in order if float((found.draws[:, first] > found.draws[:, i]).mean()) < SURE][:3]
    return f"{share}; the data cannot tell which of {listed([names[i] for i in close])} brought the most."


def share_finding(returns: Roi) -> str:
    """The channel whose share of spend and share of effect are furthest apart."""
    names, gap = returns.labels.channels, returns.effect_share - returns.spend_share
    widest = int(np.argmax(np.abs(gap)))
    if abs(float(gap[widest])) < NOTICEABLE:
        return "Every channel's share of the effect is about its share of spend."
    return (
        f"{begin(names[widest])} takes {percent(returns.spend_share[widest])} of spend and brings "
        f"{percent(returns.effect_share[widest])} of the effect."
    )


def return_finding(returns: Roi) -> str:
    """Which channels surely pay back, which surely do not, and which are open."""
    if returns.p_pays_back is None:
        return f"Nobody has said what one of {returns.units.kpi} is worth, so the cost of one is shown instead."
    names, chance = returns.labels.channels, returns.p_pays_back
    sure = [n for n, p in zip(names, chance, strict=True) if p >= 0.9]
    losing = [n for n, p in zip(names, chance, strict=True) if p <= 0.1]
    unsure = [n for n, p in zip(names, chance, strict=True) if 0.1 < p < 0.9]
    parts = []
    if sure:
        parts.append(f"{listed(sure)} paid back")
    if losing:
        parts.append(f"{listed(losing)} did not" if sure else f"{listed(losing)} did not pay back")
    if unsure:
        parts.append(f"we are not sure about {listed(unsure)}")
    return f"{begin('; '.join(parts))}." if parts else "No channel spent anything."


# --- channels -------------------------------------------------------------------------------------------------------


def channel_title(name: str, returns: Roi, index: int) -> str:
    """What the next euro on a channel brings, and whether that pays."""
    one = f"{symbol(returns.units.currency)}1"
    if returns.next_roi is None:
        return _cost_title(name, returns, index)
    mean, lo, hi = returns.next_roi.at(index).floats()
    if not np.isfinite(mean):
        return f"{begin(name)} never spent anything, so nothing is known about it."
    currency, threshold = returns.units.currency, returns.break_even
    brings = money(mean, currency)
    needs = "" if threshold == 1 else f", and it takes {money(threshold, currency)} to pay for itself"
    if hi < threshold:
        return f"{begin(name)} is past its best: the next {one} brings {brings}{needs}."
    if lo > threshold:
        return f"{begin(name)} still earns: the next {one} brings {brings}."
    return f"We are not sure that more {name} pays: the next {one} brings {interval(lo, hi, currency)}{needs}."


def _cost_title(name: str, returns: Roi, index: int) -> str:
    kpi, currency = returns.units.kpi, returns.units.currency
    mean, lo, hi = returns.next_cost_per_kpi.at(index).floats()
    if np.isnan(mean):
        return f"{begin(name)} never spent anything, so nothing is known about it."
    if not np.isfinite(hi):
        return f"We are not sure that more {name} brings more {kpi}: one more costs {money(lo, currency)} or more."
    return f"One more of {kpi} through {name} costs {money(mean, currency)} ({interval(lo, hi, currency)})."


def multiplied_answer(found: Multiplied, frequency: Frequency) -> str:
    """The answer to "What if we double social?"."""
    units = found.units
    verb = _FACTORS.get(found.factor, f"multiply by {found.factor:g}")
    over = f"over the next {span(found.horizon, frequency)}"
    low, high = float(found.gain.lo), float(found.gain.hi)
    text = f"{begin(_doing(verb))} {found.channel} {over} costs {money(found.extra, units.currency)} more"
    if low <= 0 <= high:
        text += f"; we are not sure it brings anything: {between(low, high, units)}."
    else:
        text += f" and brings {amount(found.gain.mean, units)} ({amount_interval(low, high, units)})."
    if found.back is not None and found.p_pays is not None:
        one = f"{symbol(units.currency)}1"
        back = f"{money(found.back.mean, units.currency)}"
        text += f" That is {back} back for each extra {one}; {_pays(found.p_pays, found.margin_known)}."
    return text + _beyond(found.support)


def _doing(verb: str) -> str:
    return {"double": "doubling", "triple": "tripling", "halve": "halving"}.get(verb, verb)


def _pays(chance: float, margin_known: bool) -> str:
    counted = "at your margin" if margin_known else "counting revenue in full"
    if chance >= 0.9:
        return f"it very likely pays {counted} ({probability(chance)})"
    if chance <= 0.1:
        return f"it very likely does not pay {counted} ({probability(chance)} that it does)"
    return f"the chance that it pays {counted} is {probability(chance)}"


def _beyond(status: SupportStatus) -> str:
    if status is SupportStatus.BEYOND:
        return " So much was never spent for long, so this is the model's guess."
    if status is SupportStatus.EDGE:
        return " That is at the edge of what was ever spent."
    return ""


def crossing_question(curve: ResponseCurve) -> str:
    """The question `crossing_answer` answers, with the channel's threshold."""
    threshold = curve.break_even.threshold
    if threshold == 1 or curve.break_even.verdict == "unknown":
        return f"Where do returns on {curve.channel} fall below 1?"
    return f"Where do returns on {curve.channel} fall below {ratio(threshold)}, which your margin needs?"


def crossing_answer(curve: ResponseCurve, found: Crossing | None, frequency: Frequency) -> str:
    """The answer to "Where do returns on search fall below 1?", with the interval of that place."""
    if found is None:
        if curve.break_even.verdict == "unknown":
            return "Nobody has said what a unit is worth, so there is no return in money to compare with."
        return f"{begin(curve.channel)} never spent anything, so nothing is known about it."
    per = f"a {frequency.value}"
    today = f"Today it gets {money(curve.today.spend, curve.units.currency)} {per}."
    return f"{_where(curve, found, per)} {today}"


def _where(curve: ResponseCurve, found: Crossing, per: str) -> str:
    """The place on the mean curve and its interval over draws, or that there is none to name."""
    currency = curve.units.currency
    low, high = float(found.spend.lo), float(found.spend.hi)
    one = f"{symbol(currency)}1"
    falls = f"the next {one} on {curve.channel} brings less than {money(found.threshold, currency)}"
    if curve.break_even.verdict == "never" or found.never > SURE:
        allowed = "" if high <= 0 or not np.isfinite(high) else f"; the data allow up to {money(high, currency)} {per}"
        return f"From the first {one} on, {falls}{allowed}."
    if found.always > SURE:
        return f"Nowhere near what was ever spent: as far as the model sees, {curve.channel} keeps paying."
    if not np.isfinite(high):
        if low <= 0:
            return "We are not sure: the data allow any place, from nothing to far beyond what was ever spent."
        return f"Above {money(low, currency)} {per}, but we are not sure where {falls}."
    point = curve.break_even.point
    middle = money(found.spend.mean if point is None else point.spend, currency)
    if low <= 0:
        most = money(high, currency)
        return f"We are not sure: {falls} from about {middle} {per} on, but that may be anywhere up to {most}."
    return f"From about {middle} {per} on ({interval(low, high, currency)}) {falls}."


# --- home -----------------------------------------------------------------------------------------------------------


def change_title(change: Change | None, kpi: str) -> str:
    """What happened to sales lately, and the largest known reason."""
    if change is None:
        return "There is not enough history yet to say what changed."
    over = f"in the last {span(len(change.recent), change.labels.frequency)}"
    if abs(change.total) <= NOTICEABLE * abs(change.before):
        return f"{begin(kpi)} held level {over}."
    verb = "rose" if change.total > 0 else "fell"
    text = f"{begin(kpi)} {verb} by {amount(abs(change.total), change.units)} {over}"
    reason = _reason(change)
    return f"{text}{reason}."


def _reason(change: Change) -> str:
    """The largest part of the change, if it goes the same way and the model accounts for most of it."""
    parts = {name: float(v) for name, v in zip(change.labels.channels, change.channels, strict=True)}
    parts["what sells without media"] = change.baseline
    if abs(change.unexplained) > max(abs(v) for v in parts.values()):
        return ", mostly for reasons the model does not know"
    helping = {name: v for name, v in parts.items() if v * change.total > 0}
    name = max(helping, key=lambda n: abs(helping[n]))
    if abs(helping[name]) < MINOR * abs(change.total):
        return ""
    return f", mostly through {name}"


def change_detail(change: Change) -> str:
    """The numbers behind `change_title`, in a sentence."""
    relative = change.total / change.before if change.before else None
    return (
        f"{amount(change.after, change.units)} after {amount(change.before, change.units)} "
        f"({signed_amount(change.total, change.units)}, {signed_percent(relative)})."
    )


def move_title(move: Move) -> str:
    """What to do, in a few words with the amount."""
    size = money(move.amount, move.units.currency)
    if move.kind is MoveKind.SHIFT:
        return f"Move {size} from {move.source} to {move.channel}"
    if move.kind is MoveKind.RAISE:
        return f"Spend {size} more on {move.channel}"
    return f"Spend {size} less on {move.channel}"


def move_worth(move: Move) -> str:
    """What a move is worth, with interval and chance."""
    low, high = float(move.gain.lo), float(move.gain.hi)
    ends = between(low, high, move.units) if low < 0 else f"{amount_interval(low, high, move.units)}"
    text = f"Worth about {amount(move.gain.mean, move.units)}"
    text += " of profit" if move.units.has_value else ""
    return f"{text} ({ends}); {probability(move.p_better)} likely to pay."


def moves_title(moves: Sequence[Move], horizon: int, frequency: Frequency) -> str:
    """What stands above the moves."""
    ahead = f"over the next {span(horizon, frequency)}"
    if not moves:
        return f"No single move is expected to beat business as usual {ahead}."
    return f"{'Three moves' if len(moves) == 3 else 'Moves'} worth making {ahead}"


# --- returns --------------------------------------------------------------------------------------------------------


def roi_words(returns: Roi, index: int) -> tuple[str, str]:
    """Return (or cost per KPI) of one channel so far, and its interval."""
    if returns.roi is not None:
        mean, lo, hi = returns.roi.at(index).floats()
        return ratio(mean), ratio_interval(lo, hi)
    return _cost_words(returns.cost_per_kpi.at(index).floats(), returns.units.currency)


def next_words(returns: Roi, index: int) -> tuple[str, str]:
    """Return (or cost per KPI) of the next euro on one channel, and its interval."""
    if returns.next_roi is not None:
        mean, lo, hi = returns.next_roi.at(index).floats()
        return ratio(mean), ratio_interval(lo, hi)
    return _cost_words(returns.next_cost_per_kpi.at(index).floats(), returns.units.currency)


def _cost_words(cost: tuple[float, float, float], currency: str) -> tuple[str, str]:
    mean, lo, hi = cost
    if np.isfinite(lo) and not np.isfinite(hi):
        return money(mean, currency), f"{money(lo, currency)} or more"
    return money(mean, currency), interval(lo, hi, currency)
