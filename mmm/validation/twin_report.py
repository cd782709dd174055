"""What the outcomes of a twin test say together: how well known effects come back, by family and by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.findings import whole_percent
from mmm.effects.estimate import LEVEL
from mmm.errors import SpecError
from mmm.models.registry import FAMILIES
from mmm.validation.twins import FamilyOutcome, TwinOutcome

FloatArray = NDArray[np.float64]

NULL_MEDIA_SHARE = 0.165  # of the KPI: what a null that never reads it takes media to bring, shared out by spend
FEWEST_TWINS = 6  # below this many judged worlds a share says little and no sentence is made of it
WIDEST_RATIO = 10.0  # an interval without any width cannot be widened by a factor
HELD_BADLY = 0.6  # of 90 % intervals: of ten that hold, six or fewer do so once in eighty


@dataclass(frozen=True)
class ChannelRecovery:
    """How well one channel's contribution comes back in one family, over the twins it was judged on.

    Attributes:
        twins: how many those were.
        error: mean |estimate - truth| as a share of all media's contribution.
        relative_error: sum of |estimate - truth| over the sum of |truth|.
        bias: sum of (estimate - truth) over the sum of |truth|; above zero the channel is overrated.
        coverage: share of twins whose 90 % interval held the truth; of those without and with unobserved demand in
            `coverage_plain` and `coverage_confounded`, None where there were none.
        interval_ratio: how many times wider the interval should have been to hold the truth in 90 % of twins.
        order_right: share of comparisons with another channel, by return on spend, that came out as in the truth.
        truth, found: what was put in and what came back in each twin, as shares of all media's contribution.
    """

    channel: str
    twins: int
    error: float
    relative_error: float
    bias: float
    coverage: float
    coverage_plain: float | None
    coverage_confounded: float | None
    interval_ratio: float
    order_right: float
    truth: tuple[float, ...] = ()
    found: tuple[float, ...] = ()


@dataclass(frozen=True)
class FamilyRecovery:
    """How well known effects come back in one family, judged on twins of other families, of the prior, and confounded.

    Attributes:
        twins: judged and fitted; `failed` could not be fitted, `problem` is what the last one said.
        error: mean over twins of the mean over channels of |estimate - truth|, share of all media's contribution.
        recovery: 1 - errors / errors of a null that never reads the KPI, on the same twins; 1 is perfect, 0 has
            learnt nothing.
        coverage, width: share of intervals that held the truth; mean width, share of all media's contribution.
        order_right: share of channel pairs ordered by return on spend as in the truth.
        plan_value: sum of true uplifts of the recommended split over the sum of the best possible; None for a family
            that does not plan.
        promise: sum of promised uplifts over the sum of true ones; None where that is not above zero.
        channels: one a channel, in the panel's order.
    """

    family: str
    twins: int
    failed: int
    problem: str
    error: float
    recovery: float
    bias: float
    coverage: float
    width: float
    order_right: float
    plan_value: float | None
    promise: float | None
    channels: tuple[ChannelRecovery, ...]

    def channel(self, name: str) -> ChannelRecovery | None:
        """One channel's recovery; None where the family was judged on no twin."""
        return next((one for one in self.channels if one.channel == name), None)


