"""Columns that claim the same sales are compared and never added; where none clearly is the company's own, it is asked.

A shop's orders, the analytics' purchases and each platform's conversions count the same sales several times over. The
company's own books are the KPI; the others are told beside them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.cells import parse_numbers
from mmm.data.findings import FindingLog, Question, whole_percent
from mmm.data.guess import Column, described
from mmm.data.read import RawTable
from mmm.data.sources.join import Joined
from mmm.data.sources.series import adds_up
from mmm.data.sources.source import Layout, Measure, Recipe, Source
from mmm.data.sources.sums import amount_texts
from mmm.data.sources.widen import CLAIMED_BY_ROWS
from mmm.data.vocabulary import CHANNEL, COUNT_KPI, EXPOSURE, MONEY_KPI, SPEND

FloatArray = NDArray[np.float64]

SALES = (Measure.REVENUE, Measure.ORDERS, Measure.UNITS, Measure.VALUE, Measure.CONVERSIONS)
CLAIMING = CHANNEL | frozenset({"ga4", "analytics", "platform", "attributed", "claimed", "ads", "tracked", "pixel"})
"""Words of a heading that say somebody else counted these sales."""
ANALYTICS = ("ga4", "google_analytics")

OWN, ANALYSED, CLAIMED = 0, 1, 2  # whose count it is, the most trusted first


@dataclass(frozen=True, eq=False)
class Claim:
    """Sales as one source counts them.

    Attributes:
        source: index in the recipe.
        name: the source and what it counts, in words.
        columns: the table's columns that add up to it.
        money: whether it is an amount of money, not a count.
        rank: whose count it is: `OWN`, `ANALYSED` or `CLAIMED`.
        values: `[row]` of the table, NaN where unknown.
    """

    source: int
    name: str
    columns: tuple[str, ...]
    money: bool
    rank: int
    values: FloatArray

    @property
    def column(self) -> str:
        """The one column that holds it: its only one, or its total's."""
        return self.columns[0] if len(self.columns) == 1 else f"{self.name} (total)"


def reconcile(joined: Joined, recipe: Recipe, noted: FindingLog) -> tuple[Joined, str | None]:
    """Compare what claims the same sales; the table (with totals of claims that might be the KPI) and the KPI's column.

    The column is None where there is nothing to choose from, or a person is asked.
    """
    claims = claims_of(joined, recipe.sources)
    if not claims:
        return joined, recipe.kpi
    _compare(claims, noted)
    candidates = _candidates(claims)
    joined = _with_totals(joined, [claim for claim in claims if claim in candidates or claim.column == recipe.kpi])
    if recipe.kpi in joined.table.columns:
        return joined, recipe.kpi
    if not candidates:
        _note_no_sales(claims, noted)
        return joined, None
    if len(candidates) == 1:
        if candidates[0].rank == ANALYSED:
            _note_analytics(candidates[0], noted)
        return joined, candidates[0].column if len(claims) > 1 else None
    names = ", ".join(f"“{claim.column}”" for claim in candidates)
    rest = "The others are kept for comparison and never added."
    if all(claim.rank != OWN for claim in candidates):
        rest = "None of them are the company's own books: better add the file with its sales, if there is one."
    noted.ask(
        Question(
            "kpi",
            f"Several columns count the same sales: {names}. Which one is to be explained? {rest}",
            tuple(claim.column for claim in candidates),
            "kpi",
        )
    )
    return joined, None


def claims_of(joined: Joined, sources: Sequence[Source]) -> list[Claim]:
    """Every count of sales in the table, the company's own first, money before counts."""
    cells = described(joined.table)
    found: list[Claim] = []
    for index, source in enumerate(sources):
        names = joined.names.get(index, {})
        present = {own: name for own, name in names.items() if name in joined.table.columns}
        if source.layout is Layout.TABLE:
            found += _table_claims(index, present, cells, joined.table)
        else:
            found += _measured_claims(index, source, present, joined.table)
    return sorted(found, key=lambda claim: (claim.rank, not claim.money))


def _measured_claims(index: int, source: Source, names: dict[str, str], table: RawTable) -> list[Claim]:
    claims = []
    for measure in SALES:
        if measure not in source.measures.values():
            continue
        headings = {heading for heading, counts in source.measures.items() if counts is measure}
        said = re.compile(rf"(?i)\b{re.escape(measure.value)}$")
        by_rows = {f"{CLAIMED_BY_ROWS} {heading}" for heading in headings}
        columns = tuple(name for own, name in names.items() if own in headings | by_rows or said.search(own))
        if not columns:
            continue
        values = _added(table, columns)
        rank = _rank(source, measure, by_rows=bool(by_rows & names.keys()))
        claims.append(Claim(index, f"{source.label} {measure.value}", columns, measure.money, rank, values))
    return claims


