"""What the importer noticed, repaired, asks or refuses; each with its place in the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

MAX_SAME = 50  # findings listed one by one for one problem in one column; the rest are counted


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    REPAIR = "repair"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Finding:
    """One thing a person should know about the data.

    Attributes:
        code: a stable name of the kind of finding, such as `text_in_number`.
        row: line (text file) or row (workbook) as a person sees it, 1-based; None when it has none.
        column: the column's name in the file, or None.
    """

    code: str
    severity: Severity
    message: str
    row: int | None = None
    column: str | None = None

    def as_dict(self) -> dict[str, str | int | None]:
        """The finding as JSON-able values."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "row": self.row,
            "column": self.column,
        }


@dataclass(frozen=True)
class Question:
    """Something only a person can answer; the answer goes into one field of the mapping.

    Attributes:
        options: the possible answers, likeliest first; see `mmm.data.mapping.answer`.
        mapping_field: the field of `Mapping` that holds the answer.
    """

    code: str
    message: str
    options: tuple[str, ...]
    mapping_field: str

    def as_dict(self) -> dict[str, object]:
        """The question as JSON-able values."""
        return {
            "code": self.code,
            "message": self.message,
            "options": list(self.options),
            "mapping_field": self.mapping_field,
        }


THIN = "\u202f"  # narrow no-break space: between a number and its unit, never broken over two lines


def whole_percent(share: float) -> str:
    """A share of one in whole percent: "36 %"; "under 1 %" and "over 99 %" rather than nothing or all."""
    if 0 < share < 0.01:
        return f"under 1{THIN}%"
    if 0.99 < share < 1:
        return f"over 99{THIN}%"
    return f"{100 * share:.0f}{THIN}%".replace("-", "\u2212")


def counted(n: int, noun: str) -> str:
    """`1 row`, `12 rows`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


class FindingLog:
    """Collects findings; after `MAX_SAME` alike it counts instead of listing."""

    def __init__(self, earlier: tuple[Finding, ...] = ()) -> None:
        self._findings = list(earlier)
        self._same: Counter[tuple[str, str | None]] = Counter()
        self.questions: list[Question] = []

    def add(
        self, code: str, severity: Severity, message: str, row: int | None = None, column: str | None = None
    ) -> None:
        """Note one finding."""
        self._same[code, column] += 1
        if self._same[code, column] <= MAX_SAME:
            self._findings.append(Finding(code, severity, message, None if row is None else int(row), column))

    def info(self, code: str, message: str, row: int | None = None, column: str | None = None) -> None:
        """Note something worth knowing."""
        self.add(code, Severity.INFO, message, row, column)

    def repair(self, code: str, message: str, row: int | None = None, column: str | None = None) -> None:
        """Note something that was mended, or left out of the fit."""
        self.add(code, Severity.REPAIR, message, row, column)

    def refuse(self, code: str, message: str, row: int | None = None, column: str | None = None) -> None:
        """Note something that makes the data unusable as it is."""
        self.add(code, Severity.REFUSE, message, row, column)

    def each(
        self,
        code: str,
        severity: Severity,
        places: Iterable[tuple[int, int]],
        message: Callable[[int, int], str],
        column: str | None = None,
    ) -> None:
        """Note one finding for each (position, row) of `places`; messages are made only for those listed."""
        for position, row in places:
            listed = self._same[code, column] < MAX_SAME
            self.add(code, severity, message(position, row) if listed else "", row, column)

    def ask(self, question: Question, places: tuple[tuple[int | None, str | None], ...] = ()) -> None:
        """Put a question, and point at the places it is about."""
        self.questions.append(question)
        for row, column in places or ((None, None),):
            self.add(question.code, Severity.ASK, question.message, row, column)

    @property
    def refused(self) -> bool:
        """Whether anything so far makes the data unusable."""
        return any(finding.severity is Severity.REFUSE for finding in self._findings)

    def findings(self) -> tuple[Finding, ...]:
        """Everything noted, in order, with a count of what was not listed."""
        severity = {(f.code, f.column): f.severity for f in self._findings}
        more = [
            Finding(code, severity[code, column], f"{counted(count - MAX_SAME, 'more place')} like this.", None, column)
            for (code, column), count in self._same.items()
            if count > MAX_SAME
        ]
        return (*self._findings, *more)
