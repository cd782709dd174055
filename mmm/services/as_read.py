"""The table as it was read, to Parquet bytes and back; every cell stays the text it was."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def table_to_parquet(table: pd.DataFrame) -> bytes:
    """Parquet bytes of a table, cells as text, empty cells as null; the row labels are kept as they are."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [pa.array(_texts(table.iloc[:, i]), type=pa.string()) for i in range(table.shape[1])]
    names = [str(name) for name in table.columns]
    rows = pa.array(pd.Series(table.index).tolist())
    buffer = io.BytesIO()
    # positions as names: a file may name two columns alike, which Parquet would not read back
    whole = pa.table([rows, *columns], names=["row", *(f"c{i}" for i in range(len(names)))])
    pq.write_table(whole.replace_schema_metadata({b"mixwright": b"\x1f".join(n.encode() for n in names)}), buffer)
    return buffer.getvalue()


def table_from_parquet(data: bytes) -> pd.DataFrame:
    """The table that `table_to_parquet` wrote; cells are text or None."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = pq.read_table(pa.BufferReader(data))
    stored = (whole.schema.metadata or {})[b"mixwright"]
    names = [name.decode() for name in stored.split(b"\x1f")] if whole.num_columns > 1 else []
    cells = {i: pd.Series(whole.column(i + 1).to_pylist(), dtype=object) for i in range(len(names))}
    table = pd.DataFrame(cells, index=range(whole.num_rows))
    table.columns = pd.Index(names)
    table.index = pd.Index(whole.column(0).to_pylist())
    return table


def _texts(column: pd.Series) -> list[str | None]:
    missing = column.isna().tolist()
    return [None if gone else str(cell) for cell, gone in zip(column.tolist(), missing, strict=True)]
