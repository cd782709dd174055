"""The desk where uploads arrive: reading a file, agreeing on what its columns mean, storing it once."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmm.access import Actor, Permission
from mmm.data.build import BuildResult, build_panel
from mmm.data.checks import Check, check_panel
from mmm.data.findings import Finding, Question, Severity
from mmm.data.guess import guess
from mmm.data.mapping import Mapping, answer
from mmm.data.personal import personal_columns
from mmm.data.read import RawTable, read_table
from mmm.errors import DataError
from mmm.services.base import Kit, Service, requires
from mmm.services.datasets import Datasets, DatasetVersionInfo
from mmm.store.audit import FAILED
from mmm.store.tables import new_id

DETAIL_UNIQUE = 0.95  # share of rows that a column of campaigns must tell apart, to explain the repeated dates
MAX_ROUNDS = 6  # rounds of questions; an answer may lead to the next question

_DETAIL = re.compile(
    r"campaign|\bad\b|ad.?set|ad.?group|ad.?name|platform|channel|source|medium|network|placement|creative|publisher",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class Reading:
    """A file that was read but not stored; it lives in memory only.

    Attributes:
        id: key of this upload; saving it twice stores it once.
        raw: the table as read, with what was noticed.
        guess: what each column probably means, or what it meant in the version before.
        content: the file's bytes, for another sheet and for their hash.
        personal: columns that look like personal data.
        dataset_id: the data set this is meant to continue, or None.
        parent: that data set's newest version when the file was read, or None.
    """

    id: str
    raw: RawTable
    guess: Mapping
    content: bytes
    personal: tuple[str, ...]
    dataset_id: str | None = None
    parent: DatasetVersionInfo | None = None


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
    """

    mapping: Mapping
    asked: tuple[Asked, ...]
    result: BuildResult
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]

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


@dataclass(frozen=True)
class Stored:
    """The version that holds an upload; `already` when it was stored before."""

    version: DatasetVersionInfo
    already: bool


