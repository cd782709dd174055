"""What is known about a file before its meaning: which columns hold dates, markets, numbers, texts and currencies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mmm.data.cells import is_no_value, parse_number
from mmm.data.guess import name_parts
from mmm.data.mapping import guess_mapping
from mmm.data.read import RawTable
from mmm.data.sources.headings import currency_in
from mmm.data.vocabulary import CURRENCIES, DATE, MARKET, RATIO, SPEND

LOOK_ROWS = 200  # of a column, filled or not, and
LOOK_CELLS = 30  # distinct filled cells of them: enough to tell numbers from texts


@dataclass(frozen=True, eq=False)
class Facts:
    """Columns of a file by their content.

    Attributes:
        date: the date column, "" where there is none.
        market: the column of markets, or None.
        numbers: columns of numbers, without the date and the market.
        texts: columns of other cells, without the date and the market.
        currency: the code that a heading of money ends with, or None.
        currency_column: a column of currency codes, or None.
    """

    raw: RawTable
    date: str
    market: str | None
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    currency: str | None
    currency_column: str | None

    def words(self, column: str) -> frozenset[str]:
        """The words of a column's name in lower case."""
        return words_of(column)

    @property
    def spends(self) -> tuple[str, ...]:
        """Columns of numbers that are called spend or cost, without ratios such as cost per click."""
        return tuple(column for column in self.numbers if words_of(column) & SPEND and not words_of(column) & RATIO)


def facts_of(raw: RawTable) -> Facts:
    """The facts about a file; the date and the market are those that the mapping's guess would take."""
    head = raw.frame.iloc[:LOOK_ROWS]
    numeric = {column for column in raw.columns if is_numeric(head[column].tolist())}
    candidates = [c for c in raw.columns if c not in numeric or words_of(c) & (DATE | MARKET)]
    mapping = guess_mapping(replace(raw, frame=raw.frame[candidates])) if candidates else None
    date = mapping.date if mapping is not None else ""
    market = mapping.market if mapping is not None else None
    rest = [column for column in raw.columns if column not in (date, market)]
    coded = (c for c in rest if words_of(c) & {"currency", "währung", "währungscode", "devise", "moneda"})
    return Facts(
        raw=raw,
        date=date,
        market=market,
        numbers=tuple(column for column in rest if column in numeric),
        texts=tuple(column for column in rest if column not in numeric),
        currency=next((code for column in rest if (code := currency_in(column))), None),
        currency_column=next((c for c in coded if c not in numeric and _first(raw, c).lower() in CURRENCIES), None),
    )


def words_of(column: str) -> frozenset[str]:
    """The words of a name in lower case."""
    return frozenset(part.lower() for part in name_parts(column))


def is_numeric(cells: list[str]) -> bool:
    """Whether most of the first distinct cells are numbers under either decimal mark."""
    filled = [cell for cell in dict.fromkeys(cells) if not is_no_value(cell)][:LOOK_CELLS]
    numbers = sum(parse_number(cell) is not None or parse_number(cell, ",") is not None for cell in filled)
    return len(filled) > 0 and 2 * numbers >= len(filled)


def _first(raw: RawTable, column: str) -> str:
    return next((cell.strip() for cell in raw.frame[column].iloc[:LOOK_ROWS] if not is_no_value(cell)), "")
