"""Data sets and their versions as people see them, and how services find them in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from mmm.access import Actor
from mmm.data.panel import Panel
from mmm.errors import NotFoundError
from mmm.store.tables import DatasetRow, DatasetVersionRow
from mmm.store.unit_of_work import UnitOfWork

How = Literal["append", "replace"]  # what an upload does to the version before it

GONE = "somebody who has left"


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


def dataset_info(uow: UnitOfWork, row: DatasetRow, names: dict[str, str]) -> DatasetInfo:
    """A data set as people see it; `names` are display names by user id."""
    latest = uow.datasets.latest(row.id)
    if latest is None:  # a dataset and its first version are written together
        raise NotFoundError(f"The dataset “{row.name}” has no version.")
    return DatasetInfo(
        id=row.id,
        name=row.name,
        is_sample=row.is_sample,
        archived=row.archived,
        champion_id=champion_id(uow, row.workspace_id, row.id),
        latest=version_info(latest, names),
        created_at=row.created_at,
    )


def version_info(row: DatasetVersionRow, names: dict[str, str]) -> DatasetVersionInfo:
    """A version as people see it; `names` are display names by user id."""
    return DatasetVersionInfo(
        id=row.id,
        dataset_id=row.dataset_id,
        parent_id=row.parent_id,
        number=row.number,
        source_name=row.source_name,
        source_sha256=row.source_sha256,
        source_bytes=row.source_bytes,
        summary=row.summary,
        created_by=names.get(row.created_by, GONE),
        created_at=row.created_at,
    )
