"""The next moves worth making: one channel up, one down, or money from one to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from mmm.effects.estimate import Estimate, Units, probability_above, summarise
from mmm.effects.support import SupportStatus
from mmm.planning.scenario import Planner

FloatArray = NDArray[np.float64]

MOVED_SHARE = 0.2  # a fifth: what planners really move, and near enough to today for the model to know
PARTNERS = 3  # channels considered on either side of a shift: each pair asks the model once


class MoveKind(StrEnum):
    """What is done with a channel's spend."""

    RAISE = "raise"
    CUT = "cut"
    SHIFT = "shift"


@dataclass(frozen=True, eq=False)
class Move:
    """One change of business as usual over the horizon.

    Attributes:
        kind: raise, cut or shift.
        channel: the channel that gets more; for a cut the one that gets less.
        source: the channel a shift takes from, else None.
        amount: currency over the horizon that is added, saved or moved.
        gain: what it is worth over horizon and tail, in `units.shown`: profit before fixed costs where money is known
            (margin × extra revenue − extra spend; the margin counts as 1 where nobody told it), extra KPI otherwise.
        p_better: P(gain > 0), paired draws.
        margin_known: whether `gain` rests on a margin somebody told.
        support: where the spend of `channel` would lie relative to history.
        spend: the whole plan with this move, `[market, period, channel]`.
    """

    kind: MoveKind
    channel: str
    source: str | None
    amount: float
    gain: Estimate
    p_better: float
    units: Units
    margin_known: bool
    support: SupportStatus
    spend: FloatArray


def best_moves(planner: Planner, n: int = 3, share: float = MOVED_SHARE) -> tuple[Move, ...]:
    """At most `n` moves that probably pay, most valuable first, no channel in two of them.

    A raise or a cut changes a channel by `share` of its spend; a shift moves `share` of the smaller of two channels.
    Left out is what would lead beyond observed spend or is not expected to gain. Where a KPI unit has no known value
    only shifts can be compared, because spend and KPI have no common measure then.

    Raises:
        ModelError: as `Planner`.
    """
    singles = {(kind, c): _single(planner, kind, c, share) for kind, c in _singles(planner)}
    candidates = [*_shifts(planner, singles, share)]
    if planner.value is not None:
        candidates += singles.values()
    worth = [move for move in candidates if move.p_better >= 0.5 and float(move.gain.mean) > 0]
    worth = [move for move in worth if move.support is not SupportStatus.BEYOND]
    chosen: list[Move] = []
    for move in sorted(worth, key=lambda move: -float(move.gain.mean)):
        taken = {name for other in chosen for name in (other.channel, other.source)}
        if len(chosen) < n and move.channel not in taken and move.source not in taken - {None}:
            chosen.append(move)
    return tuple(chosen)


def _singles(planner: Planner) -> Iterator[tuple[MoveKind, int]]:
    spending = np.flatnonzero(planner.baseline.sum(axis=(0, 1)) > 0)
    yield from ((kind, int(c)) for kind, c in product((MoveKind.RAISE, MoveKind.CUT), spending))


def _single(planner: Planner, kind: MoveKind, channel: int, share: float) -> Move:
    spend = planner.baseline.copy()
    spend[..., channel] *= 1 + share if kind is MoveKind.RAISE else 1 - share
    return _move(planner, kind, channel, None, share * float(planner.baseline[..., channel].sum()), spend)


def _shifts(planner: Planner, singles: dict[tuple[MoveKind, int], Move], share: float) -> Iterator[Move]:
    """Money from the channels that lose least when cut to those that gain most when raised, per unit of spend."""

    def ranked(kind: MoveKind) -> list[int]:
        # What a unit of spend costs is the same on both sides of a shift, so it does not disturb the order.
        found = {c: float(move.gain.mean) / move.amount for (k, c), move in singles.items() if k is kind}
        return sorted(found, key=lambda c: -found[c])[:PARTNERS]

    totals = planner.baseline.sum(axis=(0, 1))
    for source, target in product(ranked(MoveKind.CUT), ranked(MoveKind.RAISE)):
        if source == target:
            continue
        amount = share * float(min(totals[source], totals[target]))
        spend = planner.baseline.copy()
        spend[..., source] *= 1 - amount / totals[source]
        spend[..., target] *= 1 + amount / totals[target]
        yield _move(planner, MoveKind.SHIFT, target, source, amount, spend)


def _move(planner: Planner, kind: MoveKind, channel: int, source: int | None, amount: float, spend: FloatArray) -> Move:
    margin, extra = planner.panel.margin, float((spend - planner.baseline).sum())
    draws = planner.uplift_draws(spend)
    if planner.value is not None:
        draws = (1.0 if margin is None else margin) * draws - (0.0 if kind is MoveKind.SHIFT else extra)
    names = planner.panel.labels.channels
    return Move(
        kind=kind,
        channel=names[channel],
        source=None if source is None else names[source],
        amount=amount,
        gain=summarise(draws),
        p_better=float(probability_above(draws)),
        units=planner.units,
        margin_known=margin is not None,
        support=SupportStatus.INSIDE if kind is MoveKind.CUT else planner.status(spend)[channel],
        spend=spend,
    )
