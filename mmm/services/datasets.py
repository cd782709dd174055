"""Datasets: saving an upload as an immutable, encrypted version, and reading it back."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mmm.access import Actor, Permission
from mmm.data.findings import Finding, Severity
from mmm.data.mapping import Mapping
from mmm.data.panel import Panel
from mmm.errors import ConflictError, NotFoundError, SpecError
from mmm.services.base import Kit, Service, requires
from mmm.services.cache import Recent
from mmm.store.tables import DatasetRow, DatasetVersionRow, new_id
from mmm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    import pandas as pd

KEPT_PANELS = 8  # a panel of 20 markets and 156 weeks takes about a megabyte


@dataclass(frozen=True)
class DatasetVersionInfo:
    """One immutable version; `summary` holds counts and dates that are no business secret.

    Attributes:
        number: 1 for the first version of the dataset.
        source_sha256: of the uploaded file, whose bytes are not kept.
        summary: frequency, first and last period, and the numbers of periods, markets, channels, controls, filled and
            left-out cells, and findings by severity.
        created_by: display name.
    """

    id: str
    dataset_id: str
    parent_id: str | None
    number: int
    source_name: str
    source_sha256: str
    source_bytes: int
    summary: dict[str, Any]
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class DatasetInfo:
    """A dataset with its newest version.

    Attributes:
        champion_id: id of the published model version, or None.
        is_sample: simulated data that must be labelled sample wherever it shows.
    """

    id: str
    name: str
    is_sample: bool
    archived: bool
    champion_id: str | None
    latest: DatasetVersionInfo
    created_at: datetime


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
        raw_content: bytes,
        source_name: str,
        mapping: Mapping,
        findings: Sequence[Finding],
        panel: Panel,
        as_read: pd.DataFrame,
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
            raw_content: the file's bytes, of which only the hash is kept.
            source_name: the file's name.
            mapping: what each column is.
            findings: what the importer noticed.
            panel: the checked data.
            as_read: the table as read, without personal columns.
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
        blobs = _blobs(panel, as_read, findings, mapping)
        with self._work() as uow:
            now = self._now()
            stored = None if version_id is None else uow.datasets.version(actor.workspace_id, version_id)
            if stored is not None:
                return _version_info(stored, uow.users.display_names(actor.workspace_id))
            dataset = _dataset_for(uow, actor, name, dataset_id, is_sample=is_sample, now=now)
            parent = uow.datasets.latest(dataset.id)
            names = uow.users.display_names(actor.workspace_id)
            _refuse_overtaken(parent, after, names)
            row = DatasetVersionRow(
                id=version_id or new_id(),
                workspace_id=actor.workspace_id,
                dataset_id=dataset.id,
                parent_id=parent.id if parent else None,
                source_name=source_name[-300:],
                source_sha256=hashlib.sha256(raw_content).hexdigest(),
                source_bytes=len(raw_content),
                summary=_summary(panel, findings),
                created_by=actor.user_id,
                created_at=now,
            )
            uow.datasets.add_version(row, **blobs)
            details = {
                "dataset": dataset.name,
                "number": row.number,
                "source_sha256": row.source_sha256,
                "mapping_sha256": hashlib.sha256(blobs["mapping"]).hexdigest(),
            }
            if confirmed is not None:
                uow.audit.record(actor, "confirm_mapping", "dataset_version", row.id, details=confirmed, at=now)
            uow.audit.record(actor, "save_dataset", "dataset_version", row.id, details=details, at=now)
            info = _version_info(row, names)
            uow.commit()
        return info

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def list(self, actor: Actor, *, archived: bool = False) -> tuple[DatasetInfo, ...]:
        """Datasets of the workspace, newest first."""
        with self._work(read_only=True) as uow:
            names = uow.users.display_names(actor.workspace_id)
            rows = uow.datasets.all(actor.workspace_id, archived=archived)
            return tuple(_info(uow, row, names) for row in rows)

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def get(self, actor: Actor, dataset_id: str) -> DatasetInfo:
        """One dataset.

        Raises:
            NotFoundError: there is no such dataset in this workspace.
        """
        with self._work(read_only=True) as uow:
            row = find_dataset(uow, actor, dataset_id)
            return _info(uow, row, uow.users.display_names(actor.workspace_id))

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def versions(self, actor: Actor, dataset_id: str) -> tuple[DatasetVersionInfo, ...]:
        """Versions of a dataset, newest first."""
        with self._work(read_only=True) as uow:
            find_dataset(uow, actor, dataset_id)
            names = uow.users.display_names(actor.workspace_id)
            rows = uow.datasets.versions(actor.workspace_id, dataset_id)
            return tuple(_version_info(row, names) for row in rows)

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def version(self, actor: Actor, version_id: str) -> DatasetVersionInfo:
        """One version.

        Raises:
            NotFoundError: there is no such version in this workspace.
        """
        with self._work(read_only=True) as uow:
            names = uow.users.display_names(actor.workspace_id)
            return _version_info(find_version(uow, actor, version_id), names)

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def panel(self, actor: Actor, version_id: str) -> Panel:
        """The panel of a version; the last few asked for stay in memory."""
        with self._work(read_only=True) as uow:
            row = find_version(uow, actor, version_id)
            return self._panels.get(row.id, lambda: read_panel(uow, row))

    @requires(Permission.SEE_DATA)
    def as_read(self, actor: Actor, version_id: str) -> pd.DataFrame:
        """The table of a version as it was read, every cell as text."""
        from mmm.services.as_read import table_from_parquet

        with self._work(read_only=True) as uow:
            return table_from_parquet(uow.datasets.as_read(find_version(uow, actor, version_id)))

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


def find_dataset(uow: UnitOfWork, actor: Actor, dataset_id: str) -> DatasetRow:
    """The dataset, if it is in the actor's workspace.

    Raises:
        NotFoundError: it is not.
    """
    row = uow.datasets.get(actor.workspace_id, dataset_id)
    if row is None:
        raise NotFoundError("There is no such dataset in this workspace; it may have been opened from an old link.")
    return row


def find_version(uow: UnitOfWork, actor: Actor, version_id: str) -> DatasetVersionRow:
    """The dataset version, if it is in the actor's workspace.

    Raises:
        NotFoundError: it is not.
    """
    row = uow.datasets.version(actor.workspace_id, version_id)
    if row is None:
        raise NotFoundError("There is no such version of the data in this workspace.")
    return row


def read_panel(uow: UnitOfWork, row: DatasetVersionRow) -> Panel:
    """The panel of a version, opened and decoded."""
    from mmm.data.parquet import panel_from_parquet

    return panel_from_parquet(uow.datasets.panel(row))


def champion_id(uow: UnitOfWork, workspace_id: str, dataset_id: str) -> str | None:
    """The published model version of a dataset."""
    history = uow.models.publications(workspace_id, dataset_id)
    return history[-1].model_version_id if history else None


def _dataset_for(
    uow: UnitOfWork, actor: Actor, name: str, dataset_id: str | None, *, is_sample: bool, now: datetime
) -> DatasetRow:
    if dataset_id is not None:
        return find_dataset(uow, actor, dataset_id)
    name = name.strip()
    if not name or len(name) > 200:
        raise SpecError("A dataset needs a name of 1 to 200 characters.")
    if uow.datasets.by_name(actor.workspace_id, name) is not None:
        raise ConflictError(f"There is a dataset “{name}” already; add a version to it, or choose another name.")
    row = DatasetRow(workspace_id=actor.workspace_id, name=name, is_sample=is_sample, archived=False, created_at=now)
    return uow.datasets.add(row)


def _blobs(panel: Panel, as_read: pd.DataFrame, findings: Sequence[Finding], mapping: Mapping) -> dict[str, bytes]:
    """What is sealed, by column."""
    from mmm.data.parquet import panel_to_parquet
    from mmm.services.as_read import table_to_parquet

    return {
        "panel": panel_to_parquet(panel),
        "as_read": table_to_parquet(as_read),
        "findings": json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False).encode(),
        "mapping": mapping.to_json().encode(),
    }


def _refuse_overtaken(latest: DatasetVersionRow | None, seen: str | None, names: dict[str, str]) -> None:
    if latest is not None and seen is not None and latest.id != seen:
        who = names.get(latest.created_by, "somebody who has left")
        raise ConflictError(
            f"{who} added version {latest.number} since you uploaded this file. Nothing was stored; "
            "compare with that version, then upload the file again if it is still needed."
        )


def _summary(panel: Panel, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "frequency": panel.labels.frequency.value,
        "first": str(panel.periods[0]),
        "last": str(panel.periods[-1]),
        "periods": panel.n_periods,
        "markets": len(panel.labels.markets),
        "channels": len(panel.labels.channels),
        "controls": len(panel.labels.controls),
        "filled": int(panel.filled.sum()),
        "left_out": int((~panel.observed & ~panel.filled).sum()),
        "findings": dict(Counter(finding.severity.value for finding in findings)),
    }


def _info(uow: UnitOfWork, row: DatasetRow, names: dict[str, str]) -> DatasetInfo:
    latest = uow.datasets.latest(row.id)
    if latest is None:  # a dataset and its first version are written together
        raise NotFoundError(f"The dataset “{row.name}” has no version.")
    return DatasetInfo(
        id=row.id,
        name=row.name,
        is_sample=row.is_sample,
        archived=row.archived,
        champion_id=champion_id(uow, row.workspace_id, row.id),
        latest=_version_info(latest, names),
        created_at=row.created_at,
    )


def _version_info(row: DatasetVersionRow, names: dict[str, str]) -> DatasetVersionInfo:
    return DatasetVersionInfo(
        id=row.id,
        dataset_id=row.dataset_id,
        parent_id=row.parent_id,
        number=row.number,
        source_name=row.source_name,
        source_sha256=row.source_sha256,
        source_bytes=row.source_bytes,
        summary=row.summary,
        created_by=names.get(row.created_by, "somebody who has left"),
        created_at=row.created_at,
    )
