"""A panel as Parquet: one row for each market and period, everything else in the schema's metadata."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import ControlRole, Frequency, Labels
from mmm.data.lift import LiftTest
from mmm.data.panel import KpiKind, Panel
from mmm.errors import DataError

FORMAT_VERSION = 1
METADATA_KEY = b"mixwright.panel"
MAX_PANEL_BYTES = 512 * 1024 * 1024  # unpacked; the largest panel that is built is smaller


def panel_to_parquet(panel: Panel) -> bytes:
    """The whole panel as Parquet bytes; the same panel gives the same bytes.

    Columns: `market`, `period`, `kpi`, `observed`, `filled`, then `spend:<channel>`, `exposure:<channel>`,
    `control:<name>` and `value_per_kpi` where the panel has them. Lift tests stand in the metadata.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    labels = panel.labels
    markets, periods = panel.kpi.shape
    columns: dict[str, Any] = {
        "market": pa.array([name for name in labels.markets for _ in range(periods)], type=pa.string()),
        "period": pa.array(np.tile(panel.periods.astype("datetime64[D]"), markets), type=pa.date32()),
        "kpi": panel.kpi.ravel(),
        "observed": panel.observed.ravel(),
        "filled": panel.filled.ravel(),
    }
    columns |= _split("spend", labels.channels, panel.spend)
    columns |= _split("exposure", labels.channels, panel.exposure)
    columns |= _split("control", labels.controls, panel.controls)
    if panel.value_per_kpi is not None:
        columns["value_per_kpi"] = panel.value_per_kpi.ravel()
    head = json.dumps(_head(panel), sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
    table = pa.table(columns).replace_schema_metadata({METADATA_KEY: head})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", row_group_size=1 << 20)
    return sink.getvalue()


def panel_from_parquet(data: bytes) -> Panel:
    """The panel that `panel_to_parquet` wrote.

    Raises:
        DataError: the bytes are no stored panel, are of an unknown format, or unpack past the size limit.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        groups = range(file.metadata.num_row_groups)
        if sum(file.metadata.row_group(group).total_byte_size for group in groups) > MAX_PANEL_BYTES:
            raise DataError("The stored panel unpacks past the size limit and was not read.")
        head = json.loads((file.schema_arrow.metadata or {})[METADATA_KEY])
        if head["format"] != FORMAT_VERSION:
            raise DataError(f"The stored panel has format {head['format']}; this version reads {FORMAT_VERSION}.")
        return _panel(head, file.read())
    except (pa.ArrowException, KeyError, ValueError, TypeError, OSError) as error:
        raise DataError("These bytes are not a stored panel.") from error


def _head(panel: Panel) -> dict[str, Any]:
    labels = panel.labels
    return {
        "format": FORMAT_VERSION,
        "markets": list(labels.markets),
        "channels": list(labels.channels),
        "controls": list(labels.controls),
        "control_roles": [role.value for role in labels.control_roles],
        "frequency": labels.frequency.value,
        "periods": panel.n_periods,
        "exposure": panel.exposure is not None,
        "value_per_kpi": panel.value_per_kpi is not None,
        "population": None if panel.population is None else [float(people) for people in panel.population],
        "kpi_name": panel.kpi_name,
        "kpi_kind": panel.kpi_kind.value,
        "currency": panel.currency,
        "margin": panel.margin,
        "country": panel.country,
        "meta": dict(panel.meta),
        **({} if panel.countries is None else {"countries": list(panel.countries)}),
        **({} if not panel.lift_tests else {"lift_tests": [_test(test) for test in panel.lift_tests]}),
        **({"captures_demand": list(panel.captures_demand)} if panel.captures_demand else {}),
    }


def _test(test: LiftTest) -> dict[str, Any]:
    return asdict(test) | {"start": str(test.start), "end": str(test.end)}


def _split(kind: str, names: tuple[str, ...], values: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
    if values is None:
        return {}
    return {f"{kind}:{name}": np.ascontiguousarray(values[:, :, at]).ravel() for at, name in enumerate(names)}


def _panel(head: dict[str, Any], table: Any) -> Panel:  # noqa: ANN401 - a pyarrow table, which has no types
    shape = (len(head["markets"]), int(head["periods"]))

    def grid(name: str) -> NDArray[Any]:
        return np.array(table.column(name).to_numpy()).reshape(shape)

    def stack(kind: str, names: list[str]) -> NDArray[np.float64]:
        parts = [grid(f"{kind}:{name}").astype(np.float64) for name in names]
        return np.stack(parts, axis=-1) if parts else np.zeros((*shape, 0))

    population = head["population"]
    countries = head.get("countries")  # only where markets differ
    return Panel(
        labels=Labels(
            markets=tuple(head["markets"]),
            channels=tuple(head["channels"]),
            controls=tuple(head["controls"]),
            control_roles=tuple(ControlRole(role) for role in head["control_roles"]),
            frequency=Frequency(head["frequency"]),
        ),
        periods=grid("period")[0].astype("datetime64[D]"),
        kpi=grid("kpi").astype(np.float64),
        spend=stack("spend", head["channels"]),
        controls=stack("control", head["controls"]),
        observed=grid("observed").astype(np.bool_),
        filled=grid("filled").astype(np.bool_),
        exposure=stack("exposure", head["channels"]) if head["exposure"] else None,
        value_per_kpi=grid("value_per_kpi").astype(np.float64) if head["value_per_kpi"] else None,
        population=None if population is None else np.array(population, dtype=np.float64),
        kpi_name=head["kpi_name"],
        kpi_kind=KpiKind(head["kpi_kind"]),
        currency=head["currency"],
        margin=head["margin"],
        country=head["country"],
        countries=None if countries is None else tuple(countries),
        lift_tests=tuple(LiftTest(**test) for test in head.get("lift_tests", [])),
        captures_demand=tuple(head.get("captures_demand", ())),
        meta=head["meta"],
    )
