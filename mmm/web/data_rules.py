"""Rules that send a report's rows to channels, as rows that a person edits; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mmm.data.sources.rules import check_rules
from mmm.data.sources.source import Match, Recipe, Rule

ORDER, CHANNEL, HOW, TEXT, COLUMN = "Order", "Channel", "Rule", "Text", "Looks in"
CONTAINS, PATTERN = "contains", "matches the pattern"
ANYWHERE = "any of them"
GOES_TO = "Goes to channel"

_HOWS: dict[str, Match] = {CONTAINS: "contains", PATTERN: "regex"}
_OF_HOW = {how: word for word, how in _HOWS.items()}


def rows_of(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """One row a rule, in the order they are tried."""
    return [
        {
            ORDER: number,
            CHANNEL: rule.channel,
            HOW: _OF_HOW[rule.how],
            TEXT: rule.text,
            COLUMN: rule.column or ANYWHERE,
        }
        for number, rule in enumerate(rules, start=1)
    ]


def rules_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules that edited rows make, by their order; rows without a channel and a text are none.

    A row without a number comes last; of equal numbers the upper row comes first.
    """
    kept = [row for row in rows if _said(row.get(CHANNEL)) or _said(row.get(TEXT))]
    ordered = sorted(kept, key=lambda row: _number(row.get(ORDER)))
    return tuple(
        Rule(
            _said(row.get(CHANNEL)),
            _said(row.get(TEXT)),
            _HOWS.get(_said(row.get(HOW)), "contains"),
            None if _said(row.get(COLUMN)) in ("", ANYWHERE) else _said(row.get(COLUMN)),
        )
        for row in ordered
    )


def edited(rows: Sequence[Mapping[str, Any]], state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows as they are after what a person did to them in a table: cells changed, rows added and removed."""
    changed: Mapping[Any, Mapping[str, Any]] = state.get("edited_rows", {})
    gone = {int(row) for row in state.get("deleted_rows", ())}
    by_place = {int(row): cells for row, cells in changed.items()}
    kept = [{**row, **by_place.get(place, {})} for place, row in enumerate(rows) if place not in gone]
    return [*kept, *(dict(row) for row in state.get("added_rows", ()))]


def sent(texts: Sequence[str], channels: Mapping[int, str]) -> tuple[Rule, ...]:
    """A rule for each text that a person typed a channel beside; the most particular text comes first.

    Args:
        texts: of rows that no rule matched.
        channels: place in `texts` to the channel typed.
    """
    chosen = [(texts[place], name.strip()) for place, name in channels.items() if name.strip() and place < len(texts)]
    return tuple(Rule(name, text) for text, name in sorted(chosen, key=lambda pair: -len(pair[0])))


def with_rules(recipe: Recipe, place: int, rules: Sequence[Rule], unmatched: str = "") -> Recipe:
    """The recipe with other rules for the file at `place`, and another channel for rows that none matches."""
    source = recipe.sources[place]
    changed = replace(source, rules=tuple(rules), unmatched=unmatched.strip() or source.unmatched)
    return replace(recipe, sources=(*recipe.sources[:place], changed, *recipe.sources[place + 1 :]))


def rule_problems(rules: Sequence[Rule], keys: Sequence[str]) -> list[str]:
    """What is wrong with rules, in words."""
    found = list(check_rules(rules))
    found += [
        f"Rule {number} looks in “{rule.column}”, which tells no channel here; choose {' or '.join(keys)}."
        for number, rule in enumerate(rules, start=1)
        if rule.column is not None and rule.column not in keys
    ]
    return found


def _said(cell: object) -> str:
    return "" if cell is None or cell != cell else str(cell).strip()  # noqa: PLR0124 - not a number is not itself


def _number(cell: object) -> float:
    try:
        number = float(str(cell))
    except ValueError:
        return float("inf")
    return float("inf") if number != number else number  # noqa: PLR0124 - not a number
