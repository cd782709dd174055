import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.errors import IntegrityError
from mmm.services.as_read import table_from_parquet, table_to_parquet, tables_from_bytes, tables_to_bytes

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def tables(draw):
    names = draw(st.lists(TEXT, max_size=4))
    rows = draw(st.lists(st.lists(st.none() | TEXT, min_size=len(names), max_size=len(names)), max_size=5))
    table = pd.DataFrame(rows, columns=range(len(names)), index=range(2, 2 + len(rows)), dtype=object)
    table.columns = pd.Index(names, dtype=object)
    return table


@settings(deadline=None, max_examples=60)
@given(table=tables())
def test_a_table_of_text_comes_back_cell_by_cell(table):
    back = table_from_parquet(table_to_parquet(table))
    assert list(back.columns) == list(table.columns)
    assert list(back.index) == list(table.index)
    assert [list(row) for row in back.itertuples(index=False)] == [
        [None if pd.isna(cell) else cell for cell in row] for row in table.itertuples(index=False)
    ]


def test_numbers_and_dates_become_the_text_they_show():
    table = pd.DataFrame({"a": [1, 2.5], "b": [pd.NaT, pd.Timestamp("2024-01-01")]})
    assert table_from_parquet(table_to_parquet(table)).to_numpy().tolist() == [
        ["1.0", None],
        ["2.5", "2024-01-01 00:00:00"],
    ]


def test_several_tables_come_back_in_order_and_one_is_stored_as_it_always_was():
    one = pd.DataFrame({"a": ["1", None]}, dtype="str")
    two = pd.DataFrame({"b": ["=x"], "c": [""]}, dtype="str", index=[7])
    back = tables_from_bytes(tables_to_bytes([one, two, one]))
    assert [table.to_numpy().tolist() for table in back] == [[["1"], [None]], [["=x", ""]], [["1"], [None]]]
    assert list(back[1].index) == [7]
    assert tables_to_bytes([one]) == table_to_parquet(one)
    assert len(tables_from_bytes(table_to_parquet(one))) == 1


def test_a_table_in_another_format_is_refused():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"row": [1]}), buffer)
    with pytest.raises(IntegrityError, match="format"):
        table_from_parquet(buffer.getvalue())
