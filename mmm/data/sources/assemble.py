"""Several files as one table: recognised, converted, added up to channels, and joined on the calendar."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from mmm.data.findings import Finding, FindingLog, Question
from mmm.data.gaps import WEEKDAYS
from mmm.data.read import RawTable
from mmm.data.sources.calendar import LAST_DAY, ask_week_dates, in_local_days, says_week_end
from mmm.data.sources.currency import Converted, convert, heading_currency, money_columns
from mmm.data.sources.join import Joined, join
from mmm.data.sources.orders import with_order_details
from mmm.data.sources.rates import Pairs, RateTable, read_rates
from mmm.data.sources.recognise import recognise
from mmm.data.sources.reconcile import reconcile
from mmm.data.sources.series import Series, complete, read_series
from mmm.data.sources.source import Fill, Layout, Recipe, Source
from mmm.data.sources.widen import Widened, widen
from mmm.errors import DataError


@dataclass(frozen=True)
class Unmatched:
    """Rows of a source that no rule matched, by the text that would tell their channel.

    Attributes:
        source: index of the source in the recipe.
        text: the key columns' cells, joined by " | ".
        rows: how many rows have it.
        spend: their spend as read, in the source's currency; None where the source has no spend.
    """

    source: int
    text: str
    rows: int
    spend: float | None


@dataclass(frozen=True, eq=False)
class Assembly:
    """What became of the files under a recipe.

    Attributes:
        table: one row a period (and market); what `guess_mapping` and `build_panel` take. A single file of
            `Layout.TABLE` is passed on as it is, row numbers included. None while a question is open or a file was
            refused.
        recipe: the recipe with everything guessed filled in.
        findings: what was noticed on the way, beyond what each file's `RawTable.findings` say.
        questions: what a person has to answer first; see `answer_recipe`.
        totals: for each source, sum of each measure as read, by column name, before any conversion; of a column with
            several currencies, the sum of each, by "column (currency)".
        unmatched: rows no rule matched.
        made_of: for each column of the table, the indices of the sources it comes from.
        dropped: for each source, by column of the table, the amounts that lie in partial or incomplete periods and are
            in no row: what the table holds is the source's converted total less these.
    """

    table: RawTable | None
    recipe: Recipe
    findings: tuple[Finding, ...] = ()
    questions: tuple[Question, ...] = ()
    totals: tuple[dict[str, float], ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    made_of: dict[str, tuple[int, ...]] | None = None
    dropped: tuple[dict[str, float], ...] = ()


def assemble(tables: Sequence[RawTable], recipe: Recipe | None = None) -> Assembly:
    """One table from `tables`; without a recipe, each file is recognised.

    Args:
        tables: the files as read.
        recipe: what a person said, or what the version before used; sources are matched to files by position.

    Raises:
        DataError: there is no file, or the recipe names a time zone that does not exist.
    """
    if not tables:
        raise DataError("There is no file to read.")
    noted = FindingLog()
    sources = _sources(tables, recipe, noted)
    recipe = replace(recipe or Recipe(), sources=tuple(sources))
    local = [
        in_local_days(with_order_details(table, source), source, i, noted)
        for i, (table, source) in enumerate(zip(tables, sources, strict=True))
    ]
    rates = _rates(local, sources, noted)
    if len(tables) == 1 and _in_one_currency(local[0], sources[0], recipe.currency):
        converted = Converted(tuple(local), recipe.currency or sources[0].currency, ({},))
    else:
        converted = convert(local, sources, rates, recipe.currency, noted)
    recipe = replace(recipe, currency=converted.currency)
    data = [i for i, source in enumerate(sources) if source.layout is not Layout.RATES]
    if not data:
        noted.refuse(
            "only_rates", "There are exchange rates but nothing to convert. Upload the sales and the spend too."
        )
    if len(data) == 1 and sources[data[0]].layout is Layout.TABLE:
        return _alone(converted, recipe, data[0], noted)
    return _joined(tables, converted, recipe, noted)


def answer_recipe(recipe: Recipe, question: Question, option: str) -> Recipe:
    """The recipe with `option` as the answer to `question`, whose `mapping_field` names the place.

    A place is "sources.<index>.<field>", "fill.<column>", "currency" or "kpi".

    Raises:
        DataError: the question has no such option, or its place is none of a recipe.
    """
    if option not in question.options:
        raise DataError(f"“{option}” is no answer to this question; choose {' or '.join(question.options)}.")
    area, _, rest = question.mapping_field.partition(".")
    if area == "fill" and rest and option in get_args(Fill):
        fill: dict[str, Fill] = {**recipe.fill, rest: next(way for way in get_args(Fill) if way == option)}
        return replace(recipe, fill=fill)
    if question.mapping_field == "currency":
        return replace(recipe, currency=option)
    if question.mapping_field == "kpi":
        return replace(recipe, kpi=option)
    index, _, field = rest.partition(".")
    if area == "sources" and index.isdecimal() and int(index) < len(recipe.sources) and field in _SET:
        sources = list(recipe.sources)
        value = _SET[field](option)
        sources[int(index)] = replace(sources[int(index)], **{field: value})
        return replace(recipe, sources=tuple(sources))
    raise DataError(f"No question about the files is called “{question.code}”.")


def _text(option: str) -> str:
    return option


_SET: dict[str, Callable[[str], Any]] = {
    "layout": Layout,
    "label": _text,
    "date": _text,
    "market": _text,
    "unmatched": _text,
    "order_id": _text,
    "date_order": _text,
    "decimal_mark": _text,
    "week_start": lambda option: WEEKDAYS.index(option) if option in WEEKDAYS else int(option),
    "dated_at_end": lambda option: option == LAST_DAY,
    "time_zone": _text,
    "currency": _text,
    "currency_column": _text,
    "duplicates": _text,
    "missing": _text,
    "decimal": _text,
}
"""Fields of a source that a question may fill, each with how its option is read."""


def _sources(tables: Sequence[RawTable], recipe: Recipe | None, noted: FindingLog) -> list[Source]:
    """A source for each file: the recipe's where it fits, else as recognised."""
    given = recipe.sources if recipe is not None else ()
    found: list[Source] = []
    for index, table in enumerate(tables):
        source = given[index] if index < len(given) else None
        if source is not None and (lacking := _lacking(source, table)):
            noted.info(
                "recognised_again",
                f"{table.name} has no column {', '.join(f'“{name}”' for name in lacking)} as the file before it had; "
                "it was looked at afresh.",
            )
            source = None
        found.append(source or _recognised(table))
    return _labelled(found)


