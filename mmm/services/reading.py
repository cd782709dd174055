"""An upload between arriving and being stored: what was read, what is asked, what would be stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import pandas as pd

from mmm.data.append import CellChange, Prefer, append
from mmm.data.build import BuildResult, build_panel
from mmm.data.checks import Check, check_panel
from mmm.data.findings import Finding, Question, Severity
from mmm.data.mapping import DateOrder, Mapping, answer
from mmm.data.read import RawTable
from mmm.data.schema import SchemaChange
from mmm.data.sources.assemble import Assembly
from mmm.errors import DataError
from mmm.services.reuse import Past
from mmm.services.versions import DatasetVersionInfo, How
from mmm.store.text import storable

DETAIL_UNIQUE = 0.95  # share of rows that a column of campaigns must tell apart, to explain the repeated dates
MAX_ROUNDS = 6  # rounds of questions; an answer may lead to the next question

_DETAIL = re.compile(
    r"campaign|\bad\b|ad.?set|ad.?group|ad.?name|platform|channel|source|medium|network|placement|creative|publisher",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Upload:
    """A file as it was handed over.

    Attributes:
        name: the file's; what no database can hold of it (a terminal hands over any bytes) is replaced.
        sheet: which sheet of a workbook; None for the first with a table.
    """

    name: str
    content: bytes = field(repr=False)
    sheet: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", storable(self.name))


@dataclass(frozen=True, eq=False)
class Reading:
    """Files that were read but not stored; they live in memory only.

    Attributes:
        id: key of this upload; saving it twice stores it once.
        files: each file as read, with what was noticed.
        contents: the files' bytes, for another sheet and for their hashes.
        assembly: the files as one table, with the questions that come before it.
        guess: what each column of that table probably means, or what it meant in the version before; names no column
            while the files leave a question open.
        personal: columns of the files that look like personal data, with the kind of it.
        dataset_id: the data set this is meant to continue, or None.
        past: that data set's newest version when the files were read, or None.
        suggested: what the upload probably is to the parent; None for a new data set, or while the files leave a
            question open.
        changes: columns that are not what they were in the parent.
    """

    id: str
    files: tuple[RawTable, ...]
    contents: tuple[bytes, ...]
    assembly: Assembly
    guess: Mapping
    personal: dict[str, str]
    dataset_id: str | None = None
    past: Past | None = field(default=None, repr=False)
    suggested: Literal["append", "replace", "same"] | None = None
    changes: tuple[SchemaChange, ...] = ()

    @property
    def raw(self) -> RawTable | None:
        """The files as one table; None while they leave a question open or were refused."""
        return self.assembly.table

    @property
    def parent(self) -> DatasetVersionInfo | None:
        """The data set's newest version when the files were read, or None."""
        return None if self.past is None else self.past.info

    @property
    def name(self) -> str:
        """The files' names, for a sentence."""
        return ", ".join(file.name for file in self.files)


@dataclass(frozen=True)
class Asked:
    """A question with its answer, or None while it is open."""

    question: Question
    answer: str | None


