"""Tables as they were read, to bytes and back; every cell stays the text it was."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmm.data.archive import pack, unpack
from mmm.errors import IntegrityError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

HEAD = b"mixwright"
FORMAT_VERSION = 1
_ZIP = b"PK"  # how an archive of several tables starts; one table alone is Parquet, as it was before there were several


def tables_to_bytes(tables: Sequence[pd.DataFrame]) -> bytes:
    """One table as Parquet; several as an archive of one Parquet file each, in order."""
    files = [table_to_parquet(table) for table in tables]
    return files[0] if len(files) == 1 else pack({f"{place:04d}.parquet": file for place, file in enumerate(files)})


def tables_from_bytes(data: bytes) -> tuple[pd.DataFrame, ...]:
    """The tables that `tables_to_bytes` wrote; cells are text or None.

    Raises:
        IntegrityError: the bytes are in another format.
    """
    files = [file for _, file in sorted(unpack(data).items())] if data.startswith(_ZIP) else [data]
    return tuple(table_from_parquet(file) for file in files)


def table_to_parquet(table: pd.DataFrame) -> bytes:
    """Parquet bytes of a table, cells as text, empty cells as null; the row labels are kept as they are."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [_texts(table.iloc[:, i]) for i in range(table.shape[1])]
    names = [str(name) for name in table.columns]
    rows = pa.array(pd.Series(table.index).tolist())
    buffer = io.BytesIO()
    # positions as names: a file may name two columns alike, which Parquet would not read back
    whole = pa.table([rows, *columns], names=["row", *(f"c{i}" for i in range(len(names)))])
    head = json.dumps({"format": FORMAT_VERSION, "columns": names}).encode()
    pq.write_table(whole.replace_schema_metadata({HEAD: head}), buffer)
    return buffer.getvalue()


def table_from_parquet(data: bytes) -> pd.DataFrame:
    """The table that `table_to_parquet` wrote; cells are text or None.

    Raises:
        IntegrityError: the bytes are in another format.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = pq.read_table(pa.BufferReader(data))
    head = json.loads((whole.schema.metadata or {}).get(HEAD, b"{}"))
    if head.get("format") != FORMAT_VERSION:
        raise IntegrityError(f"The stored table has format {head.get('format')}; this version reads {FORMAT_VERSION}.")
    names = head["columns"]
    cells = {i: pd.Series(whole.column(i + 1).to_pylist(), dtype=object) for i in range(len(names))}
    table = pd.DataFrame(cells, index=range(whole.num_rows))
    table.columns = pd.Index(names)
    table.index = pd.Index(whole.column(0).to_pylist())
    return table


def _texts(column: pd.Series) -> pa.Array:
    """A column as text; what is missing is null."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(column.dtype, pd.StringDtype):
        found = pa.array(column, type=pa.string(), from_pandas=True)
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    missing = column.isna().tolist()
    cells = [None if gone else str(cell) for cell, gone in zip(column.tolist(), missing, strict=True)]
    return pa.array(cells, type=pa.string())
