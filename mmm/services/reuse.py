"""What is known of a data set's newest version, taken over for the next upload where it fits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from mmm.data.dialect import Dialect
from mmm.data.guess import guess
from mmm.data.mapping import Mapping
from mmm.data.read import RawTable
from mmm.data.schema import describe
from mmm.data.sources.recognise import recognise
from mmm.data.sources.source import Recipe, Source
from mmm.services.lineage import Origin, stored_origin
from mmm.services.versions import DatasetVersionInfo, version_info
from mmm.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, eq=False)
class Past:
    """A version as the next upload meets it.

    Attributes:
        origin: its files and recipe.
        table: the table that its panel was made from, as far as it was kept.
    """

    info: DatasetVersionInfo
    origin: Origin
    mapping: Mapping
    table: RawTable

    @property
    def schema(self) -> dict[str, object]:
        """What is known of the table's columns, to compare the next table with."""
        return self.origin.schema or describe(self.table, self.mapping.date, self.mapping.date_order)


def read_past(uow: UnitOfWork, workspace_id: str, dataset_id: str) -> Past | None:
    """The newest version of a data set; None where it has none."""
    from mmm.services.as_read import tables_from_bytes

    row = uow.datasets.latest(dataset_id)
    if row is None:
        return None
    info = version_info(row, uow.users.display_names(workspace_id))
    origin = stored_origin(uow, row)
    frame = tables_from_bytes(uow.datasets.table(row) or uow.datasets.as_read(row))[0].fillna("").astype("str")
    table = RawTable(
        frame=frame,
        first_row=int(frame.index[0]) if len(frame) else 1,
        dialect=Dialect("csv", None, None, origin.decimal, origin.date_order, None, 0),
        findings=(),
        sha256=info.source_sha256,
        name=f"version {info.number}",
    )
    return Past(info, origin, Mapping.from_json(uow.datasets.mapping(row)), table)


def arranged(recipe: Recipe, tables: Sequence[RawTable]) -> Recipe:
    """A known recipe for other files: each file takes the source that fits it, whatever order they come in.

    Of several sources that fit, the one whose file had the same name is taken, then the first. A file that none fits
    is recognised afresh.
    """
    left = list(recipe.sources)
    found: list[Source] = []
    for table in tables:
        fitting = [source for source in left if _fits(source, table)]
        fitting.sort(key=lambda source: source.name != table.name)
        if fitting:
            left.remove(fitting[0])
        source = fitting[0] if fitting else recognise(table)
        found.append(replace(source, name=table.name))
    return replace(recipe, sources=tuple(found))


def carried_on(known: Mapping, columns: Collection[str], table: RawTable) -> Mapping:
    """The mapping of the version before for a table of today: what vanished is left out, what is new is guessed.

    Args:
        known: the mapping of the version before.
        columns: the columns that version's table had; any other counts as new.
        table: today's.
    """
    fresh = guess(table)
    there = set(table.columns)
    if not {known.date, known.kpi} <= there or (known.market is not None and known.market not in there):
        return fresh
    new = there - set(columns)
    value = known.value_per_kpi
    channels = {
        name: channel if channel.exposure in there else replace(channel, exposure=None)
        for name, channel in known.channels.items()
        if channel.spend in there
    }
    for name, channel in fresh.channels.items():
        if channel.spend in new and name not in channels:
            channels[name] = channel
        elif channel.exposure in new and name in channels and channels[name].exposure is None:
            channels[name] = replace(channels[name], exposure=channel.exposure)
    controls = {name: role for name, role in known.controls.items() if name in there}
    controls |= {name: role for name, role in fresh.controls.items() if name in new}
    return replace(
        known,
        channels=channels,
        controls=controls,
        value_per_kpi=None if isinstance(value, str) and value not in there else value,
        population=known.population if known.population in there else None,
    )


def _fits(source: Source, table: RawTable) -> bool:
    """Whether a file has every column that a source names, and the source tells anything about it."""
    named = [source.date, source.market, *source.keys, *source.measures, source.order_id, source.currency_column]
    wanted = {column for column in named if column}
    if not wanted <= set(table.columns):
        return False
    return bool(wanted) or recognise(table).layout is source.layout