class Desk(Service):
    """Uploads on their way to a data set. Nothing is stored before `store`."""

    def __init__(self, kit: Kit, datasets: Datasets) -> None:
        super().__init__(kit)
        self._datasets = datasets

    @requires(Permission.UPLOAD_DATA)
    def read(
        self, actor: Actor, *, name: str, content: bytes, sheet: str | None = None, dataset_id: str | None = None
    ) -> Reading:
        """Read an uploaded file; what was tried is written to the audit table, readable or not.

        Args:
            actor: who uploads.
            name: the file's name.
            content: its bytes.
            sheet: which sheet of a workbook; by default the first with a table.
            dataset_id: the data set to continue; its newest mapping is the guess where the columns fit.

        Raises:
            DataError: the file is no table; the message is meant for the person who uploaded it.
            NotFoundError: there is no such data set in this workspace.
        """
        parent = self._datasets.get(actor, dataset_id).latest if dataset_id is not None else None
        try:
            raw = read_table(name, content, sheet=sheet)
        except DataError as problem:
            self._note(actor, "upload", {"file": name[-200:], "bytes": len(content), "problem": str(problem)}, FAILED)
            raise
        known = None if parent is None else self._datasets.mapping(actor, parent.id)
        details = {
            "file": name[-200:],
            "bytes": len(content),
            "source_sha256": raw.sha256,
            "sheet": raw.dialect.sheet,
            "rows": len(raw.frame),
            "columns": len(raw.columns),
        }
        self._note(actor, "upload", details)
        return Reading(
            id=new_id(),
            raw=raw,
            guess=known if known is not None and fits(known, raw) else guess(raw),
            content=content,
            personal=tuple(personal_columns(raw)),
            dataset_id=dataset_id,
            parent=parent,
        )

    @requires(Permission.UPLOAD_DATA)
    def draft(self, actor: Actor, reading: Reading, mapping: Mapping, answers: MappingType[str, str]) -> Draft:  # noqa: ARG002 - every service method knows who asks
        """What would be stored if `mapping` and `answers` (question code to option) were confirmed now."""
        return consider(reading.raw, mapping, answers)

    @requires(Permission.UPLOAD_DATA)
    def store(
        self,
        actor: Actor,
        reading: Reading,
        mapping: Mapping,
        *,
        name: str = "",
        dataset_id: str | None = None,
        leave_out: Sequence[str] = (),
    ) -> Stored:
        """Store a confirmed upload once, however often asked: as a new data set, or as a version of `dataset_id`.

        The same file under the same mapping as the newest version is not stored again.

        Args:
            actor: who confirms.
            reading: the file as read.
            mapping: with every answer in it.
            name: of the new data set; not looked at for a further version.
            dataset_id: the data set to continue.
            leave_out: columns that are not stored even as read, such as personal data.

        Raises:
            DataError: the mapping gives no panel; the message lists why.
            ConflictError: another data set has the name, or somebody added a version since the file was read.
            SpecError: the name is empty or too long.
            NotFoundError: there is no such data set in this workspace.
        """
        draft = consider(reading.raw, mapping, {})
        if draft.result.panel is None or draft.refusals:
            raise DataError(_why_not(draft))
        same = self._same(actor, reading, mapping, name, dataset_id)
        if same is not None:
            return Stored(same, already=True)
        kept = [column for column in reading.raw.frame.columns if column not in set(leave_out)]
        version = self._datasets.save(
            actor,
            name=name,
            raw_content=reading.content,
            source_name=reading.raw.name,
            mapping=mapping,
            findings=draft.findings,
            panel=draft.result.panel,
            as_read=reading.raw.frame[kept],
            dataset_id=dataset_id,
            version_id=reading.id,
            after=self._seen(reading, dataset_id),
            confirmed={
                "source_sha256": reading.raw.sha256,
                "channels": len(mapping.channels),
                "controls": len(mapping.controls),
                "left_out": len(reading.raw.columns) - len(kept),
            },
        )
        return Stored(version, already=False)

    def _same(
        self, actor: Actor, reading: Reading, mapping: Mapping, name: str, dataset_id: str | None
    ) -> DatasetVersionInfo | None:
        """The newest version of the target, if it is this upload or this file under this mapping."""
        found = self._datasets.list(actor)
        target = next((d for d in found if d.id == dataset_id or (dataset_id is None and d.name == name.strip())), None)
        if target is None:
            return None
        latest = target.latest
        if latest.id == reading.id:
            return latest
        same_file = latest.source_sha256 == reading.raw.sha256
        return latest if same_file and self._datasets.mapping(actor, latest.id) == mapping else None

    def _seen(self, reading: Reading, dataset_id: str | None) -> str | None:
        """The version that was the newest of `dataset_id` when the file was read; None where nobody looked."""
        return reading.parent.id if reading.parent is not None and reading.dataset_id == dataset_id else None

    def _note(self, actor: Actor, action: str, details: dict[str, object], outcome: str = "ok") -> None:
        with self._work() as uow:
            uow.audit.record(actor, action, "file", outcome=outcome, details=details, at=self._now())
            uow.commit()


def consider(raw: RawTable, mapping: Mapping, answers: MappingType[str, str]) -> Draft:
    """The panel under a mapping and a person's answers, or everything that stands before it.

    Answers already inside `mapping` count as given. An answer to a question that the file does not ask is not used.
    """
    asked: dict[str, Asked] = {}
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
    checks = check_panel(result.panel) if result.panel is not None else ()
    return Draft(mapping, tuple(asked.values()), result, findings, checks)


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


def fits(mapping: Mapping, raw: RawTable) -> bool:
    """Whether a table has every column that a mapping names."""
    return {column for column, _ in mapping.used_columns} <= set(raw.columns)


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


def _why_not(draft: Draft) -> str:
    reasons = [finding.message for finding in draft.refusals] or [question.message for question in draft.open]
    more = f" And {len(reasons) - 5} more." if len(reasons) > 5 else ""
    return "The data cannot be used like this. " + " ".join(reasons[:5]) + more
