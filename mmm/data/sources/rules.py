"""Which channel a row belongs to, by rules over its text; the first rule that matches decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mmm.data.cells import as_arrow, is_no_value
from mmm.data.sources.source import Rule, Source
from mmm.errors import DataError

MAX_TEXT = 200  # characters of a rule's text: longer than any campaign's name needs
BETWEEN = " | "  # between the key columns' cells where a rule looks at all of them


@dataclass(frozen=True, eq=False)
class Texts:
    """The distinct texts of a file's key columns, and which each row has.

    Attributes:
        shown: the key columns' cells joined (where there is no key, those of the columns rules look at), `[text]`.
        code: index into `shown`, `[row]`.
        first: a row that has each text, `[text]`.
    """

    shown: list[str]
    code: NDArray[np.int64]
    first: NDArray[np.int64]


def channel_of(frame: pd.DataFrame, source: Source) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """The channel of each row, `[row]`, and whether a rule (or, without rules, a text) told it, `[row]`.

    Without rules each distinct text is a channel of its own, its spelling the first one met in the file. Rows that
    nothing matches go to `source.unmatched`.

    Raises:
        DataError: a rule cannot be used, or names a column that the file does not have.
    """
    problems = check_rules(source.rules)
    if problems:
        raise DataError(" ".join(problems))
    texts = texts_of(frame, source)
    if not source.rules:
        names, matched = _as_written(texts.shown, source.unmatched)
    else:
        names, matched = _by_rules(frame, source, texts)
    return names[texts.code], matched[texts.code]


def texts_of(frame: pd.DataFrame, source: Source) -> Texts:
    """The distinct combinations of the cells that the source's rules look at, each looked at once.

    Raises:
        DataError: a key column is not in the file.
    """
    columns = list(dict.fromkeys([*source.keys, *(rule.column for rule in source.rules if rule.column is not None)]))
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise DataError(
            f"“{source.name}” has no column “{missing[0]}”, which its channel rules look at. Choose another column."
        )
    code = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        inner, unique = pd.factorize(frame[column])
        code, _ = pd.factorize(code * max(1, len(unique)) + inner)
    _, first = np.unique(code, return_index=True)
    rows = frame.iloc[first]
    cells = [[_tidy(cell) for cell in rows[key]] for key in source.keys or columns]
    shown = [BETWEEN.join(parts) for parts in zip(*cells, strict=True)] if cells else [""] * len(first)
    return Texts(shown, np.asarray(code, dtype=np.int64), np.asarray(first, dtype=np.int64))


def unmatched_rows(
    frame: pd.DataFrame, source: Source, matched: NDArray[np.bool_], spend: NDArray[np.float64] | None
) -> tuple[tuple[str, int, float | None], ...]:
    """Texts that no rule matches, with their rows and their spend, the largest spend (else the most rows) first.

    Args:
        frame: the rows.
        source: their description.
        matched: as `channel_of` returned it, `[row]`.
        spend: spend of each row, `[row]`; None where the source has none.
    """
    rows = np.flatnonzero(~matched)
    if len(rows) == 0:
        return ()
    texts = texts_of(frame, source)
    by_text: dict[str, list[int]] = {}
    code, unique = pd.factorize(texts.code[rows])
    for position, text in enumerate(unique):
        by_text.setdefault(texts.shown[text] or "(blank)", []).append(position)
    count = np.bincount(code)
    cost = np.bincount(code, weights=np.nan_to_num(spend[rows])) if spend is not None else None
    found = [
        (text, int(count[at].sum()), None if cost is None else round(float(cost[at].sum()), 6))
        for text, at in by_text.items()
    ]
    return tuple(sorted(found, key=lambda item: (-(item[2] or 0.0), -item[1], item[0])))


def check_rules(rules: Sequence[Rule]) -> list[str]:
    """What is wrong with rules, in words; empty where they can be used."""
    problems = []
    for number, rule in enumerate(rules, start=1):
        if not rule.channel.strip():
            problems.append(f"Rule {number} names no channel. Write where its rows go.")
        if len(rule.text) > MAX_TEXT:
            problems.append(f"Rule {number} looks for {len(rule.text)} characters; at most {MAX_TEXT} are looked for.")
        elif rule.how == "regex":
            problems += _expression_problem(number, rule.text)
    for number, rule in enumerate(rules[:-1], start=1):
        if rule.how == "contains" and not rule.text:
            problems.append(
                f"Rule {number} has no text, so it takes every row and the rules after it none. Move it to the end, or "
                "write what its rows contain."
            )
            break
    return problems


def _expression_problem(number: int, text: str) -> list[str]:
    try:
        _matches(pa.array([""]), Rule("", text, "regex"))
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        said = f"Rule {number}: “{text}” is no regular expression that can be used ({reason})."
        return [f"{said} Looking ahead or back is not possible; two rules in a row do the same."]
    return []


def _matches(cells: pa.Array, rule: Rule) -> NDArray[np.bool_]:
    """Which texts a rule matches. Arrow's expressions (RE2) take time linear in the text, whatever is written."""
    find = pc.match_substring_regex if rule.how == "regex" else pc.match_substring
    return np.asarray(find(cells, rule.text, ignore_case=True).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _by_rules(frame: pd.DataFrame, source: Source, texts: Texts) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    rows = frame.iloc[texts.first]
    shown = pa.array(texts.shown, type=pa.string())
    names = np.full(len(texts.shown), source.unmatched, dtype=object)
    matched = np.zeros(len(texts.shown), dtype=np.bool_)
    for rule in source.rules:
        cells = shown if rule.column is None else as_arrow(rows[rule.column])
        new = _matches(cells, rule) & ~matched
        names[new] = rule.channel.strip()
        matched |= new
    return names, matched


def _as_written(shown: list[str], unmatched: str) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Each text as a channel; texts that differ in case only are one."""
    spelling: dict[str, str] = {}
    blank = np.array([all(is_no_value(part) for part in text.split(BETWEEN)) for text in shown], dtype=np.bool_)
    names = [
        unmatched if none else spelling.setdefault(text.casefold(), text)
        for text, none in zip(shown, blank, strict=True)
    ]
    return np.array(names, dtype=object), ~blank


def _tidy(cell: object) -> str:
    return " ".join(str(cell).split())
