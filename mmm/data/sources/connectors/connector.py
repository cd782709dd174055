"""What one platform's export looks like, and how its rows become channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mmm.data.read import RawTable
from mmm.data.sources.headings import Headings
from mmm.data.sources.source import Layout, Measure, Rule

Names = tuple[str, ...]
"""Plain headings (see `headings.plain`) of one column, English and German; the first that a file has counts."""

RulesOf = Callable[[RawTable, tuple[str, ...]], tuple[Rule, ...]]
"""Default rules for a file, given its key columns."""


def one_channel(name: str) -> RulesOf:
    """Every row is the same channel: an empty text is contained in any."""
    return lambda _raw, _keys: (Rule(name, ""),)


def no_rules(_raw: RawTable, _keys: tuple[str, ...]) -> tuple[Rule, ...]:
    """Rows are no channels' at all, or each text is a channel."""
    return ()


@dataclass(frozen=True)
class Connector:
    """One export.

    Attributes:
        platform: stable name.
        label: the platform in words; stands in column names.
        needs: for each entry, one of its headings must be there; together no other file has them.
        date: the column with the first day a row is about, likeliest first.
        ends: the column with the last day a row is about, where the export has one.
        keys: for each entry, a column whose text tells the channel.
        measures: columns to add up.
        how: how to export with one row a day, in the platform's own words.
        rules: the default rules.
        unmatched: where rows go that no rule matches.
        currency: the column with the code of a row's currency.
        order_id: the column that tells orders apart.
    """

    platform: str
    label: str
    needs: tuple[Names, ...]
    date: Names
    measures: dict[Measure, Names]
    how: str
    keys: tuple[Names, ...] = ()
    ends: Names = ()
    rules: RulesOf = no_rules
    unmatched: str = "Other"
    currency: Names = ()
    order_id: Names = ()
    layout: Layout = field(default=Layout.ROWS)

    def fits(self, headings: Headings) -> bool:
        """Whether a file with these headings is this export."""
        return all(headings.first(names) is not None for names in self.needs)