def _rank(source: Source, measure: Measure, *, by_rows: bool) -> int:
    """Whose count a measure is; conversions that rows of no platform do not claim one by one are the company's."""
    if source.platform in ANALYTICS:
        return ANALYSED
    said = source.platform is not None or by_rows
    return CLAIMED if said and measure in (Measure.VALUE, Measure.CONVERSIONS) else OWN


def _table_claims(index: int, names: dict[str, str], cells: dict[str, Column], table: RawTable) -> list[Claim]:
    claims = []
    for own, name in names.items():
        column = cells[name]
        if not adds_up(column) or not column.has(MONEY_KPI | COUNT_KPI) or column.has(SPEND | EXPOSURE):
            continue
        rank = CLAIMED if column.has(CLAIMING) else OWN
        if set(column.words) & {"ga4", "analytics"}:
            rank = ANALYSED
        money = column.has(MONEY_KPI) or "value" in column.words
        claims.append(Claim(index, own, (name,), money, rank, _added(table, (name,))))
    return claims


def _added(table: RawTable, columns: tuple[str, ...]) -> FloatArray:
    values = np.column_stack([parse_numbers(table.frame[name]).values for name in columns])
    return np.where(np.isnan(values).all(axis=1), np.nan, np.nansum(values, axis=1))


def _compare(claims: Sequence[Claim], noted: FindingLog) -> None:
    """Each claim beside the most trusted one of its kind, over the periods that both have."""
    for money in (True, False):
        alike = [claim for claim in claims if claim.money is money]
        for claim in alike[1:]:
            reference = alike[0]
            both = np.isfinite(claim.values) & np.isfinite(reference.values)
            together = claim.source == reference.source and claim.rank == reference.rank
            if together or reference.rank == CLAIMED or both.sum() < 2:
                continue
            noted.info(f"same_sales:{claim.column}", _compared(claim, reference, both), None, claim.columns[0])


def _compared(claim: Claim, reference: Claim, both: NDArray[np.bool_]) -> str:
    mine, other = claim.values[both], reference.values[both]
    ratio = whole_percent(float(mine.sum() / other.sum())) if other.sum() else "an unknown share"
    moves = ""
    if mine.std() > 0 and other.std() > 0:
        moves = f"; over time they move together by {float(np.corrcoef(mine, other)[0, 1]):.2f} (1 is in step)"
    return (
        f"“{claim.name}” ({mine.sum():,.2f}) and “{reference.name}” ({other.sum():,.2f}) count the same sales: the "
        f"first is {ratio} of the second{moves}. They are compared, never added."
    )


def _candidates(claims: Sequence[Claim]) -> list[Claim]:
    """What may be the KPI: one where it is clear.

    The company's own money, where one column holds it; else its own counts; several columns of own sales are candidates
    all. Without own sales, what the analytics measured; what advertising platforms claim is never a candidate.
    """
    own = [claim for claim in claims if claim.rank == OWN]
    for kind in ([c for c in own if c.money], own):
        if len(kind) == 1:
            return kind
        if kind and len({c.source for c in kind}) < len(kind) and not kind[0].money:
            return kind[:1]
        if kind:
            return [*kind, *(claim for claim in claims if claim.rank == ANALYSED and claim.money is kind[0].money)]
    analysed = [claim for claim in claims if claim.rank == ANALYSED]
    return [claim for claim in analysed if claim.money] or analysed


def _note_no_sales(claims: Sequence[Claim], noted: FindingLog) -> None:
    names = ", ".join(f"“{claim.column}”" for claim in claims)
    noted.info(
        "no_own_sales",
        f"There are no sales of your own in these files: add the file with your sales, or choose one of the platforms' "
        f"claims as KPI ({names}).",
    )


def _note_analytics(claim: Claim, noted: FindingLog) -> None:
    noted.info(
        "analytics_kpi",
        f"“{claim.column}” is what the analytics measured and was taken for the KPI, because these files hold no sales "
        "of the company's own books: better add the file with them, if there is one.",
        None,
        claim.column,
    )


def _with_totals(joined: Joined, candidates: Sequence[Claim]) -> Joined:
    """The table with a column for each candidate that is spread over several."""
    spread = [claim for claim in candidates if len(claim.columns) > 1]
    if not spread:
        return joined
    frame, made_of = joined.table.frame.copy(), dict(joined.made_of)
    for claim in spread:
        frame[claim.column] = amount_texts(claim.values)
        made_of[claim.column] = (claim.source,)
    frame = frame.astype("str")
    return replace(joined, table=replace(joined.table, frame=frame), made_of=made_of)