def _recognised(table: RawTable) -> Source:
    source = recognise(table)
    source = complete(source, table)
    if source.layout is Layout.TABLE and len(_headings(table)) > 1:
        told = {code for code in money_columns(table, source).values() if code}
        source = replace(source, currency=None) if len(told) > 1 else source
    codes = {heading_currency(name) for name, measure in source.measures.items() if measure.money} - {None}
    if source.currency is None and source.currency_column is None and len(codes) == 1:
        source = replace(source, currency=codes.pop())
    if source.dated_at_end is None and says_week_end(source.date):
        source = replace(source, dated_at_end=True)
    return source


def _headings(table: RawTable) -> set[str]:
    """Every currency that a heading names."""
    return {code for name in table.columns if (code := heading_currency(name)) is not None}


def _in_one_currency(table: RawTable, source: Source, target: str | None) -> bool:
    """Whether a plain table has nothing to convert, which is told from its headings alone."""
    if source.layout is not Layout.TABLE or source.currency_column is not None:
        return False
    codes = {source.currency} if source.currency else _headings(table)
    return len(codes) < 2 and target in (None, *codes)


def _lacking(source: Source, table: RawTable) -> list[str]:
    """Columns a source names that the file does not have."""
    named = [source.date, source.market, *source.keys, *source.measures, source.order_id, source.currency_column]
    return [name for name in named if name and name not in table.frame.columns]


