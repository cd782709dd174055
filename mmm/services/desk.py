"""The desk where uploads arrive: reading files, agreeing on what they mean, storing them once."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from mmm.access import Actor, Permission
from mmm.data.guess import guess
from mmm.data.mapping import Mapping
from mmm.data.personal import personal_columns
from mmm.data.read import RawTable, read_table
from mmm.data.sources.assemble import Assembly, assemble
from mmm.data.sources.source import Recipe
from mmm.errors import DataError
from mmm.services.base import Kit, Service, requires
from mmm.services.datasets import Datasets
from mmm.services.lineage import Origin, Privacy, SourceFile
from mmm.services.reading import Draft, Reading, Upload, consider, fits, waiting, why_not
from mmm.services.versions import DatasetVersionInfo, How
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
            dataset_id: the data set to continue; its newest recipe and mapping are the guess where the columns fit.
            recipe: how the files become one table; by default recognised, or that of the version before.

        Raises:
            DataError: a file is no table, or the recipe does not fit; the message is meant for the person who
                uploaded them.
            NotFoundError: there is no such data set in this workspace.
        """
        parent = self._datasets.get(actor, dataset_id).latest if dataset_id is not None else None
        tables = tuple(self._table(actor, upload) for upload in uploads)
        assembly = assemble(tables, recipe)
        for upload, table in zip(uploads, tables, strict=True):
            details = {
                "file": upload.name[-200:],
                "bytes": len(upload.content),
                "source_sha256": table.sha256,
                "sheet": table.dialect.sheet,
                "rows": len(table.frame),
                "columns": len(table.columns),
            }
            self._note(actor, "upload", details)
        return Reading(
            id=new_id(),
            files=tables,
            contents=tuple(upload.content for upload in uploads),
            assembly=assembly,
            guess=self._guess(actor, assembly, parent),
            personal={column: kind for table in tables for column, kind in personal_columns(table).items()},
            dataset_id=dataset_id,
            parent=parent,
        )

    @requires(Permission.UPLOAD_DATA)
    def reassemble(self, actor: Actor, reading: Reading, recipe: Recipe) -> Reading:
        """The same upload under another recipe: rules, week starts, zones or currencies were edited.

        Raises:
            DataError: the recipe does not fit the files.
        """
        assembly = assemble(reading.files, recipe)
        return replace(reading, assembly=assembly, guess=self._guess(actor, assembly, reading.parent))

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
        """What would be stored if `mapping` and `answers` (question code to option) were confirmed now."""
        if reading.raw is None:
            return replace(waiting(reading.assembly, mapping), how=how)
        return replace(consider(reading.raw, mapping, answers), how=how)

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
            leave_out: columns that are not stored even as read, such as personal data.
            pseudonyms: columns whose cells are stored as keyed hashes.
            how: whether the files follow on the version before or take its place.
            answers: to questions that have no place in the mapping.

        Raises:
            DataError: the mapping gives no panel; the message lists why.
            ConflictError: another data set has the name, or somebody added a version since the file was read.
            SpecError: the name is empty or too long.
            NotFoundError: there is no such data set in this workspace.
        """
        if pseudonyms:
            raise DataError("Columns cannot be stored as pseudonyms yet; leave them out.")
        draft = self.draft(actor, reading, mapping, answers or {}, how=how)
        if reading.raw is None or draft.result.panel is None or draft.refusals:
            raise DataError(why_not(draft))
        origin = _origin(reading, leave_out, how)
        same = self._same(actor, reading, origin, draft.mapping, name, dataset_id)
        if same is not None:
            return Stored(same, already=True)
        version = self._datasets.save(
            actor,
            name=name,
            origin=origin,
            mapping=draft.mapping,
            findings=draft.findings,
            panel=draft.result.panel,
            as_read=[_kept(file, leave_out) for file in reading.files],
            dataset_id=dataset_id,
            version_id=reading.id,
            after=self._seen(reading, dataset_id),
            confirmed={
                "source_sha256": origin.sha256,
                "channels": len(draft.mapping.channels),
                "controls": len(draft.mapping.controls),
                "left_out": sum(privacy.fate == "left out" for privacy in origin.privacy.values()),
            },
        )
        return Stored(version, already=False)

    def _same(
        self,
        actor: Actor,
        reading: Reading,
        origin: Origin,
        mapping: Mapping,
        name: str,
        dataset_id: str | None,
    ) -> DatasetVersionInfo | None:
        """The newest version of the target, if it is this upload or was made of these files in this way."""
        found = self._datasets.list(actor)
        target = next((d for d in found if d.id == dataset_id or (dataset_id is None and d.name == name.strip())), None)
        if target is None:
            return None
        latest = target.latest
        if latest.id == reading.id:
            return latest
        if latest.source_sha256 != origin.sha256:
            return None
        made = self._datasets.lineage(actor, latest.id)
        alike = made.mapping == mapping and made.recipe in (None, origin.recipe)
        return latest if alike else None

    def _table(self, actor: Actor, upload: Upload) -> RawTable:
        try:
            return read_table(upload.name, upload.content, sheet=upload.sheet)
        except DataError as problem:
            details: dict[str, object] = {"file": upload.name[-200:], "bytes": len(upload.content)}
            self._note(actor, "upload", {**details, "problem": str(problem)}, FAILED)
            raise

    def _guess(self, actor: Actor, assembly: Assembly, parent: DatasetVersionInfo | None) -> Mapping:
        if assembly.table is None:
            return Mapping(date="", kpi="")
        known = None if parent is None else self._datasets.mapping(actor, parent.id)
        return known if known is not None and fits(known, assembly.table) else guess(assembly.table)

    def _seen(self, reading: Reading, dataset_id: str | None) -> str | None:
        """The version that was the newest of `dataset_id` when the file was read; None where nobody looked."""
        return reading.parent.id if reading.parent is not None and reading.dataset_id == dataset_id else None

    def _note(self, actor: Actor, action: str, details: dict[str, object], outcome: str = "ok") -> None:
        with self._work() as uow:
            uow.audit.record(actor, action, "file", outcome=outcome, details=details, at=self._now())
            uow.commit()


def _kept(file: RawTable, leave_out: Sequence[str]) -> pd.DataFrame:
    """The table of a file without the columns that are left out."""
    return file.frame[[column for column in file.frame.columns if column not in set(leave_out)]]


def _origin(reading: Reading, leave_out: Sequence[str], how: How) -> Origin:
    known = reading.assembly.recipe.sources
    sources = tuple(
        SourceFile(
            name=file.name,
            sha256=file.sha256,
            bytes=len(content),
            rows=len(file.frame),
            columns=file.columns,
            platform=known[place].platform if place < len(known) else None,
            sheet=file.dialect.sheet,
        )
        for place, (file, content) in enumerate(zip(reading.files, reading.contents, strict=True))
    )
    gone = set(leave_out)
    privacy = {
        column: Privacy("left out" if column in gone else "kept", reading.personal.get(column))
        for file in reading.files
        for column in file.columns
    }
    return Origin(sources, reading.assembly.recipe, how, privacy)
