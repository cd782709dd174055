"""Datasets: saving an upload as an immutable, encrypted version, and reading it back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from mmm.access import Actor, Permission
from mmm.data.findings import Finding, Severity
from mmm.data.mapping import Mapping
from mmm.data.panel import Panel
from mmm.data.sources.source import Recipe
from mmm.errors import NotFoundError, SpecError
from mmm.services.base import Kit, Service, requires
from mmm.services.cache import Recent
from mmm.services.deposit import blobs_of, dataset_for, named, one_file, refuse_overtaken, summary_of, version_row
from mmm.services.downloads import as_csv, as_workbook, panel_table
from mmm.services.lineage import Lineage, Origin, stored_origin
from mmm.services.versions import (
    DatasetInfo,
    DatasetVersionInfo,
    dataset_info,
    find_dataset,
    find_version,
    read_panel,
    version_info,
)
from mmm.store.tables import new_id

if TYPE_CHECKING:
    import pandas as pd

    from mmm.data.diff import PanelDiff

__all__ = ["DatasetInfo", "DatasetVersionInfo", "Datasets"]

KEPT_PANELS = 8  # a panel of 20 markets and 156 weeks takes about a megabyte


class Datasets(Service):
    """Datasets of the actor's workspace."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._panels: Recent[Panel] = Recent(KEPT_PANELS)

    @requires(Permission.UPLOAD_DATA)
    def save(
        self,
        actor: Actor,
        *,
        name: str,
        mapping: Mapping,
        findings: Sequence[Finding],
        panel: Panel,
        as_read: pd.DataFrame | Sequence[pd.DataFrame],
        table: pd.DataFrame | None = None,
        origin: Origin | None = None,
        raw_content: bytes = b"",
        source_name: str = "",
        dataset_id: str | None = None,
        is_sample: bool = False,
        version_id: str | None = None,
        after: str | None = None,
        confirmed: MappingType[str, object] | None = None,
    ) -> DatasetVersionInfo:
        """Store an upload as a new dataset, or as the next version of `dataset_id`; all of it or nothing.

        Args:
            actor: who uploads.
            name: of the new dataset; not looked at for a further version.
            mapping: what each column is.
            findings: what the importer noticed.
            panel: the checked data.
            as_read: the table of each file as read, without personal columns.
            table: the table that the panel was made from, where it is not the one file's as read.
            origin: where the tables came from; by default one file of `source_name` with `raw_content`.
            raw_content: the file's bytes, of which only the hash is kept.
            source_name: the file's name.
            dataset_id: the dataset this is the next version of.
            is_sample: simulated data, labelled so wherever it shows.
            version_id: key of the upload; a version that carries it already is returned as it is.
            after: the version that must still be the newest of `dataset_id`; None skips that check.
            confirmed: what a person agreed to at the desk, for the audit table.

        Raises:
            SpecError: the name is empty or too long.
            ConflictError: another dataset has this name, or somebody added a version after `after`.
            NotFoundError: there is no such dataset in this workspace.
        """
        import pandas as pd

        tables = [as_read] if isinstance(as_read, pd.DataFrame) else list(as_read)
        origin = origin or one_file(source_name, raw_content, tables[0])
        blobs = blobs_of(panel, tables, findings, mapping, origin, table)
        with self._work() as uow:
            now = self._now()
            stored = None if version_id is None else uow.datasets.version(actor.workspace_id, version_id)
            if stored is not None:
                return version_info(stored, uow.users.display_names(actor.workspace_id))
            dataset = dataset_for(uow, actor, name, dataset_id, is_sample=is_sample, now=now)
            parent = uow.datasets.latest(dataset.id)
            names = uow.users.display_names(actor.workspace_id)
            refuse_overtaken(parent, after, names)
            summary = summary_of(panel, findings)
            row = version_row(actor, dataset, parent, origin, summary, version_id=version_id or new_id(), now=now)
            uow.datasets.add_version(row, **blobs)
            details = {
                "dataset": dataset.name,
                "number": row.number,
                "how": origin.how,
                "files": len(origin.sources),
                "source_sha256": row.source_sha256,
                "mapping_sha256": hashlib.sha256(blobs["mapping"]).hexdigest(),
            }
            if confirmed is not None:
                uow.audit.record(actor, "confirm_mapping", "dataset_version", row.id, details=confirmed, at=now)
            uow.audit.record(actor, "save_dataset", "dataset_version", row.id, details=details, at=now)
            info = version_info(row, names)
            uow.commit()
        return info

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def list(self, actor: Actor, *, archived: bool = False) -> tuple[DatasetInfo, ...]:
        """Datasets of the workspace, newest first."""
        with self._work(read_only=True) as uow:
            names = uow.users.display_names(actor.workspace_id)
            rows = uow.datasets.all(actor.workspace_id, archived=archived)
            return tuple(dataset_info(uow, row, names) for row in rows)

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def get(self, actor: Actor, dataset_id: str) -> DatasetInfo:
        """One dataset.

        Raises:
            NotFoundError: there is no such dataset in this workspace.
        """
        with self._work(read_only=True) as uow:
            row = find_dataset(uow, actor, dataset_id)
            return dataset_info(uow, row, uow.users.display_names(actor.workspace_id))

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def versions(self, actor: Actor, dataset_id: str) -> tuple[DatasetVersionInfo, ...]:
        """Versions of a dataset, newest first."""
        with self._work(read_only=True) as uow:
            find_dataset(uow, actor, dataset_id)
            names = uow.users.display_names(actor.workspace_id)
            rows = uow.datasets.versions(actor.workspace_id, dataset_id)
            return tuple(version_info(row, names) for row in rows)

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def version(self, actor: Actor, version_id: str) -> DatasetVersionInfo:
        """One version.

        Raises:
            NotFoundError: there is no such version in this workspace.
        """
        with self._work(read_only=True) as uow:
            names = uow.users.display_names(actor.workspace_id)
            return version_info(find_version(uow, actor, version_id), names)

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def panel(self, actor: Actor, version_id: str) -> Panel:
        """The panel of a version; the last few asked for stay in memory."""
        with self._work(read_only=True) as uow:
            row = find_version(uow, actor, version_id)
            return self._panels.get(row.id, lambda: read_panel(uow, row))

    @requires(Permission.SEE_DATA)
    def as_read(self, actor: Actor, version_id: str, source: int = 0) -> pd.DataFrame:
        """The table of one of a version's files as it was read, every cell as text; `source` counts from 0.

        Raises:
            NotFoundError: the version has no such file.
        """
        tables = self.tables(actor, version_id)
        if not 0 <= source < len(tables):
            raise NotFoundError(f"This version was made of {len(tables)} files; there is no file {source + 1}.")
        return tables[source]

    @requires(Permission.SEE_DATA)
    def tables(self, actor: Actor, version_id: str) -> tuple[pd.DataFrame, ...]:
        """The tables of all of a version's files as they were read, in the order of its lineage's sources."""
        from mmm.services.as_read import tables_from_bytes

        with self._work(read_only=True) as uow:
            return tables_from_bytes(uow.datasets.as_read(find_version(uow, actor, version_id)))

    @requires(Permission.SEE_DATA)
    def lineage(self, actor: Actor, version_id: str) -> Lineage:
        """Where a version came from: files, recipe, mapping, repairs, the version before, who and when."""
        with self._work(read_only=True) as uow:
            row = find_version(uow, actor, version_id)
            names = uow.users.display_names(actor.workspace_id)
            before = None if row.parent_id is None else find_version(uow, actor, row.parent_id)
            info, parent = version_info(row, names), None if before is None else version_info(before, names)
            origin = stored_origin(uow, row)
        return Lineage(
            sources=origin.sources,
            recipe=origin.recipe,
            mapping=self.mapping(actor, version_id),
            repairs=tuple(f for f in self.findings(actor, version_id) if f.severity is Severity.REPAIR),
            parent=parent,
            how="new" if parent is None else origin.how,
            privacy=origin.privacy,
            overlap_changes=origin.overlap_changes,
            created_by=info.created_by,
            created_at=info.created_at,
        )

    @requires(Permission.SEE_DATA)
    def recipe(self, actor: Actor, version_id: str) -> Recipe | None:
        """How the files of a version became one table; None for a version stored before there were recipes."""
        return self.lineage(actor, version_id).recipe

    @requires(Permission.SEE_DATA)
    def diff(self, actor: Actor, old_version_id: str, new_version_id: str) -> PanelDiff:
        """What changed between two versions of one data set.

        Raises:
            SpecError: they are versions of two data sets.
            NotFoundError: there is no such version in this workspace.
        """
        from mmm.data.diff import diff_panels

        old, new = self.version(actor, old_version_id), self.version(actor, new_version_id)
        if old.dataset_id != new.dataset_id:
            raise SpecError("These are versions of two data sets; only versions of one can be compared.")
        return diff_panels(self.panel(actor, old.id), self.panel(actor, new.id))

    @requires(Permission.SEE_DATA, Permission.EXPORT, every=True)
    def download(
        self, actor: Actor, version_id: str, what: Literal["read", "cleaned"], fmt: Literal["csv", "xlsx"]
    ) -> bytes:
        """A version's data as a file that a spreadsheet opens without computing anything in it; audited.

        Args:
            actor: who takes it along.
            version_id: which version.
            what: the files as they were read, or one row a market and period as the panel holds it.
            fmt: CSV (of several files, a zip of CSVs), or a workbook with a sheet for each.
        """
        lineage = self.lineage(actor, version_id)
        if what == "read":
            names = [source.name for source in lineage.sources]
            tables = list(zip(names, self.tables(actor, version_id), strict=True))
        else:
            tables = [("cleaned", panel_table(self.panel(actor, version_id), lineage.mapping))]
        content = as_csv(tables) if fmt == "csv" else as_workbook(tables)
        with self._work() as uow:
            details = {"format": fmt, "what": what, "bytes": len(content)}
            uow.audit.record(actor, "export", "dataset_version", version_id, details=details, at=self._now())
            uow.commit()
        return content

    @requires(Permission.SEE_DATA)
    def findings(self, actor: Actor, version_id: str) -> tuple[Finding, ...]:
        """What the importer noticed in a version."""
        with self._work(read_only=True) as uow:
            stored = json.loads(uow.datasets.findings(find_version(uow, actor, version_id)))
        return tuple(Finding(**{**finding, "severity": Severity(finding["severity"])}) for finding in stored)

    @requires(Permission.SEE_DATA)
    def mapping(self, actor: Actor, version_id: str) -> Mapping:
        """What each column of a version was taken for: the first guess for the next upload."""
        with self._work(read_only=True) as uow:
            return Mapping.from_json(uow.datasets.mapping(find_version(uow, actor, version_id)))

    @requires(Permission.UPLOAD_DATA)
    def archive(self, actor: Actor, dataset_id: str, *, archived: bool = True) -> None:
        """Take a dataset out of the lists, or put it back; nothing is removed."""
        with self._work() as uow:
            row = find_dataset(uow, actor, dataset_id)
            row.archived = archived
            action = "archive_dataset" if archived else "unarchive_dataset"
            uow.audit.record(actor, action, "dataset", row.id, details={"dataset": row.name}, at=self._now())
            uow.commit()

    @requires(Permission.UPLOAD_DATA)
    def rename(self, actor: Actor, dataset_id: str, name: str) -> DatasetInfo:
        """Give a data set another name; its versions, models and plans stay with it.

        Raises:
            SpecError: the name is empty or too long.
            ConflictError: another data set has it.
            NotFoundError: there is no such data set in this workspace.
        """
        name = named(name)
        with self._work() as uow:
            row = find_dataset(uow, actor, dataset_id)
            details = {"before": row.name, "dataset": name}
            uow.datasets.rename(row, name)
            uow.audit.record(actor, "rename_dataset", "dataset", row.id, details=details, at=self._now())
            info = dataset_info(uow, row, uow.users.display_names(actor.workspace_id))
            uow.commit()
        return info
