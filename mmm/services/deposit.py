"""What a version is stored as: its name, its sealed parts, its summary, and what stands in its way."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from mmm.access import Actor
from mmm.data.findings import Finding
from mmm.data.mapping import Mapping
from mmm.data.panel import Panel
from mmm.errors import ConflictError, SpecError
from mmm.services.lineage import Origin, SourceFile
from mmm.services.versions import GONE, find_dataset
from mmm.store.tables import DatasetRow, DatasetVersionRow
from mmm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    import pandas as pd


def named(name: str) -> str:
    """A data set's name without space around it.

    Raises:
        SpecError: it is empty or too long.
    """
    name = name.strip()
    if not name or len(name) > 200:
        raise SpecError("A dataset needs a name of 1 to 200 characters.")
    return name


def one_file(name: str, content: bytes, table: pd.DataFrame) -> Origin:
    """The origin of a single file that is used as it is."""
    columns = tuple(str(column) for column in table.columns)
    return Origin((SourceFile(name, hashlib.sha256(content).hexdigest(), len(content), len(table), columns),))


def dataset_for(
    uow: UnitOfWork, actor: Actor, name: str, dataset_id: str | None, *, is_sample: bool, now: datetime
) -> DatasetRow:
    """The data set to continue, or a new one.

    Raises:
        SpecError: the name is empty or too long.
        ConflictError: another data set has the name.
        NotFoundError: there is no such data set in this workspace.
    """
    if dataset_id is not None:
        return find_dataset(uow, actor, dataset_id)
    name = named(name)
    if uow.datasets.by_name(actor.workspace_id, name) is not None:
        raise ConflictError(f"There is a dataset “{name}” already; add a version to it, or choose another name.")
    row = DatasetRow(workspace_id=actor.workspace_id, name=name, is_sample=is_sample, archived=False, created_at=now)
    return uow.datasets.add(row)


class Blobs(TypedDict):
    """The sealed parts of a version, as `mmm.store.datasets.Datasets.add_version` takes them."""

    panel: bytes
    as_read: bytes
    findings: bytes
    mapping: bytes
    lineage: bytes | None
    table: bytes | None


def version_row(
    actor: Actor,
    dataset: DatasetRow,
    parent: DatasetVersionRow | None,
    origin: Origin,
    summary: dict[str, Any],
    *,
    version_id: str,
    now: datetime,
) -> DatasetVersionRow:
    """What is stored of a version without being sealed."""
    return DatasetVersionRow(
        id=version_id,
        workspace_id=actor.workspace_id,
        dataset_id=dataset.id,
        parent_id=parent.id if parent else None,
        source_name=origin.name[-300:],
        source_sha256=origin.sha256,
        source_bytes=origin.size,
        summary=summary,
        created_by=actor.user_id,
        created_at=now,
    )


def blobs_of(
    panel: Panel,
    as_read: Sequence[pd.DataFrame],
    findings: Sequence[Finding],
    mapping: Mapping,
    origin: Origin,
    table: pd.DataFrame | None,
) -> Blobs:
    """What is sealed, by column."""
    from mmm.data.parquet import panel_to_parquet
    from mmm.services.as_read import table_to_parquet, tables_to_bytes

    return {
        "panel": panel_to_parquet(panel),
        "as_read": tables_to_bytes(as_read),
        "findings": json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False).encode(),
        "mapping": mapping.to_json().encode(),
        "lineage": origin.to_json().encode(),
        "table": None if table is None else table_to_parquet(table),
    }


def refuse_overtaken(latest: DatasetVersionRow | None, seen: str | None, names: dict[str, str]) -> None:
    """Refuse an upload that was read before somebody else added a version.

    Raises:
        ConflictError: the newest version is another than the one `seen`.
    """
    if latest is not None and seen is not None and latest.id != seen:
        who = names.get(latest.created_by, GONE)
        raise ConflictError(
            f"{who} added version {latest.number} since you uploaded this file. Nothing was stored; "
            "compare with that version, then upload the file again if it is still needed."
        )


def summary_of(panel: Panel, findings: Sequence[Finding]) -> dict[str, Any]:
    """Counts and dates of a panel that are no business secret."""
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
