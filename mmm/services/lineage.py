"""Where a version came from: its files, its recipe, what was left out or made a pseudonym."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as MappingType
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, Self

from mmm.data.cells import DecimalMark
from mmm.data.findings import Finding
from mmm.data.mapping import Mapping
from mmm.data.sources.source import Recipe
from mmm.errors import IntegrityError
from mmm.services.versions import DatasetVersionInfo, How
from mmm.store.tables import DatasetVersionRow
from mmm.store.unit_of_work import UnitOfWork

FORMAT_VERSION = 1

Fate = Literal["kept", "pseudonym", "left out"]


@dataclass(frozen=True)
class SourceFile:
    """One uploaded file; its bytes are not kept.

    Attributes:
        rows: of the table as read.
        columns: names of its columns, the ones left out included.
        platform: the recognised export, such as "google_ads", or None.
        sheet: of a workbook, or None.
    """

    name: str
    sha256: str
    bytes: int
    rows: int
    columns: tuple[str, ...]
    platform: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Privacy:
    """What became of one column.

    Attributes:
        kind: the kind of personal data it looks like, or None.
    """

    fate: Fate = "kept"
    kind: str | None = None


@dataclass(frozen=True)
class Origin:
    """What is stored about where a version came from; the rest of its lineage follows from the version itself.

    Attributes:
        sources: the files, in the recipe's order.
        recipe: how they became one table; None for a version stored before there were recipes.
        how: what they did to the version before.
        privacy: for each column of the files, what became of it.
        overlap_changes: cells of periods known before that came with another number, for "append".
        schema: what `mmm.data.schema.describe` says of the table, for comparison with the next upload; empty for a
            version stored before there were descriptions.
        decimal: decimal mark of the table's cells that can be read both ways.
        date_order: order of the table's dates, as in `Dialect`.
    """

    sources: tuple[SourceFile, ...]
    recipe: Recipe | None = None
    how: How = "replace"
    privacy: dict[str, Privacy] = field(default_factory=dict)
    overlap_changes: int = 0
    schema: dict[str, Any] = field(default_factory=dict)
    decimal: DecimalMark = "."
    date_order: str | None = None

    @property
    def name(self) -> str:
        """The files' names in one line."""
        return ", ".join(source.name for source in self.sources)

    @property
    def sha256(self) -> str:
        """The file's hash; of several files, the hash of their hashes in order."""
        hashes = [source.sha256 for source in self.sources]
        return hashes[0] if len(hashes) == 1 else hashlib.sha256(",".join(hashes).encode()).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of the files together."""
        return sum(source.bytes for source in self.sources)

    def to_json(self) -> str:
        """The origin as a JSON text."""
        plain = {
            "format": FORMAT_VERSION,
            "sources": [asdict(source) for source in self.sources],
            "recipe": None if self.recipe is None else json.loads(self.recipe.to_json()),
            "how": self.how,
            "privacy": {column: asdict(privacy) for column, privacy in self.privacy.items()},
            "overlap_changes": self.overlap_changes,
            "schema": self.schema,
            "decimal": self.decimal,
            "date_order": self.date_order,
        }
        return json.dumps(plain, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The origin that `to_json` wrote.

        Raises:
            IntegrityError: it is in another format.
        """
        plain: dict[str, Any] = json.loads(text)
        if plain["format"] != FORMAT_VERSION:
            raise IntegrityError(f"The stored lineage has format {plain['format']}; this reads {FORMAT_VERSION}.")
        recipe = plain["recipe"]
        return cls(
            tuple(SourceFile(**{**source, "columns": tuple(source["columns"])}) for source in plain["sources"]),
            None if recipe is None else Recipe.from_json(json.dumps(recipe)),
            plain["how"],
            {column: Privacy(**privacy) for column, privacy in plain["privacy"].items()},
            plain["overlap_changes"],
            plain["schema"],
            plain["decimal"],
            plain["date_order"],
        )


def stored_origin(uow: UnitOfWork, row: DatasetVersionRow) -> Origin:
    """The origin of a version; of one stored before origins were noted, its file's name, hash and table."""
    from mmm.services.as_read import tables_from_bytes

    stored = uow.datasets.lineage(row)
    if stored is not None:
        return Origin.from_json(stored)
    table = tables_from_bytes(uow.datasets.as_read(row))[0]
    columns = tuple(str(column) for column in table.columns)
    return Origin((SourceFile(row.source_name, row.source_sha256, row.source_bytes, len(table), columns),))


@dataclass(frozen=True)
class Lineage:
    """Everything about where a version came from.

    Attributes:
        sources: the files as uploaded.
        recipe: how they became one table; None for a version stored before there were recipes.
        mapping: what each column of the table was taken for.
        repairs: what was mended while reading, with its rows.
        parent: the version it follows, or None.
        how: "new" for the first version; otherwise what the files did to the version before.
        privacy: for each column of the files, what became of it; empty for a version stored before this was noted.
        overlap_changes: cells of periods known before that came with another number, for "append".
        created_by: display name.
    """

    sources: tuple[SourceFile, ...]
    recipe: Recipe | None
    mapping: Mapping
    repairs: tuple[Finding, ...]
    parent: DatasetVersionInfo | None
    how: Literal["new", "append", "replace"]
    privacy: MappingType[str, Privacy]
    overlap_changes: int
    created_by: str
    created_at: datetime
