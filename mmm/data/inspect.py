"""What would become of some files: whether they can be read, what was mended, what a person must say first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from mmm.data.build import BuildResult, build_panel, build_part
from mmm.data.findings import Finding, Question, Severity
from mmm.data.guess import with_kpi
from mmm.data.hints import hints, kpi_question
from mmm.data.mapping import Mapping, answer, guess_mapping
from mmm.data.read import RawTable, read_table
from mmm.data.rows import column_totals
from mmm.data.sources.assemble import Assembly, assemble
from mmm.errors import DataError

MAX_ROUNDS = 6  # rounds of answers; an answer may lead to the next question


class Verdict(StrEnum):
    """What becomes of the files."""

    ACCEPT = "accept"
    """Read as they are."""
    REPAIR = "repair"
    """Read after the repairs listed."""
    ASK = "ask"
    """A person must answer the questions first."""
    REFUSE = "refuse"
    """Not usable; the findings say why and what to do."""


@dataclass(frozen=True)
class Remark:
    """A finding with its place in words, such as “a.csv”, row 12, column “tv”; None where it has none."""

    finding: Finding
    where: str | None

    def as_dict(self) -> dict[str, str | None]:
        """The remark as JSON-able values."""
        found = self.finding
        return {"code": found.code, "severity": found.severity.value, "message": found.message, "where": self.where}


@dataclass(frozen=True)
class Inspection:
    """What would become of some files if nobody said anything more.

    Attributes:
        rows: periods × markets read; with questions open, under their likeliest answers.
        columns: the files' columns.
        totals: sum of each column of numbers as read, by the files' own column names.
        remarks: everything noticed.
        questions: what a person has to answer first.
    """

    verdict: Verdict
    rows: int
    columns: tuple[str, ...]
    totals: dict[str, float]
    remarks: tuple[Remark, ...]
    questions: tuple[Question, ...]

    def as_dict(self) -> dict[str, Any]:
        """The inspection as JSON-able values."""
        return {
            "verdict": self.verdict.value,
            "rows": self.rows,
            "columns": list(self.columns),
            "totals": self.totals,
            "findings": [remark.as_dict() for remark in self.remarks],
            "questions": [
                {"code": asked.code, "message": asked.message, "options": list(asked.options)}
                for asked in self.questions
            ],
        }


def inspect_files(files: Sequence[tuple[str, bytes]], *, sheet: str | None = None) -> Inspection:
    """Read files as `mmm run` would, with nothing but their content to go by; never raises for what they hold.

    Args:
        files: name and bytes of each.
        sheet: which sheet of the workbooks; by default the first with a table.
    """
    tables: list[RawTable] = []
    remarks: list[Remark] = []
    several = len(files) > 1
    for name, content in files:
        try:
            table = read_table(name, content, sheet=sheet)
        except DataError as problem:
            remarks.append(refusal(str(problem)))
            continue
        tables.append(table)
        remarks += _placed(table.findings, name if several else None)
    if len(tables) < len(files) or not tables:
        return _summed_up(tables, remarks or [refusal("There is no file to read.")])
    try:
        assembly = assemble(tables)
    except DataError as problem:
        return _summed_up(tables, [*remarks, refusal(str(problem))])
    return _inspected(tables, assembly, remarks)


def refused(message: str) -> Inspection:
    """What is said of files that could not even be opened."""
    return _summed_up([], [refusal(message)])


def refusal(message: str) -> Remark:
    """A refusal that stands for a whole file."""
    return Remark(Finding("unreadable", Severity.REFUSE, message), None)


def _inspected(tables: list[RawTable], assembly: Assembly, remarks: list[Remark]) -> Inspection:
    remarks = [*remarks, *_placed(assembly.findings, None)]
    totals = _totals(tables, assembly)
    if assembly.table is None:
        return _summed_up(tables, remarks, assembly.questions, 0, totals)
    mapping = default_mapping(assembly.table)
    if assembly.recipe.kpi not in (None, mapping.kpi):
        mapping = with_kpi(mapping, str(assembly.recipe.kpi))
    part = _part_of(mapping)
    if part is not None and mapping.date:
        found = build_part(assembly.table, mapping)
        seen = {remark.finding for remark in remarks}
        remarks += _placed((finding for finding in found.findings if finding not in seen), None)
        remarks += _placed([Finding("part", Severity.INFO, part)], None)
        return _summed_up(tables, remarks, (*assembly.questions, *found.questions), found.rows, totals)
    remarks += _placed(hints(assembly.table, mapping), None)
    result = build_panel(assembly.table, mapping)
    asked = kpi_question(assembly.table, mapping)
    seen = {remark.finding for remark in remarks}
    remarks += _placed((found for found in result.findings if found not in seen), None)
    questions = (*assembly.questions, *([asked] if asked is not None else []), *result.questions)
    rows = _rows(assembly.table, mapping, result)
    return _summed_up(tables, remarks, questions, rows, totals)


def _part_of(mapping: Mapping) -> str | None:
    """What a table lacks that is only one half of a data set: its KPI or its advertising; None for any other."""
    if mapping.channels and not mapping.kpi:
        return (
            "The file holds advertising without the company's own sales. With a table of sales it becomes a data set."
        )
    if mapping.kpi and not mapping.channels:
        return "The file holds sales without advertising. With the channels' spend it becomes a data set."
    return None


def default_mapping(raw: RawTable) -> Mapping:
    """The likeliest mapping, with days added up to weeks, as where nobody can be asked."""
    return replace(guess_mapping(raw), roll_up=True)


def _summed_up(
    tables: Sequence[RawTable],
    remarks: Sequence[Remark],
    questions: tuple[Question, ...] = (),
    rows: int = 0,
    totals: dict[str, float] | None = None,
) -> Inspection:
    severities = {remark.finding.severity for remark in remarks}
    verdict = Verdict.ACCEPT
    if Severity.REFUSE in severities:
        verdict = Verdict.REFUSE
    elif questions:
        verdict = Verdict.ASK
    elif Severity.REPAIR in severities:
        verdict = Verdict.REPAIR
    columns = tuple(dict.fromkeys(column for table in tables for column in table.columns))
    return Inspection(verdict, rows, columns, totals or {}, tuple(remarks), questions)


def _rows(table: RawTable, mapping: Mapping, result: BuildResult) -> int:
    """Periods × markets of the panel; while something stands before it, under the likeliest answers or as read."""
    first = result
    for _ in range(MAX_ROUNDS):
        if result.panel is not None:
            return int(result.panel.kpi.size)
        if not result.questions:
            break
        for question in result.questions:
            mapping = answer(mapping, question, question.options[0])
        result = build_panel(table, mapping)
    return _typed_rows(first, mapping)


def _typed_rows(result: BuildResult, mapping: Mapping) -> int:
    """How many periods and markets the rows name, without a panel."""
    frame = result.cleaned
    if mapping.date not in frame.columns:
        return 0
    periods = frame[mapping.date].nunique()
    markets = frame[mapping.market].nunique() if mapping.market in frame.columns else 1
    return int(periods * markets)


def _totals(tables: Sequence[RawTable], assembly: Assembly) -> dict[str, float]:
    """Each column's sum as read; a name that several files have gets its file's name before it."""
    found: list[tuple[str, dict[str, float]]] = []
    for at, table in enumerate(tables):
        told = assembly.totals[at] if at < len(assembly.totals) else {}
        found.append((table.name, told or column_totals(table)))
    names = Counter(column for _, totals in found for column in totals)
    return {
        column if names[column] == 1 else f"{name}: {column}": float(total)
        for name, totals in found
        for column, total in totals.items()
        if np.isfinite(total)
    }


def _placed(findings: Iterable[Finding], name: str | None) -> list[Remark]:
    return [Remark(found, _where(found, name)) for found in findings]


def _where(found: Finding, name: str | None) -> str | None:
    parts = [f"“{name}”"] if name is not None else []
    parts += [f"row {found.row}"] if found.row is not None else []
    parts += [f"column “{found.column}”"] if found.column else []
    return ", ".join(parts) or None