@dataclass(frozen=True, eq=False)
class Draft:
    """What would be stored under a mapping.

    Attributes:
        mapping: the mapping with every answer in it.
        asked: questions of this file, answered and open, in the order they came up.
        result: the panel, or why there is none.
        findings: everything noticed, `result.findings` included.
        checks: what the panel cannot teach; empty without a panel.
        how: what the upload does to the version before.
        table: the table that the panel was made from; None without one.
        overlap: cells of periods known before that came with another value, where the upload is appended.
        added: rows that the version before does not have, where the upload is appended.
    """

    mapping: Mapping
    asked: tuple[Asked, ...]
    result: BuildResult
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    how: How = "replace"
    table: RawTable | None = field(default=None, repr=False)
    overlap: tuple[CellChange, ...] = ()
    added: int = 0

    @property
    def open(self) -> tuple[Question, ...]:
        """Questions without an answer."""
        return tuple(asked.question for asked in self.asked if asked.answer is None)

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """What makes the data unusable as they are."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.REFUSE)

    @property
    def ready(self) -> bool:
        """Whether it can be stored."""
        return self.result.panel is not None and not self.refusals and not self.open


def consider(
    raw: RawTable,
    mapping: Mapping,
    answers: MappingType[str, str],
    *,
    checked: bool = True,
    which_kpi: Question | None = None,
) -> Draft:
    """The panel under a mapping and a person's answers, or everything that stands before it.

    Answers already inside `mapping` count as given. An answer to a question that the file does not ask is not used.
    Without `checked`, what the panel cannot teach is not looked at.

    `which_kpi` asks which of several counts of sales is the KPI, the guessed one first (`kpi_question`). A mapping with
    another KPI answers it.
    """
    asked: dict[str, Asked] = {}
    if which_kpi is not None and mapping.kpi in which_kpi.options:
        asked["kpi"] = told = _kpi_told(which_kpi, mapping, answers)
        if told.answer not in (None, mapping.kpi):
            mapping = answer(mapping, which_kpi, told.answer or "")
    result = build_panel(raw, mapping)
    for _ in range(MAX_ROUNDS):
        fresh = [question for question in result.questions if question.code not in asked]
        for question in fresh:
            given = answers.get(question.code)
            asked[question.code] = Asked(question, given if given in question.options else None)
        answered = [(asked[q.code].question, asked[q.code].answer) for q in fresh]
        for question, option in answered:
            if option is not None:
                mapping = answer(mapping, question, option)
        if not any(option is not None for _, option in answered):
            break
        result = build_panel(raw, mapping)
    export = _platform_export(raw, mapping) if "duplicates" in asked else None
    findings = (*result.findings, export) if export is not None else result.findings
    checks = check_panel(result.panel) if checked and result.panel is not None else ()
    return Draft(mapping, tuple(asked.values()), result, findings, checks, table=raw)


def consider_appended(
    past: Past, raw: RawTable, mapping: Mapping, answers: MappingType[str, str], *, checked: bool = True
) -> Draft:
    """As `consider`, of the version before with the rows of `raw` put behind it.

    Besides the questions about the rows, the answer "overlap" says which file counts where both have a period.
    """
    order: DateOrder | None = next((way for way in get_args(DateOrder) if way == answers.get("date_order")), None)
    read = mapping if order is None else replace(mapping, date_order=order)
    prefer: Prefer | None = next((side for side in get_args(Prefer) if side == answers.get("overlap")), None)
    try:
        both = append(past.table, raw, read)
        chosen = append(past.table, raw, read, prefer or "new") if both.overlap else both
    except DataError as problem:
        return _not_appended(raw, mapping, answers, str(problem))
    table = chosen.table
    if table is None:
        return _not_appended(raw, mapping, answers, "The rows cannot be put behind the version before.")
    if mapping.decimal_mark == "comma" and table.dialect.decimal == ".":
        mapping = replace(mapping, decimal_mark="point")  # the two files differed, so cells were written anew
    draft = consider(table, mapping, answers, checked=checked)
    asked = tuple(Asked(question, prefer) for question in both.questions)
    return replace(
        draft,
        asked=(*asked, *draft.asked),
        findings=tuple(dict.fromkeys((*chosen.findings, *draft.findings))),
        how="append",
        overlap=both.overlap,
        added=both.added,
    )


def _not_appended(raw: RawTable, mapping: Mapping, answers: MappingType[str, str], problem: str) -> Draft:
    """Why rows cannot be put behind the version before, unless a question about the rows themselves comes first."""
    alone = replace(consider(raw, mapping, answers), how="append", table=None)
    alone = replace(alone, result=replace(alone.result, panel=None), checks=())
    if any(question.code == "date_order" for question in alone.open):
        return alone
    refusal = Finding("append", Severity.REFUSE, problem)
    return replace(alone, asked=(), findings=(*alone.findings, refusal))


def _kpi_told(question: Question, mapping: Mapping, answers: MappingType[str, str]) -> Asked:
    """Which count of sales a person chose, by an answer or by the mapping; None while it is only guessed."""
    given = answers.get("kpi")
    if given in question.options:
        return Asked(question, given)
    return Asked(question, mapping.kpi if mapping.kpi != question.options[0] else None)


def of_their_files(files: Sequence[RawTable], findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, with the file's name before what was noticed in one of several files: its rows are that file's."""
    if len(files) == 1:
        return tuple(findings)
    names = {finding: table.name for table in files for finding in table.findings}
    return tuple(
        replace(finding, message=f"“{names[finding]}”: {finding.message}") if finding in names else finding
        for finding in findings
    )


def waiting(assembly: Assembly, mapping: Mapping) -> Draft:
    """What stands before a table: the questions about the files, or why they were refused."""
    asked = tuple(Asked(question, None) for question in assembly.questions)
    result = BuildResult(None, assembly.findings, assembly.questions, {}, pd.DataFrame())
    return Draft(mapping, asked, result, assembly.findings, ())


def unanswered(mapping: Mapping) -> tuple[Mapping, dict[str, str]]:
    """A mapping without what a person answered about its rows, and those answers by question code."""
    answers: dict[str, str] = {}
    for code in ("duplicates", "missing_spend", "negative_spend", "date_order", "decimal_mark"):
        given = getattr(mapping, code)
        if given is not None:
            answers[code] = given
    if mapping.roll_up or mapping.frequency is not None:
        answers["roll_up"] = "weeks" if mapping.roll_up else "days"
    bare = replace(
        mapping,
        duplicates=None,
        missing_spend=None,
        negative_spend=None,
        date_order=None,
        decimal_mark=None,
        roll_up=False,
        frequency=None,
    )
    return bare, answers


def _platform_export(raw: RawTable, mapping: Mapping) -> Finding | None:
    """Whether dates repeat because each row is a campaign, as advertising platforms export their reports."""
    used = {column for column, _ in mapping.used_columns}
    details = [column for column in raw.columns if column not in used and _DETAIL.search(column)]
    details = [column for column in details if 1 < raw.frame[column].nunique() < len(raw.frame)]
    if not details or mapping.date not in raw.columns:
        return None
    key = [mapping.date, *([mapping.market] if mapping.market else [])]
    if raw.frame[[*key, *details]].duplicated().mean() > 1 - DETAIL_UNIQUE:
        return None
    name = next((c for c in details if raw.frame[[*key, c]].duplicated().mean() <= 1 - DETAIL_UNIQUE), details[0])
    return Finding(
        "platform_export",
        Severity.REFUSE,
        f"The file has one row for each “{mapping.date}” and “{name}”, as advertising platforms export their reports. "
        f"Mixwright needs one row for each period with a spend column for each channel: put “{name}” into columns (a "
        "pivot table does it), add your own sales beside them, and upload that.",
        None,
        name,
    )


def why_not(draft: Draft) -> str:
    """Why nothing can be stored, in words."""
    reasons = [finding.message for finding in draft.refusals] or [question.message for question in draft.open]
    more = f" And {len(reasons) - 5} more." if len(reasons) > 5 else ""
    return "The data cannot be used like this. " + " ".join(reasons[:5]) + more