def _labelled(sources: list[Source]) -> list[Source]:
    """Every source with a label of its own."""
    used: set[str] = set()
    found = []
    for source in sources:
        stem = source.label or re.sub(r"\.[A-Za-z]{2,5}$", "", source.name) or "file"
        label, number = stem, 1
        while label in used:
            number += 1
            label = f"{stem} {number}"
        used.add(label)
        found.append(source if label == source.label else replace(source, label=label))
    return found


def _rates(tables: Sequence[RawTable], sources: Sequence[Source], noted: FindingLog) -> RateTable | None:
    """The rates of every file of rates together; the later file counts where two have the same pair."""
    pairs: Pairs = {}
    for index, (table, source) in enumerate(zip(tables, sources, strict=True)):
        if source.layout is Layout.RATES and (found := read_rates(table, source, index, noted)) is not None:
            pairs |= found.pairs
    return RateTable(pairs) if pairs else None


def _alone(converted: Converted, recipe: Recipe, index: int, noted: FindingLog) -> Assembly:
    """One plain table: passed on as it is, but for amounts that were converted."""
    table = converted.tables[index]
    usable = not (noted.refused or noted.questions)
    return Assembly(
        table if usable else None,
        recipe,
        noted.findings(),
        _once(noted.questions),
        converted.originals,
        made_of=dict.fromkeys(table.columns, (index,)),
        dropped=tuple({} for _ in recipe.sources),
    )


def _joined(tables: Sequence[RawTable], converted: Converted, recipe: Recipe, noted: FindingLog) -> Assembly:
    series: list[Series] = []
    totals = [dict(found) for found in converted.originals]
    unmatched: list[Unmatched] = []
    for index, source in enumerate(recipe.sources):
        if source.layout is Layout.RATES:
            continue
        if converted.originals[index]:
            source = replace(source, currency=recipe.currency, currency_column=None)  # noqa: PLW2901 - as converted
        widened = widen(converted.tables[index], source)
        _take_in(widened, index, source, noted)
        unmatched += [Unmatched(index, text, rows, spend) for text, rows, spend in widened.unmatched]
        read = None if widened.questions else read_series(widened.table, source, index, noted)
        if read is not None:
            series.append(read)
        kept = totals[index]
        as_read = widened.totals or (_sums(read) if read is not None else {})
        foreign = {name.rsplit(" (", 1)[0] for name in kept}
        totals[index] = {**{name: total for name, total in as_read.items() if name not in foreign}, **kept}
    ask_week_dates([(s.index, recipe.sources[s.index], s.periods) for s in series], noted)
    joined: Joined | None = None
    if series and not (noted.refused or noted.questions):
        joined = join(series, tables, recipe.fill, noted)
    if joined is not None:
        joined, kpi = reconcile(joined, recipe, noted)
        recipe = replace(recipe, kpi=kpi)
    usable = joined is not None and not (noted.refused or noted.questions)
    return Assembly(
        joined.table if joined is not None and usable else None,
        recipe,
        noted.findings(),
        _once(noted.questions),
        tuple(totals),
        tuple(unmatched),
        joined.made_of if joined is not None else None,
        tuple(joined.dropped.get(i, {}) if joined is not None else {} for i in range(len(recipe.sources))),
    )


def _take_in(widened: Widened, index: int, source: Source, noted: FindingLog) -> None:
    """What was noticed while widening a source, with its label and its place in the recipe."""
    for finding in widened.findings:
        noted.add(finding.code, finding.severity, f"{source.label}: {finding.message}", finding.row, finding.column)
    for question in widened.questions:
        place = question.mapping_field
        if not place.startswith("sources."):
            question = replace(  # noqa: PLW2901 - the same question, with its place
                question, code=f"{question.code}:{index}", mapping_field=f"sources.{index}.{place}"
            )
        noted.questions.append(question)


def _sums(series: Series) -> dict[str, float]:
    """Totals of a table's amounts, by column."""
    totals = np.nansum(series.values, axis=0)
    return {name: float(totals[i]) for i, name in enumerate(series.columns) if series.added[i]}


def _once(questions: Sequence[Question]) -> tuple[Question, ...]:
    """Each question once, whoever asked it."""
    return tuple({question.code: question for question in questions}.values())
