"""Long tables that no platform wrote: a row for each date and channel, or for each date and series."""

from __future__ import annotations

import re

from mmm.data.cells import is_no_value
from mmm.data.sources.facts import Facts, words_of
from mmm.data.sources.source import Layout, Measure, Rule, Source
from mmm.data.vocabulary import CHANNEL, COUNT_KPI, EXPOSURE_ORDER, MEDIATOR, MONEY_KPI, RATIO, SPEND

ROWS_A_DATE = 1.2  # rows for each date and market from which a file is long; a few repeated dates are a mistake
MAX_TEXTS = 60  # distinct texts of a column that are a channel each; of more, rules have to gather them
MAX_CAMPAIGNS = 15  # the same where they are campaigns: more would be too many to learn anything about


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYS = (  # headings of a column that names channels, likeliest first
    _words("channel kanal canal channels mediachannel"),
    _words("medium media mediatype platform plattform network netzwerk publisher source quelle"),
    _words("partner vendor tactic vehicle placement format"),
    _words("campaign campaigns kampagne campagne campana"),
)
_SERIES = _words("variable variables metric measure series kennzahl indicator field kpi")
_VALUE = _words("value values wert amount betrag number y")
_IDS = _words("id ids key status state")


def long_source(facts: Facts, label: str) -> Source | None:
    """The description of a long table; None where the file is none, or is a wide one with markets."""
    if not facts.date or not facts.texts or _rows_a_date(facts) < ROWS_A_DATE or _names_channels(facts):
        return None
    series = _series(facts, label)
    if series is not None:
        return series
    key = _key(facts)
    if key is None:
        return None
    measures = measures_of(facts)
    if not any(measure in (Measure.SPEND, Measure.IMPRESSIONS, Measure.CLICKS) for measure in measures.values()):
        amounts = [column for column in facts.numbers if words_of(column) <= _VALUE | {"budget"}]
        if len(amounts) != 1:
            return None
        measures = {amounts[0]: Measure.SPEND} | {c: m for c, m in measures.items() if c != amounts[0]}
    most = MAX_CAMPAIGNS if words_of(key) & _KEYS[-1] else MAX_TEXTS
    many = facts.raw.frame[key].nunique() > most
    return _source(facts, label, key, measures, (Rule(label, ""),) if many else ())


def measures_of(facts: Facts) -> dict[str, Measure]:
    """What each column of numbers counts, by its heading; columns that say nothing known are left out."""
    found: dict[str, Measure] = {}
    for column in facts.numbers:
        measure = _measure(words_of(column))
        if measure is not None:
            found[column] = measure
    shown = [column for column, measure in found.items() if measure is Measure.IMPRESSIONS]
    for column in sorted(shown, key=lambda c: _exposure_rank(words_of(c)))[1:]:
        del found[column]  # a channel has one exposure
    return found


def _measure(words: frozenset[str]) -> Measure | None:
    if words & RATIO:
        return None
    kinds = (
        (SPEND, Measure.SPEND),
        (EXPOSURE_ORDER[0] | EXPOSURE_ORDER[1] | EXPOSURE_ORDER[2], Measure.IMPRESSIONS),
        (EXPOSURE_ORDER[3], Measure.CLICKS),
        (MEDIATOR, Measure.SESSIONS),
        (MONEY_KPI, Measure.REVENUE),
        (frozenset({"orders", "transactions", "bestellungen"}), Measure.ORDERS),
        (frozenset({"units", "volume", "quantity"}), Measure.UNITS),
    )
    for names, measure in kinds:
        if words & names:
            return measure
    if words & COUNT_KPI:
        return Measure.VALUE if "value" in words else Measure.CONVERSIONS
    return None


def _series(facts: Facts, label: str) -> Source | None:
    """A file of dates, names and values: each name becomes a column."""
    names = [column for column in facts.texts if words_of(column) & _SERIES]
    if len(names) != 1 or len(facts.numbers) != 1 or not words_of(facts.numbers[0]) & _VALUE:
        return None
    return _source(facts, label, names[0], {facts.numbers[0]: Measure.SERIES}, ())


def _source(facts: Facts, label: str, key: str, measures: dict[str, Measure], rules: tuple[Rule, ...]) -> Source:
    return Source(
        name=facts.raw.name,
        layout=Layout.ROWS,
        label=label,
        date=facts.date,
        market=facts.market,
        keys=(key,),
        measures=measures,
        rules=rules,
        currency=facts.currency,
        currency_column=None if facts.currency else facts.currency_column,
    )


def _rows_a_date(facts: Facts) -> float:
    """Rows for each date and market that occurs."""
    named = [facts.date] if facts.market is None else [facts.date, facts.market]
    return len(facts.raw.frame) / max(1, len(facts.raw.frame[named].drop_duplicates()))


def _names_channels(facts: Facts) -> bool:
    """Whether columns name channels, so that the file is wide: "tv_spend" and "radio_spend", or "x1" and "x2"."""
    coded = [column for column in facts.numbers if re.fullmatch(r"(x|media|channel|ch|m)_?\d+", column.strip().lower())]
    named = [column for column in facts.spends if words_of(column) & (CHANNEL - {"media"})]
    return len(facts.spends) >= 3 or len(named) >= 2 or len(coded) >= 2


def _key(facts: Facts) -> str | None:
    """The column that names channels: by its heading, else because its texts are the names of channels."""
    texts = {c: facts.raw.frame[c].unique() for c in facts.texts if c != facts.currency_column}
    several = [c for c, cells in texts.items() if len(cells) >= 2 and not words_of(c) & _IDS]
    for names in _KEYS:
        found = [column for column in several if words_of(column) & names]
        if found:
            return min(found, key=lambda column: len(texts[column]))
    for column in several:
        cells = [str(cell) for cell in texts[column] if not is_no_value(str(cell))]
        if len(cells) <= MAX_TEXTS and 2 * sum(bool(words_of(cell) & CHANNEL) for cell in cells) > len(cells):
            return column
    return None


def _exposure_rank(words: frozenset[str]) -> int:
    return next((place for place, names in enumerate(EXPOSURE_ORDER) if words & names), len(EXPOSURE_ORDER))