@dataclass(frozen=True)
class TwinReport:
    """The whole test.

    Attributes:
        twins: simulated worlds; `confounded` of them with an unobserved demand.
        channels: their names.
        families: best recovery first.
    """

    twins: int
    confounded: int
    channels: tuple[str, ...]
    families: tuple[FamilyRecovery, ...]

    def of(self, family: str) -> FamilyRecovery | None:
        """One family's recovery; None where it was not tested."""
        return next((one for one in self.families if one.family == family), None)

    @property
    def recovery(self) -> dict[str, float]:
        """Recovery by family, of those that were judged on any twin."""
        return {one.family: one.recovery for one in self.families if one.twins}

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the test found, in words."""
        return tuple(_sentences(self))


def summarise(outcomes: Sequence[TwinOutcome]) -> TwinReport:
    """Everything the outcomes say.

    Raises:
        SpecError: no outcome is given.
    """
    if not outcomes:
        raise SpecError("No twin has been computed yet.")
    ordered = sorted(outcomes, key=lambda outcome: outcome.recipe.number)
    names = list(dict.fromkeys(one.family for outcome in ordered for one in outcome.families))
    found = sorted((_family(name, ordered) for name in names), key=lambda one: (one.twins == 0, -one.recovery))
    return TwinReport(
        twins=len(ordered),
        confounded=sum(outcome.recipe.confounded for outcome in ordered),
        channels=ordered[0].channels,
        families=tuple(found),
    )


def judged(outcomes: Sequence[TwinOutcome], family: str) -> list[tuple[TwinOutcome, FamilyOutcome]]:
    """The twins a family is judged on: none drawn from itself, unless an unobserved demand stands in its way."""
    return [
        (outcome, one)
        for outcome in outcomes
        for one in outcome.families
        if one.family == family and (outcome.recipe.source != family or outcome.recipe.confounded)
    ]


@dataclass(frozen=True, eq=False)
class _Table:
    """Twins of one family as arrays `[twin, channel]`; money and media `[twin]`."""

    truth: FloatArray
    mean: FloatArray
    lo: FloatArray
    hi: FloatArray
    spend: FloatArray
    media: FloatArray
    null: FloatArray
    confounded: NDArray[np.bool_]

    @classmethod
    def of(cls, pairs: Sequence[tuple[TwinOutcome, FamilyOutcome]]) -> _Table:
        spend = np.array([outcome.spend for outcome, _ in pairs])
        kpi = np.array([outcome.kpi for outcome, _ in pairs])
        share = spend / np.maximum(spend.sum(axis=1, keepdims=True), 1e-12)
        media = np.array([max(outcome.media, 0.01 * abs(outcome.kpi), 1e-12) for outcome, _ in pairs])
        return cls(
            truth=np.array([outcome.truth for outcome, _ in pairs]),
            mean=np.array([one.mean for _, one in pairs]),
            lo=np.array([one.lo for _, one in pairs]),
            hi=np.array([one.hi for _, one in pairs]),
            spend=spend,
            media=media,
            null=NULL_MEDIA_SHARE * kpi[:, None] * share,
            confounded=np.array([outcome.recipe.confounded for outcome, _ in pairs]),
        )

    @property
    def held(self) -> NDArray[np.bool_]:
        return (self.lo <= self.truth) & (self.truth <= self.hi)

    @property
    def error(self) -> FloatArray:
        return np.asarray(np.abs(self.mean - self.truth) / self.media[:, None])

    def order_right(self) -> FloatArray:
        """Share of comparisons of each channel with another that came out right `[channel]`; 1 where there are none."""
        spent = np.maximum(self.spend, 1e-12)
        real, told = self.truth / spent, self.mean / spent
        c = real.shape[1]
        if c < 2:
            return np.ones(c)
        right = np.sign(real[:, :, None] - real[:, None, :]) == np.sign(told[:, :, None] - told[:, None, :])
        others = ~np.eye(c, dtype=bool)
        return np.array([right[:, channel, others[channel]].mean() for channel in range(c)])


def _family(name: str, outcomes: Sequence[TwinOutcome]) -> FamilyRecovery:
    pairs = judged(outcomes, name)
    fitted = [(outcome, one) for outcome, one in pairs if not one.problem]
    problem = next((one.problem for _, one in reversed(pairs) if one.problem), "")
    failed = len(pairs) - len(fitted)
    if not fitted:
        return FamilyRecovery(name, 0, failed, problem, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, None, None, ())
    table = _Table.of(fitted)
    null = np.abs(table.null - table.truth) / table.media[:, None]
    order = table.order_right()
    value, promise = _plans(fitted)
    return FamilyRecovery(
        family=name,
        twins=len(fitted),
        failed=failed,
        problem=problem,
        error=float(table.error.mean()),
        recovery=float(1 - table.error.sum() / max(null.sum(), 1e-12)),
        bias=float(((table.mean - table.truth).sum(axis=1) / table.media).mean()),
        coverage=float(table.held.mean()),
        width=float(((table.hi - table.lo) / table.media[:, None]).mean()),
        order_right=float(order.mean()),
        plan_value=value,
        promise=promise,
        channels=tuple(_channel(table, i, channel, float(order[i])) for i, channel in enumerate(outcomes[0].channels)),
    )


def _channel(table: _Table, i: int, name: str, order_right: float) -> ChannelRecovery:
    off, held = table.mean[:, i] - table.truth[:, i], table.held[:, i]
    size = max(float(np.abs(table.truth[:, i]).sum()), 1e-12)
    half = np.maximum((table.hi - table.lo)[:, i] / 2, 1e-12)
    middle = (table.hi + table.lo)[:, i] / 2
    return ChannelRecovery(
        channel=name,
        twins=len(off),
        error=float(table.error[:, i].mean()),
        relative_error=float(np.abs(off).sum() / size),
        bias=float(off.sum() / size),
        coverage=float(held.mean()),
        coverage_plain=_share(held[~table.confounded]),
        coverage_confounded=_share(held[table.confounded]),
        interval_ratio=min(float(np.quantile(np.abs(middle - table.truth[:, i]) / half, LEVEL)), WIDEST_RATIO),
        order_right=order_right,
        truth=tuple((table.truth[:, i] / table.media).tolist()),
        found=tuple((table.mean[:, i] / table.media).tolist()),
    )


def _share(flags: NDArray[np.bool_]) -> float | None:
    return float(flags.mean()) if len(flags) else None


def _plans(fitted: Sequence[tuple[TwinOutcome, FamilyOutcome]]) -> tuple[float | None, float | None]:
    """Pooled plan value and promise."""
    plans = [(outcome.best_uplift, one.plan) for outcome, one in fitted if one.plan is not None]
    best = sum(possible for possible, _ in plans)
    uplift = sum(plan.uplift for _, plan in plans)
    promised = sum(plan.promised for _, plan in plans)
    return uplift / best if best > 0 else None, promised / uplift if uplift > 0 else None


def _sentences(report: TwinReport) -> list[str]:
    opening = (
        f"Known effects were put into {report.twins} simulated look-alikes of these data, {report.confounded} of them "
        "with a demand that nobody recorded, and every model was asked to find them again."
    )
    return [opening, *(sentence for one in report.families for sentence in _family_sentences(one))]


def _family_sentences(one: FamilyRecovery) -> list[str]:
    title = FAMILIES[one.family].title.split(" (")[0] if one.family in FAMILIES else one.family
    if one.twins == 0:
        return [f"{title} could not be tried: {one.problem or 'no look-alike drawn from another family was left'}"]
    found = (
        f"{title}: on average a channel's contribution was off by {whole_percent(one.error)} of what all media bring; "
        f"its 90 % intervals held {whole_percent(one.coverage)} of the true effects."
    )
    told = [found]
    if one.failed:
        told.append(
            f"{title} could not be fitted on {one.failed} of {one.failed + one.twins} look-alikes: {one.problem}"
        )
    if one.twins < FEWEST_TWINS:
        return told
    for channel in one.channels:
        if channel.coverage <= HELD_BADLY:
            told.append(
                f"{title} is too sure of {channel.channel}: its 90 % interval held the truth in only "
                f"{whole_percent(channel.coverage)} of the look-alikes."
            )
    return told
