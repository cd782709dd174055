"""What a table says about totals beside their parts, and which of several counts of sales is the KPI."""

from __future__ import annotations

from mmm.data.findings import Finding, Question, Severity
from mmm.data.guess import Column, described, is_claim, is_value_per_kpi, total_of_sales
from mmm.data.mapping import Mapping
from mmm.data.outcomes import is_sum
from mmm.data.read import RawTable
from mmm.data.vocabulary import COMPETITOR, COUNT_KPI, EXPOSURE, MONEY_KPI, RATIO, SPEND

SALES_WORDS = (MONEY_KPI | COUNT_KPI) - {"y", "kpi", "target", "response", "volume", "customers", "applications"}
_CLAIMS = frozenset({"conversions", "conversion", "purchases", "acquisitions"})


def reconciled(raw: RawTable, mapping: Mapping) -> Finding | None:
    """That the KPI is the total of columns beside it, which therefore are not used; None where it is not."""
    found = total_of_sales([column for column in described(raw).values() if column.numeric])
    if found is None or found[0] != mapping.kpi:
        return None
    parts = ", ".join(f"“{part}”" for part in found[1])
    return Finding(
        "reconciled",
        Severity.INFO,
        f"“{mapping.kpi}” is the sum of {parts} in every row; the total is the KPI, and its parts are not used.",
        None,
        mapping.kpi,
    )


def kpi_question(raw: RawTable, mapping: Mapping) -> Question | None:
    """Which of several counts of the same sales is the KPI, where none is the total of the others; else None.

    Sales online and in store, or a platform's conversions beside the company's orders. `answer` puts it in the mapping.
    """
    columns = described(raw)
    if mapping.kpi not in columns or reconciled(raw, mapping) is not None:
        return None
    used = {name for name, use in mapping.used_columns if use not in ("KPI", "control")}
    named = [c for c in columns.values() if c.numeric and not c.flag and c.name not in used]
    named = [c for c in named if c.has(SALES_WORDS) and not c.has(COMPETITOR | SPEND | EXPOSURE | RATIO | {"control"})]
    kpi = columns[mapping.kpi]
    named = [c for c in named if not is_claim(c)]
    rivals = [c.name for c in named if c.name != kpi.name and not is_value_per_kpi(c) and _same_sales(kpi, c)]
    if not rivals:
        return None
    listed = ", ".join(f"“{name}”" for name in (mapping.kpi, *rivals))
    return Question(
        "kpi",
        f"Several columns count sales: {listed}. Which one is to be explained? To explain their sum, add "
        "a column with it.",
        (mapping.kpi, *rivals),
        "kpi",
    )


def _same_sales(one: Column, other: Column) -> bool:
    """Whether two columns count the same kind of thing: one word in common, or claims beside orders."""
    ones, others = {*one.words} & SALES_WORDS, {*other.words} & SALES_WORDS
    orders = SALES_WORDS & COUNT_KPI - _CLAIMS
    return bool(ones & others) or bool(ones & _CLAIMS and others & orders) or bool(others & _CLAIMS and ones & orders)


def total_column(raw: RawTable, mapping: Mapping) -> str | None:
    """A column that equals the sum of all channels' spend in every row: a total, not a channel."""
    columns = described(raw)
    spends = [columns[c.spend].numbers for c in mapping.channels.values() if c.spend in columns]
    if len(spends) < 2:
        return None
    used = {name for name, use in mapping.used_columns if use != "control"}
    rest = [column for column in columns.values() if column.numeric and column.name not in used]
    return next((column.name for column in rest if is_sum(column.numbers, spends)), None)


def hints(raw: RawTable, mapping: Mapping) -> tuple[Finding, ...]:
    """What was made of totals that stand beside their parts."""
    total = total_column(raw, mapping)
    notes = [reconciled(raw, mapping)]
    if total is not None:
        message = f"“{total}” adds up the spend of all channels; it was not taken for a channel."
        notes.append(Finding("total_column", Severity.INFO, message, None, total))
    return tuple(note for note in notes if note is not None)
