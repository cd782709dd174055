"""The desk where uploads arrive: reading files, agreeing on what they mean, storing them once."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mmm.access import Actor, Permission
from mmm.data.append import continues
from mmm.data.findings import Question
from mmm.data.guess import guess, with_kpi
from mmm.data.hints import hints, kpi_question
from mmm.data.mapping import Mapping
from mmm.data.personal import masked, personal_columns
from mmm.data.read import RawTable, read_table
from mmm.data.schema import describe, schema_changes
from mmm.data.sources.assemble import assemble
from mmm.data.sources.source import Recipe
from mmm.errors import DataError
from mmm.services.base import Kit, Service, requires
from mmm.services.datasets import Datasets
from mmm.services.discreet import (
    alone,
    assembled,
    cells_of,
    discreet,
    dropped,
    hushed,
    refuse_needed,
    with_pseudonyms,
    without,
)
from mmm.services.lineage import Origin, Privacy, SourceFile
from mmm.services.reading import Draft, Reading, Upload, consider, consider_appended, of_their_files, waiting, why_not
from mmm.services.reuse import Past, arranged, carried_on, read_past
from mmm.services.versions import DatasetVersionInfo, How, find_dataset
from mmm.store.audit import FAILED
from mmm.store.tables import new_id


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
        """Read one file; as `read_files`."""
        return self.read_files(actor, (Upload(name, content, sheet),), dataset_id=dataset_id)

    @requires(Permission.UPLOAD_DATA)
    def read_files(
        self,
        actor: Actor,
        uploads: Sequence[Upload],
        *,
        dataset_id: str | None = None,
        recipe: Recipe | None = None,
    ) -> Reading:
        """Read uploaded files; what was tried is written to the audit table, readable or not.

        Args:
            actor: who uploads.
            uploads: the files that together make one table.
            dataset_id: the data set to continue; its newest recipe and mapping are taken over where they fit.
            recipe: how the files become one table; by default that of the version before, or as recognised.

        Raises:
            DataError: a file is no table; the message is meant for the person who uploaded it.
            NotFoundError: there is no such data set in this workspace.
        """
        past = None if dataset_id is None else self._past(actor, dataset_id)
        files = tuple(self._table(actor, upload) for upload in uploads)
        if recipe is None and past is not None and past.origin.recipe is not None:
            recipe = arranged(past.origin.recipe, files)
        reading = _assembled(
            Reading(
                id=new_id(),
                files=files,
                contents=tuple(upload.content for upload in uploads),
                assembly=assemble(files, recipe),
                guess=NOTHING,
                personal={column: kind for file in files for column, kind in personal_columns(file).items()},
                dataset_id=dataset_id,
                past=past,
            )
        )
        for upload, file in zip(uploads, files, strict=True):
            details = {
                **_named(upload),
                "source_sha256": file.sha256,
                "sheet": file.dialect.sheet,
                "rows": len(file.frame),
                "columns": len(file.columns),
            }
            self._note(actor, "upload", details)
        return reading

    @requires(Permission.UPLOAD_DATA)
    def reassemble(self, actor: Actor, reading: Reading, recipe: Recipe) -> Reading:  # noqa: ARG002 - every service method knows who asks
        """The same upload under another recipe: rules, week starts, zones or currencies were edited.

        Raises:
            DataError: the recipe names a time zone that does not exist.
        """
        return _assembled(replace(reading, assembly=assemble(reading.files, recipe)))

    @requires(Permission.UPLOAD_DATA)
    def draft(
        self,
        actor: Actor,  # noqa: ARG002 - every service method knows who asks
        reading: Reading,
        mapping: Mapping,
        answers: MappingType[str, str],
        *,
        how: How = "replace",
    ) -> Draft:
        """What would be stored if `mapping` and `answers` (question code to option) were confirmed now.

        Args:
            actor: who asks.
            reading: the files as read; columns that look personal and are not mapped count as left out.
            mapping: what each column of `reading.raw` is.
            answers: "overlap" (new or old) among them, where an appended file differs in periods stored before.
            how: "append" puts the rows behind those of `reading.parent`.
        """
        outside = frozenset(reading.personal) - {column for column, _ in mapping.used_columns}
        draft = _drafted(reading, mapping, answers, how, outside, which_kpi=_which_kpi(reading, mapping))
        return replace(draft, findings=discreet(draft.findings, cells_of(reading.files, reading.personal)))

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
        pseudonyms: Sequence[str] = (),
        how: How = "replace",
        answers: MappingType[str, str] | None = None,
    ) -> Stored:
        """Store a confirmed upload once, however often asked: as a new data set, or as a version of `dataset_id`.

        The same files under the same recipe and mapping as the newest version are not stored again.

        Args:
            actor: who confirms.
            reading: the files as read.
            mapping: with every answer in it.
            name: of the new data set; not looked at for a further version.
            dataset_id: the data set to continue.
            leave_out: columns of any file that are stored nowhere, such as personal data.
            pseudonyms: columns whose cells are stored as keyed hashes, equal for equal cells across versions.
            how: "append" puts the rows behind those of the version before; "replace" takes its place.
            answers: to questions that have no place in the mapping ("overlap").

        Raises:
            DataError: the mapping gives no panel, a question is open, or a column the model needs is to be left out;
                the message lists why.
            ConflictError: another data set has the name, or somebody added a version since the file was read.
            SpecError: the name is empty or too long.
            NotFoundError: there is no such data set in this workspace.
        """
        reading = self._continuing(actor, reading, dataset_id)
        refuse_needed(mapping, reading.assembly.recipe.sources, leave_out, pseudonyms)
        hidden = cells_of(reading.files, {*leave_out, *pseudonyms})
        private = self._private(actor, reading, leave_out, pseudonyms)
        draft = _drafted(private, mapping, answers or {}, how, frozenset(leave_out), checked=False)
        if not draft.ready:
            raise DataError(hushed(why_not(draft), hidden))
        draft = replace(draft, findings=discreet(draft.findings, hidden))
        origin = _origin(reading, draft, leave_out, pseudonyms, how)
        same = self._same(actor, reading, draft, origin, name)
        if same is not None:
            return Stored(same, already=True)
        return Stored(self._save(actor, private, draft, origin, name, leave_out), already=False)

    def _save(
        self, actor: Actor, private: Reading, draft: Draft, origin: Origin, name: str, leave_out: Sequence[str]
    ) -> DatasetVersionInfo:
        if draft.result.panel is None or draft.table is None:
            raise DataError(why_not(draft))
        files = without(private.files, leave_out)
        as_it_is = len(files) == 1 and draft.table.frame.equals(files[0].frame)
        fates = [privacy.fate for privacy in origin.privacy.values()]
        return self._datasets.save(
            actor,
            name=name,
            origin=origin,
            mapping=draft.mapping,
            findings=draft.findings,
            panel=draft.result.panel,
            as_read=[file.frame for file in files],
            table=None if as_it_is else draft.table.frame,
            dataset_id=private.dataset_id,
            version_id=private.id,
            after=None if private.past is None else private.past.info.id,
            confirmed={
                "source_sha256": origin.sha256,
                "channels": len(draft.mapping.channels),
                "controls": len(draft.mapping.controls),
                "left_out": fates.count("left out"),
                "pseudonyms": fates.count("pseudonym"),
                "overlap_changes": origin.overlap_changes,
            },
        )

    def _past(self, actor: Actor, dataset_id: str) -> Past | None:
        with self._work(read_only=True) as uow:
            find_dataset(uow, actor, dataset_id)
            return read_past(uow, actor.workspace_id, dataset_id)

    def _continuing(self, actor: Actor, reading: Reading, dataset_id: str | None) -> Reading:
        """The upload for the data set it is stored in, which may be another than it was read for."""
        if dataset_id == reading.dataset_id:
            return reading
        past = None if dataset_id is None else self._past(actor, dataset_id)
        return replace(reading, dataset_id=dataset_id, past=past)

    def _private(self, actor: Actor, reading: Reading, leave_out: Sequence[str], pseudonyms: Sequence[str]) -> Reading:
        """The upload with pseudonyms in its files, and with a table in which nothing of the columns left out is."""
        if not leave_out and not pseudonyms:
            return reading
        whole = alone(reading.assembly)
        if whole is None:
            files = self._pseudonymous(actor, reading.files, pseudonyms)
            return replace(reading, files=files, assembly=assembled(files, reading.assembly, leave_out))
        made = self._pseudonymous(actor, (*reading.files, dropped(whole, leave_out)), pseudonyms)
        return replace(reading, files=made[:-1], assembly=replace(reading.assembly, table=made[-1]))

    def _pseudonymous(self, actor: Actor, tables: tuple[RawTable, ...], columns: Sequence[str]) -> tuple[RawTable, ...]:
        if not columns:
            return tables
        with self._work() as uow:  # the first pseudonym of a workspace makes its key
            made = with_pseudonyms(tables, columns, lambda texts: uow.vault.pseudonyms(actor.workspace_id, texts))
            uow.commit()
        return made

    def _same(
        self, actor: Actor, reading: Reading, draft: Draft, origin: Origin, name: str
    ) -> DatasetVersionInfo | None:
        """The newest version of the target, if it is this upload or was made of these files in this way."""
        found = self._datasets.list(actor)
        meant = reading.dataset_id
        target = next((d for d in found if d.id == meant or (meant is None and d.name == name.strip())), None)
        if target is None:
            return None
        latest = target.latest
        if latest.id == reading.id:
            return latest
        if latest.source_sha256 != origin.sha256:
            return None
        made = self._datasets.lineage(actor, latest.id)
        alike = (
            made.mapping == draft.mapping
            and made.recipe in (None, origin.recipe)
            and (not made.privacy or made.privacy == origin.privacy)
        )
        if draft.how == "append":
            return latest if alike and not draft.added and not draft.overlap else None
        return latest if alike and made.how != "append" else None

    def _table(self, actor: Actor, upload: Upload) -> RawTable:
        try:
            return read_table(upload.name, upload.content, sheet=upload.sheet)
        except DataError as problem:
            told = masked(re.sub("“[^”]*”", "“…”", str(problem)))  # nobody knows yet which cells are personal
            self._note(actor, "upload", {**_named(upload), "problem": told}, FAILED)
            raise

    def _note(self, actor: Actor, action: str, details: dict[str, object], outcome: str = "ok") -> None:
        with self._work() as uow:
            uow.audit.record(actor, action, "file", outcome=outcome, details=details, at=self._now())
            uow.commit()


NOTHING = Mapping(date="", kpi="")  # what the columns mean while there is no table


def _named(upload: Upload) -> dict[str, object]:
    return {"file": upload.name[-200:], "bytes": len(upload.content)}


def _assembled(reading: Reading) -> Reading:
    """The reading with what follows from its table: the mapping to confirm, and how it compares with the parent."""
    raw, past = reading.raw, reading.past
    if raw is None:
        return replace(reading, guess=NOTHING, suggested=None, changes=())
    if past is None:
        return replace(reading, guess=_told(guess(raw), reading.assembly.recipe))
    bare = dropped(raw, reading.personal)
    known = _told(carried_on(past.mapping, past.table.columns, raw), reading.assembly.recipe)
    return replace(
        reading,
        guess=known,
        suggested=_suggested(past, bare, known),
        changes=schema_changes(past.schema, bare, past.mapping),
    )


def _told(mapping: Mapping, recipe: Recipe) -> Mapping:
    """The mapping with what the recipe knows already: the currency of its amounts, and which column is the KPI."""
    if recipe.currency is not None:
        mapping = replace(mapping, currency=recipe.currency)
    return with_kpi(mapping, recipe.kpi) if recipe.kpi not in (None, mapping.kpi) else mapping


def _suggested(past: Past, raw: RawTable, mapping: Mapping) -> Literal["append", "replace", "same"]:
    try:
        return continues(past.table, raw, mapping)
    except DataError:  # the tables have no dates in common to compare
        return "replace"


def _drafted(
    reading: Reading,
    mapping: Mapping,
    answers: MappingType[str, str],
    how: How,
    outside: frozenset[str],
    *,
    checked: bool = True,
    which_kpi: Question | None = None,
) -> Draft:
    """What would be stored of a reading without the columns `outside`."""
    if reading.raw is None:
        return replace(waiting(reading.assembly, mapping), how=how)
    raw = dropped(reading.raw, outside)
    if how == "append":
        if reading.past is None:
            raise DataError("There is no version to append these rows to. Choose the data set that they continue.")
        draft = consider_appended(reading.past, raw, mapping, answers, checked=checked)
    else:
        draft = consider(raw, mapping, answers, checked=checked, which_kpi=which_kpi)
    noticed = (*reading.assembly.findings, *hints(reading.raw, draft.mapping), *draft.findings)
    return replace(draft, findings=of_their_files(reading.files, dict.fromkeys(noticed)), how=how)


def _which_kpi(reading: Reading, mapping: Mapping) -> Question | None:
    """Which of several counts of sales is the KPI; not asked where the version before or the files' recipe says it."""
    if reading.raw is None or reading.past is not None or reading.assembly.recipe.kpi is not None:
        return None
    return kpi_question(reading.raw, replace(mapping, kpi=reading.guess.kpi))


def _origin(reading: Reading, draft: Draft, leave_out: Sequence[str], pseudonyms: Sequence[str], how: How) -> Origin:
    recipe, table = reading.assembly.recipe, draft.table
    sources = tuple(
        SourceFile(
            name=file.name,
            sha256=file.sha256,
            bytes=len(content),
            rows=len(file.frame),
            columns=file.columns,
            platform=source.platform,
            sheet=file.dialect.sheet,
        )
        for file, content, source in zip(reading.files, reading.contents, recipe.sources, strict=True)
    )
    kind = reading.personal.get
    privacy = {column: Privacy("kept", kind(column)) for file in reading.files for column in file.columns}
    privacy |= {column: Privacy("pseudonym", kind(column)) for column in pseudonyms}
    privacy |= {column: Privacy("left out", kind(column)) for column in leave_out}
    return Origin(
        sources,
        recipe,
        how,
        privacy,
        len(draft.overlap),
        {} if table is None else describe(table, draft.mapping.date, draft.mapping.date_order),
        "." if table is None else table.dialect.decimal,
        None if table is None else table.dialect.date_order,
    )
